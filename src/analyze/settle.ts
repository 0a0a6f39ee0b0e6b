import { nearestRank, orderBounds } from './order-bounds.ts';
import { rateBounds } from './rate-bounds.ts';

/** No run gives more samples than this; a gate that would need more is at the edge of its limit. */
const MOST_SAMPLES = 2_000_000;

/** Returns the smallest n in (from, MOST_SAMPLES] that settles, to within the search's doubling; null if none does. */
function smallest(from: number, settles: (n: number) => boolean): number | null {
  let low = from;
  let high = from + 1;
  while (!settles(high)) {
    if (high > MOST_SAMPLES) return null;
    low = high;
    high = Math.ceil(high * 1.25) + 1;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (settles(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * Returns how many samples more would settle a percentile gate, supposing that the share of samples over its limit
 * stays what it is now; null if that share is too near to 1 − p to tell. Exact while no sample is over the limit.
 */
export function samplesToSettlePercentile(n: number, over: number, p: number, confidence: number): number | null {
  const share = n === 0 ? 0 : over / n;
  const settles = (total: number): boolean => {
    const { lower, upper } = orderBounds(total, p, confidence);
    const within = total - Math.round(share * total);
    return (upper !== null && upper <= within) || (lower !== null && lower > within && nearestRank(total, p) > within);
  };
  const total = smallest(n, settles);
  return total === null ? null : total - n;
}

/** The same for a rate gate with a limit as a share, 0 to 1: at most, or at least, that share of events. */
export function samplesToSettleRate(
  n: number,
  events: number,
  limit: number,
  kind: 'max' | 'min',
  confidence: number,
): number | null {
  const share = n === 0 ? (kind === 'max' ? 0 : 1) : events / n;
  const settles = (total: number): boolean => {
    const { low, high } = rateBounds(Math.round(share * total), total, confidence);
    return kind === 'max' ? high <= limit || low > limit : low >= limit || high < limit;
  };
  const total = smallest(n, settles);
  return total === null ? null : total - n;
}
