import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAutoscaler } from './autoscaler.ts';
import type { Look } from './autoscaler.ts';

const look = (ready: number, inFlight: number, utilisation = 0, starting = 0): Look =>
  ({ ready, starting, inFlight, utilisation });

/** Shows the same look every quarter of a second from one time to another; returns when it decided what. */
function watch(decide: ReturnType<typeof createAutoscaler>, fromMs: number, toMs: number, seen: Look): string[] {
  const decisions: string[] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += 250) {
    const decision = decide(nowMs, seen);
    if (decision) decisions.push(`${decision} at ${nowMs}`);
  }
  return decisions;
}

test('a rush of half a second asks for one more, and for the next one only after the cool-down', () => {
  const decide = createAutoscaler({ min: 1, max: 3, idleMs: 20_000 });
  assert.deepEqual(watch(decide, 0, 250, look(1, 6)), []);
  assert.equal(decide(500, look(1, 6)), 'more');
  assert.deepEqual(watch(decide, 750, 2250, look(1, 6, 0, 1)), [], 'while one is starting');
  assert.deepEqual(watch(decide, 2500, 4000, look(2, 12)), ['more at 2500']);
  assert.deepEqual(watch(decide, 5000, 20_000, look(3, 100)), [], 'no more than allowed');
});

test('a single slow moment asks for nothing; a busy event loop does, although nothing is in flight', () => {
  const decide = createAutoscaler({ min: 1, max: 2, idleMs: 20_000 });
  assert.deepEqual([decide(0, look(1, 9)), decide(250, look(1, 1)), decide(500, look(1, 9))], [null, null, null]);
  assert.deepEqual(watch(decide, 750, 2000, look(1, 0.9, 0.95)), ['more at 1000']);
});

test('a worker goes when the others had room for everything long enough, one by one, never below the least', () => {
  const decide = createAutoscaler({ min: 1, max: 3, idleMs: 10_000 });
  assert.deepEqual(watch(decide, 0, 5000, look(3, 6)), [], 'two could not do it with room to spare');
  assert.deepEqual(watch(decide, 5250, 20_000, look(3, 1)), ['fewer at 15000']);
  assert.deepEqual(watch(decide, 20_250, 30_000, look(2, 1)), ['fewer at 25000']);
  assert.deepEqual(watch(decide, 30_250, 90_000, look(1, 0)), []);
});
