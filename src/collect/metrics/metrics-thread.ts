/** The metrics thread: reads the target's own figures at a steady rate, and writes its own file. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Kpi, MetricsPlan } from '../../model/index.ts';
import { Recorder } from '../recorder.ts';
import { Rounds } from './rounds.ts';

export interface MetricsSetup {
  metrics: MetricsPlan;
  kpis: Kpi[];
  headers?: Record<string, string>;
  runId: string;
  file: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  phase: string | null;
}

export type MetricsOrder = { phase: string | null } | { stop: true };

/** A round that is under way when the run ends may end by itself. */
const LAST_ROUND_MS = 1_000;
/** For readings that are to be had only now. */
const FILL_MS = 3_000;

const setup = workerData as MetricsSetup;
const recorder = new Recorder(setup.file, (error) => parentPort?.postMessage({ lost: error.message }));
const rounds = new Rounds({
  ...setup,
  now: () => Math.max(0, Number(process.hrtime.bigint()) / 1e6 - setup.startedAtMonotonicMs),
  wallClock: Date.now,
  record: (samples) => {
    for (const sample of samples) recorder.record(sample);
    parentPort?.postMessage({ samples });
  },
});
const ending = new AbortController();
let { phase } = setup;
let round = Promise.resolve();

const take = (): void => {
  round = rounds.take(phase, ending.signal);
  round.catch(fault);
};

/** No word of an exporter leads here: it is the harness's own. */
function fault(error: unknown): void {
  parentPort?.postMessage({ lost: error instanceof Error ? error.message : String(error) });
}

async function stop(): Promise<void> {
  clearInterval(timer);
  await within(LAST_ROUND_MS, round.catch(() => {}));
  ending.abort();
  await rounds.fill(AbortSignal.timeout(FILL_MS)).catch(fault);
  recorder.close();
  parentPort?.postMessage({ stopped: true });
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => {
    late = setTimeout(resolve, limitMs);
  })]);
  clearTimeout(late);
}

const timer = setInterval(take, setup.metrics.everyMs);
take();
parentPort?.on('message', (order: MetricsOrder) => {
  if ('phase' in order) phase = order.phase;
  else void stop();
});
