import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { breakerFigures } from '../shared/breaker.ts';
import type { Figure } from '../shared/figures.ts';
import { wallSeconds } from '../shared/figures.ts';

/** The figures of this process; web/scrape.ts puts those of all processes together. */
const registry = new Registry();

// Bucket edges include the objectives (50, 100, 120, 250, 500 ms), so that a gate can be read without interpolation.
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.12, 0.25, 0.5, 1, 2.5, 5];
const registers = [registry];
const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
  new Counter<T>({ name, help, labelNames, registers });
const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
  new Gauge<T>({ name, help, labelNames, registers });
const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
  new Histogram<T>({ name, help, labelNames, buckets, registers });

export const httpDuration = histogram('http_request_duration_seconds',
  'Time to serve a request, by route pattern.', SECONDS, 'method', 'route', 'status');
export const httpRequests = counter('http_requests_total', 'Requests, test traffic apart from real traffic.', 'test');
export const httpInFlight = gauge('http_requests_in_flight', 'Requests being served, event streams included.');
export const serviceRequests = counter('service_requests_total',
  'Requests to a service; of the database, its queries.', 'service');
export const pageGeneration = histogram('page_generation_seconds',
  'From the arrival of a request to the finished text of its page.', SECONDS, 'route');

export const dbDuration = histogram('db_query_duration_seconds',
  'Time in the database, by named query, without waiting for the write lock.',
  [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1], 'query');
export const dbBusySeconds = counter('db_busy_seconds_total',
  'Time spent in the database. It runs inside the web processes: growth a second is its share of one core.');
export const slowQueries = counter('db_slow_queries_total', 'Database calls that took 50 ms or longer.');
export const dbConnections = gauge('db_connections', 'Open database connections.');
export const lockWaits = counter('db_lock_waits_total', 'Writes that found the write lock taken.');
export const lockWaitSeconds = counter('db_lock_wait_seconds_total', 'Time that writes waited for the write lock.');

export const cacheRequests = counter('cache_requests_total', 'Cache look-ups: hit or miss.', 'cache', 'result');
export const cacheEvictions = counter('cache_evictions_total', 'Entries put out because the cache was full.', 'cache');
export const cacheEntries = gauge('cache_entries', 'Entries in the caches; each web worker has its own.', 'cache');

export const coldStarts = counter('agent_cold_starts_total', 'Starts of the agent runner process.');
export const coldStartSeconds = histogram('agent_cold_start_seconds',
  'From the first waiting task to a runner that takes it.', [0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 10]);
export const agentTasks = counter('agent_tasks_total', 'Agent tasks that ended, by outcome.', 'outcome');
export const agentTaskSeconds = histogram('agent_task_duration_seconds', 'From request to the finished brief.',
  [0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 15, 30]);
export const agentQueueSeconds = histogram('agent_queue_wait_seconds', 'What a task waited for its turn.',
  [0.001, 0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30]);
export const agentRejected = counter('agent_queue_rejected_total', 'Tasks refused because the queue was full.');
export const agentRunners = gauge('agent_runners', 'Agent runner processes alive.');
export const agentRunning = gauge('agent_tasks_running', 'Agent tasks being worked on.');
export const queueLength = gauge('queue_length',
  'What waits: agent tasks for their turn, connections for a worker, payments and refunds for the provider, uploads.',
  'queue');

export const payments = counter('payments_total', 'Escrow operations, by outcome.', 'operation', 'outcome');
export const paymentReplays = counter('payment_intent_reuse_total',
  'Locks answered from an intent id already seen.');

export const paymentFeeCents = counter('payment_fee_cents_total', 'Platform fees of payments taken into escrow.');

export const listingRows = counter('listing_rows_total', 'Rows of listing syncs, by what became of them.', 'outcome');
export const fundingChecks = counter('funding_checks_total', 'Escrows held against the payment provider, by result.',
  'status');

export const instances = gauge('service_instances', 'Processes of a service, starting and leaving ones included.',
  'service');
export const workersByState = gauge('web_workers', 'Web workers, by state.', 'state');
export const scaleUps = counter('autoscaler_scale_ups_total', 'Decisions to add a web worker.');
export const scaleDowns = counter('autoscaler_scale_downs_total', 'Decisions to let a web worker go.');
export const replacements = counter('autoscaler_replacements_total', 'Web workers replaced after they died.');
export const scaleUpSeconds = histogram('autoscaler_scale_up_seconds',
  'From the decision to add a web worker to its first readiness.', [0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 10, 30]);
export const workerLoad = gauge('autoscaler_in_flight_per_worker',
  'Requests in flight in a ready web worker, on average, as the autoscaler last saw them.');
export const workerUtilisation = gauge('autoscaler_utilization_per_worker',
  'Share of time in which a ready web worker was busy, on average, as the autoscaler last saw it.');

/** Of the primary alone: how old the replica's copy may be, by `read`. */
export const replicaLag = (read: () => number): Gauge => new Gauge({
  name: 'replica_lag_seconds', registers, help: 'Time since the copy of the read replica was known to be complete.',
  collect() {
    this.set(read());
  },
});

// Counters that have not counted yet are 0, not absent.
for (const outcome of ['completed', 'degraded', 'failed']) agentTasks.inc({ outcome }, 0);
// Those in the database are not known before somebody has counted them there: absent until then.
for (const queue of ['agent_tasks', 'connections']) queueLength.set({ queue }, 0);
for (const operation of ['lock', 'release', 'refund']) {
  for (const outcome of ['ok', operation === 'lock' ? 'declined' : 'refused', 'unknown']) {
    payments.inc({ operation, outcome }, 0);
  }
}

const identity = { service: 'web', process: '' };

/** Adds CPU, memory, garbage collection and event loop of this process, told apart by its name. */
export function describeProcess(name: string): void {
  identity.process = name;
  collectDefaultMetrics({ register: registry, labels: { ...identity }, eventLoopMonitoringPrecision: 20 });
}

/** What this process has to say for a scrape. */
export async function ownFigures(): Promise<Figure[]> {
  const figures = await registry.getMetricsAsJSON() as unknown as Figure[];
  return [...figures, wallSeconds({ ...identity }), ...breakerFigures()];
}
