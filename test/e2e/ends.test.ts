import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../../src/drive/platform.ts';
import { ROOT, assertAllGone, judge, onlyRun, processesOf, startArtillery } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, recordOf, shortScript } from './short.ts';

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

test('against another target nothing is started, and what was made there is removed, after a kill by command', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-target-'));
  const platform = await startPlatform({ command: [process.execPath, join(ROOT, 'platform/main.ts')], logFile: join(folder, 'platform.log') });
  t.after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const scriptOf = (...plugin: string[]): string => shortScript(t, '{ name: short, duration: 3, arrivalCount: 5 }', [ERROR_GATE])
    .replace(/^( +)slo: .*\n/m, (line, indent: string) => [line, ...plugin.map((one) => `${indent}${one}\n`)].join(''));
  const removes = "teardown: { url: '/api/v1/test-runs/{runId}' }";
  const env = { TEARDOWN_TOKEN: platform.operationsToken ?? '' };
  const run = startArtillery(t, { script: scriptOf(removes), env, args: ['-t', platform.url] });
  await run.said(' 5 passed').catch(() => {});
  assert.deepEqual(processesOf(run).filter((line) => line.includes('platform/main.ts')), []);
  const finished = await run.finished;
  const { plan, totals, teardown } = recordOf(finished);
  assert.deepEqual(plan.target, { url: platform.url, embedded: false });
  assert.equal(totals.byOutcome.passed, 5, finished.output);
  assert.equal(teardown?.outcome, 'removed', 'what it made on a target that stays is removed');
  assert.match(finished.output, /teardown: removed (\d+) of \1 rows?, 0 left \(counted\)/);
  assert.ok((teardown.before?.users ?? 0) >= 1, JSON.stringify(teardown));

  // Of the API lane alone, whose accounts are made first: it takes no browser to owe a target something.
  const killed = startArtillery(t, {
    script: scriptOf(removes, 'browsers: false', 'api: { scenarios: config/loadtests/scenarios.json }'),
    env: { ...env, RUN_ID: 'killed', REPORTS_DIR: finished.reports }, args: ['-t', platform.url],
  });
  const signedUp = async (): Promise<number> => {
    const answer = await fetch(`${platform.url}/api/v1/test-runs/killed`, { headers: { authorization: `Bearer ${platform.operationsToken}` } });
    return ((await answer.json()) as { counts: { users: number } }).counts.users;
  };
  // What happens on the target is no event out here.
  while ((await signedUp()) === 0) await sleep(50);
  killed.child.kill('SIGKILL');
  await killed.finished;
  const clean = (...args: string[]): string => execFileSync(process.execPath, ['src/cli/teardown.ts', 'killed', ...args], {
    cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env, REPORTS_DIR: finished.reports },
  });
  assert.match(clean(), /^killed {2}removed [1-9]\d* of \d+ rows?, 0 left \(counted\)\n$/);
  assert.match(clean('--dry-run'), /^killed {2}0 rows /);
});

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
test('a disk that fills up ends the run with a harness fault, never with a verdict on half of the data', { skip: mayMount ? false : 'skipped: needs root to mount a small disk' }, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'openshow-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    t.skip('skipped: this system does not let root mount');
    return;
  }
  t.after(() => {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]), env: { REPORTS_DIR: disk } });
  const finished = await run.finished;
  assert.equal(finished.exitCode, 4, finished.output);
  assert.match(finished.output, /J_OBSERVATIONS_LOST|J_REPORTS_UNWRITABLE/);
  assert.doesNotMatch(finished.output, /^ GO /m);
  assert.doesNotMatch(finished.output, /^\s+at .*:\d+:\d+\)?$/m);
  assert.ok(existsSync(onlyRun(disk)));
  await assertAllGone(run);
});
