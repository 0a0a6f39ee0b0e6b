import type { Check, CheckAttempt } from '../../model/index.ts';

/** Error codes of goes that failed by the checker's own fault, and so say nothing of the target. */
const CHECKERS_OWN: ReadonlySet<string | null> = new Set(['J_CHECKER_FAULT', 'J_HARNESS_FAULT']);

/** Returns whether a go says anything of the target. */
export function tells({ outcome, errorCode }: Pick<CheckAttempt, 'outcome' | 'errorCode'>): boolean {
  return outcome !== 'interrupted' && !CHECKERS_OWN.has(errorCode);
}

/**
 * Returns what a journey's goes come to. Down takes a failure of every go that was meant to be made; a failure that could
 * not be tried again (interrupted, no browser any more) is not known to be more than a flake.
 */
export function statusOf(attempts: readonly Pick<CheckAttempt, 'outcome' | 'errorCode'>[], goes: number): Check['status'] {
  const telling = attempts.filter(tells);
  if (telling.at(-1)?.outcome === 'passed') return telling.length === 1 ? 'up' : 'flaky';
  return telling.length >= goes ? 'down' : 'unknown';
}
