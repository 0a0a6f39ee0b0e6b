import type { Gate } from '../../model/index.ts';
import { GATE_GROUPS } from '../gate-groups.ts';

/** Allure's own scale, worst first. */
export type Severity = 'blocker' | 'critical' | 'normal' | 'minor' | 'trivial';

/**
 * How bad a miss is unless slo.yml says otherwise: money that goes astray cannot be put right by a faster release; then what
 * every user meets; then what some figures show.
 */
const SEVERITIES: Record<Gate['metric'], Severity> = {
  drill: 'critical',
  perceived_latency: 'critical',
  vital: 'normal',
  agent_completion: 'normal',
  agent_first_progress: 'normal',
  agent_success_rate: 'critical',
  cold_start_incidence: 'minor',
  cold_start_penalty: 'minor',
  integrity: 'blocker',
  request_latency: 'normal',
  request_error_rate: 'critical',
  journey_error_rate: 'critical',
  rate_limited: 'normal',
  api_latency: 'normal',
  api_error_rate: 'critical',
  api_throughput: 'critical',
  capacity_headroom: 'critical',
  recovery_time: 'critical',
  latency_drift: 'critical',
  kpi: 'normal',
  kpi_growth: 'normal',
  cost: 'minor',
  replay_latency: 'normal',
  replay_generation: 'normal',
  replay_cache_hits: 'normal',
  replay_error_rate: 'critical',
};

const SUITES = GATE_GROUPS.flatMap(({ title, metrics }) => metrics.map((metric) => ({ metric, title })));

/** Returns how bad a miss of a metric's gate is. */
export function severityOf(metric: string): Severity {
  return Object.hasOwn(SEVERITIES, metric) ? SEVERITIES[metric as Gate['metric']] : 'normal';
}

/** Returns the suite of a metric's gates; metrics of a newer harness stand apart. */
export function suiteOf(metric: string): string {
  return SUITES.find((one) => one.metric === metric)?.title ?? 'Other gates';
}

/** Returns the place of a metric in the report. */
export function placeOf(metric: string): number {
  const place = SUITES.findIndex((one) => one.metric === metric);
  return place < 0 ? SUITES.length : place;
}
