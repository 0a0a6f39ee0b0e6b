import { z } from 'zod';
import { PhaseArrivals } from './arrivals.ts';
import { StepAttribution } from './attribution.ts';
import { BudgetUse } from './budget.ts';
import { DrillReport } from './drill.ts';
import { BlockedHost } from './guard.ts';
import { IntegrityReport } from './ledger.ts';
import { Environment, Plan } from './plan.ts';
import { TeardownReport } from './teardown.ts';
import { ReplayReport } from './traffic.ts';

export const RECORD_VERSION = 1;

export const Interval = z.strictObject({ low: z.number().nullable(), high: z.number().nullable() });
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
  /** Why it ended before its phases did, as planned (past the knee, say); null for a run of full length. */
  stopped: z.string().nullable().default(null),
  /** Lines that could not be read (the last one of a killed run, say). */
  unreadableLines: z.number().int().nonnegative(),
  /** Artillery's own count of created users minus ours; null if Artillery never gave one. */
  artilleryDifference: z.number().int().nullable(),
  /** Users drawn as observers who joined the crowd because too many observed already. */
  demoted: z.number().int().nonnegative(),
});
export type Totals = z.infer<typeof Totals>;

export const WindowState = z.enum(['healthy', 'disturbed', 'unknown']);
export type WindowState = z.infer<typeof WindowState>;

/** Ten seconds of a run: could its observers measure undisturbed? */
export const ValidityWindow = z.strictObject({
  fromMs: z.number().nonnegative(),
  toMs: z.number().nonnegative(),
  state: WindowState,
  /** Why it is not healthy, as plain words. */
  reasons: z.array(z.string()),
  /** Median excess of each role's canary over idle; null without clicks. */
  observerExcessMs: z.number().nullable(),
  crowdExcessMs: z.number().nullable(),
  /** Clicks of the observer's canary. */
  clicks: z.number().int().nonnegative(),
});
export type ValidityWindow = z.infer<typeof ValidityWindow>;

/** One role's canary over the judged part of the run. */
export const CanarySummary = z.strictObject({
  idleMs: z.number().nonnegative().nullable(),
  n: z.number().int().nonnegative(),
  /** Clicks that were not answered before their deadline: in n, slower than all others. */
  timeouts: z.number().int().nonnegative(),
  medianExcessMs: z.number().nullable(),
  maxExcessMs: z.number().nullable(),
});
export type CanarySummary = z.infer<typeof CanarySummary>;

/** A stretch of neighbouring windows that are not healthy. */
export const DisturbedSpan = z.strictObject({
  fromMs: z.number().nonnegative(),
  toMs: z.number().nonnegative(),
  state: WindowState.exclude(['healthy']),
  /** The first reason in it. */
  reason: z.string(),
  /** The largest median excess of the observer's canary among its windows. */
  canaryExcessMs: z.number().nullable(),
});
export type DisturbedSpan = z.infer<typeof DisturbedSpan>;

/** Whether the run's latency can be believed. */
export const Validity = z.strictObject({
  /** `unknown`: no canary ran (an older run), so nothing is held back. */
  state: z.enum(['undisturbed', 'disturbed', 'unknown']),
  /** In words: `observers undisturbed (canary +1.2 ms)`. */
  summary: z.string(),
  /** Of the windows of the judged part of the run, 0 to 1; null where nothing is known. */
  healthyShare: z.number().min(0).max(1).nullable(),
  /** True where the healthy share is too small for any latency gate to be judged. */
  latencyHeldBack: z.boolean(),
  observer: CanarySummary.nullable(),
  crowd: CanarySummary.nullable(),
  disturbed: z.array(DisturbedSpan),
  windows: z.array(ValidityWindow),
});
export type Validity = z.infer<typeof Validity>;

export const RunRecord = z.strictObject({
  schemaVersion: z.literal(RECORD_VERSION),
  plan: Plan,
  environment: Environment.nullable(),
  totals: Totals,
  validity: Validity,
  /** The phases of the plan, in its order. */
  arrivals: z.array(PhaseArrivals),
  /** Where the time of the judged steps went. */
  attributions: z.array(StepAttribution),
  findings: z.array(Finding),
  /** Left out in a run without third parties' budgets. */
  budgets: z.array(BudgetUse).optional(),
  /** In the order in which they were held; left out in a run without drills. */
  drills: z.array(DrillReport).optional(),
  /** Left out in a run without an audit. */
  integrity: IntegrityReport.optional(),
  /** Left out in a run that played no recorded traffic. */
  replay: ReplayReport.optional(),
  /** Hosts that browsers were kept from, most asked-for first; left out where they asked for none. */
  blocked: z.array(BlockedHost).min(1).optional(),
  /** The last one; left out where nothing was to be removed. */
  teardown: TeardownReport.optional(),
  verdict: Verdict,
  provenance: z.strictObject({
    harnessVersion: z.string(),
    observationFiles: z.array(z.strictObject({ name: z.string(), lines: z.number().int(), sha256: z.string() })),
  }),
});
export type RunRecord = z.infer<typeof RunRecord>;
