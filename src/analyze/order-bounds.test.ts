import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { minimumSamples, nearestRank, orderBounds, quantileOf } from './order-bounds.ts';

/** P(B ≤ k) by the definition, with exact binomial coefficients: slow and obviously right. */
function exactBelow(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i += 1) {
    let coefficient = 1n;
    for (let j = 0; j < i; j += 1) coefficient = (coefficient * BigInt(n - j)) / BigInt(j + 1);
    sum += Number(coefficient) * p ** i * (1 - p) ** (n - i);
  }
  return sum;
}

const sample = fc.record({
  n: fc.integer({ min: 1, max: 60 }),
  p: fc.integer({ min: 1, max: 99 }).map((one) => one / 100),
  confidence: fc.constantFrom(0.8, 0.9, 0.95, 0.99),
});

test('a percentile has an upper bound from 11 samples for p75, 29 for p90, 59 for p95, 299 for p99', () => {
  for (const [stat, least] of [
    ['p75', 11],
    ['p90', 29],
    ['p95', 59],
    ['p99', 299],
  ] as const) {
    const p = quantileOf(stat);
    assert.equal(minimumSamples(p, 0.95), least, stat);
    assert.equal(orderBounds(least - 1, p, 0.95).upper, null, stat);
    assert.equal(orderBounds(least, p, 0.95).upper, least, stat);
  }
});

test('the upper bound covers the percentile with the confidence, and no smaller rank does', () => {
  fc.assert(
    fc.property(sample, ({ n, p, confidence }) => {
      const { upper } = orderBounds(n, p, confidence);
      const covers = (rank: number): number => exactBelow(rank - 1, n, p);
      if (upper === null) assert.ok(covers(n) < confidence + 1e-9);
      else {
        assert.ok(covers(upper) >= confidence - 1e-9);
        assert.ok(upper === 1 || covers(upper - 1) < confidence + 1e-9);
      }
    }),
  );
});

test('the lower bound covers the percentile with the confidence, and no greater rank does', () => {
  fc.assert(
    fc.property(sample, ({ n, p, confidence }) => {
      const { lower } = orderBounds(n, p, confidence);
      const covers = (rank: number): number => 1 - exactBelow(rank - 1, n, p);
      if (lower === null) assert.ok(covers(1) < confidence + 1e-9);
      else {
        assert.ok(covers(lower) >= confidence - 1e-9);
        assert.ok(lower === n || covers(lower + 1) < confidence + 1e-9);
      }
    }),
  );
});

test('bounds stay sane for a million samples, where (1−p)^n is long 0 in floating point', () => {
  const { lower, upper } = orderBounds(1_000_000, 0.95, 0.95);
  // The normal approximation is good here: 950,000 ± 1.645 · sqrt(n p (1−p)) = ± 358.5.
  assert.ok(Math.abs((lower ?? 0) - 949_641) <= 2, String(lower));
  assert.ok(Math.abs((upper ?? 0) - 950_360) <= 2, String(upper));
});

test('the nearest rank is the smallest that covers its share, also where p·n is a whole number', () => {
  assert.equal(nearestRank(20, 0.95), 19);
  assert.equal(nearestRank(4, 0.75), 3);
  assert.equal(nearestRank(1, 0.5), 1);
  assert.equal(nearestRank(1000, quantileOf('p99.9')), 999);
  assert.equal(nearestRank(11, 0.75), 9);
});
