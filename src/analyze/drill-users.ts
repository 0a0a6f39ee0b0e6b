import type { DrillJourney, JourneyExpectation, JourneyObservation } from '../model/index.ts';
import type { Course } from './drill-course.ts';
import { percent } from './findings.ts';
import { rateBounds } from './rate-bounds.ts';
import { isError, isSample } from './series.ts';
import type { Span } from './windowed.ts';

/** A user as drills look at it. */
export type DrillUser = Pick<JourneyObservation, 'journey' | 'startedMs' | 'tMs' | 'outcome' | 'degraded' | 'vu' | 'errorCode' | 'message'>;

/** What of a journey's users did not go as the drill expects. */
export interface Affected {
  n: number;
  /** Users for whom it did not; null where nobody can say. */
  broken: number | null;
  doubt: string | null;
  evidence: string[];
}

/** How many of those of whom it did not go well are named. */
const NAMED = 2;

const kept = (user: DrillUser): boolean => isSample(user.outcome);
const isWell = (user: DrillUser): boolean => !isError(user.outcome);

/** Returns why the steady state did not hold before the fault, or null if it did. */
export function unsteady({ drill, begunMs, fault }: Course, users: readonly DrillUser[]): string | null {
  if (begunMs === null || fault === null) return null;
  const { minSuccessPercent, minUsers } = drill.steadyState;
  // Whoever came before belongs to what was before, with its own faults.
  const before = users.filter((user) => kept(user) && user.startedMs >= begunMs && user.tMs < fault.fromMs);
  if (before.length < minUsers) return `only ${before.length} users came and went before the fault, and ${minUsers} are needed to know the steady state`;
  const well = (100 * before.filter(isWell).length) / before.length;
  if (well >= minSuccessPercent) return null;
  return `the steady state did not hold: ${Math.round(well)} % of ${before.length} users ended well before the fault, ${minSuccessPercent} % needed`;
}

/** Returns the users of each journey that were under way while the fault was in, by what became of them. */
export function usersInFault({ fault }: Course, users: readonly DrillUser[]): Map<string, DrillUser[]> {
  const found = new Map<string, DrillUser[]>();
  for (const user of users) {
    if (fault === null || user.journey === null || !kept(user) || user.startedMs >= fault.toMs || user.tMs <= fault.fromMs) continue;
    const list = found.get(user.journey);
    if (list) list.push(user);
    else found.set(user.journey, [user]);
  }
  return found;
}

export function journeyCounts(journey: string, users: readonly DrillUser[]): DrillJourney {
  const failed = users.filter((user) => !isWell(user)).length;
  const degraded = users.filter((user) => isWell(user) && user.degraded !== undefined).length;
  return {
    journey, n: users.length, failed, degraded, unaffected: users.length - failed - degraded,
    messages: [...new Set(users.flatMap((user) => user.degraded ?? []))].sort(),
  };
}

/** Holds the users of one journey against what the drill expects. `counts`: whether the generator was undisturbed in a span. */
export function holdAgainst(
  expectation: Exclude<JourneyExpectation, { kind: 'may fail' }>, users: readonly DrillUser[], fault: Span,
  { counts, confidence }: { counts: (span: Span) => boolean; confidence: number },
): Affected {
  const n = users.length;
  if (n === 0) return { n, broken: null, doubt: 'no user of it was under way while the fault was in', evidence: [] };
  const doubtful = users.filter((user) => user.outcome === 'timeout' && !counts({ fromMs: user.startedMs, toMs: user.tMs }));
  const failed = users.filter((user) => !isWell(user) && !doubtful.includes(user));
  const told = users.filter((user) => isWell(user) && user.degraded !== undefined);
  const other = expectation.kind === 'unaffected' ? told
    : told.filter((user) => !user.degraded?.some((text) => text.includes(expectation.message)));
  const evidence = [...failed.slice(0, NAMED).map(failureText), ...other.slice(0, NAMED).map((user) => `user ${user.vu} was told: ${user.degraded?.join('; ')}`)];
  const broken = failed.length + other.length;
  if (broken > 0) return { n, broken, doubt: null, evidence };
  if (doubtful.length > 0) return { n, broken: 0, doubt: `${doubtful.length} of ${n} timed out while the generator was disturbed, which could be why`, evidence };
  if (expectation.kind === 'degraded' && told.length === 0) return untold(expectation.message, users, fault);
  return { n, broken: 0, doubt: null, evidence: [`0 of ${n}: rules out more than ${Math.round(percent(rateBounds(0, n, confidence).high))} %`] };
}

/** Nobody was told of a fallback. That says something of those who lived in the fault from beginning to end, and nothing without any. */
function untold(message: string, users: readonly DrillUser[], fault: Span): Affected {
  const within = users.filter((user) => user.startedMs >= fault.fromMs && user.tMs <= fault.toMs).length;
  const evidence = [`nobody was told "${message}"`];
  if (within === 0) return { n: users.length, broken: 0, doubt: 'nobody was told of a fallback, but nobody came and went within the fault either', evidence };
  return { n: users.length, broken: within, doubt: null, evidence };
}

function failureText({ vu, errorCode, outcome, message }: DrillUser): string {
  return `user ${vu} ${errorCode ?? outcome}${message ? `: ${message.split('\n')[0]}` : ''}`;
}
