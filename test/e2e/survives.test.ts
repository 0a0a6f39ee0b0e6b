import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAllGone, onlyRun, processesOf, startArtillery } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, shortScript } from './short.ts';

test('a platform that dies under load fails its users and the verdict, never the harness', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 20, arrivalRate: 2 }', [ERROR_GATE]).replace('stepDeadlineSeconds: 15', 'stepDeadlineSeconds: 3') });
  await run.said(' passed ');
  const main = processesOf(run).find((line) => line.includes('platform/main.ts'));
  assert.ok(main);
  process.kill(Number(main.split(' ')[0]), 'SIGKILL');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 1, finished.output);
  assert.match(finished.output, /the bundled platform ended/);
  assert.match(finished.output, / NO-GO /);
  await assertAllGone(run);
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
