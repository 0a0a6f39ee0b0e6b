import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAllGone, onlyRun, runArtillery, startArtillery, ROOT } from './artillery.ts';
import { recordOf } from './short.ts';

const PROFILE = ['--config', 'artillery/profiles/drills.yml'];

test('Ctrl-C in the middle of a fault takes it out, and leaves nothing running', { timeout: 120_000 }, async (t) => {
  const run = startArtillery(t, { args: PROFILE, env: { DRILLS: 'storage-down' } });
  await run.said('storage-down: in');
  run.child.kill('SIGINT');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 130, finished.output);
  assert.match(finished.output, /storage-down: out/);
  const [drill] = recordOf(finished).drills ?? [];
  assert.equal(drill?.verdict, 'not judged');
  assert.match(drill?.reason ?? '', /the run ended before the drill did/);
  await assertAllGone(run);
});

test('a harness killed in the middle of a fault leaves nothing running, and nothing owed', { timeout: 120_000 }, async (t) => {
  const run = startArtillery(t, { args: PROFILE, env: { DRILLS: 'storage-down' } });
  await run.said('storage-down: in');
  run.child.kill('SIGKILL');
  const { reports } = await run.finished;
  await assertAllGone(run);
  assert.doesNotMatch(readFileSync(join(onlyRun(reports), 'rollback.json'), 'utf8'), /"state": "(due|failed)"/);
});

test('drills that cannot be held are refused before anything is started, all at once', { timeout: 60_000 }, async (t) => {
  const foreign = await runArtillery(t, { args: [...PROFILE, '-t', 'http://127.0.0.1:9'] });
  assert.equal(foreign.exitCode, 3, foreign.output);
  assert.match(foreign.output, /J_DRILL_INVALID/);
  const lines = foreign.output.split('\n').filter((line) => /artillery\/profiles\/drills\/[a-z-]+\.yml:\d+:\d+ method\[0\]: /.test(line));
  assert.equal(lines.length, readdirSync(join(ROOT, 'artillery/profiles/drills')).length, foreign.output);
  assert.equal(existsSync(foreign.reports), false);
  const unknown = await runArtillery(t, { args: PROFILE, env: { DRILLS: 'payment-down' } });
  assert.equal(unknown.exitCode, 3, unknown.output);
  assert.match(unknown.output, /no drill is named "payment-down" \(did you mean "payments-down"\?\)/);
});
