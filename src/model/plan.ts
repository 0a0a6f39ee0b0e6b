import { z } from 'zod';
import { ApiPlan } from './api.ts';
import { DrillsPlan } from './drill.ts';
import { GuardOverride, Parity } from './guard.ts';
import { CostRules, Kpi } from './kpi.ts';
import { Gate, ValidityRules } from './slo.ts';
import { TeardownPlan } from './teardown.ts';
import { ReplayPlan } from './traffic.ts';

export const PLAN_VERSION = 1;

export const Phase = z.strictObject({
  name: z.string(),
  /** Seconds; a pause has no arrivals. */
  durationS: z.number().nonnegative(),
  /** Arrivals a second at the phase's start and end; null for a phase that counts arrivals instead. */
  arrivalRate: z.number().nonnegative().nullable(),
  rampTo: z.number().nonnegative().nullable(),
  arrivalCount: z.number().int().nonnegative().nullable(),
  pause: z.boolean(),
  /** Users come at random times, at the rate on average (Artillery's mode `poisson`). */
  poisson: z.literal(true).optional(),
});
export type Phase = z.infer<typeof Phase>;

export const PlannedJourney = z.strictObject({
  name: z.string(),
  weight: z.number().nonnegative(),
});
export type PlannedJourney = z.infer<typeof PlannedJourney>;

/** A person's pause after each step, evenly spread between the two. */
export const ThinkTime = z.strictObject({ minMs: z.number().nonnegative(), maxMs: z.number().nonnegative() });
export type ThinkTime = z.infer<typeof ThinkTime>;

export const Settings = z.strictObject({
  /** Share of each journey's arrivals that measure latency in the observer browser, 0 to 1. */
  observerShare: z.number().min(0).max(1),
  /** Observers at the same time, so that they never crowd each other out. */
  maxObservers: z.number().int().positive(),
  /** Virtual users at the same time; an arrival above it is `dropped` and counted. */
  maxUsers: z.number().int().positive(),
  stepDeadlineMs: z.number().positive(),
  journeyDeadlineMs: z.number().positive(),
  /** A browser is replaced after this many contexts, between users. */
  recycleAfterContexts: z.number().int().positive(),
  /** Left out: users go from step to step without a pause. */
  thinkTime: ThinkTime.optional(),
  /** Playwright traces of failed steps; none when left out. */
  traces: z.strictObject({
    /** Of each distinct failure: journey, step and code. */
    perError: z.number().int().nonnegative(),
    perRun: z.number().int().nonnegative(),
  }).optional(),
});
export type Settings = z.infer<typeof Settings>;

/** Where the target's own figures come from. */
export const MetricsPlan = z.strictObject({
  /** Metrics pages in Prometheus text format; `target` is the bundled platform's own. */
  urls: z.array(z.string()),
  /** A Prometheus server to ask instead for KPIs that have a `promql`; null for none. */
  prometheus: z.string().nullable(),
  everyMs: z.number().positive(),
});
export type MetricsPlan = z.infer<typeof MetricsPlan>;

/** Where the two books of payments are read after a run. Keys and tokens are settings: none stands in a plan. */
export const AuditPlan = z.strictObject({
  /** Address of the platform's ledger of one run; `embedded` is the bundled platform's own. */
  platform: z.string(),
  /** Address of a provider that speaks Stripe's API: `embedded`, or Stripe's own for a test account. */
  provider: z.string(),
  /** How long payments may take to settle after the last user before the books are read. */
  settleMs: z.number().nonnegative(),
  /** The platform's fee in basis points: 300 is 3 %. */
  feeBasisPoints: z.number().int().min(0).max(10_000),
});
export type AuditPlan = z.infer<typeof AuditPlan>;

/** So many calls a second a third party allows; documentation/budgets.md. */
export const ThirdPartyBudget = z.strictObject({
  name: z.string(),
  callsPerSecond: z.number().positive(),
  /** Calls that one user of a journey makes. */
  journeys: z.record(z.string(), z.number().positive()),
  /** Calls that one request of an API route makes. */
  routes: z.record(z.string(), z.number().positive()),
  /** An arrival waits this long for its calls to fit in; then it is dropped and counted apart. */
  maxWaitMs: z.number().nonnegative(),
});
export type ThirdPartyBudget = z.infer<typeof ThirdPartyBudget>;

/** Everything a run and its judgement need to know beforehand, written before the first arrival. */
export const Plan = z.strictObject({
  schemaVersion: z.literal(PLAN_VERSION),
  runId: z.string(),
  seed: z.number().int(),
  startedAtEpochMs: z.number().int(),
  script: z.string(),
  target: z.strictObject({ url: z.string(), embedded: z.boolean() }),
  profile: z.string(),
  phases: z.array(Phase).min(1),
  journeys: z.array(PlannedJourney).min(1),
  settings: Settings,
  /** Confidence of every interval, 0.95 unless slo.yml says otherwise. */
  confidence: z.number().gt(0.5).lt(1),
  /** Phases that warm things up: their latency is shown, not judged. */
  warmUpPhases: z.array(z.string()),
  /** Patterns of addresses that hold a name or id, such as `/find/:slug`. */
  routes: z.array(z.string()).default([]),
  /** When the observers count as undisturbed. */
  validity: ValidityRules.prefault({}),
  /** Traffic for the API beside the browsers; left out: none. */
  api: ApiPlan.optional(),
  /** Left out: no figures of the target are collected. */
  metrics: MetricsPlan.optional(),
  /** The target's own figures to collect. */
  kpis: z.array(Kpi).default([]),
  cost: CostRules.optional(),
  /** Left out: payments are not audited, and no integrity gate can be judged. */
  audit: AuditPlan.optional(),
  /** Left out: no drills. */
  drills: DrillsPlan.optional(),
  budgets: z.array(ThirdPartyBudget).default([]),
  gates: z.array(Gate),
  /** Gates of slo.yml that this profile does not judge, by id. */
  gatesNotInProfile: z.array(z.string()),
  /** The plan asks for far more than the machine makes undisturbed, and was forced (FORCE=1): what for what. */
  forced: z.string().optional(),
  /** Guards that would have refused the run; left out: none. */
  overrides: z.array(GuardOverride).min(1).optional(),
  /** Left out: the plan expects nothing of the environment. */
  parity: Parity.optional(),
  /** Hosts that browsers may send to, beside this machine's own; left out in runs of before it was guarded. */
  browserHosts: z.array(z.string()).optional(),
  /** Left out: nothing is removed after the run. */
  teardown: TeardownPlan.optional(),
  /** Left out: no recorded traffic is played. */
  replay: ReplayPlan.optional(),
  /** SHA-256 over the script, its profile and slo.yml. */
  sourceHash: z.string(),
});
export type Plan = z.infer<typeof Plan>;

/** The machine and the versions a run was made with. */
export const Environment = z.strictObject({
  harnessVersion: z.string(),
  commit: z.string().nullable(),
  nodeVersion: z.string(),
  artilleryVersion: z.string(),
  playwrightVersion: z.string(),
  browser: z.strictObject({ name: z.string(), version: z.string(), source: z.string() }),
  os: z.string(),
  cpuModel: z.string(),
  cores: z.number().int().positive(),
  memoryBytes: z.number().positive(),
  memoryLimitBytes: z.number().positive().nullable(),
  /** How the crowd is kept from disturbing the observers, and whether it is in force. */
  crowdPriority: z.string(),
});
export type Environment = z.infer<typeof Environment>;
