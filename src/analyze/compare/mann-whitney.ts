import { normalCdf } from '../rate-bounds.ts';
import { isClustered } from './samples.ts';
import type { Samples } from './samples.ts';

/** With fewer users on a side the approximations below no longer hold (Mann and Whitney 1947 found 8 to be enough). */
export const LEAST_USERS = 8;
/** Beyond this a normal tail is 0 in double precision, near enough. */
const MOST_Z = 8;

export interface MannWhitney {
  /** Two-sided. */
  p: number;
  /** Probability that a sample of B is larger than one of A, ties counted half: Vargha and Delaney's A (2000). */
  superiority: number;
}

/**
 * Returns the Mann–Whitney test of two series with midranks for ties; null with too few users on a side. Where users gave
 * several samples each, the variance is that of the users' sums (Obuchowski 1997, "Nonparametric analysis of clustered ROC curve
 * data": superiority is the area under such a curve), with Satterthwaite's degrees of freedom.
 * Own code: the usual libraries have it for independent samples only.
 */
export function mannWhitney(a: Samples, b: Samples): MannWhitney | null {
  if (a.userCount < LEAST_USERS || b.userCount < LEAST_USERS) return null;
  const inB = placements(a, b);
  const superiority = mean(b, inB);
  const p = isClustered(a) || isClustered(b)
    ? clusteredP(a, b, placements(b, a), inB, superiority)
    : independentP(a, b, superiority);
  return { p: Math.min(1, p), superiority };
}

/** Returns for each value of `of` the share of samples of `among` that are below it, ties counted half. */
function placements(among: Samples, of: Samples): Float64Array {
  const result = new Float64Array(of.values.length);
  let below = 0;
  let next = 0;
  for (let index = 0; index < of.values.length;) {
    const value = of.values[index] ?? 0;
    while (next < among.values.length && (among.values[next] ?? 0) < value) below += among.weights[next++] ?? 0;
    let tied = 0;
    for (let same = next; same < among.values.length && among.values[same] === value; same += 1) tied += among.weights[same] ?? 0;
    const share = (below + tied / 2) / among.n;
    for (; index < of.values.length && of.values[index] === value; index += 1) result[index] = share;
  }
  return result;
}

function mean({ weights, n }: Samples, shares: Float64Array): number {
  return shares.reduce((sum, share, index) => sum + share * (weights[index] ?? 0), 0) / n;
}

/** The normal approximation with the variance corrected for ties, and a correction for continuity. */
function independentP(a: Samples, b: Samples, superiority: number): number {
  const all = a.n + b.n;
  let ties = 0;
  forEachTie(a, b, (size) => {
    ties += size ** 3 - size;
  });
  const variance = ((a.n * b.n) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (variance <= 0) return 1;
  const distance = Math.max(0, Math.abs(superiority - 0.5) * a.n * b.n - 0.5);
  return twoSided(distance / Math.sqrt(variance));
}

function forEachTie(a: Samples, b: Samples, see: (size: number) => void): void {
  let inA = 0;
  let inB = 0;
  while (inA < a.values.length || inB < b.values.length) {
    const value = Math.min(a.values[inA] ?? Infinity, b.values[inB] ?? Infinity);
    let size = 0;
    for (; inA < a.values.length && a.values[inA] === value; inA += 1) size += a.weights[inA] ?? 0;
    for (; inB < b.values.length && b.values[inB] === value; inB += 1) size += b.weights[inB] ?? 0;
    see(size);
  }
}

function clusteredP(a: Samples, b: Samples, inA: Float64Array, inB: Float64Array, superiority: number): number {
  const sides = [variancePart(a, inA, 1 - superiority), variancePart(b, inB, superiority)] as const;
  const variance = sides[0] + sides[1];
  const distance = Math.abs(superiority - 0.5);
  if (variance <= 0) return distance === 0 ? 1 : 0;
  const freedom = variance ** 2 / (sides[0] ** 2 / (a.userCount - 1) + sides[1] ** 2 / (b.userCount - 1));
  return twoSided(normalOf(distance / Math.sqrt(variance), freedom));
}

/** The variance of one side's mean placement, from the sums of its users. */
function variancePart({ users, weights, userCount, n }: Samples, shares: Float64Array, centre: number): number {
  const sums = new Float64Array(userCount);
  shares.forEach((share, index) => {
    const user = users[index] ?? 0;
    sums[user] = (sums[user] ?? 0) + (share - centre) * (weights[index] ?? 0);
  });
  return ((userCount / (userCount - 1)) * sums.reduce((sum, one) => sum + one * one, 0)) / (n * n);
}

/** Returns the z with (nearly) the tail of Student's t: Wallace 1959, good to 0.02 from 5 degrees of freedom. */
function normalOf(t: number, freedom: number): number {
  return ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
}

function twoSided(z: number): number {
  return 2 * (1 - normalCdf(Math.min(MOST_Z, z)));
}
