import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asCodedError } from '../../errors.ts';
import { Comparison } from '../../model/index.ts';
import { jsonReporter } from '../../report/json.ts';
import { judgeRun } from '../judge-run.ts';
import { compareCommand } from './command.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/run', import.meta.url));
const DAY_MS = 86_400_000;

let template = '';

/** Makes a run like the golden one, its steps so many times as slow. */
async function addRun(reports: string, runId: string, times: number, startedAfterMs: number): Promise<void> {
  const folder = join(reports, runId);
  await cp(GOLDEN, folder, { recursive: true });
  await rm(join(folder, 'record.json'));
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.ndjson') || one === 'plan.json')) {
    const text = (await readFile(join(folder, name), 'utf8')).replaceAll('"golden-smoke"', `"${runId}"`)
      .replace(/"startedAtEpochMs": ?(\d+)/, (_, ms: string) => `"startedAtEpochMs": ${Number(ms) + startedAfterMs}`)
      .replace(/"perceivedMs":([\d.]+)/g, (_, ms: string) => `"perceivedMs":${Number(ms) * times}`);
    await writeFile(join(folder, name), text);
  }
  await judgeRun(folder, { reporters: [jsonReporter] });
}

before(async () => {
  template = await mkdtemp(join(tmpdir(), 'openshow-compare-'));
  await addRun(template, 'first', 1, 0);
  await addRun(template, 'slower', 2, DAY_MS);
});
after(() => rm(template, { recursive: true, force: true }));

interface Told {
  exitCode: number;
  out: string;
  err: string;
  reports: string;
}

async function reportsFolder(context: TestContext): Promise<string> {
  const reports = await mkdtemp(join(tmpdir(), 'openshow-compare-'));
  context.after(() => rm(reports, { recursive: true, force: true }));
  await cp(template, reports, { recursive: true });
  return reports;
}

async function compare(reports: string, args: string[], environment: NodeJS.ProcessEnv = {}): Promise<Told> {
  const told = { out: '', err: '' };
  const exitCode = await compareCommand(args, {
    root: reports, environment: { REPORTS_DIR: reports, ...environment }, color: false, columns: 140,
    out: (text) => void (told.out += text), err: (text) => void (told.err += text),
  });
  return { exitCode, ...told, reports };
}

/** Says of a run's record that it was a GO, as the golden one is not. */
async function declareGo(reports: string, runId: string): Promise<void> {
  const path = join(reports, runId, 'record.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"decision": "NO-GO"', '"decision": "GO"'));
}

