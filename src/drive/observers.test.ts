import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSampler, seededRandom } from './observers.ts';

const deal = (seed: number, share: number, n: number, journey = 'signup'): string[] => {
  const roleOf = createSampler(seed, share);
  return Array.from({ length: n }, () => roleOf(journey));
};
const observersIn = (roles: string[]): number => roles.filter((role) => role === 'observer').length;

test('the same seed deals the same roles, another seed deals others', () => {
  assert.deepEqual(deal(7, 0.5, 200), deal(7, 0.5, 200));
  assert.notDeepEqual(deal(7, 0.5, 200), deal(8, 0.5, 200));
});

test('each journey is dealt by itself, however the others mix', () => {
  const roleOf = createSampler(7, 0.5);
  const alone = deal(7, 0.5, 50, 'agent task');
  const mixed = Array.from({ length: 50 }, () => {
    roleOf('signup');
    return roleOf('agent task');
  });
  assert.deepEqual(mixed, alone);
  assert.notDeepEqual(alone, deal(7, 0.5, 50, 'signup'));
});

test('every block of ten arrivals has its exact share', () => {
  const roles = deal(3, 0.7, 100);
  for (let start = 0; start < 100; start += 10) assert.equal(observersIn(roles.slice(start, start + 10)), 7);
});

test('the order inside blocks is shuffled, so no place in a block is always the same', () => {
  const roles = deal(11, 0.5, 200);
  for (let place = 0; place < 10; place += 1) {
    const there = new Set(Array.from({ length: 20 }, (_, block) => roles[block * 10 + place]));
    assert.equal(there.size, 2, `place ${place} is always the same`);
  }
});

test('over whole blocks any share holds within one arrival', () => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 30 }), (seed, share, blocks) => {
      assert.ok(Math.abs(observersIn(deal(seed, share, blocks * 10)) - share * blocks * 10) <= 0.5 + 1e-6);
    }),
    { numRuns: 100 },
  );
});

test('a share of 0 has no observer, and a share of 1 nobody else', () => {
  assert.equal(observersIn(deal(1, 0, 100)), 0);
  assert.equal(observersIn(deal(1, 1, 100)), 100);
});

test('the seeded generator gives numbers from 0 to below 1, evenly', () => {
  const random = seededRandom('x');
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i += 1) {
    const value = random();
    assert.ok(value >= 0 && value < 1);
    tenths[Math.floor(value * 10)]! += 1;
  }
  // 1,000 expected in each, standard deviation 30: five of them is beyond any chance, and the seed is fixed anyway.
  for (const count of tenths) assert.ok(Math.abs(count - 1_000) < 150, tenths.join(' '));
});
