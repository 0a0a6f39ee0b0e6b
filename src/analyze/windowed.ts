import { emptyLatency, addFailure } from './series.ts';
import type { Failure, LatencySeries } from './series.ts';

/** The time that a sample speaks for. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** Samples without a measured time: few, so they may be larger. */
interface Other {
  span: Span;
  /** Known only to exceed this; null for one that passed unmeasured. */
  deadlineMs: number | null;
  failure: Failure | null;
}

/** A latency series whose samples keep their place in time until it is known which parts of the run count. */
export class WindowedSeries {
  readonly metric: string;
  readonly scope: Record<string, string>;
  readonly #unit: string;
  readonly #window: string;
  // Three flat arrays: a long run has millions of samples.
  readonly #values: number[] = [];
  readonly #fromMs: number[] = [];
  readonly #toMs: number[] = [];
  readonly #others: Other[] = [];

  constructor(metric: string, scope: Record<string, string>, unit: string, window: string) {
    this.metric = metric;
    this.scope = scope;
    this.#unit = unit;
    this.#window = window;
  }

  /** Measured samples, wherever they lie. */
  get measured(): number {
    return this.#values.length;
  }

  /** Samples that failed, or passed unmeasured, wherever they lie. */
  get others(): number {
    return this.#others.length;
  }

  /** Adds a sample that passed; null where its time is not known. */
  measure(span: Span, value: number | null): void {
    if (value === null) {
      this.#others.push({ span, deadlineMs: null, failure: null });
      return;
    }
    this.#values.push(value);
    this.#fromMs.push(span.fromMs);
    this.#toMs.push(span.toMs);
  }

  /** Adds a sample that is known only to have exceeded its deadline. */
  censor(span: Span, deadlineMs: number, failure: Failure): void {
    this.#others.push({ span, deadlineMs, failure });
  }

  /** Returns the series of the samples whose whole time counts, and how many it leaves out. */
  settle(counts: (span: Span) => boolean): LatencySeries {
    const series = emptyLatency(this.metric, this.scope, this.#unit, this.#window);
    this.#values.forEach((value, index) => {
      const span = { fromMs: this.#fromMs[index] ?? 0, toMs: this.#toMs[index] ?? 0 };
      if (counts(span)) series.values.push(value);
      else series.leftOut += 1;
    });
    for (const { span, deadlineMs, failure } of this.#others) {
      if (!counts(span)) series.leftOut += 1;
      else if (deadlineMs === null) series.unmeasured += 1;
      else {
        series.censored += 1;
        series.deadlineMs = Math.min(series.deadlineMs ?? deadlineMs, deadlineMs);
        if (failure !== null) addFailure(series.failures, failure);
      }
    }
    return series;
  }
}

/** Says in the series' window which share of it was left out. */
export function nameLeftOut(series: LatencySeries): void {
  const { leftOut, values, censored, unmeasured } = series;
  if (leftOut === 0) return;
  const all = leftOut + values.length + censored + unmeasured;
  const share = Math.max(1, Math.round((100 * leftOut) / all));
  series.window += `, ${share} % left out (${leftOut} of ${all}: observers disturbed)`;
}
