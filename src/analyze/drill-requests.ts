import type { DrillObservation, Interval, RequestObservation } from '../model/index.ts';
import { seconds } from './drill-breaker.ts';
import type { Course } from './drill-course.ts';
import { usersInFault } from './drill-users.ts';
import type { DrillUser } from './drill-users.ts';
import { percent } from './findings.ts';
import { rateBounds } from './rate-bounds.ts';

/** A request of a user's page to the API. */
export type Answer = Pick<RequestObservation, 'method' | 'route' | 'status' | 'durationMs' | 'tMs' | 'role' | 'errorCode'>;

/** Who asked, and what was answered. */
export interface Asked {
  requests: readonly Answer[];
  users: readonly DrillUser[];
  confidence: number;
}

export interface Bad {
  n: number;
  bad: number | null;
  doubt: string | null;
  evidence: string[];
}

const GATEWAY_TIMEOUT = 504;
const NAMED = 2;

/**
 * Returns how many API requests that were under way in the fault were not answered, answered with 504, or later than the limit: a
 * time-out inside of the target. How long the crowd's took is no word about the target (design §6), whether they were answered is.
 * A request that is never answered ends with its page, and nobody records it: users who timed out leave a good figure open.
 */
export function unanswered(course: Course, { requests, users, confidence }: Asked): Bad {
  const { drill, fault } = course;
  const limitS = drill.expect.answersWithinS ?? Infinity;
  const during = fault === null ? [] : requests.filter(({ tMs, durationMs }) => tMs > fault.fromMs && tMs - (durationMs ?? 0) < fault.toMs);
  const n = during.length;
  if (n === 0) return { n, bad: null, doubt: 'no request to the API was under way while the fault was in', evidence: [] };
  const isLate = ({ role, durationMs }: Answer): boolean => role === 'observer' && (durationMs ?? 0) > limitS * 1_000;
  const bad = during.filter((one) => one.status === null || one.status === GATEWAY_TIMEOUT || isLate(one)).toSorted((a, b) => a.tMs - b.tMs);
  const observed = during.filter(({ role }) => role === 'observer');
  const slowestMs = Math.max(0, ...observed.map(({ durationMs }) => durationMs ?? 0));
  const evidence = [
    ...bad.slice(0, NAMED).map(({ method, route, status, durationMs, errorCode }) =>
      `${method} ${route} ${status === null ? `was not answered (${errorCode ?? 'no reason given'})` : `answered ${status}${durationMs === null ? '' : ` after ${seconds(durationMs)} s`}`}`),
    ...(observed.length === 0 ? [] : [`the slowest answer came after ${seconds(slowestMs)} s`]),
    ...(bad.length === 0 ? [`0 of ${n}: rules out more than ${percent(rateBounds(0, n, confidence).high).toPrecision(2)} %`] : []),
  ];
  const timedOut = [...usersInFault(course, users).values()].flat().filter(({ outcome }) => outcome === 'timeout').length;
  const doubt = bad.length > 0 ? null
    : timedOut > 0 ? `${timedOut} ${timedOut === 1 ? 'user' : 'users'} timed out in the fault, and what they waited for ended with their page`
      : observed.length === 0 ? 'no observer was among them: how long answers took is not known' : null;
  return { n, bad: bad.length, doubt, evidence };
}

export interface Surge {
  /** Requests a second in the busiest second after the fault; null where nobody counted. */
  perSecond: number | null;
  /** As the counter was read at some time within each look, which on a busy machine takes long. */
  interval: Interval | null;
  n: number;
  doubt: string | null;
  evidence: string[];
}

/** A provider's limit is one a second, and two looks may lie closer. */
const LEAST_MS = 1_000;
/** A row of usual looks is at most a second and one look long; in a longer one all may have come within one second. */
const LONG_ROW_MS = 1_500;

/**
 * Returns the most requests a second that a dependency got after its fault's end, and what it got before. What was counted in the
 * look in which the fault ended may all have come after: it counts for the upper bound.
 */
export function surgeAfter({ drill, events, begunMs, fault }: Course): Surge {
  const nothing = (doubt: string): Surge => ({ perSecond: null, interval: null, n: 0, doubt, evidence: [] });
  if (fault === null || begunMs === null) return nothing('the fault never went in');
  const counted = events.filter(({ event, dependency, requests, overMs }) =>
    event === 'requests' && dependency === drill.expect.breaker && requests !== undefined && overMs !== undefined);
  const rates = (fromMs: number, toMs: number): Rate[] => slidingRates(counted.filter(({ tMs, overMs = 0 }) => tMs - overMs >= fromMs && tMs <= toMs));
  const after = rates(fault.toMs, Infinity);
  if (after.length === 0) return nothing(`the requests to "${drill.expect.breaker}" could not be counted after the fault`);
  // A counter that is not there reads as one that stands at zero.
  if (counted.every(({ requests }) => requests === 0)) {
    return nothing(`not one request to "${drill.expect.breaker}" was counted in the whole drill: its counter may not be there`);
  }
  const before = rates(begunMs, fault.fromMs);
  const evidence = before.length === 0 ? [] : [`before the fault at most ${tenth(most(before, 'value'))} a second`];
  const high = Math.max(most(after, 'high'), most(slidingRates(counted.filter(({ tMs }) => tMs > fault.toMs)), 'high'));
  return {
    perSecond: tenth(most(after, 'value')), interval: { low: tenth(most(after, 'low')), high: Number.isFinite(high) ? tenth(high) : null },
    n: after.length, doubt: null, evidence,
  };
}

interface Rate {
  value: number;
  low: number;
  high: number;
}

function most(rates: readonly Rate[], of: keyof Rate): number {
  return Math.max(...rates.map((rate) => rate[of]));
}

/** Requests a second over each shortest row of looks that lasts a second. */
function slidingRates(counted: readonly DrillObservation[]): Rate[] {
  return counted.flatMap((_, first) => {
    let requests = 0;
    let overMs = 0;
    for (const one of counted.slice(first)) {
      requests += one.requests ?? 0;
      overMs += one.overMs ?? 0;
      if (overMs < LEAST_MS) continue;
      const per = (ms: number): number => (ms > 0 ? (requests * 1_000) / ms : requests === 0 ? 0 : Infinity);
      const before = counted[first - 1]?.tookMs ?? counted[first]?.tookMs ?? 0;
      const high = Math.max(per(overMs - before), overMs > LONG_ROW_MS ? per(LEAST_MS) : 0);
      return [{ value: per(overMs), low: per(overMs + (one.tookMs ?? 0)), high }];
    }
    return [];
  });
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
