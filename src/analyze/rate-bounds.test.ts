import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { normalQuantile, rateBounds } from './rate-bounds.ts';

const near = (actual: number, expected: number, within = 1e-6): void => {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`);
};

test('normal quantiles agree with tables', () => {
  near(normalQuantile(0.95), 1.6448536269514722, 1e-9);
  near(normalQuantile(0.975), 1.959963984540054, 1e-9);
  near(normalQuantile(0.999), 3.090232306167813, 1e-9);
});

test('Wilson bounds agree with a published example', () => {
  // Newcombe 1998, table I, method 3: 81 of 263, two-sided 95 % (one-sided 97.5 %): 0.2553 to 0.3662.
  const { low, high } = rateBounds(81, 263, 0.975);
  near(low, 0.2553, 5e-5);
  near(high, 0.3662, 5e-5);
});

test('no event in n trials still has a bound, about 3/n', () => {
  for (const n of [23, 140, 3000]) {
    const { low, high } = rateBounds(0, n, 0.95);
    assert.equal(low, 0);
    near((1 - high) ** n, 0.05, 1e-9);
    near(high, 3 / n, (0.08 / n) * 10);
  }
});

test('bounds hold the rate between them, and more events never lower either', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(), fc.constantFrom(0.9, 0.95, 0.99), (n, some, confidence) => {
      const events = some % (n + 1);
      const { low, high } = rateBounds(events, n, confidence);
      assert.ok(low >= 0 && low <= events / n && events / n <= high && high <= 1);
      if (events === n) return;
      const more = rateBounds(events + 1, n, confidence);
      assert.ok(more.low >= low && more.high >= high);
    }),
  );
});
