import { z } from 'zod';

const count = z.number().int().nonnegative();
/** A thousand calls for one user or request are a mistake. */
const calls = z.number().positive().max(1_000);
const route = z.string().regex(/^(?:GET|POST|PUT|PATCH|DELETE) \/\S*$/, 'a method and a path such as "POST /api/v1/payments"');

/** A third party in slo.yml: what it allows, and who calls it how often; documentation/budgets.md. */
export const ThirdParty = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  /** Fewer than one in a quarter of an hour is no rate. */
  calls_per_second: z.number().min(0.001).max(1_000_000),
  /** Calls that one user of a journey makes. */
  journeys: z.record(z.string().min(1), calls).default({}),
  /** Calls that one request of an API route makes. */
  routes: z.record(route, calls).default({}),
  max_wait_seconds: z.number().min(0).max(60).default(5),
  /** Holds in these profiles, in place of an entry of this name without profiles. */
  profiles: z.array(z.string().min(1)).min(1).optional(),
  source: z.string().min(1),
});
export type ThirdParty = z.infer<typeof ThirdParty>;

/** Arrivals that had to wait for a third party's calls to come free, by its name. */
export const ShapedArrivals = z.record(z.string(), z.strictObject({ count, maxWaitMs: z.number().nonnegative() }));
export type ShapedArrivals = z.infer<typeof ShapedArrivals>;

/** What a budget did to those who came. */
const Shaping = z.strictObject({
  waited: count,
  /** Would have waited longer than the budget lets them, and never began. */
  turnedAway: count,
  longestWaitMs: z.number().nonnegative(),
});
export type Shaping = z.infer<typeof Shaping>;

/** What came of one third party's budget in a run. */
export const BudgetUse = z.strictObject({
  name: z.string(),
  callsPerSecond: z.number().positive(),
  /** Of the users that came to its journeys. */
  users: z.strictObject({ ...Shaping.shape, arrived: count }),
  /** Of the API lane's arrivals. */
  api: Shaping,
});
export type BudgetUse = z.infer<typeof BudgetUse>;

const OVER_BUDGET = 'not sent: over the budget of ';

/** Returns the class of an API request that never left because this third party's budget was used up. */
export function overBudget(name: string): string {
  return `${OVER_BUDGET}${name}`;
}

/** Returns how many of a window's requests never left for a third party's budget, by its name. */
export function overBudgetIn(failed: Readonly<Record<string, number>>): [name: string, count: number][] {
  return Object.entries(failed).flatMap(([code, times]): [string, number][] =>
    (code.startsWith(OVER_BUDGET) ? [[code.slice(OVER_BUDGET.length), times]] : []));
}
