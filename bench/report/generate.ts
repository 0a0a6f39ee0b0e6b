import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { goldenPayments } from '../../src/golden/payments.ts';
import { seeded } from '../../src/golden/random.ts';
import type { Environment, JourneyObservation, Observation, Phase, Plan } from '../../src/model/index.ts';
import { clicksOf, healthOf, readingsOf, windowsOf, type Loaded } from './around.ts';
import { userOf } from './users.ts';

export interface Generated {
  users: number;
  lines: number;
  bytes: number;
}

/** Before the first phase: the platform and the browsers start. */
const PREPARING_MS = 2_000;
const CHUNK_CHARACTERS = 1 << 20;

const ENVIRONMENT: Environment = {
  harnessVersion: '0.1.0', commit: null, nodeVersion: process.version, artilleryVersion: 'none', playwrightVersion: 'none',
  browser: { name: 'chromium-headless-shell', version: '1.0', source: 'none: generated' }, os: 'generated',
  cpuModel: 'generated', cores: 2, memoryBytes: 8_000_000_000, memoryLimitBytes: null, crowdPriority: 'autogroup 19',
};

/** Writes a run folder as a real run of the plan would leave it, with as many lines of each kind, and returns its size. */
export async function generateRun(plan: Plan, folder: string): Promise<Generated> {
  mkdirSync(folder, { recursive: true });
  const random = seeded(plan.seed);
  const loaded = stretchesOf(plan.phases);
  const endMs = (loaded.at(-1)?.toMs ?? 0) + 2_000;
  const size: Generated = { users: 0, lines: 0, bytes: 0 };
  const write = (name: string, observations: Iterable<Observation>): Promise<void> =>
    writeLines(join(folder, `observations.${name}.ndjson`), observations, size);
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  writeFileSync(join(folder, 'environment.json'), JSON.stringify(ENVIRONMENT));
  const payers: JourneyObservation[] = [];
  await write('worker-1', usersOf(plan, loaded, random, (user) => {
    size.users += 1;
    if (user.journey === 'escrow checkout') payers.push(user);
  }));
  const payments = goldenPayments(plan.runId, payers, endMs);
  await write('payments', payments.browser);
  await write('ledger', payments.books);
  const around: Record<string, (plan: Plan, one: Loaded, random: () => number) => Iterable<Observation>> = {
    health: healthOf, canary: clicksOf, server: readingsOf, api: windowsOf,
  };
  for (const [name, of] of Object.entries(around)) await write(name, each(loaded, (one) => of(plan, one, random)));
  await write('main', runEvents(plan, loaded, endMs, size.users));
  return size;
}

function stretchesOf(phases: readonly Phase[]): Loaded[] {
  let fromMs = PREPARING_MS;
  return phases.map(({ name, durationS }) => {
    const one = { phase: name, fromMs, toMs: fromMs + durationS * 1_000 };
    fromMs = one.toMs;
    return one;
  });
}

function* each(loaded: readonly Loaded[], of: (one: Loaded) => Iterable<Observation>): Generator<Observation> {
  for (const one of loaded) yield* of(one);
}

function* usersOf(
  plan: Plan, loaded: readonly Loaded[], random: () => number, ended: (user: JourneyObservation) => void,
): Generator<Observation> {
  let index = 0;
  for (const [number, { phase, fromMs, toMs }] of loaded.entries()) {
    const planned = plan.phases[number];
    const users = planned?.arrivalCount ?? Math.round((planned?.arrivalRate ?? 0) * (planned?.durationS ?? 0));
    for (let user = 0; user < users; user += 1) {
      const startedMs = fromMs + ((user + 0.5 * random()) * (toMs - fromMs)) / users;
      const seen = userOf(plan, { index, startedMs, phase }, random);
      yield* seen;
      ended(seen[seen.length - 1] as JourneyObservation);
      index += 1;
    }
  }
}

function runEvents({ runId }: Plan, loaded: readonly Loaded[], endMs: number, users: number): Observation[] {
  const run = { v: 1, runId, phase: null, vu: null, journey: null, kind: 'run' } as const;
  return [
    { ...run, tMs: 900, event: 'started' },
    ...loaded.map(({ phase, fromMs }): Observation => ({ ...run, tMs: fromMs, event: 'phase', detail: phase })),
    { ...run, tMs: endMs, event: 'completed', counters: { 'vusers.created': users } },
  ];
}

async function writeLines(path: string, observations: Iterable<Observation>, size: Generated): Promise<void> {
  const file = openSync(path, 'w');
  let chunk = '';
  const flush = (): void => {
    size.bytes += writeSync(file, chunk);
    chunk = '';
  };
  for (const one of observations) {
    chunk += `${JSON.stringify(one)}\n`;
    size.lines += 1;
    if (chunk.length <= CHUNK_CHARACTERS) continue;
    flush();
    // Whoever interrupts the benchmark need not wait for the whole file.
    await setImmediate();
  }
  flush();
  closeSync(file);
}
