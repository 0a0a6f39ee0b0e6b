import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openTarget } from './open.ts';
import { removeRun } from './remove.ts';

const folder = mkdtempSync(join(tmpdir(), 'openshow-teardown-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'rows');

/** A shell program with the rows in a file: what people write for a target without an address. */
const program = (text: string): string[] => ['sh', '-c', text, 'sh'];
const run = (command: string[], timeoutMs = 10_000, runId = 'run 1; rm -rf x') =>
  removeRun({ target: openTarget({ url: null, command, timeoutMs }, runId, { auth: {}, token: 'secret' }), timeoutMs });

test('a program counts and removes; it gets the id as one argument, and the token in its environment', async () => {
  writeFileSync(file, '7');
  const { outcome, before, after: left } = await run(program(`
    echo "$1/$2/$TEARDOWN_TOKEN" >> ${join(folder, 'calls')}
    if [ "$1" = remove ]; then echo 0 > ${file}; fi
    echo "{\\"counts\\":{\\"rows\\":$(cat ${file})}}"`));
  assert.deepEqual([outcome, before, left], ['removed', { rows: 7 }, { rows: 0 }]);
  assert.deepEqual(readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n'),
    ['count', 'remove', 'count'].map((what) => `${what}/run 1; rm -rf x/secret`));
});

test('one that fails, is not there, prints nonsense or hangs has removed nothing that anybody knows of', async () => {
  const cases: [string[], RegExp][] = [
    [program('echo gone wrong >&2; exit 3'), /exit code 3: gone wrong/],
    [['/nowhere/at-all'], /ENOENT/],
    [program('echo hello'), /JSON/],
  ];
  for (const [command, message] of cases) {
    const report = await run(command);
    assert.deepEqual([report.outcome, report.before], ['failed', null]);
    assert.match(report.message ?? '', message);
  }
  // Three seconds is what a last count may take at least.
  const hung = await openTarget({ url: null, command: program('exec sleep 60'), timeoutMs: 1 }, 'r', { auth: {}, token: undefined })
    .count(50).then(() => null, (error: unknown) => (error as Error).message);
  assert.match(hung ?? '', /SIGKILL after 50 ms/);
});

test('one that leaves its group and holds the pipe is not waited for', { skip: process.platform !== 'linux' }, async () => {
  const pidFile = join(folder, 'left');
  const left = await openTarget({ url: null, command: program(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' & exec sleep 60`), timeoutMs: 1 }, 'r', { auth: {}, token: undefined })
    .count(1_000).then(() => null, (error: unknown) => (error as Error).message);
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  assert.match(left ?? '', /SIGKILL after 1000 ms/);
});
