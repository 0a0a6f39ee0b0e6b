import type { ReplayReport } from '../model/index.ts';
import { percentileOf } from './findings.ts';
import type { LatencySeries } from './series.ts';

/** Good up to the first, poor above the second, at the 75th percentile of page views: web.dev/articles/vitals. */
const LIMITS: Readonly<Record<string, readonly [good: number, poor: number]>> = {
  LCP: [2_500, 4_000], INP: [200, 500], CLS: [0.1, 0.25], FCP: [1_800, 3_000], TTFB: [800, 1_800],
};

/** Returns a vital of one of these pages as search engines count it; nothing for any other series. */
export function ratedVital(series: LatencySeries, pages: readonly string[], confidence: number): ReplayReport['vitals'] {
  const { vital: name = '', page = '' } = series.scope;
  const limits = LIMITS[name];
  if (series.metric !== 'vital' || !limits || !pages.includes(page)) return [];
  const { value, n } = percentileOf(series, 'p75', confidence).finding;
  const [good, poor] = limits;
  const rating = value === null ? null : value <= good ? 'good' : value <= poor ? 'needs improvement' : 'poor';
  return [{ page, name, p75: value, n, rating }];
}
