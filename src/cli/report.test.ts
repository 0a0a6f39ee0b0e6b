import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright';
import { realLauncher, temporaryFolder } from '../drive/testing.ts';
import { asCodedError, formatError } from '../errors.ts';
import type { Plan, RunRecord } from '../model/index.ts';
import { FUNCTIONAL_SUITE } from '../report/allure/tests.ts';
import { readArguments } from './report/arguments.ts';
import { newest, reportCommand } from './report/command.ts';
import { hasDesktop } from './report/open.ts';
import { runsOf } from './report/runs.ts';
import { sealed } from './report/seal.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const GOLDEN = join(ROOT, 'src/golden/run');

async function report(args: string[], reports: string): Promise<{ exitCode: number; out: string; err: string }> {
  const told = { out: '', err: '' };
  const exitCode = await reportCommand(args, {
    root: ROOT,
    environment: { REPORTS_DIR: reports },
    out: (text) => { told.out += text; },
    err: (text) => { told.err += text; },
    isTerminal: false,
  });
  return { exitCode, ...told };
}

function change<T>(path: string, how: (content: T) => void): void {
  const content = JSON.parse(readFileSync(path, 'utf8')) as T;
  how(content);
  writeFileSync(path, JSON.stringify(content));
}

/** A run an hour before, in which the gate that fails now was met; only what history needs of it is still there. */
function earlierRun(folder: string): void {
  mkdirSync(folder);
  for (const name of ['plan.json', 'record.json']) cpSync(join(GOLDEN, name), join(folder, name));
  const earlier = (plan: Plan): void => {
    plan.runId = 'earlier';
    plan.startedAtEpochMs -= 3_600_000;
  };
  change<Plan>(join(folder, 'plan.json'), earlier);
  change<RunRecord>(join(folder, 'record.json'), ({ plan, verdict }) => {
    earlier(plan);
    Object.assign(verdict.gates.find(({ id }) => id === 'open-checkout') ?? {}, { observed: 80, status: 'pass' });
  });
}

function functionalResult(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'f-result.json'), JSON.stringify({
    uuid: 'f', name: 'signup in a browser', fullName: 'signup', testCaseId: 'f', status: 'passed', stage: 'finished', statusDetails: {}, steps: [],
    attachments: [], parameters: [], links: [], start: 1, stop: 2, labels: [{ name: 'parentSuite', value: FUNCTIONAL_SUITE }, { name: 'suite', value: 'Playwright' }],
  }));
}

const HOSTILE = '<img src=x onerror="window.hacked=1">';

test('a stakeholder opens the built report and finds the failed gate by clicking', { timeout: 90_000 }, async (t) => {
  const reports = temporaryFolder(t);
  const run = join(reports, 'newest');
  earlierRun(join(reports, 'earlier'));
  // Whoever judged the golden run by hand has reports in its folder.
  const names = readdirSync(GOLDEN).filter((name) => /^(?:plan|environment|record|observations).*json$/.test(name));
  for (const name of names) cpSync(join(GOLDEN, name), join(run, name), { recursive: true });
  change<Plan>(join(run, 'plan.json'), ({ gates }) => {
    Object.assign(gates.find(({ id }) => id === 'signup') ?? {}, { title: `${HOSTILE} › signup`, source: '</script><script>window.hacked=1</script>' });
  });
  functionalResult(join(reports, 'functional/allure-results'));

  const told = await report(['--json'], reports);
  assert.deepEqual([told.exitCode, told.err], [0, '']);
  const page = join(run, 'allure-report/index.html');
  assert.deepEqual(JSON.parse(told.out), { runId: 'golden-smoke', decision: 'NO-GO', allure: page, summary: join(run, 'index.html'), earlierRuns: 1, publishing: 'GO' });
  assert.deepEqual(readdirSync(run).filter((name) => name.endsWith('.tmp')), []);

  const { browser } = await (await realLauncher(t))('observer');
  t.after(() => browser.close());
  const opened = await browser.newPage({ viewport: { width: 1_280, height: 1_600 } });
  opened.setDefaultTimeout(15_000);
  const asked: string[] = [];
  const faults: string[] = [];
  opened.on('request', (request) => asked.push(request.url()));
  opened.on('pageerror', (error) => faults.push(error.message));
  opened.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  await opened.goto(pathToFileURL(page).href);
  await findFailedGate(opened);
  await seeItsPast(opened);
  await seeTheRest(opened);

  assert.deepEqual(asked.filter((url) => !/^(?:data|blob):/.test(url)), [pathToFileURL(page).href], 'nothing is loaded from anywhere');
  assert.deepEqual(faults, []);
  assert.equal(await opened.evaluate('window.hacked'), undefined, 'text from outside is text');
});

