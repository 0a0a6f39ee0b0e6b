import type { Finding, Kpi, Plan, ServerObservation } from '../model/index.ts';
import { AT_LEAST, NEEDS_TWO, NOTHING_HAPPENED } from '../model/kpi-reading.ts';
import { nearestRank } from './order-bounds.ts';
import type { Scalar } from './scalar.ts';
import { LEAST_POINTS, binned, theilSen } from './trend.ts';

/** Above this share of readings without a value, those that there are may be the good moments only. */
const MOST_MISSING = 0.2;
/** Readings come at a steady rate: a longer silence than this many periods is one of readings that were never taken. */
const SILENCE = 2.5;
/** Users, lanes and browsers may take so long to end after the last reading. */
const ENDING_MS = 20_000;
const HOUR_MS = 3_600_000;
/** So many points show an hourly growth as well as all of three days, and their slopes take no time. */
const GROWTH_POINTS = 500;
/**
 * A process that has just begun to work grows for some minutes: its code is compiled, its caches and pools fill. Growth of an
 * hour told from less than this would be that (seen here: 110 MiB in two minutes of the bundled platform's web processes).
 */
const LEAST_GROWTH_MS = 600_000;

const STATS = ['mean', 'max', 'min', 'p95'] as const;
type Stat = (typeof STATS)[number];

export interface Kpis {
  add(one: ServerObservation): void;
  /**
   * Returns, for every KPI of the plan in its order, metric `kpi` with scope `{ kpi }` and each of the stats; and where
   * a gate asks for it, metric `kpi_growth` with stat `slope`, in the KPI's unit an hour. `lastMs` is the time of the
   * run's last observation of any kind, so that a collector that went silent is noticed.
   */
  finish(lastMs: number | null): Scalar[];
}

interface Point {
  tMs: number;
  value: number;
}

/** Readings of one KPI over the judged time. */
interface Series {
  /** Times and values of the same readings, apart: plain numbers in a row take a fraction of the memory of objects. */
  times: number[];
  values: number[];
  /** Readings without a value, by time. */
  missing: { tMs: number; why: string }[];
  /** Times of first scrapes, and of moments in which nothing happened. */
  quiet: number[];
  /** Values that are lower bounds only. */
  bounds: number;
  /** Times of readings outside of the judged time. */
  outside: number[];
}

/**
 * Returns a collector for the readings of a run's KPIs, in any order. Those of the warm-up are left out, and those of
 * before the first phase and after the last: a target without load is another one.
 */
export function createKpis(plan: Plan): Kpis {
  const warmUp = new Set(plan.warmUpPhases);
  const left = plan.phases.map(({ name }) => name).filter((name) => warmUp.has(name));
  const window = left.length === 0 ? 'whole run' : `without warm-up (${left.join(', ')})`;
  const all = new Map(plan.kpis.map(({ id }): [string, Series] => [id, newSeries()]));
  /** Each reason once: a dead exporter gives the same one for days, and each line that is read brings its own copy. */
  const reasons = new Map<string, string>();
  const once = (why: string): string => {
    const kept = reasons.get(why) ?? why;
    reasons.set(kept, kept);
    return kept;
  };
  return {
    add({ metric, phase, tMs, value, missing }) {
      const series = all.get(metric);
      if (!series) return;
      if (phase === null || warmUp.has(phase)) series.outside.push(tMs);
      else if (value !== null) {
        series.times.push(tMs);
        series.values.push(value);
        if (missing === AT_LEAST) series.bounds += 1;
      } else if (missing === NEEDS_TWO || missing === NOTHING_HAPPENED) series.quiet.push(tMs);
      else series.missing.push({ tMs, why: once(missing ?? 'no reason given') });
    },
    finish(lastMs) {
      const growing = new Set(plan.gates.flatMap((gate) => (gate.metric === 'kpi_growth' ? [gate.kpi] : [])));
      return plan.kpis.flatMap((kpi) => {
        const state = settle(all.get(kpi.id) ?? newSeries(), plan, lastMs);
        const stats = STATS.map((stat) => scalarOf(kpi, stat, state, window));
        return growing.has(kpi.id) ? [...stats, growthOf(kpi, state, window, plan.confidence)] : stats;
      });
    },
  };
}

function newSeries(): Series {
  return { times: [], values: [], missing: [], quiet: [], bounds: 0, outside: [] };
}

interface Settled {
  /** In the order of time. */
  points: Point[];
  missing: number;
  bounds: number;
  doubt: string | null;
  evidence: string[];
}

function settle(series: Series, plan: Plan, lastMs: number | null): Settled {
  const points = series.times.map((tMs, index): Point => ({ tMs, value: series.values[index] as number }));
  points.sort((a, b) => a.tMs - b.tMs || a.value - b.value);
  const filled = new Set(points.map(({ tMs }) => tMs));
  const missing = series.missing.filter(({ tMs }) => !filled.has(tMs));
  const never = neverTaken(series, plan, lastMs);
  const lost = missing.length + never;
  const readings = points.length + lost;
  const reason = commonest(missing.map(({ why }) => why)) ?? (never > 0 ? 'no reading was taken' : null);
  const quiet = series.quiet.length;
  const { bounds } = series;
  const evidence: string[] = [];
  if (lost > 0) evidence.push(`no value in ${lost} of ${readings} readings, mostly: ${reason}`);
  if (quiet > 0) evidence.push(`${quiet} more readings say nothing: a first scrape, or nothing happened`);
  if (bounds > 0) evidence.push(`${bounds} of ${points.length} values lie above their histogram's highest edge`);
  const doubt = doubtOf({ values: points.length, lost, readings, reason, quiet });
  return { points, missing: lost, bounds, doubt, evidence };
}

