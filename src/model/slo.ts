import { z } from 'zod';
import { ThirdParty } from './budget.ts';
import { ErrorBudgetRule } from './error-budget.ts';
import { CostRules, Kpi } from './kpi.ts';
import { BreachKind } from './ledger.ts';
import { ReplayGroup, ReplayedBy } from './traffic.ts';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes');
const limit = {
  id,
  title: z.string().min(1).optional(),
  /** Where the threshold comes from: a document, a measurement, a decision. */
  source: z.string().min(1),
  /** Profiles in which the gate decides; in every profile when left out. */
  profiles: z.array(z.string().min(1)).min(1).optional(),
  /** Who looks after it, and how bad a miss is, for reports: the file's owner, and by the metric, when left out. */
  owner: z.string().min(1).optional(),
  severity: z.enum(['blocker', 'critical', 'normal', 'minor', 'trivial']).optional(),
};
const percentile = z.string().regex(/^p(?:[1-9]\d?)(?:\.\d+)?$/, 'a percentile such as p75, p95 or p99.9');
const ms = { unit: z.literal('ms'), max: z.number().positive().max(3_600_000) };
const share = { unit: z.literal('%') };
const atMost = { ...share, max: z.number().min(0).lt(100) };
const atLeast = { ...share, min: z.number().gt(0).max(100) };

export const PerceivedLatencyGate = z.strictObject({
  ...limit, metric: z.literal('perceived_latency'), journey: z.string().min(1), step: z.string().min(1), stat: percentile, ...ms,
});
export const VitalGate = z.union([
  z.strictObject({
    ...limit, metric: z.literal('vital'), vital: z.enum(['LCP', 'INP', 'FCP', 'TTFB']), page: z.string().optional(), stat: percentile, ...ms,
  }),
  z.strictObject({
    ...limit, metric: z.literal('vital'), vital: z.literal('CLS'), page: z.string().optional(), stat: percentile,
    unit: z.literal('score'), max: z.number().positive().max(10),
  }),
]);
export const AgentCompletionGate = z.strictObject({ ...limit, metric: z.literal('agent_completion'), stat: percentile, ...ms });
export const AgentFirstProgressGate = z.strictObject({ ...limit, metric: z.literal('agent_first_progress'), stat: percentile, ...ms });
export const AgentSuccessGate = z.strictObject({ ...limit, metric: z.literal('agent_success_rate'), ...atLeast });
export const ColdStartIncidenceGate = z.strictObject({ ...limit, metric: z.literal('cold_start_incidence'), service: z.string().min(1), ...atMost });
export const ColdStartPenaltyGate = z.strictObject({
  ...limit, metric: z.literal('cold_start_penalty'), service: z.string().min(1), stat: z.literal('max'), ...ms,
});
export const RequestLatencyGate = z.strictObject({
  ...limit, metric: z.literal('request_latency'),
  /** `GET /api/v1/creators`, or `api` or `document` for all of that kind. */
  route: z.string().min(1), stat: percentile, ...ms,
});
export const RequestErrorGate = z.strictObject({ ...limit, metric: z.literal('request_error_rate'), route: z.string().min(1).optional(), ...atMost });
export const JourneyErrorGate = z.strictObject({ ...limit, metric: z.literal('journey_error_rate'), journey: z.string().min(1).optional(), ...atMost });

// --- The API lane, and what profiles find out with it -------------------------------------------------------------------
/** From when a request was due to its last byte: what a caller waits. */
export const ApiLatencyGate = z.strictObject({ ...limit, metric: z.literal('api_latency'), route: z.string().min(1), stat: percentile, ...ms });
export const ApiErrorGate = z.strictObject({ ...limit, metric: z.literal('api_error_rate'), route: z.string().min(1).optional(), ...atMost });
/** Answered requests as a share of those due at the target rate; of all scenarios when none is named. */
export const ApiRateGate = z.strictObject({ ...limit, metric: z.literal('api_throughput'), scenario: z.string().min(1).optional(), ...atLeast });
/** The sustained rate before the knee over the expected peak. */
export const HeadroomGate = z.strictObject({ ...limit, metric: z.literal('capacity_headroom'), unit: z.literal('x'), min: z.number().positive() });
/** From the end of a spike until P95 is back, for good, in the band that it had before. */
export const RecoveryGate = z.strictObject({ ...limit, metric: z.literal('recovery_time'), unit: z.literal('s'), max: z.number().positive() });
/** Change of a percentile over the whole run, in per cent of its level (Theil–Sen). */
export const DriftGate = z.strictObject({ ...limit, metric: z.literal('latency_drift'), route: z.string().min(1).optional(), stat: percentile, unit: z.literal('%'), max: z.number().positive() });

