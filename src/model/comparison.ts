import { z } from 'zod';
import { Environment, Phase, PlannedJourney } from './plan.ts';
import { Decision, Finding, GateStatus, Interval } from './verdict.ts';

const known = z.number().nullable();
const count = z.number().int().nonnegative();

const Side = z.strictObject({
  value: known,
  /** Where there is no value because the percentile lies beyond this deadline. */
  above: known,
  /** Of the gate in this run's verdict; null for steps, and where that run did not judge it. */
  status: GateStatus.nullable(),
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
  /** Permutation of whole users, two-sided, on the statistic itself: sees a tail that Mann–Whitney does not. */
  pShift: z.number().min(0).max(1).nullable(),
  /** What decides: the smaller of the two, twice (either could have been it), then corrected for all rows of its kind (Holm). */
  pAdjusted: z.number().min(0).max(1).nullable(),
  /** Probability that a sample of B is larger than one of A, 0.5 for no difference (Vargha and Delaney's A). */
  superiority: z.number().min(0).max(1).nullable(),
  /** How the two were held against each other; `rates` tests by Fisher, `values` has one value a run and no test. */
  method: z.enum(['mann-whitney', 'rates', 'values']),
  /** A shift smaller than this matters to nobody. */
  margin: z.number().nonnegative(),
  result: z.enum(['better', 'same', 'worse', "can't tell"]),
  /** In one sentence. */
  reason: z.string(),
});
export type ComparedRow = z.infer<typeof ComparedRow>;

export const ComparedRun = z.strictObject({
  runId: z.string(),
  profile: z.string(),
  startedAtEpochMs: z.number().int(),
  decision: Decision,
  commit: z.string().nullable(),
  target: z.string(),
});
export type ComparedRun = z.infer<typeof ComparedRun>;

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

export const BASELINE_VERSION = 1;

/** One series of times with whose they are, so that whole users can be drawn again. */
export const SampledLatency = z.strictObject({
  metric: z.string(),
  scope: z.record(z.string(), z.string()),
  unit: z.string(),
  values: z.array(z.number().nonnegative()),
  /** Samples behind each value; left out where it is one each. */
  weights: z.array(z.number().positive()).optional(),
  /** The user of each value, or the stretch of time of the API lane's. */
  users: z.array(count),
  /** User and number of samples known only to have exceeded their deadline. */
  censored: z.array(z.tuple([count, count])),
  unmeasured: count,
  deadlineMs: z.number().positive().nullable(),
});
export type SampledLatency = z.infer<typeof SampledLatency>;

/** A gate as a run judged it, with the series that it looks at. */
export const SampledGate = z.strictObject({
  id: z.string(),
  title: z.string(),
  metric: z.string(),
  scope: z.record(z.string(), z.string()),
  stat: z.string(),
  unit: z.string(),
  limit: z.strictObject({ kind: z.enum(['max', 'min']), value: z.number() }),
  status: GateStatus,
  observed: known,
  observedAbove: known,
  interval: Interval.nullable(),
  n: count,
});
export type SampledGate = z.infer<typeof SampledGate>;

/** All that a comparison needs of a run: what a named baseline keeps, so that it outlives the run's folder and can move. */
export const SampledRun = z.strictObject({
  version: z.literal(BASELINE_VERSION),
  run: ComparedRun,
  confidence: z.number().gt(0.5).lt(1),
  /** What must be alike for a difference to be the target's. */
  conditions: z.strictObject({
    script: z.string(),
    embedded: z.boolean(),
    sourceHash: z.string(),
    phases: z.array(Phase),
    journeys: z.array(PlannedJourney),
    environment: Environment.nullable(),
    ended: z.enum(['completed', 'interrupted', 'fault']).nullable(),
    forced: z.string().nullable(),
    validity: z.strictObject({ state: z.enum(['undisturbed', 'disturbed', 'unknown']), summary: z.string(), latencyHeldBack: z.boolean() }),
    unreadableLines: count,
  }),
  gates: z.array(SampledGate),
  findings: z.array(Finding),
  latencies: z.array(SampledLatency),
  /** By how much the variance of a rate is larger than if all its trials were independent: they come in users. */
  designEffects: z.array(z.strictObject({ metric: z.string(), scope: z.record(z.string(), z.string()), value: z.number().min(1) })),
});
export type SampledRun = z.infer<typeof SampledRun>;
