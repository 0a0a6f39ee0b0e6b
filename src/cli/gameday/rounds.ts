import { join } from 'node:path';
import { checkAll } from '../../drive/checks/checks.ts';
import type { GoSurroundings } from '../../drive/checks/go.ts';
import { GAME_DAYS } from '../../drive/drills/journal.ts';
import { FailureTraces } from '../../drive/failure-traces.ts';
import { tagHeaders } from '../../drive/tags.ts';
import type { AnyJourney } from '../../journey.ts';
import type { Check, Observation, PaymentObservation } from '../../model/index.ts';
import { createHostGuard, sendsTagHeaders } from '../../plan/browser-hosts.ts';
import { failureOf } from '../synthetic/lines.ts';
import { EMBEDDED } from '../synthetic/targets.ts';
import type { HoldOptions } from './hold-options.ts';
import type { SeenRound } from './lookout.ts';
import type { Stage } from './stage.ts';
import { tagOf } from './tags.ts';
import type { Sleep } from './team.ts';

export interface RoundsOptions {
  journeys: readonly AnyJourney[];
  around: Omit<GoSurroundings, 'onObserved'>;
  /** From the beginning of one round to that of the next; a round that takes longer is followed by the next at once. */
  everyMs: number;
  onRound: (round: SeenRound) => void;
  onPayment: (payment: PaymentObservation) => void;
  sleep: Sleep;
}

/** As in the functional lane; a user who waits longer has gone. */
const STEP_DEADLINE_MS = 15_000;
const JOURNEY_DEADLINE_MS = 60_000;
const TRACES = { perError: 1, perRun: 6 };
const FIXTURE_SEED = 1;
/** As `npm run synthetic` has it: what passes when tried again was a flake. */
const RETRIES = 1;

/** Checks all journeys round after round, until ended; resolves once the last round is over. */
export async function keepRounds(options: RoundsOptions, ended: AbortSignal): Promise<void> {
  const { everyMs, around, onRound, sleep } = options;
  for (let number = 1; !ended.aborted; number += 1) {
    const startedMs = performance.now();
    const round = await oneRound(options, number);
    // One that was ended under way says nothing.
    if (!around.interrupted.aborted) onRound(round);
    await sleep(Math.max(0, everyMs - (performance.now() - startedMs)), ended);
  }
}

async function oneRound({ journeys, around, onPayment }: RoundsOptions, number: number): Promise<SeenRound> {
  const fallbacks = new Map<string, Set<string>>();
  const onObserved = (observations: readonly Observation[]): void => {
    for (const one of observations) {
      if (one.kind === 'payment') onPayment(one);
      if (one.kind !== 'journey' || one.journey === null) continue;
      const told = fallbacks.get(one.journey) ?? new Set();
      for (const text of one.degraded ?? []) told.add(text);
      fallbacks.set(one.journey, told);
    }
  };
  const startedAtEpochMs = around.nowEpochMs();
  const checks = await checkAll(journeys, {
    around: { ...around, onObserved },
    retries: RETRIES,
    users: `round-${number}`,
    onCheck: () => {},
  });
  return {
    startedAtEpochMs,
    endedAtEpochMs: around.nowEpochMs(),
    checks: checks.map((check) => ({
      journey: check.journey,
      status: check.status,
      why: whyOf(check),
      degraded: [...(fallbacks.get(check.journey) ?? [])],
    })),
  };
}

function whyOf({ status, attempts }: Check): string | null {
  if (status === 'up') return null;
  return attempts.map(failureOf).findLast((why) => why !== null) ?? null;
}

/** Returns what all rounds of a game day share. */
export function surroundings(
  { id, folder, target, settings, fixtures, ending }: HoldOptions,
  { url, hosts, pool }: Stage,
): RoundsOptions['around'] {
  const { TARGET_HTTP_USER: username, TARGET_HTTP_PASSWORD: password } = settings;
  const sendsTags = sendsTagHeaders(
    { target: { url, embedded: target === EMBEDDED }, browserHosts: [...hosts] },
    settings.BROWSER_TAGS,
  );
  return {
    roundId: id,
    url,
    pool,
    contextOptions: { baseURL: url, ...(username && password ? { httpCredentials: { username, password } } : {}) },
    ...(sendsTags ? { tags: (vu: string) => tagHeaders(tagOf(id), vu) } : {}),
    keptFrom: createHostGuard(hosts),
    fixtures: ({ vu, context }) => fixtures({ context, vu, runId: id, seed: FIXTURE_SEED }),
    stepDeadlineMs: STEP_DEADLINE_MS,
    journeyDeadlineMs: JOURNEY_DEADLINE_MS,
    failuresFolder: join(folder, 'failures'),
    evidencePath: `${GAME_DAYS}/${id}`,
    traces: new FailureTraces(TRACES, join(folder, 'failures'), ['observer']),
    interrupted: ending.signal,
    nowEpochMs: Date.now,
  };
}
