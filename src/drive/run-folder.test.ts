import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../errors.ts';
import { RunLock, makeRunFolder, makeRunId, writeRunFile } from './run-folder.ts';

const START = new Date('2026-11-21T18:52:31.500Z');

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'run-folder-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a run's id is the one asked for, or its start and profile", () => {
  assert.equal(makeRunId('release-1.2_rc', START, 'smoke'), 'release-1.2_rc');
  assert.equal(makeRunId(undefined, START, 'smoke'), '2026-11-21T18-52-31Z-smoke');
  const shared = Array.from({ length: 5 }, () => makeRunId(undefined, START, 'smoke', true));
  for (const id of shared) assert.match(id, /^2026-11-21T18-52-31Z-smoke-[\da-f]{4}$/);
  assert.ok(new Set(shared).size > 1, 'two machines that begin in one second are two runs');
  assert.equal(makeRunId('mine', START, 'smoke', true), 'mine');
  assert.equal(makeRunId(undefined, START, '../my profile'), '2026-11-21T18-52-31Z-..-my-profile');
});

for (const id of ['../up', 'a/b', 'a\\b', '..', '.hidden', '-rf', 'a b', 'ä', 'a\n', '', 'a'.repeat(101), 'a\0b', '%2e%2e']) {
  test(`a run id that no folder should have is refused: ${JSON.stringify(id.slice(0, 20))}`, () => {
    assert.throws(() => makeRunId(id, START, 'smoke'), { code: 'J_RUN_ID', exitCode: 3 });
  });
}

test('a folder for the run is made, with the folders above it', (t) => {
  const reports = join(temporary(t), 'deep', 'reports');
  assert.equal(makeRunFolder(reports, 'r1'), join(reports, 'r1'));
  assert.ok(existsSync(join(reports, 'r1')));
});

test('a second run with the same id is refused, and the first one keeps its files', (t) => {
  const reports = temporary(t);
  writeRunFile(join(makeRunFolder(reports, 'r1'), 'plan.json'), { first: true });
  assert.throws(() => makeRunFolder(reports, 'r1'), { code: 'J_RUN_EXISTS', exitCode: 3 });
  assert.deepEqual(JSON.parse(readFileSync(join(reports, 'r1', 'plan.json'), 'utf8')), { first: true });
});

test('a reports folder that cannot be made is told as that, with the reason', (t) => {
  const file = join(temporary(t), 'reports');
  writeFileSync(file, 'a file is in its place');
  for (const reports of [file, join(file, 'inside')]) {
    assert.throws(() => makeRunFolder(reports, 'r1'), (error: CodedError) => {
      assert.equal(error.code, 'J_REPORTS_UNWRITABLE');
      assert.match(error.faults[0]?.message ?? '', /EEXIST|ENOTDIR/);
      return true;
    });
  }
});

test('a file that cannot be written is told as that', (t) => {
  const folder = temporary(t);
  assert.throws(() => writeRunFile(join(folder, 'missing', 'plan.json'), {}), { code: 'J_REPORTS_UNWRITABLE' });
});

test('a disk without space is told as that', { skip: !existsSync('/dev/full') }, (t) => {
  const path = join(temporary(t), 'plan.json');
  symlinkSync('/dev/full', `${path}.tmp`);
  assert.throws(() => writeRunFile(path, {}), (error: CodedError) => {
    assert.equal(error.code, 'J_REPORTS_UNWRITABLE');
    assert.equal(error.faults[0]?.message, 'ENOSPC');
    return true;
  });
});

test('the lock is taken once, names its holder, and is free again after release', (t) => {
  const path = join(temporary(t), 'lock');
  const lock = RunLock.take('first', path);
  assert.throws(() => RunLock.take('second', path), (error: CodedError) => {
    assert.equal(error.code, 'J_RUN_LOCKED');
    assert.match(error.faults[0]?.message ?? '', new RegExp(`run first, process ${process.pid}`));
    return true;
  });
  assert.equal(RunLock.holder(path), 'first');
  lock.release();
  assert.equal(RunLock.holder(path), null);
  RunLock.take('second', path).release();
  assert.ok(!existsSync(path));
});

test('the lock of a process that is gone is taken over', (t) => {
  const path = join(temporary(t), 'lock');
  const gone = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(path, JSON.stringify({ pid: gone.pid, born: '1', runId: 'gone' }));
  RunLock.take('next', path).release();
});

test('the lock of a process whose id is now somebody else\'s is taken over', { skip: !existsSync('/proc/self/stat') }, (t) => {
  const path = join(temporary(t), 'lock');
  // Alive, but not born when the lock's holder was.
  writeFileSync(path, JSON.stringify({ pid: process.ppid, born: '1', runId: 'long gone' }));
  RunLock.take('next', path).release();
});

test('the lock of a process that has ended, and whose parent never asked, is taken over', { skip: !existsSync('/proc/self/stat') }, async (t) => {
  const path = join(temporary(t), 'lock');
  // The shell becomes a process that knows nothing of the child it now has.
  const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
  while (!stat().startsWith('Z')) await new Promise((resolve) => setTimeout(resolve, 10));
  writeFileSync(path, JSON.stringify({ pid, born: stat().split(' ')[19], runId: 'ended' }));
  RunLock.take('next', path).release();
});

test('the lock of a process of which only its number is known is held as long as there is such a process', (t) => {
  const path = join(temporary(t), 'lock');
  writeFileSync(path, JSON.stringify({ pid: process.ppid, born: null, runId: 'other' }));
  assert.throws(() => RunLock.take('next', path), { code: 'J_RUN_LOCKED' });
});

for (const content of ['', '{', 'null', '[]', '{"pid":"x"}', '{}']) {
  test(`a lock that a killed process left half-written is taken over: ${JSON.stringify(content)}`, (t) => {
    const path = join(temporary(t), 'lock');
    writeFileSync(path, content);
    RunLock.take('next', path).release();
  });
}

test('a lock that cannot be written is told as that, and not as taken', (t) => {
  assert.throws(() => RunLock.take('r', join(temporary(t), 'missing', 'lock')), { code: 'J_REPORTS_UNWRITABLE' });
});

test("release leaves another run's lock alone", (t) => {
  const path = join(temporary(t), 'lock');
  const lock = RunLock.take('first', path);
  writeFileSync(path, JSON.stringify({ pid: process.ppid, born: null, runId: 'other' }));
  lock.release();
  assert.ok(existsSync(path));
});
