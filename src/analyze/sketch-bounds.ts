import { DDSketch } from '@datadog/sketches-js';
import type { SketchBins } from '../model/index.ts';
import { percentileAt } from './findings.ts';
import type { Counted, Percentile, Ranked } from './findings.ts';
import { nearestRank } from './order-bounds.ts';

/** A sketch's bucket is at most this share wider than the value it stands for, on either side: DDSketch's guarantee. */
export const SKETCH_ACCURACY = 0.01;
/**
 * Sketches hold microseconds. Below 1 the library (2.1.1) has buckets with negative keys, and its merge then takes the
 * key 0 of the other sketch for "none given" and loses it; a duration under a microsecond is kept as zero.
 */
const US_PER_MS = 1_000;
/** The edge of a bucket is a power: its last bits must not put a sample outside of it. */
const OUTWARD = 1e-9;

/** Times of which only a sketch is kept: a fixed size however many there are, and exact to merge. */
export interface SketchSeries extends Counted {
  sketch: DDSketch;
}

/** Returns a sketch series without samples. */
export function emptySketch(metric: string, scope: Record<string, string>, window: string): SketchSeries {
  const sketch = new DDSketch({ relativeAccuracy: SKETCH_ACCURACY });
  return { metric, scope, unit: 'ms', window, censored: 0, unmeasured: 0, sketch };
}

/** Adds a measured duration of 0 or more milliseconds. */
export function sketchMs(series: SketchSeries, durationMs: number): void {
  const us = durationMs * US_PER_MS;
  series.sketch.accept(us < 1 ? 0 : us);
}

/** More than ten thousand hours: a key beyond it is no duration, and would make the sketch's array as long as it says. */
const MOST_KEY = 2_000;

/** Adds recorded bins to a series: what a sketch of the same samples would hold. */
export function addBins({ sketch }: SketchSeries, { zero, bins }: SketchBins): void {
  sketch.zeroCount += zero;
  sketch.count += zero;
  for (const [key, count] of bins) {
    if (count === 0) continue;
    sketch.store.add(Math.max(0, Math.min(MOST_KEY, key)), count);
    sketch.count += count;
  }
}

/** Adds all samples of `other` to a series, the censored and the unmeasured with them. The order of merges does not matter. */
export function mergeSketch(series: SketchSeries, other: SketchSeries): void {
  series.sketch.merge(other.sketch);
  series.censored += other.censored;
  series.unmeasured += other.unmeasured;
}

/** Returns within which bounds the sample of a rank (from 1) lies; null where there is no such rank. */
function rankedOf(sketch: DDSketch, rank: number): Ranked | null {
  if (rank < 1 || rank > sketch.count) return null;
  if (rank <= sketch.zeroCount) return { low: 0, value: 0, high: 1 / US_PER_MS };
  const { mapping, store } = sketch;
  const key = store.keyAtRank(rank - 1 - sketch.zeroCount);
  const edgeMs = (power: number): number => mapping.gamma ** power / US_PER_MS;
  return {
    low: rounded(edgeMs(key - 1) * (1 - OUTWARD), Math.floor),
    value: rounded(mapping.value(key) / US_PER_MS, Math.round),
    high: rounded(edgeMs(key) * (1 + OUTWARD), Math.ceil),
  };
}

/** Returns six digits: no machine's last bit of a power may change a record. */
function rounded(value: number, to: (value: number) => number): number {
  const scale = 10 ** (5 - Math.floor(Math.log10(value)));
  return to(value * scale) / scale;
}

/**
 * Returns a percentile of a sketch as `percentileOf` does of raw samples: the same ranks, censored samples above all
 * measured ones, and each bound moved outward to the edge of its bucket. So the interval always holds the one that the raw
 * samples would have given.
 */
export function sketchPercentileOf(series: SketchSeries, stat: string, confidence: number): Percentile {
  const { sketch } = series;
  return percentileAt(series, sketch.count, (rank) => rankedOf(sketch, rank), stat, confidence);
}

/**
 * Returns a percentile in ms for trends, from 0 < p < 1: evenly spread within its bucket, since steps of the buckets' 2 % would
 * hide a drift of 1 %, or double it. The deadline where it lies among the censored; null without samples.
 */
export function smoothPercentile(series: SketchSeries, p: number, deadlineMs: number): number | null {
  const { sketch, censored } = series;
  const n = sketch.count + censored;
  if (n === 0) return null;
  const rank = nearestRank(n, p);
  if (rank > sketch.count) return deadlineMs;
  if (rank <= sketch.zeroCount) return 0;
  const { store, mapping } = sketch;
  const key = store.keyAtRank(rank - 1 - sketch.zeroCount);
  let below = sketch.zeroCount;
  for (let other = store.minKey; other < key; other += 1) below += store.bins[other - store.offset] ?? 0;
  const inside = (rank - 0.5 - below) / (store.bins[key - store.offset] ?? 1);
  return rounded(mapping.gamma ** (key - 1 + inside) / US_PER_MS, Math.round);
}

/** Returns how many samples may be above a limit: those whose bucket reaches up to it. */
export function samplesOver({ sketch }: SketchSeries, limitMs: number): number {
  const { store, mapping } = sketch;
  const first = Math.max(store.minKey, mapping.key(limitMs * US_PER_MS));
  let sum = 0;
  for (let key = first; key <= store.maxKey; key += 1) sum += store.bins[key - store.offset] ?? 0;
  return sum;
}
