import type { Finding, Plan } from '../model/index.ts';
import { mergedLatency } from './api-timeline.ts';
import type { Slice } from './api-timeline.ts';
import { isSteady, loadOf } from './levels.ts';
import { quantileOf } from './order-bounds.ts';
import { median } from './robust.ts';
import type { Scalar } from './scalar.ts';
import { smoothPercentile } from './sketch-bounds.ts';
import { LEAST_POINTS, binned, mannKendall, theilSen } from './trend.ts';

/** A trend as probable as this without any is shown as one. */
const SIGNIFICANT = 0.05;

/**
 * Returns the slices in which the load was the one that lasted longest: what a soak is judged by. A ramp or a step to another
 * load moves the percentiles for its own reason.
 */
export function steadySlices(plan: Plan, slices: readonly Slice[]): Slice[] {
  const { api } = plan;
  if (!api) return [];
  const warmUp = new Set(plan.warmUpPhases);
  const shareOf = (phase: string): number | null => {
    const load = warmUp.has(phase) ? null : loadOf(api, phase);
    return load !== null && isSteady(load) && load.share > 0 ? load.share : null;
  };
  const lengths = new Map<number, number>();
  for (const { name, durationS } of plan.phases) {
    const share = shareOf(name);
    if (share !== null) lengths.set(share, (lengths.get(share) ?? 0) + durationS);
  }
  const [longest] = [...lengths].sort(([, a], [, b]) => b - a);
  return longest === undefined ? [] : slices.filter(({ phase }) => shareOf(phase) === longest[0]);
}

/**
 * Returns how far a percentile drifted over the judged time, in % of its median level: the slope of Theil and Sen times the
 * time, with its interval. `route` is null for all.
 */
export function driftOf(slices: readonly Slice[], route: string | null, stat: string, confidence: number): Scalar {
  const points = binned(slices.flatMap((slice) => {
    const y = smoothPercentile(mergedLatency([slice], route), quantileOf(stat), slice.timeoutMs);
    return y === null ? [] : [{ x: (slice.fromMs + slice.toMs) / 2, y }];
  }));
  const [first, last] = [slices[0], slices.at(-1)];
  const spanMs = first && last ? last.toMs - first.fromMs : 0;
  const finding: Finding = {
    metric: 'latency_drift', scope: route === null ? {} : { route }, stat, value: null, interval: null, unit: '%',
    n: points.length, censored: 0, unmeasured: 0, events: null, window: `${hours(spanMs)} of steady load`,
  };
  const level = median(points.map(({ y }) => y));
  if (points.length < LEAST_POINTS) {
    const lengthMs = first ? first.toMs - first.fromMs : 0;
    const each = lengthMs === 0 ? '' : ` of ${seconds(lengthMs)}`;
    const more = LEAST_POINTS - points.length;
    return { finding, doubt: `needs ${more} more ${more === 1 ? 'window' : 'windows'}${each} of steady load`, evidence: [] };
  }
  const trend = theilSen(points, confidence);
  if (trend === null || level === null || level === 0) return { finding, doubt: 'latency too small for a share of it', evidence: [] };
  const drift = (slope: number | null): number | null => (slope === null ? null : percent((slope * spanMs) / level));
  const { tau, p } = mannKendall(points.map(({ y }) => y));
  const evidence = [
    `${stat} about ${ms(level)} over ${points.length} windows; Mann–Kendall tau ${tau.toFixed(2)}, p ${p < 0.001 ? 'under 0.001' : p.toFixed(3)}: `
    + (p < SIGNIFICANT ? `a significant ${trend.slope > 0 ? 'rise' : 'fall'}` : 'no significant trend'),
  ];
  finding.value = drift(trend.slope);
  finding.interval = { low: drift(trend.low), high: drift(trend.high) };
  return { finding, doubt: null, evidence };
}

/** To a ten-thousandth of a point: no machine's last bit may change a record. */
function percent(share: number): number {
  return Math.round(share * 1e6) / 1e4;
}

function ms(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}

function seconds(lengthMs: number): string {
  return `${Number((lengthMs / 1_000).toPrecision(3))} s`;
}

function hours(spanMs: number): string {
  return spanMs < 7_200_000 ? `${Math.round(spanMs / 60_000)} min` : `${Number((spanMs / 3_600_000).toPrecision(3))} h`;
}
