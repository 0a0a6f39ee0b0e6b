import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { binsOf } from '../golden/api.ts';
import type { Finding } from '../model/index.ts';
import { percentileOf } from './findings.ts';
import { quantileOf } from './order-bounds.ts';
import { emptyLatency, type LatencySeries } from './series.ts';
import {
  SKETCH_ACCURACY, addBins, emptySketch, mergeSketch, samplesOver, sketchMs, sketchPercentileOf, smoothPercentile, type SketchSeries,
} from './sketch-bounds.ts';

const CONFIDENCE = 0.95;
const STATS = ['p50', 'p75', 'p90', 'p95', 'p99'] as const;

interface Sample {
  values: number[];
  censored: number;
  unmeasured: number;
}

/** Durations from under a microsecond to an hour, evenly over the orders of magnitude; some equal, some zero. */
const durationMs = fc.oneof(
  fc.double({ min: -4, max: 6.5, noNaN: true }).map((power) => 10 ** power),
  fc.constantFrom(0, 0.001, 1, 1.0202020202020203, 20, 1_000),
);
const sample: fc.Arbitrary<Sample> = fc.record({
  values: fc.array(durationMs, { maxLength: 400, size: 'max' }),
  censored: fc.nat({ max: 40 }),
  unmeasured: fc.nat({ max: 10 }),
});

function sketchOf({ values, censored, unmeasured }: Sample): SketchSeries {
  const series = emptySketch('m', {}, 'w');
  for (const value of values) sketchMs(series, value);
  return Object.assign(series, { censored, unmeasured });
}

function rawOf({ values, censored, unmeasured }: Sample): LatencySeries {
  return { ...emptyLatency('m', {}, 'ms', 'w'), values: values.toSorted((a, b) => a - b), censored, unmeasured };
}

const inSketch = (one: Sample, stat: string): Finding => sketchPercentileOf(sketchOf(one), stat, CONFIDENCE).finding;
const highOf = ({ interval }: Finding): number => interval?.high ?? Infinity;
const lowOf = ({ interval }: Finding): number => interval?.low ?? -Infinity;

describe('percentiles of a sketch', () => {
  test('hold the interval of the raw samples, and miss their value by no more than the accuracy', () => {
    fc.assert(fc.property(sample, fc.constantFrom(...STATS), (one, stat) => {
      const raw = percentileOf(rawOf(one), stat, CONFIDENCE);
      const sketch = sketchPercentileOf(sketchOf(one), stat, CONFIDENCE);
      const [a, b] = [raw.finding, sketch.finding];
      assert.ok(lowOf(b) <= lowOf(a) && highOf(b) >= highOf(a), `${JSON.stringify(b.interval)} ⊉ ${JSON.stringify(a.interval)}`);
      // A bound that raw samples give is given, and one that they cannot give is not made up.
      assert.deepEqual([b.interval?.low === null, b.interval?.high === null], [a.interval?.low === null, a.interval?.high === null]);
      assert.equal(b.value === null, a.value === null);
      if (a.value !== null && b.value !== null) assert.ok(Math.abs(b.value - a.value) <= a.value * SKETCH_ACCURACY * 1.000001 + 0.001);
      assert.deepEqual([b.n, b.censored, b.unmeasured, sketch.beyondDeadline], [a.n, a.censored, a.unmeasured, raw.beyondDeadline]);
    }));
  });

  test('are no wider than the accuracy makes them', () => {
    fc.assert(fc.property(sample, fc.constantFrom(...STATS), (one, stat) => {
      const raw = percentileOf(rawOf(one), stat, CONFIDENCE).finding;
      const sketch = inSketch(one, stat);
      const bucket = (1 + SKETCH_ACCURACY) / (1 - SKETCH_ACCURACY) + 1e-6;
      if (raw.interval?.high != null) assert.ok(highOf(sketch) <= raw.interval.high * bucket + 0.001);
      if (raw.interval?.low != null) assert.ok(lowOf(sketch) >= raw.interval.low / bucket - 0.001);
    }));
  });

  test('are the same in whatever order sketches are merged, and as if all had gone into one', () => {
    const parts = fc.array(sample, { minLength: 1, maxLength: 6 }).chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length })));
    const merged = (all: Sample[]): SketchSeries => {
      const into = emptySketch('m', {}, 'w');
      for (const part of all) mergeSketch(into, sketchOf(part));
      return into;
    };
    fc.assert(fc.property(parts, fc.constantFrom(...STATS), ([given, shuffled], stat) => {
      const whole: Sample = {
        values: given.flatMap((part) => part.values),
        censored: given.reduce((sum, part) => sum + part.censored, 0),
        unmeasured: given.reduce((sum, part) => sum + part.unmeasured, 0),
      };
      const [a, b] = [merged(given), merged(shuffled)].map((one) => sketchPercentileOf(one, stat, CONFIDENCE));
      assert.deepEqual(a, b);
      assert.deepEqual(a, sketchPercentileOf(sketchOf(whole), stat, CONFIDENCE));
    }));
  });

  test('only rise when samples are censored in place of measured, or besides', () => {
    fc.assert(fc.property(sample, fc.nat(), fc.constantFrom(...STATS), (one, which, stat) => {
      const before = inSketch(one, stat);
      const besides = inSketch({ ...one, censored: one.censored + 1 }, stat);
      const rose = (after: Finding): void => {
        // An upper bound may come to exist by n alone; it then is no lower than what stood there: nothing.
        if (before.interval?.high != null) assert.ok(highOf(after) >= highOf(before));
        if (after.n > 0 && before.value !== null) assert.ok((after.value ?? Infinity) >= before.value);
      };
      if (one.values.length === 0) return;
      const values = one.values.filter((_, index) => index !== which % one.values.length);
      const inPlace = inSketch({ ...one, values, censored: one.censored + 1 }, stat);
      rose(inPlace);
      assert.ok(lowOf(inPlace) >= lowOf(before) || inPlace.interval?.low == null);
      if (besides.value !== null && before.value !== null) assert.ok(besides.value >= before.value);
    }));
  });
});