async function findFailedGate(page: Page): Promise<void> {
  await page.getByTestId('report-title').getByText('NO-GO · journeys.yml · smoke').waitFor();
  await page.getByTestId('tab-failed').click();
  const leaves = page.getByTestId('tree-leaf');
  await leaves.filter({ hasText: 'landing page' }).waitFor({ state: 'detached' });
  const failed = await leaves.getByTestId('tree-leaf-title').allTextContents();
  assert.deepEqual(failed.sort(), [
    'API › all routes · p99 92 ms (≤ 60 ms)', 'escrow checkout › open checkout · p75 160 ms (≤ 100 ms)',
    'payments › amount mismatch · 1 breach (≤ 0 breaches)', 'requests › API · p95 379 ms (≤ 120 ms)',
  ]);
  await leaves.filter({ hasText: 'open checkout' }).click();
  await page.getByTestId('test-result-error-message').getByText('Limit missed: p75 160 ms, limit ≤ 100 ms').first().waitFor();
  await page.getByText('server 70 %: GET /checkout/:id').first().waitFor();
  // The chart opens, and so does the runbook.
  const attached = page.getByTestId('test-result-attachment-header');
  await attached.filter({ hasText: 'where the time goes: escrow checkout' }).locator('button').first().click();
  const image = page.getByTestId('image-attachment-content').locator('img').first();
  await image.waitFor();
  assert.ok(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth) > 300);
  await attached.filter({ hasText: 'runbook' }).locator('button').first().click();
  await page.getByTestId('markdown-attachment-preview').waitFor();
}

async function seeItsPast(page: Page): Promise<void> {
  await page.getByTestId('test-result-tab-history').click();
  const past = page.getByTestId('test-result-history-item');
  assert.equal(await past.count(), 1);
  await past.getByText('80ms').waitFor();
  await past.locator('button').first().click();
  await past.getByText('p75 80 ms, limit ≤ 100 ms, n 10').waitFor();
}

async function seeTheRest(page: Page): Promise<void> {
  await page.goto(`${page.url().replace(/#.*/, '')}#`);
  await page.getByTestId('tab-all').click();
  await page.getByTestId('tree-leaf').getByText(`${HOSTILE} › signup`).waitFor();
  await page.getByTestId('tree-section-title').getByText(FUNCTIONAL_SUITE, { exact: true }).waitFor();
  // Allure draws each gate's value over the runs.
  await page.getByText('Report', { exact: true }).first().click();
  await page.getByText('Metrics', { exact: true }).click();
  await page.getByTestId('metrics-view').getByText('+80 ms').first().waitFor();
}

test('a newer run that is not judged is named, in place of passing an older one off for it', async (t) => {
  const reports = temporaryFolder(t);
  mkdirSync(join(reports, 'killed'));
  cpSync(join(GOLDEN, 'plan.json'), join(reports, 'killed/plan.json'));
  const told: string[] = [];
  const found = async (): Promise<string> => newest(await runsOf(reports), reports, { err: (text) => void told.push(text) });
  await assert.rejects(found(), (error: Error) => /npm run judge -- .*killed/.test(formatError(asCodedError(error))));
  earlierRun(join(reports, 'earlier'));
  assert.equal(await found(), join(reports, 'earlier'));
  assert.match(told.join(''), /^\S*killed began later and is not judged: /);
  rmSync(join(reports, 'killed'), { recursive: true });
  assert.deepEqual([await found(), told.length], [join(reports, 'earlier'), 1]);
});

test('a run that is not there, or a wrong option, is told with its code', async (t) => {
  const reports = temporaryFolder(t);
  await assert.rejects(report([], reports), { code: 'J_RUN_NOT_FOUND' });
  await assert.rejects(report([join(reports, 'none')], reports), { code: 'J_RUN_NOT_FOUND' });
  for (const args of [['a', 'b'], ['--opne']]) assert.throws(() => readArguments(args), { code: 'J_USAGE' });
  assert.match((await report(['--help'], reports)).out, /^npm run report/);
});

test('a browser is opened only where somebody sits before a desktop', () => {
  const cases: [NodeJS.Platform, NodeJS.ProcessEnv, boolean, boolean][] = [
    ['linux', { DISPLAY: ':0' }, true, true], ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true, true], ['linux', {}, true, false],
    ['linux', { DISPLAY: ':0' }, false, false], ['darwin', {}, true, true], ['darwin', { CI: 'true' }, true, false],
    ['darwin', { SSH_CONNECTION: 'x' }, true, false], ['win32', {}, true, true], ['aix', { DISPLAY: ':0' }, true, false],
  ];
  for (const [platform, environment, isTerminal, expected] of cases) assert.equal(hasDesktop(platform, environment, isTerminal), expected, platform);
});

test('a built page loads nothing from anywhere', () => {
  const page = '<html><head><title>x</title></head><body><script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script></body></html>';
  assert.match(sealed(page), /^<html><head>\s*<meta http-equiv="Content-Security-Policy" content="default-src 'none';/);
  assert.doesNotMatch(sealed(page), /googletagmanager/);
  assert.throws(() => sealed('<html></html>'));
});
