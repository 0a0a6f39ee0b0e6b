import { z } from 'zod';
import { Decision } from './verdict.ts';

const known = z.number().nullable();

const Side = z.strictObject({
  value: known,
  n: z.number().int().nonnegative(),
  censored: z.number().int().nonnegative(),
});

/** One gate or step in two runs. */
export const ComparedRow = z.strictObject({
  /** `gate` rows carry the gate's statistic; `step` rows are all steps and routes, gated or not. */
  kind: z.enum(['gate', 'step']),
  id: z.string(),
  title: z.string(),
  stat: z.string(),
  unit: z.string(),
  a: Side,
  b: Side,
  /** B's statistic less A's, and its bootstrap interval; null where a side has too few samples. */
  shift: z.strictObject({ value: z.number(), low: known, high: known }).nullable(),
  /** Mann–Whitney, two-sided; null where it cannot be had (rates: see the method). */
  p: z.number().min(0).max(1).nullable(),
  /** Probability that a sample of B is larger than one of A, 0.5 for no difference (Vargha and Delaney's A). */
  superiority: z.number().min(0).max(1).nullable(),
  /** How the two were held against each other: `mann-whitney`, `rates`, `values`. */
  method: z.string(),
  /** A shift smaller than this matters to nobody. */
  margin: z.number().nonnegative(),
  result: z.enum(['better', 'same', 'worse', "can't tell"]),
  /** In one sentence. */
  reason: z.string(),
});
export type ComparedRow = z.infer<typeof ComparedRow>;

const ComparedRun = z.strictObject({
  runId: z.string(),
  profile: z.string(),
  startedAtEpochMs: z.number().int(),
  decision: Decision,
  commit: z.string().nullable(),
  target: z.string(),
});

export const Comparison = z.strictObject({
  a: ComparedRun,
  b: ComparedRun,
  confidence: z.number(),
  /** What makes the two hard to compare: another machine, profile, target, plan, disturbed observers. */
  caveats: z.array(z.string()),
  rows: z.array(ComparedRow),
  /** The worst of the rows that decide: gates. */
  result: z.enum(['better', 'same', 'worse', "can't tell"]),
});
export type Comparison = z.infer<typeof Comparison>;
