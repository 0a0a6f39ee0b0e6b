import type { Finding, Interval } from '../model/index.ts';
import { nearestRank, orderBounds, quantileOf } from './order-bounds.ts';
import { rateBounds } from './rate-bounds.ts';
import type { LatencySeries, RateSeries } from './series.ts';

/** A percentile with what a gate needs to know beyond the finding. */
export interface Percentile {
  finding: Finding;
  /** Even if every unmeasured sample had been fast, the percentile lies among those that exceeded their deadline. */
  beyondDeadline: boolean;
}

/** Returns a share in per cent, to a millionth of a point: no machine's last bit may change a record. */
export function percent(share: number): number {
  return Math.round(share * 1e8) / 1e6;
}

/** The sample of a rank: itself three times, or what is known of it where only a sketch was kept. */
export interface Ranked {
  low: number;
  value: number;
  high: number;
}

/**
 * Returns a percentile of a series: the nearest-rank sample, with one-sided order-statistic bounds.
 * Censored samples sort above all measured ones. Unmeasured samples could be anything: for the upper bound they count
 * as slowest, for the lower as fastest, so that neither bound rests on a guess about them.
 */
export function percentileOf(series: LatencySeries, stat: string, confidence: number): Percentile {
  const { values } = series;
  const at = (rank: number): Ranked | null => {
    const value = values[rank - 1];
    return value === undefined ? null : { low: value, value, high: value };
  };
  return percentileAt(series, values.length, at, stat, confidence);
}

/** What a series of samples says beside the samples themselves. */
export type Counted = Pick<LatencySeries, 'metric' | 'scope' | 'unit' | 'window' | 'censored' | 'unmeasured'>;

/** Does the same for any way to find the measured sample of a rank (from 1; null beyond the last). */
export function percentileAt(
  series: Counted,
  measured: number,
  at: (rank: number) => Ranked | null,
  stat: string,
  confidence: number,
): Percentile {
  const { censored, unmeasured } = series;
  const p = quantileOf(stat);
  const n = measured + censored;
  const all = n + unmeasured;
  const bounds = orderBounds(all, p, confidence);
  const low = bounds.lower === null ? null : (at(bounds.lower - unmeasured)?.low ?? null);
  const high = bounds.upper === null ? null : (at(bounds.upper)?.high ?? null);
  const interval: Interval | null = n === 0 ? null : { low, high };
  return {
    finding: {
      metric: series.metric,
      scope: series.scope,
      stat,
      value: n === 0 ? null : (at(nearestRank(n, p))?.value ?? null),
      interval,
      unit: series.unit,
      n,
      censored,
      unmeasured,
      events: null,
      window: series.window,
    },
    beyondDeadline: n > 0 && nearestRank(all, p) > measured + unmeasured,
  };
}

/** Returns the largest value of a series. It is exact for this run, so it has no interval. */
export function maximumOf(series: LatencySeries): Finding {
  const { values, censored, unmeasured } = series;
  return {
    metric: series.metric,
    scope: series.scope,
    stat: 'max',
    value: censored > 0 ? null : (values.at(-1) ?? null),
    interval: null,
    unit: series.unit,
    n: values.length + censored,
    censored,
    unmeasured,
    events: null,
    window: series.window,
  };
}

/** Returns a rate in per cent with its one-sided bounds; unknown trials widen both. */
export function rateOf(series: RateSeries, confidence: number): Finding {
  const { events, n, unknown } = series;
  const all = n + unknown;
  const interval =
    n === 0
      ? null
      : {
          low: percent(rateBounds(events, all, confidence).low),
          high: percent(rateBounds(events + unknown, all, confidence).high),
        };
  return {
    metric: series.metric,
    scope: series.scope,
    stat: 'rate',
    value: n === 0 ? null : percent(events / n),
    interval,
    unit: '%',
    n,
    censored: 0,
    unmeasured: unknown,
    events,
    window: series.window,
  };
}
