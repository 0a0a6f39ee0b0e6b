import { Worker } from 'node:worker_threads';
import type { HealthObservation } from '../model/index.ts';
import { Heart, type HealthOrder, type HealthSetup } from './heart.ts';

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

type Said = { sample: HealthObservation } | { lost: string } | { stopped: true };

/**
 * Samples the generator from a thread of its own, which writes its own file: a busy event loop delays no sample and loses
 * none. This side only beats a shared heart, whose missed beats the thread sees also while this loop stands still.
 */
export class HealthMonitor {
  readonly #worker: Worker;
  readonly #heart = new Heart();
  readonly #pidTimer: NodeJS.Timeout;
  readonly #stopped: Promise<void>;

  constructor(options: HealthOptions) {
    const { runId, file, reportsFolder, startedAtMonotonicMs, pids, onSample, onLost } = options;
    const workerData: HealthSetup = { runId, file, reportsFolder, startedAtMonotonicMs, shared: this.#heart.shared };
    this.#worker = new Worker(new URL('./health-thread.ts', import.meta.url), { workerData });
    this.#worker.unref();
    let end = (): void => {};
    this.#stopped = new Promise((resolve) => {
      end = resolve;
    });
    this.#worker.on('message', (said: Said) => {
      if ('sample' in said) onSample(said.sample);
      else if ('lost' in said) onLost(new Error(said.lost));
      else end();
    });
    this.#worker.on('error', (error: Error) => {
      onLost(error);
      end();
    });
    this.#worker.on('exit', () => end());
    this.#heart.beat();
    this.#pidTimer = setInterval(() => this.#order({ pids: pids() }), PIDS_EVERY_MS);
    this.#pidTimer.unref();
  }

  /** Users under way, for the samples from now on. */
  set activeUsers(count: number) {
    this.#heart.activeUsers = count;
  }

  /** The load phase, for the samples from now on. */
  set phase(name: string | null) {
    this.#order({ phase: name });
  }

  /** Resolves when every sample is in the file, or after a bound. */
  async stop(): Promise<void> {
    clearInterval(this.#pidTimer);
    this.#heart.rest();
    this.#order({ stop: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_LIMIT_MS);
    });
    await Promise.race([this.#stopped, late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }

  #order(order: HealthOrder): void {
    this.#worker.postMessage(order);
  }
}
