import type { Launch } from '../launcher.ts';
import { BrowserPool, type Lease, type PoolOptions } from '../pool.ts';

/** A pool that counts what went wrong with its browsers before it was closed: they did not start, hung, or ended by themselves. */
export class WatchedPool extends BrowserPool {
  readonly #state: { faults: number; closing: boolean };

  constructor(launch: Launch, options: PoolOptions) {
    const state = { faults: 0, closing: false };
    super(async (role) => {
      const launched = await launch(role);
      launched.browser.once('disconnected', () => {
        if (!state.closing) state.faults += 1;
      });
      return launched;
    }, options);
    this.#state = state;
  }

  get faults(): number {
    return this.#state.faults;
  }

  override async acquire(...args: Parameters<BrowserPool['acquire']>): Promise<Lease> {
    try {
      return await super.acquire(...args);
    } catch (error) {
      this.#state.faults += 1;
      throw error;
    }
  }

  override async close(): Promise<void> {
    this.#state.closing = true;
    await super.close();
  }
}
