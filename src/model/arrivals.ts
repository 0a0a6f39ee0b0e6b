import { z } from 'zod';

const count = z.number().int().nonnegative();

/** How long after their time users started; n is those whose time is known. */
export const Lateness = z.strictObject({
  n: z.number().int().positive(),
  /** Of n: later than the tolerance. */
  late: count,
  toleranceMs: z.number().positive(),
  p50Ms: z.number().nonnegative(),
  p95Ms: z.number().nonnegative(),
  maxMs: z.number().nonnegative(),
});
export type Lateness = z.infer<typeof Lateness>;

/** One phase: the users that should have come against those that came. */
export const PhaseArrivals = z.strictObject({
  phase: z.string(),
  /** `cut`: the run ended before the phase did. */
  extent: z.enum(['whole', 'cut', 'never']),
  /** Users due until the phase ended, or the run before it; the expected number where they come at random. */
  scheduled: count,
  started: count,
  /** Of the started: came to an end of their own, good or bad. */
  finished: count,
  /** Of the started: under way when the run ended. */
  unfinished: count,
  /** Turned away because as many users were under way as the plan allows. */
  dropped: count,
  /** What third parties' budgets did to users; left out where nothing. Their waiting is no lateness. */
  shaped: z.strictObject({
    waited: count,
    /** Never began: the budget was used up for longer than it lets users wait. */
    turnedAway: count,
    /** Of all who started, those who did not wait included. */
    p95WaitMs: z.number().nonnegative(),
    longestWaitMs: z.number().nonnegative(),
  }).optional(),
  /** Null where no user's time is known. */
  lateness: Lateness.nullable(),
  /** What is off, in one sentence; null where nothing is. */
  note: z.string().nullable(),
  /** So far off that this was not the load of the plan: nothing is said about latency under it. */
  notAsPlanned: z.boolean(),
});
export type PhaseArrivals = z.infer<typeof PhaseArrivals>;
