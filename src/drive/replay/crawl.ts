import { Worker } from 'node:worker_threads';
import type { CrawlOrder, CrawlSaid, CrawlSetup } from './protocol.ts';

/** The thread drains for 4 s and closes within one. */
const STOP_LIMIT_MS = 6_000;

/** The crawlers of a replay, in a thread of their own, so that busy users cannot make them late. */
export class CrawlLane {
  /** The thread has started. Never rejects, since `onLost` is told. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #stopped: Promise<void>;
  readonly #onLost: (error: Error) => void;
  #ended = false;

  constructor(setup: CrawlSetup, onLost: (error: Error) => void) {
    this.#onLost = onLost;
    this.#worker = new Worker(new URL('./crawl-thread.ts', import.meta.url), { workerData: setup });
    this.#worker.unref();
    const { promise: ready, resolve: start } = Promise.withResolvers<void>();
    const { promise: stopped, resolve: end } = Promise.withResolvers<void>();
    this.ready = ready;
    this.#stopped = stopped;
    this.#worker.on('message', (said: CrawlSaid) => {
      if ('ready' in said) start();
      else if ('lost' in said) onLost(new Error(said.lost));
      else {
        this.#ended = true;
        end();
      }
    });
    this.#worker.on('error', onLost);
    this.#worker.on('exit', () => {
      if (!this.#ended) onLost(new Error('the thread of the replayed crawlers ended by itself'));
      this.#ended = true;
      start();
      end();
    });
  }

  begin(phase: number, beginMs: number): void {
    this.#tell({ phase, beginMs });
  }

  /** Ends the requests; resolves when every line is in the file, or after a bound, which `onLost` is told of. */
  async stop(interrupted: boolean): Promise<void> {
    this.#tell({ stop: { interrupted } });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#stopped, new Promise((resolve) => {
      timer = setTimeout(resolve, STOP_LIMIT_MS);
    })]);
    clearTimeout(timer);
    if (!this.#ended) this.#onLost(new Error('the thread of the replayed crawlers did not stop in time'));
    this.#ended = true;
    await this.#worker.terminate();
  }

  #tell(order: CrawlOrder): void {
    this.#worker.postMessage(order);
  }
}
