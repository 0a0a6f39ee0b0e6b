import { setTimeout as sleep } from 'node:timers/promises';
import { CanaryPage } from '../../src/drive/canary.ts';
import type { Lease } from '../../src/drive/pool.ts';
import { percentile } from '../shell.ts';

const IDLE_CLICKS = 11;
/** Uneven, so that the clicks fall into every part of the browser's frames. */
const PAUSES_MS = [170, 230, 140, 210, 190];
/** The first part of a step, in which the load only builds up. */
const SETTLE_SHARE = 0.3;

/** A canary's clicks through one step of load. */
export class Clicks {
  readonly idleMs: number;
  readonly #page: CanaryPage;

  private constructor(page: CanaryPage, idleMs: number) {
    this.#page = page;
    this.idleMs = idleMs;
  }

  /** Opens the canary's page and measures it at rest. Throws when it cannot. */
  static async open(lease: Lease, url: string): Promise<Clicks> {
    const page = await CanaryPage.open(lease.context, url);
    const latencies: number[] = [];
    for (let i = 0; i < IDLE_CLICKS; i += 1) {
      await pause(i);
      const { latencyMs } = await page.click();
      if (latencyMs !== null) latencies.push(latencyMs);
    }
    const idleMs = percentile(latencies, 50);
    if (idleMs === null) throw new Error('the canary gave no figure at rest');
    return new Clicks(page, idleMs);
  }

  /**
   * Clicks for as long as the load lasts; returns the median's excess over rest as a share, and of how many clicks.
   * A click without an answer counts as slower than all others.
   */
  async during(durationMs: number): Promise<{ inflation: number | null; n: number }> {
    const startedMs = performance.now();
    const latencies: number[] = [];
    for (let i = 0; performance.now() - startedMs < durationMs; i += 1) {
      const counts = performance.now() - startedMs >= SETTLE_SHARE * durationMs;
      const { latencyMs } = await this.#page.click();
      if (counts) latencies.push(latencyMs ?? Infinity);
      await pause(i);
    }
    const median = percentile(latencies, 50);
    return { inflation: median === null ? null : (median - this.idleMs) / this.idleMs, n: latencies.length };
  }
}

async function pause(index: number): Promise<void> {
  await sleep(PAUSES_MS[index % PAUSES_MS.length]);
}
