/** How many observations are at or below an edge. */
export interface Bucket {
  le: number;
  count: number;
}

export interface Quantile {
  value: number;
  /** It lies above the highest finite edge, which is all that is known. */
  atLeast: boolean;
}

/**
 * Returns a quantile of a histogram, by linear interpolation within its bucket, as Prometheus' histogram_quantile does
 * (prometheus/docs, querying/functions): the lowest bucket starts at 0 where its edge is above 0, and counts that fall
 * from one edge to the next are lifted. Null without observations; a string says what is wrong with the buckets.
 */
export function histogramQuantile(quantile: number, unsorted: readonly Bucket[]): Quantile | null | string {
  const buckets = unsorted.map((bucket) => ({ ...bucket })).sort((a, b) => a.le - b.le);
  if (buckets.at(-1)?.le !== Infinity) return 'its histogram has no +Inf bucket';
  if (buckets.length < 2) return 'its histogram has one bucket only';
  let most = 0;
  for (const bucket of buckets) {
    most = Math.max(most, bucket.count);
    bucket.count = most;
  }
  if (most === 0) return null;
  const rank = quantile * most;
  const index = buckets.findIndex(({ count }) => count >= rank);
  const { le, count } = buckets[index] as Bucket;
  if (le === Infinity) return { value: (buckets.at(-2) as Bucket).le, atLeast: true };
  const below = buckets[index - 1];
  if (!below) return { value: le <= 0 ? le : le * (rank / count), atLeast: false };
  return { value: below.le + (le - below.le) * ((rank - below.count) / (count - below.count)), atLeast: false };
}
