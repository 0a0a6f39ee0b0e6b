import type { ThirdPartyBudget } from '../model/index.ts';

/** Calls that one arrival makes, by the number of the budget they count against. */
export type Calls = readonly { budget: number; calls: number }[];

/** How long an arrival waits, and for whom: the one that keeps it longest. */
export interface Granted {
  waitMs: number;
  /** Null where it need not wait. */
  waitsFor: string | null;
}

/** Its calls would not come free in time: this budget's. */
export interface Refused {
  refusedBy: string;
}

const US = 1_000;

/** Returns memory for some budgets that all threads of a run can share. */
export function budgetMemory(budgets: readonly ThirdPartyBudget[]): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.max(1, budgets.length) * BigInt64Array.BYTES_PER_ELEMENT);
}

/**
 * What third parties still allow, for all threads of a run together: its users and its API lane draw from the same. A token
 * bucket in the form of the generic cell rate algorithm (ITU-T I.371): a third party's state is one number, the time at which
 * its next call comes free. An arrival starts then or now, whichever is later, and moves it on by its calls over the rate.
 * So in any time T no more calls are granted than the rate × T and those of a single arrival. Grants are in the order of
 * asking, and known at once: who would wait too long takes nothing. Reads no clock.
 */
export class Budgets {
  readonly #budgets: readonly ThirdPartyBudget[];
  /** Microseconds of the run at which the next call comes free. */
  readonly #freeUs: BigInt64Array<SharedArrayBuffer>;

  constructor(budgets: readonly ThirdPartyBudget[], memory: SharedArrayBuffer) {
    this.#budgets = budgets;
    this.#freeUs = new BigInt64Array(memory);
  }

  /** Returns what a user of a journey calls. */
  callsOfUser(journey: string): Calls {
    return this.#calls(({ journeys }) => (Object.hasOwn(journeys, journey) ? (journeys[journey] ?? 0) : 0));
  }

  /** Returns what requests to some routes call together. */
  callsOfRoutes(routes: readonly string[]): Calls {
    return this.#calls(({ routes: known }) =>
      routes.reduce((sum, route) => sum + (Object.hasOwn(known, route) ? (known[route] ?? 0) : 0), 0));
  }

  /** Reserves the calls of an arrival at a time of the run. */
  reserve(wanted: Calls, nowMs: number): Granted | Refused {
    const nowUs = BigInt(Math.round(nowMs * US));
    // First a look at all of them: an arrival that is turned away by the second has taken nothing from the first.
    for (const { budget } of wanted) {
      const waitMs = Number(Atomics.load(this.#freeUs, budget) - nowUs) / US;
      const { maxWaitMs = 0, name = '' } = this.#budgets[budget] ?? {};
      if (waitMs > maxWaitMs) return { refusedBy: name };
    }
    let granted: Granted = { waitMs: 0, waitsFor: null };
    for (const { budget, calls } of wanted) {
      const waitMs = Number(this.#take(budget, calls, nowUs) - nowUs) / US;
      if (waitMs > granted.waitMs) granted = { waitMs, waitsFor: this.#budgets[budget]?.name ?? null };
    }
    return granted;
  }

  #calls(of: (budget: ThirdPartyBudget) => number): Calls {
    return this.#budgets.map((one, budget) => ({ budget, calls: of(one) })).filter(({ calls }) => calls > 0);
  }

  /** Returns when they come free. Other threads take at the same time: whoever was faster is seen, and waited behind. */
  #take(budget: number, calls: number, nowUs: bigint): bigint {
    const costUs = BigInt(Math.round((calls * 1_000 * US) / (this.#budgets[budget]?.callsPerSecond ?? Infinity)));
    for (;;) {
      const freeUs = Atomics.load(this.#freeUs, budget);
      const startUs = freeUs > nowUs ? freeUs : nowUs;
      if (Atomics.compareExchange(this.#freeUs, budget, freeUs, startUs + costUs) === freeUs) return startUs;
    }
  }
}
