import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../run-clock.ts';
import { Metronome } from './metronome.ts';

test('it wakes at its time and not before, also when the time was changed', async (t) => {
  let wake = (): void => {};
  const metronome = new Metronome(() => wake(), (error) => assert.fail(error));
  t.after(() => metronome.stop());
  for (const waitMs of [0, 3.3, 25, 0.4, -5]) {
    const dueMs = monotonicMs() + waitMs;
    // Far off, and then not at all, and then what counts.
    metronome.wakeAt(dueMs + 60_000);
    metronome.wakeAt(null);
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    metronome.wakeAt(dueMs);
    await woken;
    assert.ok(monotonicMs() >= dueMs - 0.1);
  }
});
