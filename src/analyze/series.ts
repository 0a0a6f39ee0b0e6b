import type { Outcome, StepObservation } from '../model/index.ts';

/** One failure, kept as evidence. */
export interface Failure {
  tMs: number;
  vu: string | null;
  code: string;
  message: string | null;
  screenshot: string | null;
}

/** Failures of a series: how many by code, and the first ones. */
export interface Failures {
  byCode: Map<string, number>;
  first: Failure[];
  /** Files of the first traces of such failures, of whichever users had one. */
  traces: string[];
}

/** Times or scores. A censored sample is known only to exceed its deadline, an unmeasured one is unknown. */
export interface LatencySeries {
  metric: string;
  scope: Record<string, string>;
  unit: string;
  window: string;
  /** Measured values, ascending once the analysis is finished. */
  values: number[];
  censored: number;
  unmeasured: number;
  /** Samples that do not count, since the observers were disturbed. */
  leftOut: number;
  /** The shortest deadline among the censored samples. */
  deadlineMs: number | null;
  failures: Failures;
}

/** Counts of one kind of event. `unknown` trials could be either. */
export interface RateSeries {
  metric: string;
  scope: Record<string, string>;
  window: string;
  events: number;
  n: number;
  unknown: number;
  failures: Failures;
  /** Plain sentences worth showing beside the rate. */
  notes: string[];
}

/** How many of the first failures a series keeps. */
const KEPT_FAILURES = 3;

export function emptyFailures(): Failures {
  return { byCode: new Map(), first: [], traces: [] };
}

/** By time; of what happened at the same moment, in an order that does not depend on which file was read first. */
function inOrder(a: Failure, b: Failure): number {
  const name = ({ code, message, vu }: Failure): string => JSON.stringify([code, message, vu]);
  return a.tMs - b.tMs || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
}

/** Threads tell of the same failures at the same moment: each is kept once. */
function keepFirst(failures: Failure[]): Failure[] {
  const sorted = failures.sort(inOrder);
  return sorted.filter((one, index) => index === 0 || inOrder(sorted[index - 1] ?? one, one) !== 0).slice(0, KEPT_FAILURES);
}

/** Counts a failure, or as many of its kind as were seen together, and keeps it if it is among the first by time. */
export function addFailure(failures: Failures, failure: Failure, times = 1): void {
  failures.byCode.set(failure.code, (failures.byCode.get(failure.code) ?? 0) + times);
  const last = failures.first.at(-1);
  if (failures.first.length < KEPT_FAILURES || last === undefined || inOrder(failure, last) < 0) {
    failures.first = keepFirst([...failures.first, failure]);
  }
}

/** Returns a series without samples. */
export function emptyLatency(
  metric: string,
  scope: Record<string, string>,
  unit: string,
  window: string,
): LatencySeries {
  return {
    metric,
    scope,
    unit,
    window,
    values: [],
    censored: 0,
    unmeasured: 0,
    leftOut: 0,
    deadlineMs: null,
    failures: emptyFailures(),
  };
}

/** Returns a rate without trials. Rates are always those of the whole run. */
export function emptyRate(metric: string, scope: Record<string, string>): RateSeries {
  return { metric, scope, window: 'whole run', events: 0, n: 0, unknown: 0, failures: emptyFailures(), notes: [] };
}

/** Adds a sample that passed; null where its time is not known. */
export function measure(series: LatencySeries, value: number | null): void {
  if (value === null) series.unmeasured += 1;
  else series.values.push(value);
}

/** Adds a sample that is known only to have exceeded its deadline. */
export function censor(series: LatencySeries, deadlineMs: number, failure: Failure): void {
  series.censored += 1;
  series.deadlineMs = Math.min(series.deadlineMs ?? deadlineMs, deadlineMs);
  addFailure(series.failures, failure);
}

/** Adds what failed in `other` to a series as failed, and what passed as unmeasured: its times are of another clock. */
export function absorb(series: LatencySeries, other: LatencySeries): void {
  series.censored += other.censored;
  series.leftOut += other.leftOut;
  series.unmeasured += other.values.length + other.unmeasured;
  if (other.deadlineMs !== null) series.deadlineMs = Math.min(series.deadlineMs ?? other.deadlineMs, other.deadlineMs);
  for (const [code, count] of other.failures.byCode) {
    series.failures.byCode.set(code, (series.failures.byCode.get(code) ?? 0) + count);
  }
  series.failures.first = keepFirst([...series.failures.first, ...other.failures.first]);
}

/** Ended in a way that its user did not get what was asked for. */
export function isError(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'timeout' || outcome === 'crashed' || outcome === 'dropped';
}

/** Takes part in latency: it began, and the end of the run did not cut it short. */
export function isSample(outcome: Outcome): boolean {
  return outcome !== 'dropped' && outcome !== 'interrupted';
}

/** Names an element that its user waits for: only such a step has a perceived latency, measured or not. */
export function isAwaited({ clock, unmeasured }: Pick<StepObservation, 'clock' | 'unmeasured'>): boolean {
  return clock === 'page' || unmeasured !== undefined;
}

/** Returns the key under which a series is found. */
export function seriesKey(metric: string, scope: Record<string, string>): string {
  const entries = Object.entries(scope);
  // Asked for with every observation of a run: most scopes have one entry or none, and nothing to sort.
  return JSON.stringify([metric, ...(entries.length > 1 ? entries.sort(([a], [b]) => (a < b ? -1 : 1)) : entries)]);
}
