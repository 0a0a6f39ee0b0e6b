import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DueList } from './due.ts';

const LIST = [
  { phase: 0, offsetMs: 10 }, { phase: 0, offsetMs: 90 }, { phase: 2, offsetMs: 0 }, { phase: 2, offsetMs: 5 }, { phase: 3, offsetMs: 1 },
];

function dealt(list: DueList<{ phase: number; offsetMs: number }>, nowMs: number): number[] {
  const times: number[] = [];
  list.run(nowMs, (_, dueMs) => times.push(dueMs));
  return times;
}

test('before a phase begins nothing is due, and then everything at its time, once', () => {
  const list = new DueList(LIST);
  assert.deepEqual([list.nextMs, dealt(list, 1_000)], [null, []]);
  list.begin(0, 1_000);
  assert.equal(list.nextMs, 1_010);
  assert.deepEqual(dealt(list, 1_050), [1_010]);
  assert.deepEqual(dealt(list, 1_050), []);
  assert.deepEqual([dealt(list, 2_000), list.nextMs], [[1_090], null]);
});

test('what a phase that began late still owes keeps its time beside the next phase', () => {
  const list = new DueList(LIST);
  list.begin(0, 1_050);
  list.begin(2, 1_138);
  assert.deepEqual(dealt(list, 5_000), [1_060, 1_138, 1_140, 1_143]);
});

test('a phase without entries changes nothing, and after the end nothing is due', () => {
  const list = new DueList(LIST);
  list.begin(1, 0);
  assert.equal(list.nextMs, null);
  list.begin(3, 100);
  list.end();
  assert.deepEqual([list.nextMs, dealt(list, 1_000)], [null, []]);
});
