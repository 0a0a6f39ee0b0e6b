import { z } from 'zod';

const count = z.number().int().nonnegative();

/** Where everything a run created can be counted and removed by its run id. The token is a setting: none stands in a plan. */
export const TeardownPlan = z.strictObject({
  /**
   * An address with `{runId}` in it: GET counts, DELETE removes; `embedded` is the bundled platform's own. Null where a
   * command does it.
   */
  url: z.string().nullable(),
  /** A program and its arguments; it gets `count` or `remove` and the run id, and prints the counts as JSON. */
  command: z.array(z.string()).min(1).nullable(),
  timeoutMs: z.number().positive(),
});
export type TeardownPlan = z.infer<typeof TeardownPlan>;

/** What a target holds of a run: rows by name. */
export const HeldCounts = z.record(z.string(), count);
export type HeldCounts = z.infer<typeof HeldCounts>;

/** How the removing of what a run created ended. */
export const TeardownResult = {
  /** `removed`: counted again, and nothing is left. `left`: some is. `failed`: it could not be asked. */
  outcome: z.enum(['removed', 'left', 'failed']),
  /** Null where it could not be counted. */
  before: HeldCounts.nullable(),
  after: HeldCounts.nullable(),
  durationMs: z.number().nonnegative(),
  message: z.string().optional(),
} as const;

export const TeardownReport = z.strictObject(TeardownResult);
export type TeardownReport = z.infer<typeof TeardownReport>;

/** Returns how many rows counts hold together. */
export function heldRows(counts: HeldCounts): number {
  return Object.values(counts).reduce((sum, rows) => sum + rows, 0);
}
