import assert from 'node:assert/strict';
import { appendFileSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import { CodedError, formatError } from '../../errors.ts';
import { reportCommand } from './command.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const GOLDEN = join(ROOT, 'src/golden/run');

test('no Allure report is built of a run, or of functional journeys beside it, that hold something private', { timeout: 60_000 }, async (t) => {
  const reports = temporaryFolder(t);
  const run = join(reports, 'leaky');
  mkdirSync(run);
  for (const name of readdirSync(GOLDEN).filter((one) => /^(?:plan|environment|observations).*json$/.test(one))) cpSync(join(GOLDEN, name), join(run, name));
  const refusal = async (): Promise<string> => {
    const around = { root: ROOT, environment: { REPORTS_DIR: reports }, out: () => {}, err: () => {}, isTerminal: false };
    const thrown: unknown = await reportCommand([run, '--no-open'], around).then(() => null, (error: unknown) => error);
    assert.ok(thrown instanceof CodedError);
    assert.deepEqual([thrown.code, thrown.exitCode], ['J_PRIVACY', 1]);
    return formatError(thrown);
  };

  // As a version without the layer would have recorded it: no report shows it all the same.
  const observations = join(run, 'observations.worker-1.ndjson');
  const recorded = readFileSync(observations, 'utf8');
  const journey = recorded.split('\n').map((line) => JSON.parse(line || '{}') as Record<string, unknown>).find(({ kind }) => kind === 'journey');
  appendFileSync(observations, `${JSON.stringify({ ...journey, vu: 'leak', outcome: 'failed', errorCode: 'J_STEP_FAILED', message: 'no answer for jana@firma.de' })}\n`);
  writeFileSync(join(run, 'notes.txt'), 'asked jana@firma.de\n');
  const told = (await refusal()).split('\n').filter((line) => line.includes('email j***@f***.de')).map((line) => line.replace(/^.*leaky\//, ''));
  assert.deepEqual(told, ['notes.txt:1: email j***@f***.de', `observations.worker-1.ndjson:${recorded.split('\n').length}: email j***@f***.de`]);
  assert.match(readFileSync(join(run, 'record.json'), 'utf8'), /no answer for \[masked email\]/);
  assert.ok(!readdirSync(run).includes('allure-report'));

  rmSync(join(run, 'notes.txt'));
  writeFileSync(observations, recorded);
  const functional = join(reports, 'functional/allure-results');
  mkdirSync(functional, { recursive: true });
  appendFileSync(join(functional, 'a-result.json'), '{"name":"call +49 30 901820"}');
  assert.match(await refusal(), /functional\/allure-results\/a-result\.json:1: phone \+49\*\*\*20\n/);
});
