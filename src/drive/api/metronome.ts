import { Worker } from 'node:worker_threads';

/** Where the two sides meet: a number that changes with every order, and the time of the wake-up on the monotonic clock. */
export interface Shared {
  order: Int32Array<SharedArrayBuffer>;
  wakeMs: Float64Array<SharedArrayBuffer>;
}

/** As an order: the metronome ends. */
export const END = -1;

export function sharedOf(buffer: SharedArrayBuffer): Shared {
  return { order: new Int32Array(buffer, 0, 1), wakeMs: new Float64Array(buffer, 8, 1) };
}

/**
 * Wakes an event loop at a given time, to about a tenth of a millisecond. Node's own timers are up to 1.5 ms late, which
 * would count as the target's latency; a loop that turns until it is time would take a whole core. So another thread sleeps
 * on a lock with a time limit, which the kernel keeps exactly, and then sends a message.
 */
export class Metronome {
  readonly #worker: Worker;
  readonly #shared: Shared;
  #orders = 0;
  #armedMs: number | null = null;

  /** `onTime` is also called once when the thread has started. */
  constructor(onTime: () => void, onFault: (error: Error) => void) {
    const buffer = new SharedArrayBuffer(16);
    this.#shared = sharedOf(buffer);
    this.#shared.wakeMs[0] = -Infinity;
    this.#worker = new Worker(new URL('./metronome-thread.ts', import.meta.url), { workerData: buffer });
    this.#worker.on('message', () => {
      this.#armedMs = null;
      onTime();
    });
    this.#worker.on('error', onFault);
  }

  /** Wakes at a time of the monotonic clock instead of the one asked for before; null for not at all. */
  wakeAt(monotonicMs: number | null): void {
    if (monotonicMs === this.#armedMs) return;
    this.#armedMs = monotonicMs;
    this.#shared.wakeMs[0] = monotonicMs ?? Infinity;
    this.#orders = (this.#orders + 1) & 0x3fffffff;
    this.#tell(this.#orders);
  }

  async stop(): Promise<void> {
    this.#tell(END);
    await this.#worker.terminate();
  }

  #tell(order: number): void {
    Atomics.store(this.#shared.order, 0, order);
    Atomics.notify(this.#shared.order, 0);
  }
}
