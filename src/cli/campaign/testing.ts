/** What tests of campaigns share: valid values, a checkout of their own, and a program in place of `artillery run`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { asCodedError, formatError } from '../../errors.ts';
import { CampaignRecord } from '../../model/campaign.ts';
import type { CampaignRun, GateFigures } from '../../model/campaign.ts';
import { campaignCommand } from './command.ts';

export function figuresOf(changes: Partial<GateFigures> = {}): GateFigures {
  return {
    id: 'fast',
    title: 'requests › API',
    metric: 'request_latency',
    stat: 'p95',
    status: 'pass',
    observed: 21,
    observedAbove: null,
    interval: { low: 20, high: 23 },
    limit: { kind: 'max', value: 100 },
    unit: 'ms',
    n: 2_140,
    hint: null,
    ...changes,
  };
}

export function runOf(changes: Partial<CampaignRun> = {}): CampaignRun {
  const profile = changes.profile ?? 'baseline';
  return {
    gate: 'gate-1',
    profile,
    runId: `gate-1-${profile}-2026-11-21T20-00-00Z`,
    startedAt: '2026-11-21T20:00:00.000Z',
    endedAt: '2026-11-21T20:10:00.000Z',
    sources: { code: 'code-1', slo: 'slo-1' },
    shortenedBy: null,
    exitCode: 0,
    outcome: 'completed',
    decision: 'GO',
    reason: 'All 2 gates passed.',
    durationS: 600,
    recordSha256: 'abc',
    commit: '0123456789ab',
    target: 'embedded',
    gates: [figuresOf(), figuresOf({ id: 'clean' })],
    kpis: [],
    machine: null,
    superseded: false,
    ...changes,
  };
}

/** How the program in place of Artillery ends one run. */
export interface StandIn {
  decision?: 'GO' | 'NO-GO' | 'INCONCLUSIVE';
  /** Status by gate; those of slo.yml pass where nothing is said. */
  gates?: Record<string, GateFigures['status']>;
  exitCode?: number;
  /** Writes no record, as a run does that was refused. */
  refused?: true;
  /** Says "under way", and ends when it is interrupted or a file `release` lies in the checkout. */
  holds?: true;
  durationMs?: number;
}

const SLO = `version: 1
gates:
  - { id: fast, metric: request_latency, route: api, stat: p95, unit: ms, max: 100, source: a test }
  - { id: clean, metric: journey_error_rate, unit: "%", max: 1, source: a test }
  - { id: long, metric: journey_error_rate, unit: "%", max: 1, source: a test, profiles: [soak] }
`;
export const CAMPAIGN = `version: 1
title: A campaign of a test
gates:
  - id: gate-1
    title: Baseline
    runs: [{ profile: baseline }, { profile: again }]
    criteria:
      - { id: speed, source: "P95 ≤ 100ms", passed: { baseline: [fast], again: [fast] } }
      - { id: errors, source: "no errors", passed: { baseline: [clean] } }
  - id: gate-2
    title: Soak
    runs: [{ profile: soak, resumes: true }]
    criteria:
      - { id: endurance, source: "stable", passed: { soak: [long] } }
      - { id: length, source: "an hour", lasted_hours: { soak: 1 } }
  - id: sign-off
    title: Final sign-off
    criteria:
      - { id: all, source: "All gates met", gates_met: [gate-1, gate-2] }
      - { id: approved, source: "approve", manual: look at the budget }
`;

