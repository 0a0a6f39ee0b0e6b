import type { HealthObservation } from '../model/index.ts';
import { Heart, type HealthOrder, type HealthSetup } from './heart.ts';
import { WriterThread } from './writer-thread.ts';

export interface HealthOptions {
  runId: string;
  /** Where the samples go. */
  file: string;
  /** The folder whose disk must not fill up. */
  reportsFolder: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  /** Main processes of the browsers that run now. */
  pids: () => number[];
  onSample: (sample: HealthObservation) => void;
  /** The samples can no longer be written. */
  onLost: (error: Error) => void;
}

const PIDS_EVERY_MS = 2_000;
const STOP_LIMIT_MS = 2_000;

/**
 * Samples the generator from a thread of its own, which writes its own file: a busy event loop delays no sample and loses
 * none. This side only beats a shared heart, whose missed beats the thread sees also while this loop stands still.
 */
export class HealthMonitor {
  readonly #thread: WriterThread<{ sample: HealthObservation }, HealthOrder>;
  readonly #heart = new Heart();
  readonly #pidTimer: NodeJS.Timeout;

  constructor(options: HealthOptions) {
    const { runId, file, reportsFolder, startedAtMonotonicMs, pids, onSample, onLost } = options;
    const setup: HealthSetup = { runId, file, reportsFolder, startedAtMonotonicMs, shared: this.#heart.shared };
    this.#thread = new WriterThread(new URL('./health-thread.ts', import.meta.url), setup, {
      message: ({ sample }) => onSample(sample),
      lost: onLost,
    });
    this.#heart.beat();
    this.#pidTimer = setInterval(() => this.#thread.order({ pids: pids() }), PIDS_EVERY_MS);
    this.#pidTimer.unref();
  }

  /** Users under way, for the samples from now on. */
  set activeUsers(count: number) {
    this.#heart.activeUsers = count;
  }

  /** The load phase, for the samples from now on. */
  set phase(name: string | null) {
    this.#thread.order({ phase: name });
  }

  /** Resolves when every sample is in the file, or after a bound. */
  async stop(): Promise<void> {
    clearInterval(this.#pidTimer);
    this.#heart.rest();
    await this.#thread.stop(STOP_LIMIT_MS);
  }
}
