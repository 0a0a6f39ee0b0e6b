import type { GateResult, PhaseArrivals, Plan } from '../model/index.ts';

/**
 * Errors count however many users came, and when; a cold start is timed by the target itself, and so are its own figures.
 * What a stress or a spike does to the target is found out with the API lane, which keeps its own count of what was due.
 */
const NOT_LATENCY = new Set([
  'agent_success_rate', 'cold_start_incidence', 'cold_start_penalty', 'request_error_rate', 'journey_error_rate',
  'api_error_rate', 'api_throughput', 'capacity_headroom', 'recovery_time', 'rate_limited', 'replay_cache_hits', 'replay_error_rate', 'drill', 'kpi', 'kpi_growth', 'cost',
]);

/**
 * Returns why nothing can be said about latency: a judged phase in which other users came than the plan's. An open model that
 * has silently become a closed one sends fewer users just when the target slows down, and so makes it look fast; users that
 * come in bunches make it look slow. Null where the users came as planned.
 */
export function arrivalsDoubt(plan: Plan, arrivals: readonly PhaseArrivals[]): string | null {
  const warmUp = new Set(plan.warmUpPhases);
  return arrivals.find((one) => one.notAsPlanned && !warmUp.has(one.phase))?.note ?? null;
}

/** Returns a gate's result under that doubt: a settled latency gate is open again, all else stays as it is. */
export function underDoubt(gate: GateResult, doubt: string | null): GateResult {
  const settled = gate.status === 'pass' || gate.status === 'fail';
  if (doubt === null || !settled || NOT_LATENCY.has(gate.metric)) return gate;
  return { ...gate, status: 'inconclusive', hint: `not the planned load: ${doubt}` };
}
