/**
 * Ranks for percentiles, by the binomial distribution of "how many of n samples lie below the true percentile".
 * Own code: the tables of the usual libraries start from (1−p)^n, which is 0 in floating point for the n of requests.
 */

/** Terms this much smaller than the largest add nothing to a sum in double precision. */
const NEGLIGIBLE = 1e-20;

/** Returns the cumulative probabilities P(B ≤ k) of B ~ Bin(n, p), from `first` on; below it they are 0. */
function cumulative(n: number, p: number): { first: number; values: number[] } {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const below: number[] = [];
  for (let k = mode, weight = 1; k > 0 && weight > NEGLIGIBLE; k -= 1) {
    weight *= (k * (1 - p)) / ((n - k + 1) * p);
    below.push(weight);
  }
  const weights = [...below.reverse(), 1];
  for (let k = mode, weight = 1; k < n && weight > NEGLIGIBLE; k += 1) {
    weight *= ((n - k) * p) / ((k + 1) * (1 - p));
    weights.push(weight);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return { first: mode - below.length, values: weights.map((weight) => (sum += weight) / total) };
}

export interface OrderBounds {
  /** The greatest rank k (from 1) with P(k-th smallest ≤ percentile) ≥ confidence; null if n is too small. */
  lower: number | null;
  /** The smallest rank k with P(k-th smallest ≥ percentile) ≥ confidence; null if n is too small. */
  upper: number | null;
}

/**
 * Returns the ranks of the one-sided confidence bounds of the p-quantile (0 < p < 1), each at `confidence`.
 * Distribution-free and exact: P(X(k) ≥ q) = P(B ≤ k−1) and P(X(k) ≤ q) = P(B ≥ k) (Hahn & Meeker, Statistical
 * Intervals, 5.2).
 */
export function orderBounds(n: number, p: number, confidence: number): OrderBounds {
  if (n === 0) return { lower: null, upper: null };
  const { first, values } = cumulative(n, p);
  const below = (k: number): number => {
    if (k < first) return 0;
    return values[k - first] ?? 1;
  };
  let upper: number | null = null;
  for (let k = Math.max(1, first + 1); k <= n && upper === null; k += 1) {
    if (below(k - 1) >= confidence) upper = k;
  }
  let lower: number | null = null;
  for (let k = Math.min(n, first + values.length); k >= 1 && lower === null; k -= 1) {
    if (1 - below(k - 1) >= confidence) lower = k;
  }
  return { lower, upper };
}

/** Returns the smallest n whose largest sample bounds the p-quantile from above: 1 − pⁿ ≥ confidence. */
export function minimumSamples(p: number, confidence: number): number {
  let n = 1;
  for (let power = p; 1 - power < confidence; power *= p) n += 1;
  return n;
}

/** Returns the nearest rank of the p-quantile: of the smallest sample that at least p·n samples do not exceed. */
export function nearestRank(n: number, p: number): number {
  // The tiny step back keeps 0.95 · 20 = 19.000000000000004 at rank 19.
  return Math.min(n, Math.max(1, Math.ceil(p * n - 1e-9)));
}

/** Returns `p99.9` as 0.999. */
export function quantileOf(stat: string): number {
  return Number(stat.slice(1)) / 100;
}