/** Writes what it is told to into the run's folder, from the golden record as a template. */
const PROGRAM = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
const { REPORTS_DIR, RUN_ID, RESUME } = process.env;
const folder = RESUME || join(REPORTS_DIR, RUN_ID);
const key = basename(folder).replace(/-\\d{4}-.*$/, '');
const count = existsSync('attempts-' + key) ? Number(readFileSync('attempts-' + key, 'utf8')) : 0;
writeFileSync('attempts-' + key, String(count + 1));
const outcomes = JSON.parse(readFileSync('outcomes.json', 'utf8'))[key] ?? [{}];
const told = outcomes[Math.min(count, outcomes.length - 1)];
const config = process.argv[process.argv.indexOf('--config') + 1];
appendFileSync('started.log', key + (RESUME ? ' resumed' : '') + ' ' + basename(config) + '\\n');
if (told.refused) process.exit(3);
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'plan.json'), '{}');
function end(ended, exitCode) {
  const record = JSON.parse(readFileSync('template.json', 'utf8'));
  const decision = told.decision ?? 'GO';
  const [template] = record.verdict.gates;
  record.totals = { ...record.totals, ended, durationMs: told.durationMs ?? 3600000 };
  record.verdict = {
    decision, reason: 'As told.',
    exitCode: ended === 'completed' ? { GO: 0, 'NO-GO': 1, INCONCLUSIVE: 2 }[decision] : 130,
    gates: ['fast', 'clean', 'long'].map((id) => ({ ...template, id, status: told.gates?.[id] ?? 'pass' })),
  };
  writeFileSync(join(folder, 'record.json.tmp'), JSON.stringify(record));
  renameSync(join(folder, 'record.json.tmp'), join(folder, 'record.json'));
  process.exit(told.exitCode ?? exitCode ?? record.verdict.exitCode);
}
if (!told.holds) end('completed');
process.on('SIGINT', () => end('interrupted', 130));
const release = () => existsSync('release') && end('completed');
watch('.', release);
release();
console.log('under way');
`;

export interface Checkout {
  root: string;
  reports: string;
  /** In place of Artillery's. */
  command: string[];
  /** The runs that were started, in order, each with its profile's file. */
  started: () => string[];
  tell: (outcomes: Record<string, StandIn[]>) => void;
  /** Awaited before the folder is removed. */
  atEnd: (() => Promise<unknown>)[];
  write: (path: string, text: string) => void;
}

/** Makes a folder like the repository, with a campaign named `demo`; removed with the test. */
export function checkoutOf(t: Pick<TestContext, 'after'>, outcomes: Record<string, StandIn[]> = {}): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'openshow-campaign-'));
  const atEnd: Checkout['atEnd'] = [];
  t.after(async () => {
    await Promise.all(atEnd.map((one) => one()));
    rmSync(root, { recursive: true, force: true });
  });
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('journeys.yml', 'config: { plugins: { journeys: { slo: slo.yml } } }\n');
  write('slo.yml', SLO);
  write('campaigns/demo.yml', CAMPAIGN);
  write('artillery.mjs', PROGRAM);
  write('template.json', readFileSync(new URL('../../golden/run/record.json', import.meta.url), 'utf8'));
  for (const [profile, duration] of [
    ['baseline', 600],
    ['again', 300],
    ['soak', 3_600],
  ] as const) {
    write(
      `artillery/profiles/${profile}.yml`,
      `config:
  phases: [{ name: load, duration: ${duration}, arrivalCount: ${duration} }]
  processor: ../processor.mts
  plugins: { journeys: { profile: ${profile} } }
`,
    );
  }
  const tell = (next: Record<string, StandIn[]>): void => write('outcomes.json', JSON.stringify(next));
  tell(outcomes);
  return {
    root,
    write,
    tell,
    atEnd,
    reports: join(root, 'reports'),
    command: [process.execPath, join(root, 'artillery.mjs')],
    started: () =>
      existsSync(join(root, 'started.log')) ? readFileSync(join(root, 'started.log'), 'utf8').trim().split('\n') : [],
  };
}

const COMMAND = new URL('./command.ts', import.meta.url).href;

export interface Said {
  status: number;
  stdout: string;
  stderr: string;
}

/** Does what src/cli/campaign.ts does, in another checkout and with a program in place of Artillery. */
export async function command(checkout: Checkout, args: string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const status = await campaignCommand(args, {
    root: checkout.root,
    command: checkout.command,
    environment: {},
    columns: undefined,
    out: (text) => void (said.stdout += text),
    err: (text) => void (said.stderr += text),
  }).catch((thrown: unknown) => {
    said.stderr += formatError(asCodedError(thrown));
    return asCodedError(thrown).exitCode;
  });
  return { status, ...said };
}

export function campaign(checkout: Checkout, ...args: string[]): Promise<Said> {
  return command(checkout, ['demo', ...args]);
}

/** The same in a process of its own, which can be killed. */
function program({ root, command: runs }: Checkout): string {
  return `
    import { campaignCommand } from ${JSON.stringify(COMMAND)};
    const write = (text) => void process.stdout.write(text);
    process.exitCode = await campaignCommand(process.argv.slice(1), {
      root: ${JSON.stringify(root)}, command: ${JSON.stringify(runs)},
      environment: {}, out: write, err: write, columns: undefined,
    });`;
}

/** Starts a campaign and waits until its run says that it is under way. */
export async function underWay(
  checkout: Checkout,
): Promise<{ child: ChildProcess; closed: Promise<number | null>; output: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(checkout), '--', 'demo'], {
    cwd: checkout.root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const closed = once(child, 'close').then(([code]) => code as number | null);
  checkout.atEnd.push(() => {
    writeFileSync(join(checkout.root, 'release'), '');
    return closed;
  });
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
        if (output.includes('under way')) resolve();
      });
    }
    void closed.then(() => reject(new Error(`ended before a run was under way:\n${output}`)));
  });
  // Its process is in the record a moment after it has begun.
  while (recordOf(checkout).current?.pid == null) await sleep(5);
  return { child, closed, output: () => output };
}

/** Returns the newest campaign's folder. */
export function folderOf(checkout: Checkout): string {
  return join(checkout.reports, readdirSync(checkout.reports).sort().at(-1) ?? '');
}

export function recordOf(checkout: Checkout): CampaignRecord {
  return CampaignRecord.parse(JSON.parse(readFileSync(join(folderOf(checkout), 'campaign.json'), 'utf8')));
}
