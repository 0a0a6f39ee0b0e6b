import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { clockSince, monotonicMs } from './run-clock.ts';

test('a run’s time goes on evenly when the wall clock is set an hour forth or back', (t) => {
  const now = clockSince(monotonicMs());
  const wall = Date.now();
  for (const hour of [3_600_000, -3_600_000]) {
    t.mock.method(Date, 'now', () => wall + hour);
    const before = now();
    const after = now();
    assert.ok(before >= 0 && after >= before && after - before < 1_000, `${before} → ${after}`);
    t.mock.restoreAll();
  }
});

test('both threads of a run read the same clock', async () => {
  const source = 'require("node:worker_threads").parentPort.postMessage(Number(process.hrtime.bigint()) / 1e6)';
  const before = monotonicMs();
  const [inside] = (await once(new Worker(source, { eval: true }), 'message')) as [number];
  assert.ok(inside >= before && inside <= monotonicMs(), `${before} ≤ ${inside}`);
});
