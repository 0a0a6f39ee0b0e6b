import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TestResult, TestResultContainer } from 'allure-js-commons';
import { GateStatus, RunRecord } from '../../model/index.ts';
import type { GateResult, Story } from '../../model/index.ts';
import { CATEGORIES } from './categories.ts';
import { executorOf } from './environment.ts';
import { createShelf, evidenceFiles } from './evidence-files.ts';
import { historyIdOf, pastRun } from './history.ts';
import { metricsOf } from './metrics.ts';
import { writeAllure } from './reporter.ts';
import { seriesOf, testsOf } from './tests.ts';

const text = readFileSync(new URL('../../golden/run/record.json', import.meta.url), 'utf8');

function golden(change: (record: RunRecord) => void = () => {}): RunRecord {
  const record = RunRecord.parse(JSON.parse(text));
  change(record);
  return record;
}

function gateOf(record: RunRecord, id: string): GateResult {
  const gate = record.verdict.gates.find((one) => one.id === id);
  assert.ok(gate);
  return gate;
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'openshow-allure-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const NO_STORY: Story = { slotMs: 1_000, slots: 0, phases: [], faults: [], panels: [], breakers: [], waterfalls: [], distributions: [], temperatures: [], failures: [] };

test('each status of a gate has one of Allure, and the category of its meaning', () => {
  const expected: Record<GateStatus, [status: string, category: string | undefined]> = {
    'pass': ['passed', undefined],
    'fail': ['failed', 'Limits missed'],
    'inconclusive': ['skipped', 'Not settled: more samples are needed'],
    'no-data': ['skipped', 'No data'],
    'error': ['broken', 'Faults of the harness: they say nothing about the target'],
  };
  for (const status of GateStatus.options) {
    const record = golden((one) => { gateOf(one, 'signup').status = status; });
    const found = testsOf(record).find(({ id }) => id === 'signup');
    const category = CATEGORIES.find(({ matchedStatuses, messageRegex }) =>
      matchedStatuses.some((one) => one === found?.status) && (messageRegex === undefined || new RegExp(messageRegex).test(found?.message ?? '')));
    assert.deepEqual([found?.status, category?.name], expected[status]);
  }
});

test('a gate whose observers were disturbed has a category of its own', () => {
  const record = golden((one) => { Object.assign(gateOf(one, 'pay'), { status: 'inconclusive', hint: 'observers disturbed from 00:50 to 01:00, canary +85 ms' }); });
  const message = testsOf(record).find(({ id }) => id === 'pay')?.message ?? '';
  const found = CATEGORIES.find(({ matchedStatuses, messageRegex }) => matchedStatuses.includes('skipped') && new RegExp(messageRegex ?? '').test(message));
  assert.equal(found?.name, 'Latency not judged: the observers were disturbed');
});

test('a test tells its figure and its limit by its name, and keeps its id whatever they are', () => {
  const before = testsOf(golden()).find(({ id }) => id === 'open-checkout');
  assert.equal(before?.name, 'escrow checkout › open checkout · p75 160 ms (≤ 100 ms)');
  const faster = golden((record) => { Object.assign(gateOf(record, 'open-checkout'), { observed: 80, status: 'pass', title: 'the checkout' }); });
  const [a, b] = [pastRun(golden()), pastRun(faster)];
  assert.deepEqual(Object.keys(a.testResults).sort(), Object.keys(b.testResults).sort());
  assert.equal(new Set(Object.keys(a.testResults)).size, testsOf(golden()).length, 'no two tests share an id');
});

test('runs of another script, profile or target are another series; a bundled platform is one whatever its port', () => {
  const plan = golden().plan;
  const series = seriesOf(plan);
  assert.equal(seriesOf({ ...plan, target: { url: 'http://127.0.0.1:1', embedded: true } }), series);
  for (const other of [{ script: 'b.yml' }, { profile: 'load' }, { target: { url: 'https://staging.example.com/x', embedded: false } }]) {
    assert.notEqual(seriesOf({ ...plan, ...other }), series);
  }
});

test('what has no value is in no metric: absence is never zero', () => {
  const record = golden();
  const keys = metricsOf(record).map(({ key }) => key);
  assert.ok(gateOf(record, 'release').observed === null && !keys.includes('release'));
  assert.equal(pastRun(record).metrics['open-checkout'], 160);
  assert.ok(!('release' in pastRun(record).metrics));
  assert.equal(testsOf(record).find(({ id }) => id === 'release')?.name, 'POST /api/v1/payments/escrow/release · no data (≤ 500 ms)');
});

test('a run that never recorded its end, lost lines, or disturbed its observers is broken, and not the target', () => {
  const broken = golden((record) => {
    record.totals.ended = null;
    record.totals.unreadableLines = 3;
    record.validity.latencyHeldBack = true;
  });
  const own = (record: RunRecord): string[] => testsOf(record).filter(({ metric }) => metric === null).map(({ status }) => status);
  assert.deepEqual(own(broken), ['broken', 'broken', 'broken']);
  assert.deepEqual(own(golden()), ['passed', 'passed', 'passed']);
  assert.deepEqual(own(golden(({ totals }) => { totals.artilleryDifference = null; })), ['passed', 'skipped', 'passed'], 'nobody knows whether all was recorded');
});

test('owner and severity are those of slo.yml; money is a blocker without being told', () => {
  const record = golden((one) => { Object.assign(one.plan.gates.find(({ id }) => id === 'signup') ?? {}, { owner: 'Growth', severity: 'minor' }); });
  const found = new Map(testsOf(record).map((one) => [one.id, one]));
  assert.deepEqual([found.get('signup')?.owner, found.get('signup')?.severity], ['Growth', 'minor']);
  assert.deepEqual([found.get('payments-amount-mismatch')?.owner, found.get('payments-amount-mismatch')?.severity], [null, 'blocker']);
});

test('results are written whole: every gate once, the load run before all of them, environment, executor, categories, metrics', async (t) => {
  const runDir = folder(t);
  const results = join(runDir, 'allure-results');
  mkdirSync(results);
  writeFileSync(join(results, 'old-result.json'), '{}');
  writeFileSync(join(runDir, 'verdict.txt'), 'NO-GO');
  const record = golden();
  const job = { GITHUB_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://github.example', GITHUB_REPOSITORY: 'a/b', GITHUB_RUN_ID: '7', GITHUB_WORKFLOW: 'nightly', GITHUB_RUN_NUMBER: '12' };
  await writeAllure(record, { runDir, story: NO_STORY, sourceUrl: 'https://github.example/a/b/blob/c0ffee/' }, job);

  const files = readdirSync(results);
  const read = <T>(end: string): T[] => files.filter((name) => name.endsWith(end)).map((name) => JSON.parse(readFileSync(join(results, name), 'utf8')) as T);
  const tests = read<TestResult>('-result.json');
  assert.deepEqual(tests.map(({ testCaseId }) => historyIdOf(testCaseId ?? '')).sort(), Object.keys(pastRun(record).testResults).sort());
  const [setup] = read<TestResultContainer>('-container.json');
  assert.deepEqual(setup?.children.toSorted(), tests.map(({ uuid }) => uuid).sort());
  assert.deepEqual(setup?.befores[0]?.steps.map(({ name }) => name), ['phase warm up', 'phase steady']);

  const failed = tests.find(({ name }) => name?.startsWith('escrow checkout › open checkout'));
  assert.equal(failed?.status, 'failed');
  assert.match(failed?.statusDetails.message ?? '', /^Limit missed: p75 160 ms, limit ≤ 100 ms, n 10, interval \[147, –\] – server 70 %/);
  const labels = Object.fromEntries((failed?.labels ?? []).map(({ name, value }) => [name, value]));
  assert.deepEqual([labels['parentSuite'], labels['suite'], labels['severity']], ['Load gates', 'What users perceive', 'critical']);
  assert.deepEqual(failed?.steps.map(({ name }) => name), ['take the samples', 'compare with the limit', 'see where the time goes', 'look at the evidence']);
  assert.ok(failed?.steps[1]?.parameters.some(({ name, value }) => name === 'interval (95 % on each side)' && value === '[147, –]'));
  assert.equal(failed?.links[0]?.url, 'https://github.example/a/b/blob/c0ffee/ops/runbooks/perceived-latency.md');

  assert.match(readFileSync(join(results, 'environment.properties'), 'utf8'), /decision\s*=\s*NO-GO/);
  assert.deepEqual(JSON.parse(readFileSync(join(results, 'executor.json'), 'utf8')), {
    buildOrder: 1_795_000_000, reportName: 'NO-GO · journeys.yml · smoke · 18 November 2026, 11:06 UTC', name: 'GitHub Actions', type: 'github',
    buildName: 'nightly #12', buildUrl: 'https://github.example/a/b/actions/runs/7',
  });
  assert.equal(read<unknown[]>('-perf.json')[0]?.length, metricsOf(record).length);
  assert.ok(files.includes('categories.json') && !files.includes('old-result.json'));
  assert.ok(read<{ attachments: { name: string }[] }>('-globals.json').some(({ attachments }) => attachments[0]?.name === 'verdict'));
  assert.deepEqual(readdirSync(runDir).sort(), ['allure-results', 'verdict.txt'], 'nothing half-written is left');
});

test('without a job of GitHub the executor is the harness itself', () => {
  assert.equal(executorOf(golden(), { GITHUB_ACTIONS: 'true' }).type, 'local');
});

test('markup and control characters from outside are text', () => {
  const record = golden((one) => {
    Object.assign(gateOf(one, 'signup'), { title: '<b>signup</b>\u001b[31m › x', hint: '<script>alert(1)</script>', evidence: ['a\u202eb'] });
  });
  const found = testsOf(record).find(({ id }) => id === 'signup');
  assert.ok(found);
  assert.doesNotMatch(found.description, /<script|<b>signup/);
  assert.doesNotMatch(JSON.stringify(found), /\\u001b|\u001b|\u202e/);
});

test('evidence is taken from inside the run folder only, once, and while there is room', async (t) => {
  const runDir = folder(t);
  mkdirSync(join(runDir, 'failures'));
  for (const name of ['failures/a.png', 'failures/a.zip', 'large.png', 'notes.txt']) writeFileSync(join(runDir, name), 'x');
  truncateSync(join(runDir, 'large.png'), 11 * 1_048_576);
  symlinkSync(join(runDir, 'notes.txt'), join(runDir, 'link.png'));
  const shelf = createShelf(runDir);
  const taken = async (path: string): Promise<boolean> => (await shelf.take('x', path)) !== null;
  assert.deepEqual(await Promise.all(['../outside.png', '/etc/passwd', 'large.png', 'notes.txt', 'missing.png', 'failures', 'link.png'].map(taken)), Array(7).fill(false));
  const record = golden((one) => { gateOf(one, 'open-checkout').evidence = ['at 3 s J_STEP_TIMEOUT, screenshot failures/a.png']; });
  const failure = { journey: 'escrow checkout', step: 'open checkout', code: 'J_STEP_TIMEOUT', message: null, tMs: 3_000, times: 4, screenshot: 'failures/a.png', trace: 'failures/a.zip' };
  const files = await evidenceFiles(record, { ...NO_STORY, failures: [failure] }, gateOf(record, 'open-checkout'), shelf);
  assert.deepEqual(files.map(({ name, contentType }) => [name, contentType]), [
    ['screenshot', 'image/png'], ['trace: escrow checkout › open checkout, J_STEP_TIMEOUT, first of 4', 'application/vnd.allure.playwright-trace'],
  ]);
});
