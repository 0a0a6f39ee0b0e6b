import { DDSketch } from '@datadog/sketches-js';
import type { SketchBins } from '../../model/index.ts';

/**
 * The same buckets as the sketches of src/analyze/sketch-bounds.ts have, which says why (a test keeps the two equal). Not the
 * library's stores: a lane keeps two a route and window, and needs their counts as they go into the file.
 */
const ACCURACY = 0.01;
const US_PER_MS = 1_000;
const { mapping } = new DDSketch({ relativeAccuracy: ACCURACY });

/** Counts of durations by bucket. */
export class Bins {
  #zero = 0;
  #count = 0;
  readonly #counts = new Map<number, number>();

  get count(): number {
    return this.#count;
  }

  /** Adds a duration of 0 or more milliseconds. */
  addMs(durationMs: number): void {
    const us = durationMs * US_PER_MS;
    this.#count += 1;
    if (us < 1) this.#zero += 1;
    else {
      const key = mapping.key(us);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    }
  }

  /** Adds all that other bins hold. */
  merge({ zero, bins }: SketchBins): void {
    this.#zero += zero;
    this.#count += zero;
    for (const [key, count] of bins) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
      this.#count += count;
    }
  }

  /** Returns what goes into an observation, in the order of the buckets. */
  toJSON(): SketchBins {
    return { zero: this.#zero, bins: [...this.#counts].sort(([a], [b]) => a - b) };
  }

  /** Returns the p-th percentile in milliseconds (nearest rank, to 1 %); null of nothing. */
  percentileMs(p: number): number | null {
    if (this.#count === 0) return null;
    let rank = Math.max(1, Math.ceil((p / 100) * this.#count)) - this.#zero;
    if (rank <= 0) return 0;
    for (const [key, count] of this.toJSON().bins) {
      rank -= count;
      if (rank <= 0) return mapping.value(key) / US_PER_MS;
    }
    return null;
  }
}
