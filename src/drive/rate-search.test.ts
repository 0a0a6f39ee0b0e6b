import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchRate } from './rate-search.ts';

const search = { startPerSecond: 2, maxPerSecond: 64, refinements: 4, chances: 2 };

for (const capacity of [0.6, 1.9, 2, 3, 5.7, 40, 63]) {
  test(`finds a capacity of ${capacity} a second from below`, async () => {
    const { bestPerSecond, unbounded } = await searchRate(search, (rate) => Promise.resolve(rate <= capacity));
    assert.equal(unbounded, false);
    assert.ok(
      bestPerSecond !== null && bestPerSecond <= capacity && bestPerSecond > 0.9 * capacity - 0.1,
      `${bestPerSecond}`,
    );
  });
}

test('says so when the highest rate allowed holds, and when no rate does', async () => {
  const all = await searchRate(search, () => Promise.resolve(true));
  assert.deepEqual([all.bestPerSecond, all.unbounded], [64, true]);
  const none = await searchRate(search, () => Promise.resolve(false));
  assert.deepEqual([none.bestPerSecond, none.unbounded], [null, false]);
  assert.ok(none.trials.length <= 12);
});

test('one disturbance from outside does not lower the figure', async () => {
  let trials = 0;
  const { bestPerSecond } = await searchRate(search, (rate) => Promise.resolve((trials += 1) !== 2 && rate <= 30));
  assert.ok((bestPerSecond ?? 0) > 28);
});
