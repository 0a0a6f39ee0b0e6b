import type { Interval } from '../model/index.ts';
import { breakerEvents, breakerOf } from './drill-course.ts';
import type { Course } from './drill-course.ts';

/** A time to a turning point in seconds: exact to the time between two looks at the breaker. */
export interface Turning {
  valueS: number | null;
  /** Null where nothing is known at all. */
  interval: Interval | null;
  doubt: string | null;
  evidence: string[];
}

const nothing = (doubt: string): Turning => ({ valueS: null, interval: null, doubt, evidence: [] });

/**
 * Returns when the breaker opened, from the fault's start. One that opened and closed between two looks, and was seen half open,
 * has been open. Never opened: later than the drill lasted.
 */
export function opening(course: Course): Turning {
  const dependency = breakerOf(course);
  const seen = breakerEvents(course, dependency);
  const { fault, endedMs } = course;
  if (fault === null || endedMs === null) return nothing('the fault never went in');
  const before = seen.findLast(({ tMs }) => tMs <= fault.fromMs);
  if (before?.state === 'open' || before?.state === 'half-open') return nothing(`the breaker of "${dependency}" was ${before.state} before the fault`);
  const opened = seen.find(({ tMs, state }) => tMs > fault.fromMs && (state === 'open' || state === 'half-open'));
  const blind = seen.findLast(({ tMs, state }) => state === 'unknown' && tMs <= (opened?.tMs ?? endedMs));
  if (!opened) {
    if (seen.length === 0) return nothing(`nothing was seen of the breaker of "${dependency}"`);
    if (blind && blind === seen.findLast(({ tMs }) => tMs <= endedMs)) return nothing(`the breaker of "${dependency}" could not be read: ${blind.detail ?? 'no reason given'}`);
    const lasted = seconds(endedMs - fault.fromMs);
    const evidence = [`the breaker of "${dependency}" never opened in ${lasted} s`];
    return blind ? { ...nothing(`it was not seen to open, and could not be read for a while: ${blind.detail ?? ''}`), evidence }
      : { valueS: null, interval: { low: lasted, high: null }, doubt: null, evidence };
  }
  const high = seconds(opened.tMs - fault.fromMs);
  // What was unknown just before may have been open already.
  const sinceMs = blind && seen.indexOf(blind) === seen.indexOf(opened) - 1 ? (blind.sinceMs ?? fault.fromMs) : (opened.sinceMs ?? fault.fromMs);
  return { valueS: high, interval: { low: seconds(Math.max(0, sinceMs - fault.fromMs)), high }, doubt: null, evidence: [] };
}

/** Returns when the breaker was closed in every process for good, from the fault's end. */
export function closing(course: Course): Turning {
  const dependency = breakerOf(course);
  const seen = breakerEvents(course, dependency);
  const { fault, endedMs } = course;
  if (fault === null || endedMs === null) return nothing('the fault never went in');
  const during = seen.filter(({ tMs }) => tMs <= endedMs);
  if (!during.some(({ tMs, state }) => tMs > fault.fromMs && (state === 'open' || state === 'half-open'))) {
    return nothing(`the breaker of "${dependency}" was not seen to open, so it could not close`);
  }
  const last = during.at(-1);
  if (!last || last.state === 'unknown') return nothing(`the breaker of "${dependency}" could not be read at the end: ${last?.detail ?? 'nothing was seen'}`);
  if (last.state !== 'closed') {
    const lasted = seconds(endedMs - fault.toMs);
    return { valueS: null, interval: { low: lasted, high: null }, doubt: null, evidence: [`the breaker of "${dependency}" was still ${last.state} after ${lasted} s`] };
  }
  const high = seconds(Math.max(0, last.tMs - fault.toMs));
  return { valueS: high, interval: { low: seconds(Math.max(0, (last.sinceMs ?? fault.toMs) - fault.toMs)), high }, doubt: null, evidence: [] };
}

/** Milliseconds as seconds, to a tenth. */
export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
