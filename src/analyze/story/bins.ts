import type { Distribution } from '../../model/index.ts';
import type { SketchSeries } from '../sketch-bounds.ts';

type Bin = Distribution['bins'][number];

/** More bars than this tell nothing more, and make the report of many distributions large. */
const MOST_BINS = 30;
const LEAST_BINS = 5;
/** Times below it are as good as none: bins of equal ratio need a start above zero. */
const LEAST_MS = 0.1;
/** A page may report what it likes: what lies above is in the last bin. */
const MOST_RATIO = 1e12;
const US_PER_MS = 1_000;

/** Returns bins of ascending values: of equal ratio for times, of equal width for scores, where zero is usual. */
export function binsOf(sorted: readonly number[], unit: string): Bin[] {
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const low = unit === 'ms' ? Math.max(LEAST_MS, first) : first;
  const high = Math.max(low, Math.min(last, low === 0 ? last : low * MOST_RATIO));
  if (digits(high) === digits(low)) return [{ from: digits(low), to: digits(high), count: sorted.length }];
  // As many as the root of the samples, as is usual: bins with hardly a sample each show noise.
  const count = Math.min(MOST_BINS, Math.max(LEAST_BINS, Math.ceil(Math.sqrt(sorted.length))));
  const edge = (index: number): number =>
    digits(unit === 'ms' ? low * (high / low) ** (index / count) : low + (high - low) * (index / count));
  const bins = Array.from({ length: count }, (_, index): Bin => ({ from: edge(index), to: edge(index + 1), count: 0 }));
  let at = 0;
  for (const value of sorted) {
    while (at < bins.length - 1 && value >= (bins[at]?.to ?? Infinity)) at += 1;
    const bin = bins[at];
    if (bin) bin.count += 1;
  }
  return bins;
}

/** Returns the bins of a sketch, as many of its own put together as leave few enough: their edges are exact. */
export function sketchBinsOf({ sketch }: SketchSeries): Bin[] {
  const { store, mapping, zeroCount } = sketch;
  const counts = Array.from({ length: Math.max(0, store.maxKey - store.minKey + 1) }, (_, index) =>
    store.bins[store.minKey + index - store.offset] ?? 0);
  const first = counts.findIndex((count) => count > 0);
  const zero = zeroCount > 0 ? [{ from: 0, to: 1 / US_PER_MS, count: zeroCount }] : [];
  if (first < 0) return zero;
  const used = counts.slice(first, counts.findLastIndex((count) => count > 0) + 1);
  const together = Math.ceil(used.length / MOST_BINS);
  const edge = (index: number): number => digits(mapping.gamma ** (store.minKey + first + index - 1) / US_PER_MS);
  const bins: Bin[] = [];
  for (let index = 0; index < used.length; index += together) {
    const count = used.slice(index, index + together).reduce((sum, one) => sum + one, 0);
    bins.push({ from: edge(index), to: edge(index + together), count });
  }
  return [...zero, ...bins];
}

/** Six digits keep neighbouring edges apart and a story small. */
function digits(value: number): number {
  return Number(value.toPrecision(6));
}
