import type { MetricsPage, Sample } from './exposition.ts';
import type { Scraped } from './scrape.ts';

/** A series of the page at hand, with what it grew by. */
export interface Grown {
  sample: Sample;
  /** Since the page before; NaN where its value is no number. */
  increase: number;
}

/** One target's page, and how long ago the one before was read. */
export interface Current {
  series: Grown[];
  types: MetricsPage['types'];
  /** Null where there is no page before, or none recent enough. */
  elapsedS: number | null;
}

/** Follows one target from scrape to scrape. */
export class TargetState {
  readonly #staleMs: number;
  /** The last value of each counter, by series. */
  readonly #seen = new Map<string, { value: number; atMs: number }>();
  #lastMs: number | null = null;
  #last: Current | null = null;

  /** What is older than `staleMs` says nothing about now. */
  constructor(staleMs: number) {
    this.#staleMs = staleMs;
  }

  /** The last page that could be read; null if none ever could. */
  get last(): Current | null {
    return this.#last;
  }

  /**
   * Takes the next scrape and returns it with each series' growth; null where it failed. A counter that fell was reset
   * and counts from 0, as in Prometheus. So does one that the page before did not have: it began in between.
   */
  take(scraped: Scraped): Current | null {
    if ('missing' in scraped) return null;
    const { page, atMs } = scraped;
    const sinceMs = this.#lastMs === null ? null : atMs - this.#lastMs;
    const elapsedS = sinceMs !== null && sinceMs > 0 && sinceMs <= this.#staleMs ? sinceMs / 1_000 : null;
    const series = new Map<string, Grown>();
    for (const sample of page.samples) {
      const key = seriesKey(sample);
      // A series that stands twice is one series all the same.
      if (series.has(key)) continue;
      const before = this.#seen.get(key)?.value ?? 0;
      series.set(key, { sample, increase: sample.value < before ? sample.value : sample.value - before });
    }
    for (const [key, { sample }] of series) this.#seen.set(key, { value: sample.value, atMs });
    for (const [key, seen] of this.#seen) if (atMs - seen.atMs > this.#staleMs) this.#seen.delete(key);
    this.#lastMs = atMs;
    this.#last = { series: [...series.values()], types: page.types, elapsedS };
    return this.#last;
  }
}

function seriesKey({ name, labels }: Sample): string {
  return JSON.stringify([name, ...[...labels].sort(([a], [b]) => (a < b ? -1 : 1))]);
}