function doubtOf({ values, lost, readings, reason, quiet }: {
  values: number; lost: number; readings: number; reason: string | null; quiet: number;
}): string | null {
  if (values === 0) {
    if (reason !== null) return `the exporter gave no value in any of ${readings} readings: ${reason}`;
    if (quiet === 0) return 'no reading was taken';
    return `nothing happened that it could be read from, in any of ${quiet} readings`;
  }
  if (lost <= MOST_MISSING * readings) return null;
  return `the exporter gave no value in ${lost} of ${readings} readings: ${reason}`;
}

/** Returns how many readings fit into the silences of the judged time, up to the run's end. */
function neverTaken(series: Series, { metrics }: Plan, lastMs: number | null): number {
  if (!metrics) return 0;
  const judged = [...series.times, ...series.missing.map(({ tMs }) => tMs), ...series.quiet];
  const edges = [
    ...judged.map((tMs) => ({ tMs, inside: true })), ...series.outside.map((tMs) => ({ tMs, inside: false })),
  ].sort((a, b) => a.tMs - b.tMs);
  const last = edges.at(-1);
  if (last && lastMs !== null) edges.push({ tMs: Math.max(lastMs - ENDING_MS, last.tMs), inside: false });
  return edges.slice(1).reduce((sum, { tMs, inside }, index) => {
    const before = edges[index] ?? { tMs, inside };
    const silentMs = inside || before.inside ? tMs - before.tMs : 0;
    return silentMs > SILENCE * metrics.everyMs ? sum + Math.floor(silentMs / metrics.everyMs) - 1 : sum;
  }, 0);
}

/** Neighbouring readings resemble each other, so no interval of a stat would hold: each is judged as it is. */
function scalarOf(kpi: Kpi, stat: Stat, { points, missing, bounds, doubt, evidence }: Settled, window: string): Scalar {
  const value = points.length === 0 ? null : tidy(statOf(stat, points.map((point) => point.value)));
  // Of a lower bound only the lower end is known: what lies above a limit is above it, what lies below it may not be.
  const interval = bounds > 0 && value !== null ? { low: value, high: null } : null;
  const said = { value, interval, unit: kpi.unit, n: points.length, missing, window };
  return {
    finding: findingOf(kpi, 'kpi', stat, said), doubt, evidence,
    ...(bounds > 0 ? { hint: 'its histogram needs a higher edge: above the highest one nothing is told apart' } : {}),
  };
}

function growthOf(kpi: Kpi, { points, missing, doubt, evidence }: Settled, window: string, confidence: number): Scalar {
  const n = points.length;
  const hourly = points.map(({ tMs, value }) => ({ x: tMs / HOUR_MS, y: value }));
  const slope = theilSen(binned(hourly, GROWTH_POINTS), confidence);
  const interval = slope === null ? null : { low: rounded(slope.low), high: rounded(slope.high) };
  const said = { value: rounded(slope?.slope ?? null), interval, unit: `${kpi.unit}/h`, n, missing, window };
  const few = slope === null ? `growth needs at least ${LEAST_POINTS} values of different times: there are ${n}` : null;
  const spanMs = (points.at(-1)?.tMs ?? 0) - (points[0]?.tMs ?? 0);
  const short = few === null && spanMs < LEAST_GROWTH_MS
    ? `growth an hour needs at least ${LEAST_GROWTH_MS / 60_000} minutes of load: a process that has just begun grows for a while` : null;
  return { finding: findingOf(kpi, 'kpi_growth', 'slope', said), doubt: doubt ?? few ?? short, evidence };
}

interface Said {
  value: number | null;
  interval: Finding['interval'];
  unit: string;
  n: number;
  missing: number;
  window: string;
}

function findingOf({ id }: Kpi, metric: string, stat: string, { missing, ...said }: Said): Finding {
  return { metric, scope: { kpi: id }, stat, ...said, censored: 0, unmeasured: missing, events: null };
}

/** The values may come in any order; none of the stats depends on it beyond a last bit, which `tidy` takes away. */
function statOf(stat: Stat, values: readonly number[]): number {
  switch (stat) {
    case 'mean': return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'max': return values.reduce((most, value) => Math.max(most, value), -Infinity);
    case 'min': return values.reduce((least, value) => Math.min(least, value), Infinity);
    case 'p95': return values.toSorted((a, b) => a - b)[nearestRank(values.length, 0.95) - 1] as number;
  }
}

function commonest(reasons: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([a, times], [b, more]) => more - times || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

/** Twelve digits: no machine's last bit may change a record. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

function rounded(value: number | null): number | null {
  return value === null ? null : tidy(value);
}
