import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test, type TestContext } from 'node:test';
import { holdingTarget, status, asUsual, type HoldingTarget } from '../src/drive/teardown/testing.ts';
import { temporaryFolder } from '../src/drive/testing.ts';
import { planOf } from '../src/golden/samples.ts';
import { openTeardown, type RunTeardown } from './teardown.ts';

async function opened(t: TestContext): Promise<{ target: HoldingTarget; teardown: RunTeardown }> {
  (globalThis as { artillery?: object }).artillery = { globalEvents: new EventEmitter() };
  const target = await holdingTarget();
  t.after(() => target.close());
  const plan = planOf({
    runId: 'run-1', target: { url: target.origin, embedded: false }, teardown: { url: target.url, command: null, timeoutMs: 2_000 },
  });
  const options = { plan, runDir: temporaryFolder(t), settings: {}, auth: {}, platform: null, resumed: false };
  const teardown = await openTeardown(options);
  assert.ok(teardown);
  return { target, teardown };
}

test('who ends a run before anything is removed is told what it still owes; afterwards nothing', { timeout: 20_000 }, async (t) => {
  const { target, teardown } = await opened(t);
  assert.equal(teardown.owed, 'teardown still owed: npm run teardown -- run-1');
  target.held.set('run-1', { users: 1 });
  assert.equal(await teardown.remove({ now: () => 1, hurried: true }), null);
  assert.equal(teardown.owed, null);
});

test('what could not be removed is an error of its own', { timeout: 20_000 }, async (t) => {
  const { target, teardown } = await opened(t);
  target.held.set('run-1', { users: 2 });
  target.answers.push(asUsual, status(403));
  const error = await teardown.remove({ now: () => 1, hurried: false });
  assert.equal(error?.code, 'J_TEARDOWN');
  assert.match(error?.faults[0]?.message ?? '', /^2 rows are left: DELETE .* answered 403/);
  assert.equal(teardown.owed, null, 'the error says it');
});
