import { Worker } from 'node:worker_threads';
import type { Kpi, MetricsPlan, ServerObservation } from '../../model/index.ts';
import type { MetricsOrder, MetricsSetup } from './metrics-thread.ts';

export interface MetricsOptions {
  /** Its addresses as they are asked: nothing is left to resolve. */
  metrics: MetricsPlan;
  kpis: readonly Kpi[];
  runId: string;
  /** Where the readings go. */
  file: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  /** The load phase at the start. */
  phase?: string | null;
  /** Each reading once it is recorded, with a value or without; filled ones come at the end, in no order. */
  onSample?: (sample: ServerObservation) => void;
  /** The readings can no longer be written. */
  onLost: (error: Error) => void;
}

/** A second for the round under way, three for what is asked for again, one to spare. */
const STOP_LIMIT_MS = 5_000;

type Said = { samples: ServerObservation[] } | { lost: string } | { stopped: true };

/**
 * Reads the target's own figures, at once and then every `everyMs`, from a thread of its own that writes its own file:
 * no exporter, however it behaves, delays a user, another exporter, the next round or the run's end.
 */
export class MetricsMonitor {
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;
  #stopping: Promise<void> | null = null;

  constructor({ onSample, onLost, phase = null, ...options }: MetricsOptions) {
    const workerData: MetricsSetup = { ...options, kpis: [...options.kpis], phase };
    this.#worker = new Worker(new URL('./metrics-thread.ts', import.meta.url), { workerData });
    this.#worker.unref();
    let end = (): void => {};
    this.#stopped = new Promise((resolve) => {
      end = resolve;
    });
    this.#worker.on('message', (said: Said) => {
      if ('samples' in said) for (const sample of said.samples) onSample?.(sample);
      else if ('lost' in said) onLost(new Error(said.lost));
      else end();
    });
    this.#worker.on('error', (error: Error) => {
      onLost(error);
      end();
    });
    this.#worker.on('exit', () => end());
  }

  /** The load phase, for the readings from now on. */
  set phase(name: string | null) {
    this.#order({ phase: name });
  }

  /** Resolves when every reading is in the file, or after a bound of five seconds. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#order({ stop: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_LIMIT_MS);
    });
    await Promise.race([this.#stopped, late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #order(order: MetricsOrder): void {
    this.#worker.postMessage(order);
  }
}
