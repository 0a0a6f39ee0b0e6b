import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAllGone, judge, onlyRun, processesOf, startArtillery } from './artillery.ts';
import { LCP_GATE, recordOf, shortScript } from './short.ts';

test('Ctrl-C drains, judges what was seen, ends with 130 and leaves nothing behind', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  run.child.kill('SIGINT');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 130, finished.output);
  assert.doesNotMatch(finished.output, /^ GO /m);
  await assertAllGone(run);
  const record = recordOf(finished);
  assert.equal(record.totals.ended, 'interrupted');
  assert.ok((record.totals.byOutcome.passed ?? 0) > 0);
  assert.equal(record.teardown?.outcome, 'removed', finished.output);
});

test('a second Ctrl-C ends at once and leaves nothing behind', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  run.child.kill('SIGINT');
  await run.said('ending:');
  run.child.kill('SIGINT');
  const { exitCode, output } = await run.finished;
  assert.equal(exitCode, 130, output);
  await assertAllGone(run);
});

test('kill -9 leaves no process, and what was seen can be judged as incomplete', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  assert.ok(processesOf(run).length > 3, 'browsers and the platform are running');
  run.child.kill('SIGKILL');
  const { reports } = await run.finished;
  await assertAllGone(run);
  const judged = await judge(onlyRun(reports));
  assert.match(judged.output, /INCOMPLETE/);
  assert.doesNotMatch(judged.output, /^ GO /m);
  assert.notEqual(judged.exitCode, 0);
});
