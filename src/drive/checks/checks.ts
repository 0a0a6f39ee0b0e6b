import type { AnyJourney } from '../../journey.ts';
import type { Check, CheckAttempt } from '../../model/index.ts';
import { goOnce, type GoSurroundings } from './go.ts';
import { statusOf, tells } from './status.ts';

/** As many as the functional lane: a check is one user, and no load. */
const AT_ONCE = 2;
/** A browser that ends by itself twice will not last the third time. */
const MOST_OWN_FAULTS = 2;

export interface ChecksOptions {
  around: GoSurroundings;
  /** How often a failed journey is tried again, at once. */
  retries: number;
  /** What its users' names begin with, where several rounds share one id: no two may be the same person. `check` when left out. */
  users?: string;
  /** Told of each check as it ends. */
  onCheck: (check: Check) => void;
}

/**
 * Checks every journey, two at a time, and returns the checks in the journeys' order. A failure is tried again at once: what
 * passes then was a flake, and both are recorded. Never throws; a journey that could not be tried is `unknown`.
 */
export async function checkAll(journeys: readonly AnyJourney[], options: ChecksOptions): Promise<Check[]> {
  const checks: Check[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < journeys.length; index = next++) {
      const journey = journeys[index];
      if (journey === undefined) return;
      const check = await checkOne(journey, index + 1, options);
      checks[index] = check;
      options.onCheck(check);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return checks;
}

async function checkOne(journey: AnyJourney, number: number, { around, retries, users = 'check' }: ChecksOptions): Promise<Check> {
  const goes = retries + 1;
  const attempts: CheckAttempt[] = [];
  const own = (): number => attempts.filter((one) => !tells(one)).length;
  const settled = (): boolean =>
    attempts.at(-1)?.outcome === 'passed' || attempts.length - own() >= goes || own() >= MOST_OWN_FAULTS;
  while (!settled() && !around.interrupted.aborted) {
    attempts.push(await goOnce(journey, `${users}-${number}-${attempts.length + 1}`, around));
  }
  return { journey: journey.name, status: statusOf(attempts, goes), attempts };
}