const kpi = { kpi: id, unit: z.string().min(1) };
const kpiStat = z.enum(['mean', 'max', 'min', 'p95']);
export const KpiGate = z.union([
  z.strictObject({ ...limit, metric: z.literal('kpi'), ...kpi, stat: kpiStat, max: z.number() }),
  z.strictObject({ ...limit, metric: z.literal('kpi'), ...kpi, stat: kpiStat, min: z.number() }),
]);
/** How much a KPI grows an hour, in its unit: memory that is never given back. */
export const KpiGrowthGate = z.strictObject({ ...limit, metric: z.literal('kpi_growth'), ...kpi, max: z.number() });
export const CostGate = z.strictObject({
  ...limit, metric: z.literal('cost'), per: z.enum(['run', 'thousand journeys']), unit: z.string().min(1), max: z.number().positive(),
});

/** Breaches of one kind found when the books of browsers, platform and provider are held against each other. */
export const IntegrityGate = z.strictObject({ ...limit, metric: z.literal('integrity'), breach: BreachKind, unit: z.literal('breaches'), max: z.literal(0) });
/** Requests that the target refused with 429 (Too Many Requests), of browsers and the API lane: no errors, and no successes. */
export const RateLimitedGate = z.strictObject({ ...limit, metric: z.literal('rate_limited'), ...atMost });

// --- Replayed search traffic --------------------------------------------------------------------------------------------
const group = ReplayGroup.default('all');
/** A crawler's request from when it left, a person's document from when it was sent, to its last byte. */
export const ReplayLatencyGate = z.strictObject({ ...limit, metric: z.literal('replay_latency'), by: ReplayedBy, group, stat: percentile, ...ms });
/** Making a page, as the target's Server-Timing says. */
export const ReplayGenerationGate = z.strictObject({
  ...limit, metric: z.literal('replay_generation'), by: ReplayedBy.optional(), group, stat: percentile, ...ms,
});
/** Pages that the target's cache had, of those whose answer says. */
export const ReplayCacheGate = z.strictObject({ ...limit, metric: z.literal('replay_cache_hits'), by: ReplayedBy.optional(), group, ...atLeast });
/** Pages that failed, of all that were asked for. */
export const ReplayErrorGate = z.strictObject({ ...limit, metric: z.literal('replay_error_rate'), by: ReplayedBy.optional(), group, ...atMost });

/** One expectation of a drill; the drill's file gives it, not slo.yml. */
export const DrillGate = z.strictObject({
  ...limit, metric: z.literal('drill'), drill: id, unit: z.enum(['s', 'users', 'requests', '1/s']), max: z.number().nonnegative(),
  /** For the last: the journey that is meant. */
  expect: z.enum(['breaker opens', 'breaker closes', 'answers', 'recovers', 'requests', 'journey']), journey: z.string().optional(),
});
export type DrillGate = z.infer<typeof DrillGate>;

export const Gate = z.union([
  PerceivedLatencyGate, VitalGate, AgentCompletionGate, AgentFirstProgressGate, AgentSuccessGate, ColdStartIncidenceGate,
  ColdStartPenaltyGate, RequestLatencyGate, RequestErrorGate, JourneyErrorGate,
  ApiLatencyGate, ApiErrorGate, ApiRateGate, HeadroomGate, RecoveryGate, DriftGate, KpiGate, KpiGrowthGate, CostGate,
  IntegrityGate, RateLimitedGate, DrillGate,
  ReplayLatencyGate, ReplayGenerationGate, ReplayCacheGate, ReplayErrorGate,
]);
export type Gate = z.infer<typeof Gate>;

/** When the observers count as undisturbed; documentation/slo.md gives the reason for each default. */
export const ValidityRules = z.strictObject({
  /** Below this share of healthy windows nothing is said about latency. */
  min_healthy_percent: z.number().gt(0).max(100).default(80),
  /** A window is disturbed where the median of the observer's canary is further above idle than the larger of these two. */
  max_canary_excess_ms: z.number().positive().max(60_000).default(10),
  max_canary_excess_percent: z.number().positive().max(1_000).default(20),
  /** With fewer clicks of the canary a window is unknown, and so not healthy. */
  min_canary_samples: z.number().int().min(1).max(10).default(3),
  max_loop_delay_ms: z.number().positive().max(600_000).default(1_000),
  max_steal_percent: z.number().positive().max(100).default(10),
  max_swap_in_mib_per_second: z.number().positive().max(100_000).default(1),
  /** A user that starts later than this after the plan's time counts as late. */
  late_user_ms: z.number().positive().max(60_000).default(100),
});
export type ValidityRules = z.infer<typeof ValidityRules>;

/** slo.yml: every objective and threshold, the one source. */
export const Slo = z.strictObject({
  version: z.literal(1),
  /** Who looks after gates that name nobody. */
  owner: z.string().min(1).optional(),
  confidence: z.number().gt(0.5).lt(1).default(0.95),
  warm_up_phases: z.array(z.string().min(1)).default([]),
  validity: ValidityRules.prefault({}),
  kpis: z.array(Kpi).default([]),
  cost: CostRules.optional(),
  third_parties: z.array(ThirdParty).default([]),
  error_budgets: z.array(ErrorBudgetRule).default([]),
  gates: z.array(Gate).min(1),
});
export type Slo = z.infer<typeof Slo>;
