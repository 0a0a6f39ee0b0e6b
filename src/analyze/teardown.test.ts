import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OBSERVATION_VERSION, type TeardownReport } from '../model/index.ts';
import { createTeardown } from './teardown.ts';

const report = (outcome: TeardownReport['outcome']): TeardownReport => ({ outcome, before: { users: 2 }, after: { users: 0 }, durationMs: 1 });

test('of several tries the last counts, in whatever order they are read', () => {
  const base = { v: OBSERVATION_VERSION, kind: 'teardown', runId: 'r', phase: null, vu: null, journey: null } as const;
  const [early, late] = [{ ...base, tMs: 1, ...report('left') }, { ...base, tMs: 2, ...report('removed') }];
  for (const order of [[early, late], [late, early]]) {
    const teardown = createTeardown();
    for (const one of order) teardown.add(one);
    assert.deepEqual(teardown.finish(), report('removed'));
  }
  assert.equal(createTeardown().finish(), null);
});
