import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../drive/liveness.ts';
import { campaign, checkoutOf, recordOf, underWay } from './testing.ts';

test('Ctrl-C goes to the run, which judges what it saw, and leaves a campaign to go on with', async (t) => {
  const checkout = checkoutOf(t, { 'gate-2-soak': [{ holds: true }, {}] });
  const { child, closed, output } = await underWay(checkout);
  child.kill('SIGINT');
  assert.equal(await closed, 130, output());
  const record = recordOf(checkout);
  assert.equal(record.current, null);
  assert.deepEqual(
    record.runs.map((run) => run.outcome),
    ['completed', 'completed', 'interrupted'],
  );
  const resumed = await campaign(checkout, '--resume');
  assert.equal(resumed.status, 2, resumed.stdout + resumed.stderr);
  assert.equal(checkout.started().at(-1), 'gate-2-soak resumed soak.yml');
  const after = recordOf(checkout);
  assert.equal(after.runs[3]?.runId, after.runs[2]?.runId);
  assert.equal(after.gates[1]?.decision, 'GO');
});

test('a run whose sources changed begins anew, also where it could have gone on', async (t) => {
  const checkout = checkoutOf(t, { 'gate-2-soak': [{ holds: true }, {}] });
  const { child, closed } = await underWay(checkout);
  child.kill('SIGTERM');
  await closed;
  checkout.write('src/fix.ts', 'export {};\n');
  await campaign(checkout, '--resume');
  assert.equal(checkout.started().at(-1), 'gate-2-soak soak.yml');
});

test('killed in the middle, a campaign goes on: with its run’s evidence if that came to its end', async (t) => {
  const checkout = checkoutOf(t, { 'gate-1-again': [{ holds: true }, {}] });
  const { child, closed } = await underWay(checkout);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const current = recordOf(checkout).current ?? assert.fail('no run was under way');
  const { pid, runId } = current;
  const early = await campaign(checkout, '--resume');
  assert.equal(early.status, 3);
  assert.match(
    early.stderr,
    new RegExp(`J_RUN_LOCKED[^]*${runId} of this campaign goes on without it, as process ${pid}`),
  );
  writeFileSync(join(checkout.root, 'release'), '');
  // The run holds the output that it was given by the campaign, until it ends; a moment later it is gone. Nobody is told.
  await closed;
  while (isAlive(current)) await sleep(5);
  const resumed = await campaign(checkout, '--resume');
  assert.equal(resumed.status, 2, resumed.stdout + resumed.stderr);
  const record = recordOf(checkout);
  assert.deepEqual(
    record.runs.map((run) => run.outcome),
    ['completed', 'completed', 'completed'],
  );
  assert.equal(record.runs[1]?.runId, runId);
  assert.deepEqual(checkout.started().length, 3);
});

test('killed together with its run, a campaign makes that run again', async (t) => {
  const checkout = checkoutOf(t, { 'gate-1-baseline': [{ holds: true }, {}] });
  const { child, closed } = await underWay(checkout);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const current = recordOf(checkout).current ?? assert.fail('no run was under way');
  process.kill(current.pid ?? assert.fail('its process is not known'), 'SIGKILL');
  await closed;
  while (isAlive(current)) await sleep(5);
  assert.equal((await campaign(checkout, '--resume')).status, 2);
  assert.deepEqual(
    recordOf(checkout).runs.map((run) => run.outcome),
    ['lost', 'completed', 'completed', 'completed'],
  );
});

test('two at a time are refused, and a tick meanwhile is taken up', async (t) => {
  const checkout = checkoutOf(t, { 'gate-2-soak': [{ holds: true }] });
  const { closed } = await underWay(checkout);
  assert.match((await campaign(checkout, '--resume')).stderr, /J_RUN_LOCKED/);
  assert.match(
    (await campaign(checkout, '--tick', 'approved', '--by', 'Ada', '--note', 'seen')).stdout,
    /takes it up with its next step/,
  );
  writeFileSync(join(checkout.root, 'release'), '');
  assert.equal(await closed, 0);
  assert.equal(recordOf(checkout).decision, 'GO');
});
