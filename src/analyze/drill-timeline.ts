import type { DrillObservation, DrillReport } from '../model/index.ts';
import { breakerEvents, breakerOf } from './drill-course.ts';
import type { Course } from './drill-course.ts';
import type { DrillUser } from './drill-users.ts';

type Point = DrillReport['timeline'][number];

const BREAKER = { 'open': 'breaker open', 'half-open': 'half open', 'closed': 'closed', 'unknown': 'breaker unknown' } as const;

/**
 * Returns a drill's turning points in the order of time: fault in, breaker open, first degraded page, fault out, half open, closed,
 * P95 back in band. A degraded page is known when its user ends, a moment after it was shown.
 */
export function timelineOf(course: Course, inFault: ReadonlyMap<string, readonly DrillUser[]>, recoveredMs: number | null): Point[] {
  const { events, fault } = course;
  if (fault === null) return events.flatMap((one) => (one.event === 'action-failed' || one.event === 'rollback-failed' ? [point(one.tMs, one.event, one.detail)] : []));
  const points = events.flatMap(({ event, tMs, detail }): Point[] => {
    if (event === 'fault-in') return [point(tMs, 'fault in', detail)];
    if (event === 'fault-out') return [point(tMs, 'fault out', detail)];
    return event === 'action-failed' || event === 'rollback-failed' ? [point(tMs, event.replace('-', ' '), detail)] : [];
  });
  const breaker = turningPoints(breakerEvents(course, breakerOf(course)).filter(({ tMs }) => tMs > fault.fromMs))
    .flatMap(({ tMs, state, dependency, detail }) => (state === undefined ? [] : [point(tMs, BREAKER[state], detail ?? dependency ?? undefined)]));
  const degraded = [...inFault.values()].flat().filter((user) => user.degraded !== undefined).toSorted((a, b) => a.tMs - b.tMs)[0];
  return [
    ...points, ...breaker,
    ...(degraded ? [point(degraded.tMs, 'first degraded page', `${degraded.journey}: ${degraded.degraded?.[0] ?? ''}`)] : []),
    ...(recoveredMs === null ? [] : [point(fault.toMs + recoveredMs, 'P95 back in band', undefined)]),
  ].toSorted((a, b) => a.tMs - b.tMs);
}

/**
 * While its dependency is away a breaker tries again and again, half open for a moment each time. What matters is when it opened
 * first, and the try that closed it (or the last one).
 */
function turningPoints(seen: readonly DrillObservation[]): DrillObservation[] {
  const first = seen.findIndex(({ state }) => state === 'open');
  const last = seen.findLastIndex(({ state }) => state === 'half-open');
  return seen.filter(({ state }, index) => index <= first || index >= last || state === 'unknown' || state === 'closed');
}

function point(tMs: number, event: string, detail: string | undefined): Point {
  return { tMs: Math.round(tMs), event, ...(detail === undefined ? {} : { detail }) };
}
