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

/**
 * Returns a percentile of a series: the nearest-rank sample, with one-sided order-statistic bounds.
 * Censored samples sort above all measured ones. Unmeasured samples could be anything: for the upper bound they count
 * as slowest, for the lower as fastest, so that neither bound rests on a guess about them.
 */
export function percentileOf(series: LatencySeries, stat: string, confidence: number): Percentile {
  const { values, censored, unmeasured } = series;
  const p = quantileOf(stat);
  const n = values.length + censored;
  const all = n + unmeasured;
  const bounds = orderBounds(all, p, confidence);
  const low = bounds.lower === null ? null : (values[bounds.lower - unmeasured - 1] ?? null);
  const high = bounds.upper === null ? null : (values[bounds.upper - 1] ?? null);
  const interval: Interval | null = n === 0 ? null : { low, high };
  return {
    finding: {
      metric: series.metric,
      scope: series.scope,
      stat,
      value: n === 0 ? null : (values[nearestRank(n, p) - 1] ?? null),
      interval,
      unit: series.unit,
      n,
      censored,
      unmeasured,
      events: null,
      window: series.window,
    },
    beyondDeadline: n > 0 && nearestRank(all, p) > values.length + unmeasured,
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
