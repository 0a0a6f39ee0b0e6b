import type { ErrorBudgetRule, Kpi } from '../../model/index.ts';

/** Over what growth is taken: four scrapes and more at the usual intervals of a minute or less. */
const RATE_WINDOW = '5m';

/** A figure as a Prometheus server records it. */
export interface Recording {
  /** `level:metric:operations`, as Prometheus' documentation names recorded series. */
  record: string;
  expr: string;
}

/** Returns the rule that records one of the target's own figures, in the unit that slo.yml gives it. */
export function kpiRecording(kpi: Kpi): Recording {
  const { expr, operation } = expression(kpi);
  const scaled = kpi.scale === 1 ? expr : `(${expr}) * ${kpi.scale}`;
  return { record: `target:${underscored(kpi.id)}:${operation}`, expr: scaled };
}

/** What is 0 / 0, or a quantile of nothing, has no value: without the comparisons it would be recorded as NaN. */
function expression({ scrape, promql }: Kpi): { expr: string; operation: string } {
  if (promql !== undefined || scrape === undefined) return { expr: promql ?? '', operation: 'value' };
  const grown = (selector: string): string => `sum(rate(${selector}[${RATE_WINDOW}]))`;
  if ('gauge' in scrape) {
    const operation = scrape.over === 'mean' ? 'avg' : scrape.over;
    return { expr: `${operation}(${scrape.gauge})`, operation };
  }
  if ('rate' in scrape) {
    const perMinute = scrape.per === 'minute';
    return { expr: perMinute ? `${grown(scrape.rate)} * 60` : grown(scrape.rate), operation: `rate${RATE_WINDOW}` };
  }
  if ('ratio' in scrape) {
    return { expr: `${grown(scrape.ratio)} / (${grown(scrape.to)} > 0)`, operation: `ratio_rate${RATE_WINDOW}` };
  }
  const buckets = scrape.histogram.trim().replace(/^[\w:]+/, (name) => `${name}_bucket`);
  const quantile = `histogram_quantile(${scrape.quantile}, sum by (le) (rate(${buckets}[${RATE_WINDOW}])))`;
  const percentile = String(Number((scrape.quantile * 100).toPrecision(9))).replace('.', '_');
  return { expr: `${quantile} >= 0`, operation: `p${percentile}_rate${RATE_WINDOW}` };
}

/** Returns the rule that records a service's share of bad requests over a window; null without queries in slo.yml. */
export function errorRatioRecording({ prometheus }: ErrorBudgetRule, windowMs: number): Recording | null {
  if (!prometheus) return null;
  const over = (query: string): string => query.trim().replaceAll('$window', () => duration(windowMs));
  // A difference of two sums of growth may come out a hair below zero.
  const expr = `clamp_min(${over(prometheus.bad)}, 0) / ((${over(prometheus.total)}) > 0)`;
  return { record: errorRatio(windowMs), expr };
}

/** Returns the name under which the share of bad requests over a window is recorded. */
export function errorRatio(windowMs: number): string {
  return `slo:error_ratio:rate${duration(windowMs)}`;
}

/** Returns the time over which a budget is spent, to a whole second. */
export function budgetWindowMs({ window_days: days }: ErrorBudgetRule): number {
  return Math.round(days * 86_400) * 1_000;
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const;

/** Returns a duration as PromQL writes it, in the largest unit that gives a whole number: `3d`, `30m`, `2629800s`. */
export function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1];
  return `${Math.round(ms / size)}${unit}`;
}

/** Returns an id as part of a metric's name. */
export function underscored(id: string): string {
  return id.replaceAll('-', '_');
}
