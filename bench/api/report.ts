import { aimLine, atLeast, atMost, figure, machine, percentile, table, type Aim } from '../shell.ts';
import { LANE, WRK } from './tools.ts';
import type { Trial } from './trial.ts';

/** All rounds of one tool under one load. */
export interface Case {
  tool: string;
  /** Requests a second asked for; null for as many as it can. */
  ratePerSecond: number | null;
  trials: Trial[];
  /** Why it was not measured; null where it was. */
  skipped: string | null;
}

const LEAST_PER_CORE = 5_000;
const MOST_CORES = 0.25;
const MOST_P99_MS = 2;
/** The rate of the second aim. */
export const CORE_RATE = 256;

/** Returns the median of what the rounds gave; null where one of them has nothing. */
function median(trials: readonly Trial[], of: (trial: Trial) => number | null): number | null {
  const values = trials.map(of);
  return values.includes(null) ? null : percentile(values as number[], 50);
}

const perCore = ({ requestsPerSecond, cores }: Trial): number | null => (requestsPerSecond === null || !cores ? null : requestsPerSecond / cores);
const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);

export function aimsOf(cases: readonly Case[]): Aim[] {
  const find = (tool: string, rate: number | null): Case | undefined => cases.find((one) => one.tool === tool && one.ratePerSecond === rate);
  const most = find(LANE, null)?.trials ?? [];
  const at = find(LANE, CORE_RATE)?.trials ?? [];
  const rates = cases.filter((one) => one.tool === LANE && one.ratePerSecond !== null && one.ratePerSecond !== CORE_RATE).map((one) => one.ratePerSecond);
  return [
    atLeast('requests-a-second-a-core', '1/s', LEAST_PER_CORE, median(most, perCore), most.length),
    atMost(`cores-at-${CORE_RATE}-a-second`, 'cores', MOST_CORES, median(at, ({ cores }) => cores), at.length),
    ...rates.map((rate) => {
      const [lane, wrk] = [find(LANE, rate)?.trials ?? [], find(WRK, rate)?.trials ?? []];
      const off = minus(median(lane, ({ measured }) => measured.p99Ms), median(wrk, ({ measured }) => measured.p99Ms));
      return atMost(`p99-off-wrk-at-${rate}-a-second`, 'ms', MOST_P99_MS, off === null ? null : Math.abs(off), Math.min(lane.length, wrk.length));
    }),
  ];
}

/** Prints the table or the JSON object, and returns whether all aims were met. */
export function report(cases: readonly Case[], { json, delayMs }: { json: boolean; delayMs: number }): boolean {
  const aims = aimsOf(cases);
  const figures = cases.map((one) => {
    const { trials } = one;
    const error = (p: 'p50Ms' | 'p99Ms'): number | null => median(trials, ({ measured, truth }) => minus(measured[p], truth[p]));
    return {
      tool: one.tool, ratePerSecond: one.ratePerSecond, rounds: trials.length, skipped: one.skipped,
      requestsPerSecond: median(trials, (trial) => trial.requestsPerSecond), cores: median(trials, ({ cores }) => cores),
      requestsPerSecondPerCore: median(trials, perCore),
      p50Ms: median(trials, ({ measured }) => measured.p50Ms), p50ErrorMs: error('p50Ms'),
      p99Ms: median(trials, ({ measured }) => measured.p99Ms), p99ErrorMs: error('p99Ms'),
      failed: trials.reduce((sum, { measured }) => sum + measured.failed, 0),
    };
  });
  if (json) {
    console.log(JSON.stringify({ name: 'api', machine: machine({ version: 'none', source: 'no browser' }), delayMs, cases: figures, aims }));
    return aims.every(({ met }) => met);
  }
  console.log(`\na server of ${delayMs} ms delay ("max": none); an error is what the tool says less what the server itself saw; medians of the rounds\n`);
  console.log(table([
    ['tool', 'asked/s', 'had/s', 'cores', 'a core/s', 'p50 ms', 'error', 'p99 ms', 'error', 'failed'],
    ...figures.filter(({ skipped }) => skipped === null).map((one) => [
      one.tool, one.ratePerSecond === null ? 'max' : String(one.ratePerSecond), figure(one.requestsPerSecond), figure(one.cores),
      figure(one.requestsPerSecondPerCore), figure(one.p50Ms), figure(one.p50ErrorMs), figure(one.p99Ms), figure(one.p99ErrorMs), String(one.failed),
    ]),
  ]));
  const skipped = new Set(figures.flatMap(({ tool, skipped: why }) => (why === null ? [] : [`${tool}: skipped, ${why}`])));
  for (const line of skipped) console.log(line);
  console.log('');
  for (const aim of aims) console.log(aimLine(aim, aim.id.startsWith('requests') ? '≥' : '≤'));
  return aims.every(({ met }) => met);
}
