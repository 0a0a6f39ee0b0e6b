import { z } from 'zod';

const ms = z.number().nonnegative();

/** Where the time of one step went. The three parts are exactly its perceived latency. */
export const Attribution = z.strictObject({
  /** The target worked: its own Server-Timing `total`, or the wait for the first byte where it sends none. */
  serverMs: ms,
  /** Queues, connections, transfer. */
  networkMs: ms,
  /** Nothing that mattered was on the network: scripts, layout, paint. */
  renderMs: ms,
  /** Of the requests that the user waited for, the one that took longest: `POST /api/v1/projects`. Null without any. */
  slowestRequest: z.string().nullable(),
});
export type Attribution = z.infer<typeof Attribution>;

/** Where the time of a step's slowest quarter went, as medians over these samples. */
export const StepAttribution = z.strictObject({
  journey: z.string(),
  step: z.string(),
  /** Samples that could be told apart, and how many of them are the slowest quarter. */
  n: z.number().int().positive(),
  slowest: z.number().int().positive(),
  /** Shares of the perceived latency, 0 to 1. Each is a median, so their sum need not be 1. */
  serverShare: z.number().min(0).max(1),
  networkShare: z.number().min(0).max(1),
  renderShare: z.number().min(0).max(1),
  /** What the canary says that the busy generator added, taken out of rendering; null where no canary ran. */
  generatorShare: z.number().min(0).max(1).nullable(),
  /** The request that most of these samples waited for longest. */
  request: z.string().nullable(),
});
export type StepAttribution = z.infer<typeof StepAttribution>;
