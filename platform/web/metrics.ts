import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

// Bucket edges include the objectives (50, 100, 120, 250, 500 ms), so that a gate can be read without interpolation.
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.25, 0.5, 1, 2.5, 5];
const registers = [registry];

export const httpDuration = new Histogram({
  name: 'http_request_duration_seconds', help: 'Time to serve a request, by route pattern.',
  labelNames: ['method', 'route', 'status'], buckets: SECONDS, registers,
});
export const httpRequests = new Counter({
  name: 'http_requests_total', help: 'Requests, test traffic apart from real traffic.', labelNames: ['test'], registers,
});
export const dbDuration = new Histogram({
  name: 'db_query_duration_seconds', help: 'Time in the database, by named query.', labelNames: ['query'],
  buckets: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1], registers,
});
export const slowQueries = new Counter({
  name: 'db_slow_queries_total', help: 'Database calls that took 50 ms or longer.', registers,
});
export const cacheRequests = new Counter({
  name: 'cache_requests_total', help: 'Cache look-ups: hit or miss.', labelNames: ['cache', 'result'], registers,
});
export const coldStarts = new Counter({
  name: 'agent_cold_starts_total', help: 'Starts of the agent runner process.', registers,
});
export const coldStartSeconds = new Histogram({
  name: 'agent_cold_start_seconds', help: 'From the first waiting task to a runner that takes it.',
  buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 10], registers,
});
export const agentTasks = new Counter({
  name: 'agent_tasks_total', help: 'Agent tasks that ended, by outcome.', labelNames: ['outcome'], registers,
});
export const agentTaskSeconds = new Histogram({
  name: 'agent_task_duration_seconds', help: 'From request to the finished brief.',
  buckets: [0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 15, 30], registers,
});
export const agentRunners = new Gauge({ name: 'agent_runners', help: 'Agent runner processes alive.', registers });
export const payments = new Counter({
  name: 'payments_total', help: 'Escrow operations, by outcome.', labelNames: ['operation', 'outcome'], registers,
});
export const paymentReplays = new Counter({
  name: 'payment_intent_reuse_total', help: 'Locks answered from an intent id already seen.', registers,
});

for (const outcome of ['completed', 'failed']) agentTasks.inc({ outcome }, 0);
