import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiObservation } from '../../model/index.ts';
import { countFailure, Windows, type Cell, type LanePhase } from './windows.ts';

const PHASE: LanePhase = { name: 'main', beginMs: 1_250, endMs: 3_500 };

function start(): { windows: Windows; lines: ApiObservation[] } {
  const lines: ApiObservation[] = [];
  const windows = new Windows({ runId: 'r', windowMs: 1_000, timeoutMs: 500, record: (line) => lines.push(ApiObservation.parse(line)) });
  return { windows, lines };
}

/** Counts a request as sent; the caller ends it. */
function sent(windows: Windows, dueMs: number, phase = PHASE): Cell {
  const cell = windows.cell(phase, dueMs, 'S', 'GET /a');
  cell.scheduled += 1;
  cell.sent += 1;
  cell.open += 1;
  return cell;
}

function answer(cell: Cell, ms: number): void {
  cell.open -= 1;
  cell.ok += 1;
  cell.latency.addMs(ms);
  cell.service.addMs(ms);
}

test('a window is cut at whole multiples of its length and at the ends of its phase', () => {
  const { windows, lines } = start();
  for (const dueMs of [1_250, 1_999, 2_000, 3_499, 3_500, 4_001]) answer(sent(windows, dueMs), 5);
  windows.close(5_000);
  assert.deepEqual(lines.map(({ fromMs, toMs, scheduled }) => [fromMs, toMs, scheduled]), [
    [1_250, 2_000, 2], [2_000, 3_000, 1], [3_000, 3_500, 1], [3_500, 4_000, 1], [4_000, 5_000, 1],
  ]);
});

test('a window is handed on once it is over and everything in it has ended, and not before', () => {
  const { windows, lines } = start();
  const [first, slow] = [sent(windows, 1_300), sent(windows, 1_400)];
  answer(first, 5);
  windows.flush(2_500);
  assert.deepEqual([lines.length, windows.passedMs(2_500)], [0, 1_000]);
  slow.open -= 1;
  countFailure(slow, 'timeout');
  windows.flush(1_999);
  assert.equal(lines.length, 0);
  windows.flush(2_000);
  assert.deepEqual([lines.length, windows.passedMs(2_600)], [1, 2_600]);
  assert.deepEqual([lines[0]?.ok, lines[0]?.failed, lines[0]?.unfinished], [1, { timeout: 1 }, 0]);
});

test('what is open at the end is unfinished, and two phases never share a window', () => {
  const { windows, lines } = start();
  answer(sent(windows, 3_100), 5);
  sent(windows, 3_600, { name: 'next', beginMs: 3_500, endMs: 9_000 });
  windows.close(3_700);
  assert.deepEqual(lines.map(({ phase, fromMs, toMs, unfinished }) => [phase, fromMs, toMs, unfinished]), [
    ['main', 3_000, 3_500, 0], ['next', 3_500, 4_000, 1],
  ]);
});
