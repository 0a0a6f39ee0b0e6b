/** Gates that belong together. */
export interface GateGroup {
  /** Stays the same whatever the title says: histories hang on it. */
  id: string;
  title: string;
  metrics: readonly string[];
}

/** In the order in which they are shown. */
export const GATE_GROUPS: readonly GateGroup[] = [
  { id: 'drills', title: 'Drills', metrics: ['drill'] },
  { id: 'perceived', title: 'What users perceive', metrics: ['perceived_latency'] },
  { id: 'vitals', title: 'Core Web Vitals', metrics: ['vital'] },
  {
    id: 'agent',
    title: 'The agent',
    metrics: [
      'agent_completion', 'agent_first_progress', 'agent_success_rate', 'cold_start_incidence', 'cold_start_penalty',
    ],
  },
  { id: 'payments', title: 'Payments', metrics: ['integrity'] },
  { id: 'requests', title: 'Requests of browsers', metrics: ['request_latency'] },
  { id: 'errors', title: 'Errors', metrics: ['request_error_rate', 'journey_error_rate', 'rate_limited'] },
  { id: 'api', title: 'API latency', metrics: ['api_latency'] },
  { id: 'api-delivery', title: 'API errors and throughput', metrics: ['api_error_rate', 'api_throughput'] },
  {
    id: 'capacity',
    title: 'Capacity, recovery, drift',
    metrics: ['capacity_headroom', 'recovery_time', 'latency_drift'],
  },
  {
    id: 'replay',
    title: 'Replayed search traffic',
    metrics: ['replay_latency', 'replay_generation', 'replay_cache_hits', 'replay_error_rate'],
  },
  { id: 'target', title: 'The target’s own figures', metrics: ['kpi', 'kpi_growth'] },
  { id: 'cost', title: 'Cost', metrics: ['cost'] },
];
