import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Phase, Plan } from '../model/index.ts';
import { askedLoad, checkCapacity } from './capacity.ts';

const blank: Phase = { name: 'x', durationS: 10, arrivalRate: null, rampTo: null, arrivalCount: null, pause: false };
const settings = { maxUsers: 200, journeyDeadlineMs: 60_000 } as Plan['settings'];

for (const [what, phases, perSecond, users] of [
  ['a steady rate', [{ ...blank, arrivalRate: 2 }], 2, 20],
  ['a counted phase', [{ ...blank, arrivalCount: 16 }], 1.6, 16],
  ['a ramp, by its higher end', [{ ...blank, arrivalRate: 8, rampTo: 2, durationS: 100 }], 8, 200],
  [
    'the busiest phase, pauses apart',
    [
      { ...blank, arrivalRate: 1 },
      { ...blank, arrivalRate: 9, pause: true },
      { ...blank, arrivalRate: 3 },
    ],
    3,
    40,
  ],
  ['a long phase, by the journey deadline', [{ ...blank, arrivalRate: 1, durationS: 3_600 }], 1, 60],
] as [string, Phase[], number, number][]) {
  test(`asked for: ${what}`, () => {
    assert.deepEqual(askedLoad({ phases, settings }), { journeysPerSecond: perSecond, concurrentUsers: users });
  });
}

for (const [perSecond, users, state] of [
  [5, 100, 'within'],
  [5.1, 100, 'over'],
  [7.5, 100, 'over'],
  [7.6, 100, 'far-over'],
  [1, 150, 'over'],
  [1, 151, 'far-over'],
] as const) {
  test(`${perSecond} a second and ${users} users of 5 and 100: ${state}`, () => {
    const asked = { journeysPerSecond: perSecond, concurrentUsers: users };
    assert.equal(checkCapacity(asked, { journeysPerSecond: 5, concurrentUsers: 100 }).state, state);
  });
}

test('what was not measured is not held against a plan', () => {
  const asked = { journeysPerSecond: 100, concurrentUsers: 10 };
  assert.equal(checkCapacity(asked, null).state, 'unknown');
  assert.equal(checkCapacity(asked, { journeysPerSecond: null, concurrentUsers: null }).state, 'unknown');
  assert.equal(checkCapacity(asked, { journeysPerSecond: null, concurrentUsers: 20 }).state, 'within');
  const { text } = checkCapacity(asked, { journeysPerSecond: 4.25, concurrentUsers: 20 });
  assert.equal(text, 'asks for 100 journeys a second, and this machine makes 4.3 undisturbed');
});
