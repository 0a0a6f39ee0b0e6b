import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normal, seeded } from '../golden/random.ts';
import { LEAST_POINTS, binned, mannKendall, theilSen } from './trend.ts';
import type { Point } from './trend.ts';

const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1);

/** A level of 100 with a rise from first to last point, and noise of which each value keeps `memory` of the one before. */
function series(seed: number, { n = 150, rise = 0, noise = 5, memory = 0 } = {}): Point[] {
  const draw = normal(seeded(seed));
  let shock = draw();
  return Array.from({ length: n }, (_, x) => {
    shock = memory * shock + Math.sqrt(1 - memory ** 2) * draw();
    return { x, y: 100 + (rise * x) / (n - 1) + noise * shock };
  });
}

const values = (points: readonly Point[]): number[] => points.map(({ y }) => y);

describe('the slope of Theil and Sen', () => {
  test('is that of the line, whatever single points do', () => {
    const line = Array.from({ length: 41 }, (_, x) => ({ x, y: 3 + 2 * x }));
    for (const at of [5, 12, 30]) line[at] = { x: at, y: 10_000 };
    const trend = theilSen(line, 0.95);
    assert.equal(trend?.slope, 2);
    assert.ok((trend?.low ?? Infinity) <= 2 && (trend?.high ?? -Infinity) >= 2);
  });

  test('is the median of the slopes of all pairs, in any order of the points', () => {
    const point = fc.record({ x: fc.integer({ min: 0, max: 1_000 }), y: fc.integer({ min: -1_000, max: 1_000 }) });
    fc.assert(fc.property(fc.uniqueArray(point, { minLength: LEAST_POINTS, maxLength: 40, selector: ({ x }) => x }), (points) => {
      const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.y - a.y) / (b.x - a.x))).sort((a, b) => a - b);
      const half = slopes.length / 2;
      const median = slopes.length % 2 === 1 ? slopes[Math.floor(half)] : ((slopes[half - 1] ?? 0) + (slopes[half] ?? 0)) / 2;
      const trend = theilSen(points, 0.95);
      assert.ok(Math.abs((trend?.slope ?? NaN) - (median ?? NaN)) < 1e-9);
      assert.deepEqual(theilSen(points.toReversed(), 0.95), trend);
      assert.ok((trend?.low ?? -Infinity) <= (trend?.slope ?? NaN) && (trend?.high ?? Infinity) >= (trend?.slope ?? NaN));
    }));
  });

  test('has bounds that hold the truth about as often as the confidence says, with neighbours that resemble each other too', () => {
    for (const memory of [0, 0.6]) {
      let missed = 0;
      for (const seed of SEEDS) {
        const trend = theilSen(series(seed, { rise: 10, memory }), 0.95);
        const truth = 10 / 149;
        if ((trend?.low ?? -Infinity) > truth || (trend?.high ?? Infinity) < truth) missed += 1;
      }
      // Two one-sided bounds miss 10 % together; 60 seeds would show 14 or more of 60 once in a thousand times.
      assert.ok(missed <= 13, `${missed} of ${SEEDS.length} missed with memory ${memory}`);
    }
  });

  test('finds a leak of 1 MB a minute under the saw teeth of a collector, and none without', () => {
    for (const seed of SEEDS) {
      const random = seeded(seed);
      const memoryMb = (leakPerMinute: number): Point[] => Array.from({ length: 360 }, (_, index) => {
        const minute = index / 6;
        return { x: minute, y: 200 + leakPerMinute * minute + 40 * ((index * 0.13 + random() * 0.2) % 1) };
      });
      assert.ok((theilSen(memoryMb(1), 0.95)?.low ?? -1) > 0.5, `leak missed, seed ${seed}`);
      assert.ok((theilSen(memoryMb(0), 0.95)?.low ?? 1) < 0.5, `false alarm, seed ${seed}`);
    }
  });

  test('is unknown with too few points, and has no bounds where the points are too few for the confidence', () => {
    assert.equal(theilSen(series(1, { n: LEAST_POINTS - 1 }), 0.95), null);
    const trend = theilSen(series(1, { n: LEAST_POINTS }), 0.999999);
    assert.deepEqual([trend?.low, trend?.high], [null, null]);
    assert.equal(theilSen(Array.from({ length: 20 }, (_, y) => ({ x: 1, y })), 0.95), null);
  });

  test('is exactly zero of a constant', () => {
    const trend = theilSen(Array.from({ length: 20 }, (_, x) => ({ x, y: 7 })), 0.95);
    assert.deepEqual(trend, { slope: 0, low: 0, high: 0 });
  });
});

describe('the test of Mann and Kendall', () => {
  test('knows the tau of hand-made rows', () => {
    const rising = Array.from({ length: 12 }, (_, index) => index);
    assert.equal(mannKendall(rising).tau, 1);
    assert.equal(mannKendall(rising.toReversed()).tau, -1);
    assert.ok(mannKendall(rising).p < 0.001);
    assert.deepEqual(mannKendall(Array<number>(12).fill(3)), { tau: 0, p: 1 });
    // Ties: of 66 pairs 36 rise and none falls; tau-b divides by the root of 66 times the 36 untied.
    const steps = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];
    assert.ok(Math.abs(mannKendall(steps).tau - 36 / Math.sqrt(66 * 36)) < 1e-12);
  });

  test('is quiet without a trend and finds one, seed by seed', () => {
    const alarms = (rise: number): number => SEEDS.filter((seed) => mannKendall(values(series(seed, { rise }))).p < 0.01).length;
    assert.ok(alarms(0) <= 4, `${alarms(0)} false alarms`);
    assert.equal(alarms(10), SEEDS.length);
  });

  test('proves nothing of few values', () => {
    assert.equal(mannKendall([1, 2, 3, 4, 5]).p, 1);
  });
});

test('binning keeps a line a line, and what is few as it is', () => {
  const line = Array.from({ length: 5_000 }, (_, x) => ({ x, y: 2 * x }));
  const few = binned(line);
  assert.ok(few.length <= 1_000);
  assert.ok(few.every(({ x, y }) => y === 2 * x));
  assert.deepEqual(binned(line.slice(0, 10)), line.slice(0, 10));
});
