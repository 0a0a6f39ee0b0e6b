import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { wantsColor } from './color.ts';
import { judgeRun } from './judge-run.ts';

const RUN = fileURLToPath(new URL('../golden/run', import.meta.url));
const JUDGE = fileURLToPath(new URL('./judge.ts', import.meta.url));

async function copyOfRun(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'judge-'));
  context.after(() => rm(folder, { recursive: true }));
  await cp(RUN, folder, { recursive: true });
  return folder;
}

function judge(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [JUDGE, ...args], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
}

test("the command prints the block, writes the record and ends with the verdict's exit code", async (context) => {
  const folder = await copyOfRun(context);
  await rm(join(folder, 'record.json'));
  const { status, stdout, stderr } = judge(folder);
  assert.deepEqual([status, stderr], [1, '']);
  assert.match(stdout, /NO-GO {3}journeys\.yml · smoke/);
  assert.equal(
    (JSON.parse(await readFile(join(folder, 'record.json'), 'utf8')) as { verdict: { decision: string } }).verdict
      .decision,
    'NO-GO',
  );
});

test('what cannot be judged is a coded error with its place, the right exit code, and no stack', async (context) => {
  const folder = await copyOfRun(context);
  const breakPlan = async (text: string): Promise<void> => writeFile(join(folder, 'plan.json'), text);
  const plan = await readFile(join(folder, 'plan.json'), 'utf8');
  const slo = join(folder, 'bad.yml');
  await writeFile(slo, 'version: 1\ngates:\n  - id: a\n    metric: nope\n');
  const cases: [string, () => Promise<void>, string[], number, RegExp][] = [
    ['no folder given', async () => {}, [], 3, /J_USAGE.*\n.*give one run folder \(npm run judge/],
    ['unknown option', async () => {}, [folder, '--nope'], 3, /J_USAGE/],
    ['missing folder', async () => {}, ['reports/none'], 3, /J_RUN_NOT_FOUND.*\n {2}reports\/none: does not exist/],
    ['a file', async () => {}, [join(folder, 'plan.json')], 3, /J_RUN_NOT_FOUND.*\n.*not a folder/],
    ['slo.yml that is not there', async () => {}, [folder, '--slo', 'none.yml'], 3, /J_USAGE.*\n.*none\.yml/],
    [
      'slo.yml with faults',
      async () => {},
      [folder, '--slo', slo],
      3,
      /J_SLO_INVALID.*\n.*bad\.yml:4:13 gates\[0\]\.metric/,
    ],
    [
      'environment that is not JSON',
      () => writeFile(join(folder, 'environment.json'), '{'),
      [folder],
      4,
      /J_RUN_UNREADABLE.*\n.*environment\.json: not JSON/,
    ],
    [
      'plan that is torn',
      () => breakPlan(plan.slice(0, 200)),
      [folder],
      4,
      /J_RUN_UNREADABLE.*\n.*plan\.json: not JSON/,
    ],
    ['empty plan', () => breakPlan(''), [folder], 4, /plan\.json: the file is empty/],
    [
      'plan of another version',
      () => breakPlan(plan.replace('"schemaVersion": 1', '"schemaVersion": 9')),
      [folder],
      4,
      /schemaVersion 9/,
    ],
    [
      'plan with a wrong value',
      () => breakPlan(plan.replace('"confidence": 0.95', '"confidence": 95')),
      [folder],
      4,
      /plan\.json confidence/,
    ],
    [
      'folder without a plan',
      () => rm(join(folder, 'plan.json')),
      [folder],
      3,
      /J_RUN_NOT_FOUND.*\n.*holds no plan\.json/,
    ],
  ];
  for (const [name, prepare, args, status, message] of cases) {
    await prepare();
    const result = judge(...args);
    assert.equal(result.status, status, `${name}: ${result.stderr}`);
    assert.match(result.stderr, message, name);
    assert.ok(!/\n\s+at /.test(result.stderr) && result.stdout === '', name);
  }
});

test('a killed run is judged on what is there: a torn last line is counted, and it is never a GO', async (context) => {
  const folder = await copyOfRun(context);
  const main = join(folder, 'observations.main.ndjson');
  const lines = (await readFile(main, 'utf8')).trimEnd().split('\n');
  await writeFile(main, `${lines.slice(0, -1).join('\n')}\n${lines.at(-1)?.slice(0, 40)}`);
  const { record } = await judgeRun(folder);
  assert.deepEqual([record.totals.ended, record.totals.unreadableLines], [null, 1]);
  assert.match(record.verdict.reason, /INCOMPLETE/);
});

test('lines that are no observation of this run are counted and left out', async (context) => {
  const folder = await copyOfRun(context);
  const before = (await judgeRun(folder)).record;
  const worker = join(folder, 'observations.worker-1.ndjson');
  const [first = ''] = (await readFile(worker, 'utf8')).split('\n');
  const foreign = [
    first.replace('golden-smoke', 'other-run'),
    first.replace('"v":1', '"v":2'),
    'null',
    '[]',
    '{"kind":"step"}',
    '\u0000\u0000',
    first.replace('"tMs":', '"extra":1,"tMs":'),
    'x'.repeat(3_000_000),
    first.replace(/"tMs":[\d.]+/, '"tMs":1e999'),
  ];
  await appendFile(worker, `${foreign.join('\n')}\n\n  \n`);
  const after = (await judgeRun(folder)).record;
  assert.equal(after.totals.unreadableLines, foreign.length);
  assert.deepEqual(after.findings, before.findings);
});

test('a run folder without observations is judged as one without data', async (context) => {
  const folder = await copyOfRun(context);
  const names = (await readdir(folder)).filter((name) => name.startsWith('observations'));
  for (const name of [...names, 'environment.json']) await rm(join(folder, name));
  const { record, exitCode } = await judgeRun(folder);
  assert.deepEqual([record.verdict.decision, exitCode, record.environment], ['INCONCLUSIVE', 2, null]);
  assert.ok(record.verdict.gates.every((gate) => gate.status === 'no-data'));
});

test('another slo.yml judges the same observations anew, and the record says that it did', async (context) => {
  const folder = await copyOfRun(context);
  const text = 'version: 1\ngates:\n  - { id: only, metric: journey_error_rate, unit: "%", max: 20, source: test }\n';
  const { record, exitCode } = await judgeRun(folder, { slo: { text, fileName: 'other.yml' } });
  assert.deepEqual(
    [record.verdict.decision, exitCode, record.verdict.gates.map((gate) => gate.id)],
    ['GO', 0, ['only']],
  );
  assert.notEqual(record.plan.sourceHash, (await judgeRun(folder)).record.plan.sourceHash);
});

test('a reporter that fails turns exit code 0 into 4, and leaves any other', async (context) => {
  const folder = await copyOfRun(context);
  const reporters = [{ name: 'broken', write: () => Promise.reject(new Error('no space')) }];
  const text = 'version: 1\ngates:\n  - { id: only, metric: journey_error_rate, unit: "%", max: 20, source: test }\n';
  const good = await judgeRun(folder, { reporters, slo: { text, fileName: 'other.yml' } });
  assert.deepEqual([good.exitCode, good.reporterFaults], [4, [{ reporter: 'broken', message: 'no space' }]]);
  assert.equal((await judgeRun(folder, { reporters })).exitCode, 1);
});

test('colour follows NO_COLOR, FORCE_COLOR, then the terminal', () => {
  assert.equal(wantsColor({}, true), true);
  assert.equal(wantsColor({}, false), false);
  assert.equal(wantsColor({ TERM: 'dumb' }, true), false);
  assert.equal(wantsColor({ FORCE_COLOR: '1' }, false), true);
  assert.equal(wantsColor({ FORCE_COLOR: '0' }, true), false);
  assert.equal(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false);
});
