/**
 * Trends that no outlier can make. Own code: the libraries at hand give Sen's slope without an interval and Mann and
 * Kendall's test without ties, and neither knows of neighbours that resemble each other.
 */
import { normalCdf, normalQuantile } from './rate-bounds.ts';

/** Below this the normal approximation of Kendall's S does not hold (Gilbert 1987, 16.4.2). */
export const LEAST_POINTS = 10;
/** All pairs of this many points are half a million slopes: a tenth of a second. More points are binned first. */
export const MOST_POINTS = 1_000;
/** Neighbours that resemble each other more than this by chance are one in twenty. */
const CHANCE = 0.95;
/** With neighbours as good as equal there would be no bound at all. */
const MOST_RESEMBLANCE = 0.95;

export interface Point {
  x: number;
  y: number;
}

/** A slope in y per x. Each end is a one-sided bound; null where the points are too few to give it. */
export interface Slope {
  slope: number;
  low: number | null;
  high: number | null;
}

/**
 * Returns the median of the slopes of all pairs of points (Theil; Sen 1968) with its rank interval (Gilbert 1987, 16.5), each
 * end one-sided at `confidence`. Neighbours that resemble each other tell less than independent ones: the variance grows by
 * (1 + r) / (1 − r) with r their correlation (after Hamed and Rao 1998). Points in any order; pairs at the same x tell
 * nothing. Null with fewer than LEAST_POINTS. Quadratic: bin more than MOST_POINTS first.
 */
export function theilSen(points: readonly Point[], confidence: number): Slope | null {
  if (points.length < LEAST_POINTS) return null;
  const ordered = points.toSorted((a, b) => a.x - b.x);
  const slopes = slopesOf(ordered);
  const slope = middle(slopes);
  if (slope === null) return null;
  const values = ordered.map(({ y }) => y);
  const variance = varianceOfS(values) * resemblance(ordered.map(({ x, y }) => y - slope * x));
  const reach = normalQuantile(confidence) * Math.sqrt(variance);
  const below = Math.floor((slopes.length - reach) / 2);
  const above = Math.ceil((slopes.length + reach) / 2);
  return { slope, low: below >= 1 ? (slopes[below - 1] ?? null) : null, high: slopes[above] ?? null };
}

/**
 * Returns Kendall's tau-b of values against their order, and how probable one as far from 0 is without any trend (two-sided;
 * Mann 1945, Kendall 1975, with ties and the resemblance of neighbours). Fewer than LEAST_POINTS values prove nothing: p is 1.
 */
export function mannKendall(values: readonly number[]): { tau: number; p: number } {
  const n = values.length;
  let s = 0;
  for (let i = 0; i < n; i += 1) for (let j = i + 1; j < n; j += 1) s += Math.sign((values[j] ?? 0) - (values[i] ?? 0));
  const pairs = (n * (n - 1)) / 2;
  const tied = ties(values).reduce((sum, t) => sum + (t * (t - 1)) / 2, 0);
  const tau = pairs === tied ? 0 : s / Math.sqrt(pairs * (pairs - tied));
  if (n < LEAST_POINTS || s === 0) return { tau, p: 1 };
  const slope = middle(slopesOf(values.map((y, x) => ({ x, y })))) ?? 0;
  const variance = varianceOfS(values) * resemblance(values.map((y, x) => y - slope * x));
  const z = (Math.abs(s) - 1) / Math.sqrt(variance);
  return { tau, p: 2 * (1 - normalCdf(Math.min(8, z))) };
}

/** Returns at most `most` points in their place: each the mean of as many neighbours. What is few stays as it is. */
export function binned(points: readonly Point[], most = MOST_POINTS): Point[] {
  const ordered = points.toSorted((a, b) => a.x - b.x);
  const size = Math.ceil(ordered.length / most);
  if (size <= 1) return ordered;
  return Array.from({ length: Math.ceil(ordered.length / size) }, (_, index) => {
    const some = ordered.slice(index * size, (index + 1) * size);
    return { x: mean(some.map(({ x }) => x)), y: mean(some.map(({ y }) => y)) };
  });
}

/** The slopes of all pairs with different x, ascending. */
function slopesOf(ordered: readonly Point[]): Float64Array {
  const slopes = new Float64Array((ordered.length * (ordered.length - 1)) / 2);
  let count = 0;
  for (const [index, from] of ordered.entries()) {
    for (let other = index + 1; other < ordered.length; other += 1) {
      const to = ordered[other];
      if (to === undefined || to.x === from.x) continue;
      slopes[count] = (to.y - from.y) / (to.x - from.x);
      count += 1;
    }
  }
  return slopes.subarray(0, count).sort();
}

function middle(sorted: Float64Array): number | null {
  const half = Math.floor(sorted.length / 2);
  const [below, above] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]];
  return below === undefined || above === undefined ? null : (below + above) / 2;
}

/** The sizes of groups of equal values. */
function ties(values: readonly number[]): number[] {
  const sizes = new Map<number, number>();
  for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes.values()].filter((size) => size > 1);
}

/** The variance of Kendall's S without a trend, with ties (Kendall 1975). */
function varianceOfS(values: readonly number[]): number {
  const term = (n: number): number => n * (n - 1) * (2 * n + 5);
  return (term(values.length) - ties(values).reduce((sum, t) => sum + term(t), 0)) / 18;
}

/** By how much the resemblance of neighbours widens a variance: 1 where it may be chance. */
function resemblance(residuals: readonly number[]): number {
  const centre = mean(residuals);
  let own = 0;
  let shared = 0;
  for (const [index, value] of residuals.entries()) {
    own += (value - centre) ** 2;
    shared += (value - centre) * ((residuals[index + 1] ?? centre) - centre);
  }
  const r = own === 0 ? 0 : Math.min(MOST_RESEMBLANCE, shared / own);
  return r <= normalQuantile(CHANCE) / Math.sqrt(residuals.length) ? 1 : (1 + r) / (1 - r);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
