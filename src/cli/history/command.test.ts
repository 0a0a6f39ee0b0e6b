import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asCodedError } from '../../errors.ts';
import { HISTORY_FILE } from '../../history/database.ts';
import { historyCommand } from './command.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/run', import.meta.url));

function reportsFolder(context: TestContext): string {
  const reports = mkdtempSync(join(tmpdir(), 'openshow-history-'));
  context.after(() => rmSync(reports, { recursive: true, force: true }));
  return reports;
}

async function history(reports: string, ...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const told = { out: '', err: '' };
  const exitCode = await historyCommand(args, {
    root: reports, environment: { REPORTS_DIR: reports }, nowEpochMs: 1_700_000_000_000,
    out: (text) => void (told.out += text), err: (text) => void (told.err += text),
  });
  return { exitCode, ...told };
}

test('runs, a gate over its runs, and what a machine reads', async (context) => {
  const reports = reportsFolder(context);
  assert.equal((await history(reports)).out, 'no runs yet\n');
  cpSync(GOLDEN, join(reports, 'golden-smoke'), { recursive: true });
  assert.match((await history(reports)).out, /golden-smoke {2}smoke {2}.*NO-GO {2}\d+ ✓ \d+ ✗ \d+ \? /);
  assert.match((await history(reports, 'gate', 'landing-page')).out, /search page view › landing page \(landing-page\)\n ✓ .* p75 {2}143 ms {2}\[.*\] {2}≤ .* n 14/);
  const { runs } = JSON.parse((await history(reports, '--json')).out) as { runs: { runId: string }[] };
  assert.deepEqual(runs.map(({ runId }) => runId), ['golden-smoke']);
  assert.equal((await history(reports, '--profile', 'load')).out, 'no runs yet\n');
});

test('a broken database is told, and what it held is shown from the files', async (context) => {
  const reports = reportsFolder(context);
  cpSync(GOLDEN, join(reports, 'golden-smoke'), { recursive: true });
  writeFileSync(join(reports, HISTORY_FILE), 'broken'.repeat(1_000));
  const { out, err, exitCode } = await history(reports);
  assert.equal(exitCode, 0);
  assert.match(err, /history\.sqlite is broken .*; shown from the files/);
  assert.match(out, /golden-smoke/);
  assert.equal((await history(reports, 'rebuild')).out, 'history of 1 run and 0 rounds of checks, from their files\n');
  assert.equal((await history(reports)).err, '');
});

test('names from outside are text on the terminal', async (context) => {
  const reports = reportsFolder(context);
  const hostile = '\u001b[32mGO\u001b[0m';
  writeFileSync(join(reports, 'x'), '');
  cpSync(GOLDEN, join(reports, hostile), { recursive: true });
  writeFileSync(join(reports, hostile, 'record.json'), '{}');
  const { out, err } = await history(reports);
  assert.ok(![...out, ...err].includes('\u001b'));
});

test('wrong arguments are coded errors; a gate nearly named is guessed', async (context) => {
  const reports = reportsFolder(context);
  cpSync(GOLDEN, join(reports, 'golden-smoke'), { recursive: true });
  for (const [args, said] of [
    [['gate'], /give the id of one gate/], [['nope'], /nothing that it does/], [['--last', '0'], /--last: a whole number/],
    [['rebuild', '--json'], /rebuild takes no options/], [['gate', 'landing-pag'], /no run judged a gate/],
  ] as const) {
    const error = await history(reports, ...args).catch(asCodedError);
    assert.ok('code' in error && error.code === 'J_USAGE');
    assert.match(error.faults[0]?.message ?? '', said);
  }
  const near = await history(reports, 'gate', 'landing-pag').catch(asCodedError);
  assert.match('faults' in near ? (near.faults[0]?.hint ?? '') : '', /did you mean "landing-page"/);
});
