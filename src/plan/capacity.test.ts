import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayPlanOf } from '../golden/replay.ts';
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
    assert.deepEqual(askedLoad({ phases, settings }), { journeysPerSecond: perSecond, concurrentUsers: users, apiPerSecond: 0 });
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
    const asked = { journeysPerSecond: perSecond, concurrentUsers: users, apiPerSecond: 0 };
    assert.equal(checkCapacity(asked, { journeysPerSecond: 5, concurrentUsers: 100, apiPerSecond: null }).state, state);
  });
}

test('asked of people and crawlers of replayed traffic, beside the users of the phases', () => {
  const phases: Phase[] = [{ ...blank, name: 'steady', arrivalRate: 3 }];
  assert.deepEqual(askedLoad({ phases, settings, replay: replayPlanOf() }), { journeysPerSecond: 4, concurrentUsers: 35, apiPerSecond: 7 });
  const alone = [{ ...blank, name: 'steady', pause: true }];
  assert.deepEqual(askedLoad({ phases: alone, settings, replay: replayPlanOf() }), { journeysPerSecond: 1, concurrentUsers: 5, apiPerSecond: 7 });
});

test('what was not measured is not held against a plan', () => {
  const asked = { journeysPerSecond: 100, concurrentUsers: 10, apiPerSecond: 500 };
  assert.equal(checkCapacity(asked, null).state, 'unknown');
  assert.equal(checkCapacity(asked, { journeysPerSecond: null, concurrentUsers: null, apiPerSecond: null }).state, 'unknown');
  assert.equal(checkCapacity(asked, { journeysPerSecond: null, concurrentUsers: 20, apiPerSecond: null }).state, 'within');
  const { text } = checkCapacity(asked, { journeysPerSecond: 4.25, concurrentUsers: 20, apiPerSecond: 500 });
  assert.equal(text, 'asks for 100 journeys a second, and this machine makes 4.3 undisturbed');
});

test('asked of the API lane: the busiest phase, flows of several requests, and a thread’s part of it', () => {
  const request = { method: 'GET', path: '/', route: 'GET /', params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null } as const;
  const scenarios = [
    { name: 'reads', ratePerSecond: 100, users: 0, flows: [{ weight: 1, requests: [request] }] },
    { name: 'writes', ratePerSecond: 10, users: 0, flows: [{ weight: 3, requests: [request, request, request] }, { weight: 1, requests: [request] }] },
  ];
  const loads = [{ phase: 'a', share: 0.5, to: 4 }, { phase: 'b', share: 2, to: null }];
  const api = { scenarios, loads, threads: 2 } as unknown as NonNullable<Plan['api']>;
  const phases = [{ ...blank, pause: true }];
  assert.equal(askedLoad({ phases, settings, api }).apiPerSecond, ((100 + 10 * 2.5) * 4) / 2);
  const over = checkCapacity({ journeysPerSecond: 0, concurrentUsers: 0, apiPerSecond: 9_000 }, { journeysPerSecond: 5, concurrentUsers: 5, apiPerSecond: 5_000 });
  assert.deepEqual([over.state, over.text], ['far-over', 'asks for 9000 API requests a second a thread, and this machine makes 5000 undisturbed']);
});
