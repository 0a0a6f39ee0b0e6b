import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import type { ThirdPartyBudget } from '../model/index.ts';
import { Budgets, budgetMemory } from './budget.ts';
import { UserShaper } from './budget-users.ts';

const budget = (changes: Partial<ThirdPartyBudget> = {}): ThirdPartyBudget => ({
  name: 'payments', callsPerSecond: 10, journeys: { pay: 2 }, routes: { 'POST /lock': 1, 'POST /release': 1 }, maxWaitMs: 1_000, ...changes,
});
const open = (list: ThirdPartyBudget[], memory = budgetMemory(list)): Budgets => new Budgets(list, memory);
const waits = (answer: ReturnType<Budgets['reserve']>): number => ('refusedBy' in answer ? NaN : answer.waitMs);

test('calls come free one after the other: who comes too early waits, who would wait too long is refused', () => {
  const one = open([budget()]);
  const calls = one.callsOfUser('pay');
  assert.deepEqual(one.reserve(calls, 5_000), { waitMs: 0, waitsFor: null });
  // Two calls at ten a second take 200 ms.
  assert.deepEqual(one.reserve(calls, 5_000), { waitMs: 200, waitsFor: 'payments' });
  assert.deepEqual(one.reserve(calls, 5_100), { waitMs: 300, waitsFor: 'payments' });
  for (const wait of [500, 700, 900]) assert.equal(waits(one.reserve(calls, 5_100)), wait);
  assert.deepEqual(one.reserve(calls, 5_100), { refusedBy: 'payments' });
  // It has taken nothing: time alone brings the wait down.
  assert.equal(waits(one.reserve(calls, 5_200)), 1_000);
  assert.deepEqual(one.reserve(calls, 60_000), { waitMs: 0, waitsFor: null });
});

test('in no stretch of time are more calls granted than the rate allows, and one arrival besides', () => {
  const arrivals = fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 700 }), routes: fc.integer({ min: 1, max: 3 }) }), { maxLength: 80 });
  fc.assert(fc.property(arrivals, fc.integer({ min: 1, max: 40 }), (all, callsPerSecond) => {
    const one = open([budget({ callsPerSecond, maxWaitMs: 2_000 })]);
    const granted: { atMs: number; calls: number }[] = [];
    let nowMs = 0;
    for (const { gapMs, routes } of all) {
      nowMs += gapMs;
      const answer = one.reserve(one.callsOfRoutes(Array<string>(routes).fill('POST /lock')), nowMs);
      if ('refusedBy' in answer) continue;
      assert.ok(answer.waitMs >= 0 && answer.waitMs <= 2_000);
      granted.push({ atMs: nowMs + answer.waitMs, calls: routes });
    }
    for (const [from, first] of granted.entries()) {
      let calls = 0;
      for (const { atMs, calls: own } of granted.slice(from)) {
        assert.ok(calls <= ((atMs - first.atMs) * callsPerSecond) / 1_000 + 0.1, `${calls} calls in ${atMs - first.atMs} ms`);
        calls += own;
      }
    }
  }));
});

test('an arrival that one of two third parties has no room for takes nothing from the other', () => {
  const list = [budget({ journeys: { pay: 1 } }), budget({ name: 'model', callsPerSecond: 0.5, journeys: { pay: 1, ask: 1 }, routes: {}, maxWaitMs: 0 })];
  const both = open(list);
  assert.equal(waits(both.reserve(both.callsOfUser('ask'), 0)), 0);
  assert.deepEqual(both.reserve(both.callsOfUser('pay'), 100), { refusedBy: 'model' });
  assert.equal(waits(both.reserve(both.callsOfRoutes(['POST /lock']), 100)), 0);
  assert.deepEqual(both.callsOfUser('constructor'), []);
  assert.deepEqual(both.callsOfRoutes(['GET /other', 'toString']), []);
});

test('threads draw from one bucket: together they are granted exactly what it holds', async () => {
  const list = [budget({ callsPerSecond: 1_000, maxWaitMs: 1e9 })];
  const memory = budgetMemory(list);
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.url).then(({ Budgets }) => {
      const own = new Budgets(workerData.list, workerData.memory);
      const waits = [];
      for (let i = 0; i < 5000; i += 1) waits.push(own.reserve([{ budget: 0, calls: 1 }], 0).waitMs);
      parentPort.postMessage(waits);
    });`;
  const workers = [1, 2, 3].map(() => new Worker(code, {
    eval: true, workerData: { url: new URL('./budget.ts', import.meta.url).href, list, memory },
  }));
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0] as number[]));
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.deepEqual(answers.flat().sort((a, b) => a - b), Array.from({ length: 15_000 }, (_, index) => index));
});

test('users wait for their turn; of a journey that calls nobody none does; the end of the run ends the waiting', async () => {
  const ending = new AbortController();
  const shaper = new UserShaper(open([budget({ callsPerSecond: 100, maxWaitMs: 60_000 })]), () => 1_000, ending.signal);
  assert.deepEqual(await shaper.admit('look'), { waitMs: 0, waitsFor: null });
  assert.deepEqual(await shaper.admit('pay'), { waitMs: 0, waitsFor: null });
  assert.deepEqual(await shaper.admit('pay'), { waitMs: 20, waitsFor: 'payments' });
  const slow = new UserShaper(open([budget({ callsPerSecond: 0.05, maxWaitMs: 60_000 })]), () => 1_000, ending.signal);
  await slow.admit('pay');
  const waiting = slow.admit('pay');
  assert.equal(slow.waiting, 1);
  assert.deepEqual([await slow.admit('pay'), slow.waiting], [{ refusedBy: 'payments' }, 1]);
  ending.abort();
  assert.deepEqual(await waiting, { endedAfterMs: 0, waitsFor: 'payments' });
  assert.equal(slow.waiting, 0);
});
