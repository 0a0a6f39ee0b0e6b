import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RollbackJournal } from '../drive/drills/journal.ts';
import { CodedError } from '../errors.ts';
import { drillsCommand, type DrillsSurroundings } from './drills/command.ts';
import { readArguments } from './drills/arguments.ts';

const ROOT = join(import.meta.dirname, '../..');

function surroundings(): DrillsSurroundings & { said: string[] } {
  const said: string[] = [];
  return { root: ROOT, command: ['false'], environment: {}, out: (text) => said.push(text), columns: 120, said };
}

async function refused(args: string[]): Promise<CodedError> {
  try {
    await drillsCommand(args, surroundings());
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was taken' });
}

test('the command line is read, and what does not go together is refused', () => {
  assert.deepEqual(readArguments([]), { kind: 'run', drills: [], json: false });
  assert.deepEqual(readArguments(['payments-down', 'storage-down', '--json']), { kind: 'run', drills: ['payments-down', 'storage-down'], json: true });
  assert.deepEqual(readArguments(['--list']), { kind: 'list' });
  assert.deepEqual(readArguments(['--rollback', 'reports/x']), { kind: 'rollback', runDir: 'reports/x' });
  for (const args of [['--list', 'payments-down'], ['--rollback', 'x', '--list'], ['--rollback', ''], ['--rollback'], ['--nonsense'], ['a,b'], ['../x']]) {
    assert.throws(() => readArguments(args), (error) => error instanceof CodedError && error.code === 'J_USAGE', args.join(' '));
  }
});

test('every drill of the profile can be read, and is listed with what it claims', async () => {
  const around = surroundings();
  assert.equal(await drillsCommand(['--list'], around), 0);
  const text = around.said.join('');
  for (const name of ['payments-partial', 'payments-down', 'payments-slow', 'payments-rate-limited', 'payments-herd', 'model-partial', 'model-down', 'storage-partial', 'storage-down', 'replica-lost', 'worker-killed']) {
    assert.match(text, new RegExp(`^${name}  \\S`, 'm'));
  }
});

test('a folder without drills, and a run under way, are not rolled back; one with nothing left says so', async (t) => {
  const runDir = mkdtempSync(join(tmpdir(), 'run-'));
  t.after(() => rmSync(runDir, { recursive: true }));
  assert.equal((await refused(['--rollback', runDir])).code, 'J_RUN_NOT_FOUND');
  const journal = RollbackJournal.begin(runDir, 'run');
  const around = surroundings();
  assert.equal(await drillsCommand(['--rollback', runDir], around), 0);
  assert.deepEqual(around.said, ['nothing is left to undo\n']);
  journal.owe('a/0', 'cut', { undo: { kind: 'command', run: ['true'] }, embedded: false });
  assert.equal((await refused(['--rollback', runDir])).code, 'J_RUN_LOCKED');
});

test('the record of another run under the same id is not taken for this one\'s', async (t) => {
  const reports = mkdtempSync(join(tmpdir(), 'reports-'));
  t.after(() => rmSync(reports, { recursive: true }));
  mkdirSync(join(reports, 'taken'));
  // Whoever reads it throws.
  writeFileSync(join(reports, 'taken', 'record.json'), '{}');
  const around = { ...surroundings(), environment: { RUN_ID: 'taken', REPORTS_DIR: reports } };
  assert.equal(await drillsCommand([], around), 1);
  assert.deepEqual(around.said, []);
});
