import { z } from 'zod';
import { StepAttribution } from './attribution.ts';

/**
 * What charts show of a run: how it went over time, and how its samples were spread. Worked out from the observations with the
 * record, bounded whatever the length of the run, and never judged: every figure that decides stands in the record.
 */

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const known = z.number().nullable();

/**
 * A value for each slot of the run; null where there was nothing to take it from. A percentile that lies beyond the deadline of
 * failed samples stands at that deadline.
 */
export const Track = z.strictObject({
  /** Unique within its panel: `p95`, `escrow checkout`, `web`. */
  id: z.string(),
  title: z.string(),
  values: z.array(known),
  /** Samples behind each value; null where a value is a reading, not a statistic. */
  n: z.array(count).nullable(),
});
export type Track = z.infer<typeof Track>;

/** Tracks of one unit on one axis. Panels without any value are left out. */
export const Panel = z.strictObject({
  id: z.enum([
    'perceived', 'journeys', 'users', 'errors', 'vitals', 'api-latency', 'api-rate', 'api-errors', 'agent',
    'canary', 'generator-cpu', 'generator-memory', 'target',
  ]),
  /** For `target`: the KPI's id; null elsewhere. */
  kpi: z.string().nullable(),
  title: z.string(),
  unit: z.string(),
  tracks: z.array(Track).min(1),
});
export type Panel = z.infer<typeof Panel>;

/** A stretch of the run: a phase, or the faults of a drill. */
export const Stretch = z.strictObject({ name: z.string(), fromMs: ms, toMs: ms });
export type Stretch = z.infer<typeof Stretch>;

/** States of a breaker as they were seen; a state holds until the next change. */
export const BreakerTrack = z.strictObject({
  dependency: z.string(),
  changes: z.array(z.strictObject({ tMs: ms, state: z.enum(['closed', 'half-open', 'open', 'unknown']) })),
});
export type BreakerTrack = z.infer<typeof BreakerTrack>;

/** How samples were spread. Bins are in order and of equal ratio or width; empty ones inside the range are kept. */
export const Distribution = z.strictObject({
  metric: z.string(),
  scope: z.record(z.string(), z.string()),
  title: z.string(),
  unit: z.string(),
  n: count,
  /** Samples known only to have exceeded their deadline, in no bin. */
  censored: count,
  deadlineMs: ms.nullable(),
  p50: known,
  p95: known,
  bins: z.array(z.strictObject({ from: z.number(), to: z.number(), count })),
});
export type Distribution = z.infer<typeof Distribution>;

/** One step of a journey's waterfall: medians over the observers whose step passed. */
export const WaterfallStep = z.strictObject({
  step: z.string(),
  /** In the order in which users take the steps. */
  clock: z.enum(['page', 'driver']),
  n: count,
  failed: count,
  p50Ms: ms.nullable(),
  p95Ms: ms.nullable(),
  /** Medians of the parts, of all samples that could be told apart; null where none could. */
  parts: z.strictObject({ n: count, serverMs: ms, networkMs: ms, renderMs: ms }).nullable(),
  /** Where the slowest quarter's time went; null where too few could be told apart. */
  slowest: StepAttribution.nullable(),
});
export type WaterfallStep = z.infer<typeof WaterfallStep>;

export const Waterfall = z.strictObject({
  journey: z.string(),
  /** Of observers and crowd alike, as in the rate of errors. */
  users: count,
  failed: count,
  steps: z.array(WaterfallStep),
});
export type Waterfall = z.infer<typeof Waterfall>;

/** The same thing for users who met a cold service and for those who did not. */
export const Temperature = z.strictObject({
  what: z.string(),
  unit: z.string(),
  cold: Distribution,
  warm: Distribution,
});
export type Temperature = z.infer<typeof Temperature>;

/** A failure worth a look: the first of its kind. */
export const SeenFailure = z.strictObject({
  /** Null: of the API lane. */
  journey: z.string().nullable(),
  /** Null: outside of any step, or a request, which `message` then names. */
  step: z.string().nullable(),
  code: z.string(),
  message: z.string().nullable(),
  tMs: ms,
  /** So many of this journey, step and code. */
  times: count,
  /** Files inside the run folder. */
  screenshot: z.string().nullable(),
  trace: z.string().nullable(),
});
export type SeenFailure = z.infer<typeof SeenFailure>;

export const Story = z.strictObject({
  /** Length of a slot: a whole number of seconds, so that at most MOST_SLOTS cover the run. */
  slotMs: z.number().positive(),
  slots: count,
  phases: z.array(Stretch),
  /** From a fault's coming in to its coming out. */
  faults: z.array(Stretch),
  panels: z.array(Panel),
  breakers: z.array(BreakerTrack),
  waterfalls: z.array(Waterfall),
  distributions: z.array(Distribution),
  temperatures: z.array(Temperature),
  /** The most frequent kinds, thirty at most. */
  failures: z.array(SeenFailure),
});
export type Story = z.infer<typeof Story>;

/** More slots are more than a screen has room for, and would make the report of a long run large. */
export const MOST_SLOTS = 240;
