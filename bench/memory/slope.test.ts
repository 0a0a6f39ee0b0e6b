import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slopeOf } from './slope.ts';

test('a line is found exactly, with an interval of nothing', () => {
  assert.deepEqual(slopeOf([[0, 1], [1, 3], [2, 5]]), { perUnit: 2, halfWidth: 0, n: 3 });
});

test('scatter widens the interval around the slope', () => {
  // Worked by hand: mean 2.5 and 2.75, sxx 5, sxy 4.5, residuals 0.7, t(2) 4.3.
  const slope = slopeOf([[1, 1], [2, 3], [3, 3], [4, 4]]);
  assert.equal(slope?.perUnit, 0.9);
  assert.ok(Math.abs((slope?.halfWidth ?? 0) - 4.3 * Math.sqrt(0.7 / 2 / 5)) < 1e-9);
});

test('what gives no line gives none', () => {
  assert.equal(slopeOf([]), null);
  assert.equal(slopeOf([[1, 1]]), null);
  assert.equal(slopeOf([[1, 1], [1, 2]]), null);
  assert.equal(slopeOf([[1, 1], [2, 2]])?.halfWidth, null);
});
