import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { overBudget, type ThirdPartyBudget } from '../../model/index.ts';
import { Budgets, budgetMemory } from '../budget.ts';
import { LaneShaper, type Waited } from './lane-budget.ts';
import { apiPlan, apiRequest, badTarget, phaseOf, startLane, sums } from './testing.ts';
import type { LanePhase } from './windows.ts';

const PHASE: LanePhase = { name: 'main', beginMs: 0, endMs: 60_000 };
const PAYMENTS: ThirdPartyBudget = {
  name: 'payments', callsPerSecond: 10, journeys: {}, routes: { 'POST /lock': 1, 'POST /release': 1 }, maxWaitMs: 250,
};

function shaper(list: ThirdPartyBudget[], routes: string[][]): { lane: LaneShaper; sent: (string | number)[][]; refused: (string | number)[][] } {
  const sent: (string | number)[][] = [];
  const refused: (string | number)[][] = [];
  const lane = new LaneShaper(new Budgets(list, budgetMemory(list)), {
    routesOf: (_, number) => routes[number % routes.length] ?? [],
    arrive: (_, number, __, dueMs, waited?: Waited) => sent.push([number, dueMs, ...(waited ? [waited.budget, waited.waitMs] : [])]),
    refuse: (_, number, __, dueMs, budget) => refused.push([number, dueMs, budget]),
  });
  return { lane, sent, refused };
}

test('a flow waits for all that its requests call, and is due when it may go; too many at once are refused', () => {
  const { lane, sent, refused } = shaper([PAYMENTS], [['POST /projects', 'POST /lock', 'POST /release']]);
  for (const number of [0, 1, 2, 3]) lane.arrive(0, number, PHASE, 1_000 + number, 1_000 + number);
  assert.deepEqual(sent, [[0, 1_000]]);
  assert.deepEqual(refused, [[2, 1_002, 'payments'], [3, 1_003, 'payments']]);
  assert.equal(lane.nextMs, 1_200);
  lane.run(1_199);
  assert.equal(sent.length, 1);
  lane.run(1_500);
  assert.deepEqual(sent.slice(1), [[1, 1_200, 'payments', 199]]);
  assert.equal(lane.nextMs, null);
});

test('flows that call nobody go at once, past those who wait; at the end those still waiting are counted, at their own time', () => {
  const { lane, sent, refused } = shaper([PAYMENTS], [['POST /lock'], ['GET /creators']]);
  for (const number of [0, 1, 2, 3, 4]) lane.arrive(0, number, PHASE, 100, 100);
  assert.deepEqual(sent, [[0, 100], [1, 100], [3, 100]]);
  lane.end();
  assert.deepEqual(refused, [[2, 100, 'payments'], [4, 100, 'payments']]);
  assert.equal(lane.nextMs, null);
  lane.run(10_000);
  assert.equal(sent.length, 3);
});

test('a lane that is late is late: only what it waits for a budget is taken off', () => {
  const { lane, sent } = shaper([PAYMENTS], [['POST /lock']]);
  lane.arrive(0, 0, PHASE, 900, 1_000);
  lane.arrive(0, 1, PHASE, 950, 1_010);
  assert.equal(lane.nextMs, 1_100);
  lane.run(1_100);
  assert.deepEqual(sent, [[0, 900], [1, 1_040, 'payments', 90]]);
});

test('those of several third parties go in the order of their times', () => {
  const model: ThirdPartyBudget = { ...PAYMENTS, name: 'model', callsPerSecond: 5, routes: { 'POST /brief': 1 } };
  const { lane, sent } = shaper([PAYMENTS, model], [['POST /brief'], ['POST /lock']]);
  for (const number of [0, 1, 2, 3]) lane.arrive(0, number, PHASE, 0, 0);
  lane.run(10_000);
  assert.deepEqual(sent, [[0, 0], [1, 0], [3, 100, 'payments', 100], [2, 200, 'model', 200]]);
});

test('a lane of several threads keeps within the budget, waiting is no latency, and every arrival is accounted for', async (t) => {
  const target = await badTarget(t);
  const list: ThirdPartyBudget[] = [{ name: 'payments', callsPerSecond: 50, journeys: {}, routes: { 'GET /ok': 1 }, maxWaitMs: 200 }];
  const plan = apiPlan(100, [[apiRequest('/ok')]], { threads: 2 });
  const run = startLane(t, plan, target.url, { budgets: { list, memory: budgetMemory(list) }, phases: [phaseOf('main', 1)] });
  await run.lane.ready;
  run.lane.phaseStarted('main', run.nowMs());
  await sleep(1_400);
  await run.lane.stop({ interrupted: false });
  const lines = run.lines();
  const all = sums(lines);
  assert.equal(all.scheduled, 100);
  assert.equal(all.sent + all.notSent, 100);
  // What a second and the longest wait hold, and the first.
  assert.ok(all.ok >= 40 && all.ok <= 62, JSON.stringify(all));
  assert.deepEqual(Object.keys(all.classes), [overBudget('payments')]);
  const shaped = lines.flatMap((line) => (line.shaped ? Object.entries(line.shaped) : []));
  const waited = shaped.reduce((sum, [, one]) => sum + one.count, 0);
  assert.ok(waited > 10 && waited < all.sent && shaped.every(([name, { maxWaitMs }]) => name === 'payments' && maxWaitMs <= 200.1));
  assert.deepEqual(run.lost, []);
});
