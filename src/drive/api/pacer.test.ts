import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pacer } from './pacer.ts';
import type { PhaseOrder } from './protocol.ts';

interface Seen {
  scenario: number;
  number: number;
  phase: string;
  dueMs: number;
}

interface Setting {
  ratesPerSecond: number[];
  random: boolean;
  threads: number;
}

/** Runs phases through the pacers of some threads, looking as often as it likes; returns all arrivals in their order. */
function arrivals(setting: Setting, orders: PhaseOrder[], looksMs: number[], endMs: number): Seen[] {
  const seen: Seen[] = [];
  for (let thread = 0; thread < setting.threads; thread += 1) {
    const pacer = new Pacer({
      ...setting, seed: 7, thread,
      arrive: (scenario, number, phase, dueMs) => seen.push({ scenario, number, phase: phase.name, dueMs }),
    });
    const moments = [...orders.map((order) => ({ atMs: order.beginMs - 5, order })), ...looksMs.filter((atMs) => atMs < endMs).map((atMs) => ({ atMs, order: null }))];
    for (const { atMs, order } of moments.sort((a, b) => a.atMs - b.atMs)) {
      if (order) pacer.begin(order);
      pacer.run(atMs);
    }
    pacer.end(endMs);
    assert.equal(pacer.nextMs, null);
  }
  return seen.sort((a, b) => a.dueMs - b.dueMs || a.scenario - b.scenario);
}

const phases = fc.array(fc.record({
  lengthMs: fc.integer({ min: 20, max: 3_000 }), share: fc.double({ min: 0, max: 2, noNaN: true }),
  to: fc.double({ min: 0, max: 2, noNaN: true }), cutMs: fc.constantFrom(0, 0, 15),
}), { minLength: 1, maxLength: 5 });

test('several threads together make exactly the arrivals of one, whenever they look and however phases are cut', () => {
  fc.assert(fc.property(
    phases, fc.boolean(), fc.integer({ min: 2, max: 5 }), fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 40 }),
    (lengths, random, threads, looksMs) => {
      let beginMs = 10;
      const orders = lengths.map(({ lengthMs, share, to, cutMs }, index) => {
        const order = { name: `p${index}`, beginMs, durationMs: lengthMs, share, to };
        beginMs += lengthMs - cutMs;
        return order;
      });
      const ratesPerSecond = [50, 3.3, 0.7];
      const one = arrivals({ ratesPerSecond, random, threads: 1 }, orders, [], beginMs);
      assert.deepEqual(arrivals({ ratesPerSecond, random, threads }, orders, looksMs, beginMs), one);
    }), { seed: 4, numRuns: 200 });
});

test('arrivals of a scenario are numbered without a gap over all phases', () => {
  const orders = [0, 1, 2].map((index) => ({ name: `p${index}`, beginMs: 10 + index * 1_000, durationMs: 1_000, share: 1, to: 1 }));
  const seen = arrivals({ ratesPerSecond: [7], random: false, threads: 3 }, orders, [], 3_010);
  assert.deepEqual(seen.map(({ number }) => number), Array.from({ length: 21 }, (_, index) => index));
  assert.deepEqual(seen.map(({ phase }) => phase), [...Array<string>(7).fill('p0'), ...Array<string>(7).fill('p1'), ...Array<string>(7).fill('p2')]);
});

test('the next phase ends the one before it, and nothing is due before its time', () => {
  const seen: number[] = [];
  const pacer = new Pacer({ ratesPerSecond: [10], random: false, seed: 1, thread: 0, threads: 1, arrive: (_s, _n, _p, dueMs) => seen.push(dueMs) });
  pacer.begin({ name: 'long', beginMs: 100, durationMs: 60_000, share: 1, to: 1 });
  pacer.run(99);
  assert.deepEqual(seen, []);
  assert.equal(pacer.nextMs, 100);
  pacer.run(349);
  pacer.begin({ name: 'none', beginMs: 400, durationMs: 60_000, share: 0, to: 0 });
  pacer.run(10_000);
  assert.deepEqual(seen, [150, 250, 350]);
  assert.equal(pacer.nextMs, null);
});
