import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lookout, type SeenRound } from './lookout.ts';

const goodRound = (atEpochMs: number): SeenRound => ({
  startedAtEpochMs: atEpochMs,
  endedAtEpochMs: atEpochMs + 1,
  checks: [{ journey: 'signup', status: 'up', why: null, degraded: [] }],
});

test('a breaker that nobody can read any more has not closed: the target is well again once it was seen closed', async () => {
  let nowEpochMs = 100;
  const alerts: string[] = [];
  const lookout = new Lookout({
    nowEpochMs: () => nowEpochMs,
    tell: (kind, text) => {
      if (kind === 'alert') alerts.push(text);
    },
  });
  lookout.sawBreaker('payments', 'open');
  lookout.sawBreaker('payments', 'unknown');
  for (const atEpochMs of [200, 300]) lookout.sawRound(goodRound(atEpochMs));
  assert.deepEqual(lookout.openBreakers, ['payments']);
  const well = lookout.good(150, true, new AbortController().signal);
  nowEpochMs = 400;
  lookout.sawBreaker('payments', 'closed');
  assert.equal(await well, 400);
  lookout.sawBreaker('payments', 'unknown');
  assert.deepEqual(lookout.openBreakers, []);
  assert.equal(alerts.length, 1, 'one that was never readable, or was closed when it was last read, holds nothing up');
});
