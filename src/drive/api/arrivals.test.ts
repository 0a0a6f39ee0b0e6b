import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../observers.ts';
import { createMix, dueBy, sendTimes, type Rate } from './arrivals.ts';

const rates = fc.record({
  fromPerSecond: fc.double({ min: 0, max: 200, noNaN: true }),
  toPerSecond: fc.double({ min: 0, max: 200, noNaN: true }),
  durationMs: fc.integer({ min: 1, max: 20_000 }),
});

/** The area under the rate by adding up thin slices: no formula in common with the code. */
function slices({ fromPerSecond, toPerSecond, durationMs }: Rate, untilMs: number): number {
  const n = 20_000;
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    const atMs = ((i + 0.5) / n) * untilMs;
    sum += ((fromPerSecond + ((toPerSecond - fromPerSecond) * atMs) / durationMs) * untilMs) / n / 1_000;
  }
  return sum;
}

test('a constant rate has equal gaps, half of one before its first arrival', () => {
  const times = [...sendTimes({ fromPerSecond: 4, toPerSecond: 4, durationMs: 1_000 }, null)];
  assert.deepEqual(times, [125, 375, 625, 875]);
});

test('no rate and no time have no arrivals', () => {
  assert.deepEqual([...sendTimes({ fromPerSecond: 0, toPerSecond: 0, durationMs: 1_000 }, null)], []);
  assert.deepEqual([...sendTimes({ fromPerSecond: 5, toPerSecond: 5, durationMs: 0 }, null)], []);
  assert.deepEqual([...sendTimes({ fromPerSecond: 0, toPerSecond: 0, durationMs: 1_000 }, seededRandom('x'))], []);
});

test('what is due by a time is the area under the rate', () => {
  fc.assert(fc.property(rates, fc.double({ min: 0, max: 1, noNaN: true }), (rate, share) => {
    const atMs = share * rate.durationMs;
    const brute = slices(rate, atMs);
    assert.ok(Math.abs(dueBy(rate, atMs) - brute) <= 1e-6 * (1 + brute));
  }), { seed: 1, numRuns: 60 });
});

test('each arrival of a ramp is where the area under it is the arrival, in order, and none is missing', () => {
  fc.assert(fc.property(rates, (rate) => {
    const times = [...sendTimes(rate, null)];
    const total = dueBy(rate, rate.durationMs);
    assert.ok(Math.abs(times.length - total) <= 0.5 + 1e-6);
    for (const [index, time] of times.entries()) {
      assert.ok(time >= (times[index - 1] ?? 0) && time < rate.durationMs);
      assert.ok(Math.abs(dueBy(rate, time) - (index + 0.5)) < 1e-5 * (1 + index));
    }
  }), { seed: 2, numRuns: 200 });
});

test('what short phases leave over is not lost: together they make their whole number', () => {
  let [owed, count] = [0, 0];
  const rate = { fromPerSecond: 0.3, toPerSecond: 0.3, durationMs: 1_000 };
  for (let phase = 0; phase < 100; phase += 1) {
    const times = [...sendTimes(rate, null, owed)];
    owed += dueBy(rate, 1_000) - times.length;
    count += times.length;
  }
  assert.equal(count, 30);
});

test('Poisson arrivals are the same for a seed, come at the rate on average, and their gaps are exponential', () => {
  const rate = { fromPerSecond: 200, toPerSecond: 200, durationMs: 100_000 };
  const times = [...sendTimes(rate, seededRandom('seed'))];
  assert.deepEqual(times, [...sendTimes(rate, seededRandom('seed'))]);
  assert.notDeepEqual(times.slice(0, 9), [...sendTimes(rate, seededRandom('other'))].slice(0, 9));
  // Its standard deviation is the root of 20,000.
  assert.ok(Math.abs(times.length - 20_000) < 5 * Math.sqrt(20_000));
  const gaps = times.map((time, index) => time - (times[index - 1] ?? 0));
  for (const [quantile, share] of [[-Math.log(0.5), 0.5], [-Math.log(0.1), 0.9], [-Math.log(0.01), 0.99]] as const) {
    const below = gaps.filter((gap) => gap < quantile * 5).length / gaps.length;
    assert.ok(Math.abs(below - share) < 0.02, `${share}: ${below}`);
  }
});

test('a Poisson ramp has its arrivals where the rate is', () => {
  const rate = { fromPerSecond: 0, toPerSecond: 400, durationMs: 100_000 };
  const times = [...sendTimes(rate, seededRandom('ramp'))];
  const early = times.filter((time) => time < 50_000).length / times.length;
  assert.ok(Math.abs(early - 0.25) < 0.02, String(early));
});

test('a mix keeps its shares over every stretch of arrivals, also when threads share it', () => {
  fc.assert(fc.property(
    fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 }), fc.nat(100_000), (weights, from) => {
      const mix = createMix(weights, 0.3);
      const counts = weights.map(() => 0);
      for (let arrival = from; arrival < from + 500; arrival += 1) {
        const chosen = mix(arrival);
        counts[chosen] = (counts[chosen] ?? 0) + 1;
      }
      const sum = weights.reduce((a, b) => a + b);
      for (const [index, weight] of weights.entries()) assert.ok(Math.abs((counts[index] ?? 0) - (500 * weight) / sum) < 8);
    }), { seed: 3, numRuns: 100 });
});
