import type { Outcome } from '../model/index.ts';

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
}

/** Times (or scores) of one thing. A censored sample is known only to exceed its deadline, an unmeasured one is unknown. */
export interface LatencySeries {
  metric: string;
  scope: Record<string, string>;
  unit: string;
  window: string;
  /** Measured values, ascending once the analysis is finished. */
  values: number[];
  censored: number;
  unmeasured: number;
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
  return { byCode: new Map(), first: [] };
}

/** Counts a failure and keeps it if it is among the first by time. */
export function addFailure(failures: Failures, failure: Failure): void {
  failures.byCode.set(failure.code, (failures.byCode.get(failure.code) ?? 0) + 1);
  failures.first.push(failure);
  failures.first.sort((a, b) => a.tMs - b.tMs);
  if (failures.first.length > KEPT_FAILURES) failures.first.pop();
}

/** Ended in a way that its user did not get what was asked for. */
export function isError(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'timeout' || outcome === 'crashed' || outcome === 'dropped';
}

/** Takes part in latency: it began, and the end of the run did not cut it short. */
export function isSample(outcome: Outcome): boolean {
  return outcome !== 'dropped' && outcome !== 'interrupted';
}

/** Returns the key under which a series is found. */
export function seriesKey(metric: string, scope: Record<string, string>): string {
  return JSON.stringify([metric, ...Object.entries(scope).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
