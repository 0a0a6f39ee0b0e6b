import { Worker } from 'node:worker_threads';

/**
 * A thread that writes a file of its own and tells what it writes: a message of the caller's, `{ lost }` when the file can no
 * longer be written, `{ stopped: true }` when it was ordered to `{ stop: true }` and everything is in it. It keeps no process
 * alive.
 */
export class WriterThread<Message extends object, Order extends object> {
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;

  constructor(script: URL, workerData: object, on: { message: (said: Message) => void; lost: (error: Error) => void }) {
    this.#worker = new Worker(script, { workerData });
    this.#worker.unref();
    const { promise, resolve: end } = Promise.withResolvers<void>();
    this.#stopped = promise;
    this.#worker.on('message', (said: object) => {
      if ('lost' in said) on.lost(new Error(String(said.lost)));
      else if ('stopped' in said) end();
      else on.message(said as Message);
    });
    this.#worker.on('error', (error: Error) => {
      on.lost(error);
      end();
    });
    this.#worker.on('exit', () => end());
  }

  order(order: Order): void {
    this.#worker.postMessage(order);
  }

  /** Resolves when the thread has said that it stopped, or after a bound; it is gone then in any case. */
  async stop(limitMs: number): Promise<void> {
    this.#worker.postMessage({ stop: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.#stopped, late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }
}
