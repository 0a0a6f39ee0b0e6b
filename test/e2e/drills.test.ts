import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Plan } from '../../src/model/index.ts';
import { assertAllGone, onlyRun, runArtillery, startArtillery, ROOT } from './artillery.ts';

const PROFILE = ['--config', 'artillery/profiles/drills.yml'];

test('a harness killed in the middle of a fault leaves nothing running, and nothing owed', { timeout: 120_000 }, async (t) => {
  const run = startArtillery(t, { args: PROFILE, env: { DRILLS: 'storage-down' } });
  await run.said('storage-down: in');
  run.child.kill('SIGKILL');
  const { reports } = await run.finished;
  await assertAllGone(run);
  const read = (name: string): string => readFileSync(join(onlyRun(reports), name), 'utf8');
  assert.doesNotMatch(read('rollback.json'), /"state": "(due|failed)"/);
  const { phases, profile } = Plan.parse(JSON.parse(read('plan.json')));
  assert.deepEqual([phases.map(({ name }) => name), profile], [['warm up', 'storage-down'], 'drills'], 'of the phases only the drill that was asked for');
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
