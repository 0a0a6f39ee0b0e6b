import type { ApiObservation, ApiPlan, Plan } from '../model/index.ts';
import { REFUSED_CLASS } from './rate-limited.ts';
import { addBins, emptySketch, mergeSketch } from './sketch-bounds.ts';
import type { SketchSeries } from './sketch-bounds.ts';
import { MOST_POINTS } from './trend.ts';

/** More late sends than one in twenty move a p95, and as many missing are no chance (as of users, in arrivals.ts). */
const MOST_LATE = 0.05;
/** Class of requests that the lane held back because as many as its connections carry were under way: the target was slow. */
const TOO_MANY = 'not sent: too many in flight';
/** Never left the generator, or came to nothing in it. */
const NOT_SENT = 'not sent';
const OWN_FAILURES = new Set(['too many open files', 'no local port left', 'invalid request']);

/** Requests of the API lane by what became of them. */
export interface ApiCounts {
  scheduled: number;
  sent: number;
  late: number;
  ok: number;
  failed: number;
  /** Answered with status 429: in neither of the two above. */
  rateLimited: number;
  unfinished: number;
  /** Due and not sent, because too many were under way. */
  heldBack: number;
  /** Due and not sent for the lane's own reasons. */
  missing: number;
}

/** A stretch of the lane's time within one phase, all scenarios together. */
export interface Slice extends ApiCounts {
  phase: string;
  fromMs: number;
  toMs: number;
  timeoutMs: number;
  /** By how much the latest send was late. */
  maxLateMs: number;
  failures: Map<string, number>;
  /** Latency by route; without the windows in which the lane was late. */
  routes: Map<string, SketchSeries>;
}

/** The lane's course over time. A run of days is kept in longer slices, so that there are never many more than MOST_POINTS. */
export interface Timeline {
  add(one: ApiObservation, counts: ApiCounts, late: boolean): void;
  /** Returns the slices in the order of time. */
  slices(): Slice[];
}

/** Returns the length of a run's slices in ms: its windows', or as many of them as leave few enough slices. */
export function sliceMs(plan: Plan): number {
  const windowMs = plan.api?.windowMs ?? 10_000;
  const wholeMs = plan.phases.reduce((sum, { durationS }) => sum + durationS * 1_000, 0);
  return windowMs * Math.max(1, Math.ceil(wholeMs / windowMs / MOST_POINTS));
}

export function createTimeline(plan: Plan): Timeline {
  const lengthMs = sliceMs(plan);
  const slices = new Map<string, Slice>();
  return {
    add(one, counts, late) {
      const phase = one.phase ?? '';
      const key = `${Math.floor(one.fromMs / lengthMs)} ${phase}`;
      const slice: Slice = slices.get(key) ?? {
        ...noCounts(), phase, fromMs: one.fromMs, toMs: one.toMs, timeoutMs: one.timeoutMs, maxLateMs: 0,
        failures: new Map(), routes: new Map(),
      };
      slices.set(key, slice);
      addCounts(slice, counts);
      slice.fromMs = Math.min(slice.fromMs, one.fromMs);
      slice.toMs = Math.max(slice.toMs, one.toMs);
      slice.maxLateMs = Math.max(slice.maxLateMs, one.maxLateMs);
      slice.timeoutMs = Math.min(slice.timeoutMs, one.timeoutMs);
      for (const [code, count] of failuresOf(one)) slice.failures.set(code, (slice.failures.get(code) ?? 0) + count);
      if (late) return;
      const series = slice.routes.get(one.route) ?? emptySketch('api_latency', { route: one.route }, 'slice');
      slice.routes.set(one.route, series);
      addBins(series, one.latency);
      series.censored += counts.failed;
      series.unmeasured += counts.rateLimited;
    },
    slices: () => withinPhases([...slices.values()].sort((a, b) => a.fromMs - b.fromMs || (a.phase < b.phase ? -1 : 1))),
  };
}

/**
 * Cuts slices where the next phase begins. The last flows of a phase go on for a moment after it: those few requests are of its
 * load no more, and would make a slice of their own beside those of the next phase.
 */
function withinPhases(sorted: readonly Slice[]): Slice[] {
  const startsMs = new Map<string, number>();
  for (const { phase, fromMs } of sorted) if (!startsMs.has(phase)) startsMs.set(phase, fromMs);
  const begins = [...startsMs.values()];
  return sorted.flatMap((slice) => {
    const next = begins.find((fromMs) => fromMs > (startsMs.get(slice.phase) ?? 0)) ?? Infinity;
    return slice.fromMs >= next ? [] : [{ ...slice, toMs: Math.min(slice.toMs, next) }];
  });
}

export function noCounts(): ApiCounts {
  return { scheduled: 0, sent: 0, late: 0, ok: 0, failed: 0, rateLimited: 0, unfinished: 0, heldBack: 0, missing: 0 };
}

export function addCounts(sum: ApiCounts, other: ApiCounts): void {
  for (const key of Object.keys(noCounts()) as (keyof ApiCounts)[]) sum[key] += other[key];
}

/** Returns a window's failed requests by class; what never left the generator is none of them, nor what was refused with 429. */
export function failuresOf({ failed }: ApiObservation): [string, number][] {
  return Object.entries(failed).filter(([code, count]) =>
    count > 0 && code !== REFUSED_CLASS && !code.startsWith(NOT_SENT) && !OWN_FAILURES.has(code));
}

/** Returns the counts of one window. What is neither answered, failed nor on its way never left. */
export function countsOf(one: ApiObservation): ApiCounts {
  const failed = failuresOf(one).reduce((sum, [, count]) => sum + count, 0);
  const { scheduled, sent, late, ok, unfinished } = one;
  const rateLimited = one.failed[REFUSED_CLASS] ?? 0;
  const never = Math.max(0, scheduled - ok - failed - rateLimited - unfinished);
  const heldBack = Math.min(never, one.failed[TOO_MANY] ?? 0);
  return { scheduled, sent, late, ok, failed, rateLimited, unfinished, heldBack, missing: never - heldBack };
}

/** Whether the lane itself was late: what it measured then is partly its own doing. */
export function isLate({ scheduled, sent, late, missing }: ApiCounts): boolean {
  return late > MOST_LATE * sent || missing > MOST_LATE * scheduled;
}

/** Returns all routes of some slices merged, or one of them. */
export function mergedLatency(slices: readonly Pick<Slice, 'routes'>[], route: string | null): SketchSeries {
  const sum = emptySketch('api_latency', { route: route ?? 'all' }, 'slices');
  for (const { routes } of slices) {
    if (route === null) for (const series of routes.values()) mergeSketch(sum, series);
    else if (routes.has(route)) mergeSketch(sum, routes.get(route) ?? sum);
  }
  return sum;
}

/** Returns the requests a second that all scenarios together send at share 1: the expected peak. */
export function peakPerSecond({ scenarios }: ApiPlan): number {
  return scenarios.reduce((sum, { ratePerSecond, flows }) => {
    const weights = flows.reduce((all, { weight }) => all + weight, 0);
    return sum + ratePerSecond * flows.reduce((all, { weight, requests }) => all + (weight / weights) * requests.length, 0);
  }, 0);
}
