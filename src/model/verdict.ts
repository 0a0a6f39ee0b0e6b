import { z } from 'zod';
import { Environment, Plan } from './plan.ts';

export const RECORD_VERSION = 1;

const Interval = z.strictObject({ low: z.number().nullable(), high: z.number().nullable() });
export type Interval = z.infer<typeof Interval>;

/** One statistic of a run. `value` is null where there were no samples or the percentile lies beyond a deadline. */
export const Finding = z.strictObject({
  metric: z.string(),
  scope: z.record(z.string(), z.string()),
  stat: z.string(),
  value: z.number().nullable(),
  /** One-sided bounds at the plan's confidence, each; an end is null where n is too small to give it. */
  interval: Interval.nullable(),
  unit: z.string(),
  n: z.number().int().nonnegative(),
  /** Samples known only to exceed their deadline (failed or timed out). */
  censored: z.number().int().nonnegative(),
  /** Samples that passed but could not be measured: not in n, and unknown to both bounds. */
  unmeasured: z.number().int().nonnegative(),
  /** Of n, for a rate: how many events. */
  events: z.number().int().nonnegative().nullable(),
  /** Which part of the run the samples come from. */
  window: z.string(),
});
export type Finding = z.infer<typeof Finding>;

export const GateStatus = z.enum(['pass', 'fail', 'inconclusive', 'no-data', 'error']);
export type GateStatus = z.infer<typeof GateStatus>;

export const GateResult = z.strictObject({
  id: z.string(),
  title: z.string(),
  metric: z.string(),
  stat: z.string(),
  status: GateStatus,
  observed: z.number().nullable(),
  /** The percentile lies beyond this deadline: reads "> deadline". */
  observedAbove: z.number().nullable(),
  interval: Interval.nullable(),
  limit: z.strictObject({ kind: z.enum(['max', 'min']), value: z.number() }),
  unit: z.string(),
  n: z.number().int().nonnegative(),
  /** What the number rests on, as plain sentences: first failures with codes, screenshots, unmeasured samples. */
  evidence: z.array(z.string()),
  hint: z.string().nullable(),
});
export type GateResult = z.infer<typeof GateResult>;

export const Decision = z.enum(['GO', 'NO-GO', 'INCONCLUSIVE']);
export type Decision = z.infer<typeof Decision>;

export const Verdict = z.strictObject({
  decision: Decision,
  /** Why, in one sentence. */
  reason: z.string(),
  gates: z.array(GateResult),
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(130)]),
});
export type Verdict = z.infer<typeof Verdict>;

/** Counts over the whole run, warm-up included. */
export const Totals = z.strictObject({
  journeys: z.number().int().nonnegative(),
  observed: z.number().int().nonnegative(),
  byOutcome: z.record(z.string(), z.number().int().nonnegative()),
  /** From the first to the last observation. */
  durationMs: z.number().nonnegative(),
  /** How the run ended, the worst of what its `run` observations say; null if they never said (killed). */
  ended: z.enum(['completed', 'interrupted', 'fault']).nullable(),
  /** Lines that could not be read (the last one of a killed run, say). */
  unreadableLines: z.number().int().nonnegative(),
  /** Artillery's own count of created users minus ours; null if Artillery never gave one. */
  artilleryDifference: z.number().int().nullable(),
});
export type Totals = z.infer<typeof Totals>;

export const RunRecord = z.strictObject({
  schemaVersion: z.literal(RECORD_VERSION),
  plan: Plan,
  environment: Environment.nullable(),
  totals: Totals,
  findings: z.array(Finding),
  verdict: Verdict,
  provenance: z.strictObject({
    harnessVersion: z.string(),
    observationFiles: z.array(z.strictObject({ name: z.string(), lines: z.number().int(), sha256: z.string() })),
  }),
});
export type RunRecord = z.infer<typeof RunRecord>;
