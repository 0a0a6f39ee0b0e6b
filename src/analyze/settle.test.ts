import assert from 'node:assert/strict';
import test from 'node:test';
import { samplesToSettlePercentile, samplesToSettleRate } from './settle.ts';

test('with nothing over the limit it takes exactly the samples that are missing', () => {
  assert.equal(samplesToSettlePercentile(8, 0, 0.75, 0.95), 3);
  assert.equal(samplesToSettlePercentile(11, 0, 0.9, 0.95), 18);
  assert.equal(samplesToSettlePercentile(0, 0, 0.99, 0.95), 299);
});

test('with some over the limit it takes more, and at the edge nobody can tell', () => {
  const some = samplesToSettlePercentile(20, 3, 0.75, 0.95);
  assert.ok(some !== null && some > 5 && some < 100, String(some));
  const closer = samplesToSettlePercentile(20, 4, 0.75, 0.95);
  assert.ok(closer !== null && closer > some);
  assert.equal(samplesToSettlePercentile(400, 100, 0.75, 0.95), null);
});

test('a rate without events settles at about 3 over its limit', () => {
  assert.equal(samplesToSettleRate(100, 0, 0.001, 'max', 0.95), 2895);
  assert.equal(samplesToSettleRate(0, 0, 0.05, 'max', 0.95), 59);
  assert.equal(samplesToSettleRate(20, 20, 0.9, 'min', 0.95), 9);
});
