import type { Kpi, MetricsPlan, ServerObservation } from '../../model/index.ts';
import { WriterThread } from '../writer-thread.ts';
import type { MetricsOrder, MetricsSetup } from './metrics-thread.ts';

export interface MetricsOptions {
  /** Its addresses as they are asked: nothing is left to resolve. */
  metrics: MetricsPlan;
  kpis: readonly Kpi[];
  /** What every question is tagged with; nothing when left out. */
  headers?: Record<string, string>;
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

/**
 * Reads the target's own figures, at once and then every `everyMs`, from a thread of its own that writes its own file:
 * no exporter, however it behaves, delays a user, another exporter, the next round or the run's end.
 */
export class MetricsMonitor {
  readonly #thread: WriterThread<{ samples: ServerObservation[] }, MetricsOrder>;
  #stopping: Promise<void> | null = null;

  constructor({ onSample, onLost, phase = null, ...options }: MetricsOptions) {
    const setup: MetricsSetup = { ...options, kpis: [...options.kpis], phase };
    this.#thread = new WriterThread(new URL('./metrics-thread.ts', import.meta.url), setup, {
      message: ({ samples }) => {
        for (const sample of samples) onSample?.(sample);
      },
      lost: onLost,
    });
  }

  /** The load phase, for the readings from now on. */
  set phase(name: string | null) {
    this.#thread.order({ phase: name });
  }

  /** Resolves when every reading is in the file, or after a bound of five seconds. May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#thread.stop(STOP_LIMIT_MS);
    return this.#stopping;
  }
}