test('a sketch without samples gives no value and no interval', () => {
  const { finding, beyondDeadline } = sketchPercentileOf(emptySketch('m', {}, 'w'), 'p95', CONFIDENCE);
  assert.deepEqual([finding.value, finding.interval, finding.n, beyondDeadline], [null, null, 0, false]);
});

test('the smallest numbers of samples that bound a percentile are those of raw samples', () => {
  for (const [stat, least] of [['p75', 11], ['p90', 29], ['p95', 59], ['p99', 299]] as const) {
    const of = (n: number): Finding => inSketch({ values: Array<number>(n).fill(5), censored: 0, unmeasured: 0 }, stat);
    assert.equal(of(least - 1).interval?.high, null);
    assert.ok(highOf(of(least)) >= 5);
  }
});

describe('bins as they are recorded', () => {
  test('make the sketch that the samples themselves would', () => {
    fc.assert(fc.property(sample, fc.constantFrom(...STATS), (one, stat) => {
      const series = emptySketch('m', {}, 'w');
      addBins(series, binsOf(one.values));
      Object.assign(series, { censored: one.censored, unmeasured: one.unmeasured });
      assert.deepEqual(sketchPercentileOf(series, stat, CONFIDENCE), sketchPercentileOf(sketchOf(one), stat, CONFIDENCE));
    }));
  });

  test('of a broken file make no sketch without bounds', () => {
    const series = emptySketch('m', {}, 'w');
    addBins(series, { zero: 0, bins: [[1e9, 3], [-1e9, 2]] });
    assert.equal(series.sketch.count, 5);
    assert.ok(series.sketch.store.length() < 3_000);
  });
});

test('a percentile spread within its bucket lies as near to the raw one as the bucket, and beyond the measured at the deadline', () => {
  fc.assert(fc.property(sample, fc.constantFrom(...STATS), (one, stat) => {
    const smooth = smoothPercentile(sketchOf(one), quantileOf(stat), 60_000);
    const { value, n } = percentileOf(rawOf({ ...one, unmeasured: 0 }), stat, CONFIDENCE).finding;
    if (n === 0) assert.equal(smooth, null);
    else if (value === null) assert.equal(smooth, 60_000);
    else assert.ok(smooth !== null && Math.abs(smooth - value) <= value * 0.021 + 0.001, `${smooth} for ${value}`);
  }));
});

test('no sample above a limit is missed when they are counted', () => {
  fc.assert(fc.property(sample, durationMs, (one, limitMs) => {
    const over = one.values.filter((value) => value > limitMs && value >= 0.001).length;
    if (limitMs >= 0.001) assert.ok(samplesOver(sketchOf(one), limitMs) >= over);
  }));
});
