/** What the users' thread and the health thread share: a few numbers that either can read while the other is busy. */

export interface HealthSetup {
  runId: string;
  file: string;
  reportsFolder: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  shared: SharedArrayBuffer;
}

export type HealthOrder = { pids: number[] } | { phase: string | null } | { stop: true };

const BEAT_MS = 20;
const [LAST_BEAT, LONGEST_GAP, USERS] = [0, 1, 2];

/** Nanoseconds by the one clock that all threads of a process read alike; performance.now() starts anew in each. */
const now = (): bigint => process.hrtime.bigint();

/** Beats from an event loop; its other end sees for how long it did not. */
export class Heart {
  readonly shared: SharedArrayBuffer;
  readonly #cells: BigInt64Array;
  #timer: NodeJS.Timeout | undefined;

  constructor(shared = new SharedArrayBuffer(3 * 8)) {
    this.shared = shared;
    this.#cells = new BigInt64Array(shared);
  }

  /** Beats from now on, from this thread's event loop. */
  beat(): void {
    Atomics.store(this.#cells, LAST_BEAT, now());
    this.#timer = setInterval(() => {
      const at = now();
      this.#keepLongest(at - Atomics.exchange(this.#cells, LAST_BEAT, at));
    }, BEAT_MS);
    this.#timer.unref();
  }

  rest(): void {
    clearInterval(this.#timer);
  }

  set activeUsers(count: number) {
    Atomics.store(this.#cells, USERS, BigInt(count));
  }

  get activeUsers(): number {
    return Number(Atomics.load(this.#cells, USERS));
  }

  /** Returns the longest delay of a beat since the last call, the one under way included; null before the first beat. */
  takeLongestDelayMs(): number | null {
    const last = Atomics.load(this.#cells, LAST_BEAT);
    if (last === 0n) return null;
    const under = now() - last;
    const gap = Atomics.exchange(this.#cells, LONGEST_GAP, 0n);
    const longest = Number(under > gap ? under : gap) / 1e6;
    return Math.max(0, Math.round((longest - BEAT_MS) * 10) / 10);
  }

  #keepLongest(gap: bigint): void {
    let longest = Atomics.load(this.#cells, LONGEST_GAP);
    while (gap > longest) {
      const found = Atomics.compareExchange(this.#cells, LONGEST_GAP, longest, gap);
      if (found === longest) return;
      longest = found;
    }
  }
}