test('two runs: what is worse stands first, the reports are in B, the exit code says it', async (context) => {
  const reports = await reportsFolder(context);
  const summary = join(reports, 'summary.md');
  const { exitCode, out } = await compare(reports, ['first', join(reports, 'slower')], { GITHUB_STEP_SUMMARY: summary });
  assert.equal(exitCode, 1);
  assert.match(out, /^\n WORSE {3}\d+ of \d+ gates are worse: /);
  assert.match(out, /✗ search page view › landing page +p75 +143 ms → 285 ms/);
  assert.match(out, /report {3}.*slower.*compare-first\.html/);
  const page = await readFile(join(reports, 'slower/compare-first.html'), 'utf8');
  assert.match(page, /default-src 'none'/);
  assert.match(page, /<h1 class="decision fail">Worse<\/h1>/);
  assert.doesNotMatch(page, /<script|https?:\/\/(?!127\.0\.0\.1|www\.w3\.org)/);
  assert.match(await readFile(join(reports, 'slower/compare-first.md'), 'utf8'), /^### worse · slower against first/);
  assert.match(await readFile(summary, 'utf8'), /### worse/);
  const inActions = await compare(reports, ['first', 'slower'], { GITHUB_ACTIONS: 'true' });
  assert.match(inActions.out, /^::stop-commands::(\S+)\n[^]*\n::\1::\n$/);
  const back = await compare(reports, ['slower', 'first']);
  assert.notEqual(back.exitCode, 1);
  assert.match(back.out, /✓ search page view › landing page +p75 +285 ms → 143 ms/);
});

test('--json gives the comparison and nothing else, the same every time', async (context) => {
  const reports = await reportsFolder(context);
  const { out, exitCode } = await compare(reports, ['first', 'slower', '--json']);
  assert.equal(exitCode, 1);
  assert.equal(Comparison.parse(JSON.parse(out)).result, 'worse');
  assert.equal((await compare(reports, ['first', 'slower', '--json'])).out, out);
});

test('one run is held against the last GO before it, none means the newest', async (context) => {
  const reports = await reportsFolder(context);
  const nothing = await compare(reports, ['slower']).catch(asCodedError);
  assert.ok('code' in nothing && nothing.code === 'J_NOTHING_TO_COMPARE' && nothing.exitCode === 2);
  assert.match(nothing.faults[0]?.message ?? '', /no GO of profile "smoke" on/);
  await declareGo(reports, 'first');
  assert.match((await compare(reports, ['slower'])).out, /A first · smoke/);
  assert.match((await compare(reports, [])).out, /B slower · smoke/);
});

test('a baseline outlives its run, may be moved, and is the gate for CI', async (context) => {
  const reports = await reportsFolder(context);
  const missing = await compare(reports, ['slower', '--baseline', 'main']).catch(asCodedError);
  assert.ok('code' in missing && missing.code === 'J_NOTHING_TO_COMPARE');
  const saved = await compare(reports, ['--save-baseline', 'main', 'first']);
  assert.match(saved.out, /^baseline main: first \(NO-GO\)\n/);
  assert.match(saved.err, /this baseline is itself NO-GO/);
  await rm(join(reports, 'first'), { recursive: true });
  assert.equal((await compare(reports, ['--baseline', 'main'])).exitCode, 1);
  await cp(join(reports, 'baselines/main.json.gz'), join(reports, 'moved.json.gz'));
  assert.equal((await compare(reports, ['slower', '--baseline', join(reports, 'moved.json.gz')])).exitCode, 1);
  assert.match((await compare(reports, ['--save-baseline', 'main', 'slower'])).out, /in the place of first/);
  assert.equal((await compare(reports, ['slower', '--baseline', 'main'])).out.includes('same run'), true);
});

test('what cannot be compared is a coded error with its place', async (context) => {
  const reports = await reportsFolder(context);
  await writeFile(join(reports, 'spoiled.json.gz'), 'no archive');
  await rm(join(reports, 'first/record.json'));
  const cases: [args: string[], code: string, said: RegExp][] = [
    [['none', 'slower'], 'J_RUN_NOT_FOUND', /no run/],
    [['first', 'slower'], 'J_RUN_UNREADABLE', /not judged yet/],
    [['slower', '--baseline', join(reports, 'spoiled.json.gz')], 'J_BASELINE', /not a baseline/],
    [['slower', '--baseline', '../x/../y'], 'J_NOTHING_TO_COMPARE', /there is no baseline/],
    [['slower', '--baseline', 'a b'], 'J_USAGE', /no name for a baseline/],
    [['a', 'b', 'c'], 'J_USAGE', /two runs at most/],
    [['a', 'b', '--baseline', 'main'], 'J_USAGE', /one run with --baseline/],
    [['--margin', 'much'], 'J_USAGE', /--margin: a number/],
    [['--nope'], 'J_USAGE', /nope/],
    [['--save-baseline', 'x', '--json'], 'J_USAGE', /no other option/],
  ];
  for (const [args, code, said] of cases) {
    const error = await compare(reports, args).catch(asCodedError);
    assert.ok('code' in error, args.join(' '));
    assert.deepEqual([error.code, said.test(`${error.faults[0]?.message} ${error.faults[0]?.hint}`)], [code, true], `${args.join(' ')}: ${error.faults[0]?.message}`);
  }
});
