import { setTimeout as sleep } from 'node:timers/promises';
import type { Budgets, Granted, Refused } from './budget.ts';

/** A user of a journey may begin, has waited or not; or is turned away; or the run was over before its time. */
export type Admission = Granted | Refused | { endedAfterMs: number; waitsFor: string | null };

/** Has users wait until their calls fit into the budgets. */
export class UserShaper {
  readonly #budgets: Budgets;
  readonly #now: () => number;
  readonly #interrupted: AbortSignal;
  #waiting = 0;

  constructor(budgets: Budgets, now: () => number, interrupted: AbortSignal) {
    this.#budgets = budgets;
    this.#now = now;
    this.#interrupted = interrupted;
  }

  /** Users that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  async admit(journey: string): Promise<Admission> {
    const askedMs = this.#now();
    const answer = this.#budgets.reserve(this.#budgets.callsOfUser(journey), askedMs);
    if ('refusedBy' in answer || answer.waitMs === 0) return answer;
    this.#waiting += 1;
    try {
      await sleep(answer.waitMs, undefined, { signal: this.#interrupted });
      return answer;
    } catch {
      return { endedAfterMs: this.#now() - askedMs, waitsFor: answer.waitsFor };
    } finally {
      this.#waiting -= 1;
    }
  }
}
