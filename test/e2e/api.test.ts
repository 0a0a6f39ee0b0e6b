import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Observation, RunRecord, type ApiObservation, type Finding, type ServerObservation } from '../../src/model/index.ts';
import { ROOT, assertAllGone, judge, onlyRun, runArtillery, scriptWith, startArtillery, type Finished } from './artillery.ts';

const ERRORS = '{ id: errors, metric: api_error_rate, max: 5, unit: "%", source: test }';
const CREATORS = '{ id: creators, metric: api_latency, route: GET /api/v1/creators, stat: p50, max: 2000, unit: ms, source: test }';

// Whether the lane itself was late depends on what else this machine does now: these tests are about something else.
interface Asked {
  phases: string[];
  /** What stands under `config.plugins.journeys`, a line each. */
  plugin: string[];
  gates?: string[];
  slo?: string[];
}

function scriptOf(t: TestContext, { phases, plugin, gates = [ERRORS, CREATORS], slo = [] }: Asked): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-api-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // The repository's own scenarios with a few accounts each, since making them is not what is tested.
  const scenarios = JSON.parse(readFileSync(join(ROOT, 'config/loadtests/scenarios.json'), 'utf8')) as { scenarios: object[] };
  writeFileSync(join(folder, 'scenarios.json'), JSON.stringify({ ...scenarios, scenarios: scenarios.scenarios.map((one) => ({ ...one, users: 3 })) }));
  const file = join(folder, 'slo.yml');
  writeFileSync(file, ['version: 1', 'confidence: 0.8', 'warm_up_phases: [warm up]', ...slo, 'gates:', ...gates.map((gate) => `  - ${gate}`), ''].join('\n'));
  return scriptWith('      slo: slo.yml', [`      slo: ${file}`, ...plugin.map((line) => `      ${line.replace('config/loadtests/scenarios.json', join(folder, 'scenarios.json'))}`)].join('\n'))
    .replace(/phases:[\s\S]*?(?= {2}engines:)/, `phases:\n${phases.map((phase) => `    - ${phase}\n`).join('')}`);
}

function seen({ reports }: Finished): { record: RunRecord; api: ApiObservation[]; server: ServerObservation[] } {
  const folder = onlyRun(reports);
  const all = readdirSync(folder).filter((name) => name.endsWith('.ndjson')).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n').filter(Boolean).map((line) => Observation.parse(JSON.parse(line))));
  return {
    record: RunRecord.parse(JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'))),
    api: all.filter((one) => one.kind === 'api'),
    server: all.filter((one) => one.kind === 'server'),
  };
}

const sum = (windows: readonly ApiObservation[], of: (one: ApiObservation) => number): number =>
  windows.reduce((total, one) => total + of(one), 0);
const failures = (one: ApiObservation): number => Object.values(one.failed).reduce((a, b) => a + b, 0);

test('browsers and the API lane run side by side, in one folder and one verdict', async (t) => {
  const script = scriptOf(t, {
    phases: ['{ name: short, duration: 8, arrivalCount: 6 }'],
    plugin: ['api: { scenarios: config/loadtests/scenarios.json, share: 0.2, windowSeconds: 2, lateSendMilliseconds: 5000 }'],
  });
  const run = startArtillery(t, { script });
  const finished = await run.finished;
  assert.equal(finished.exitCode, 0, finished.output);
  await assertAllGone(run);
  const { record, api } = seen(finished);
  assert.equal(record.totals.journeys, 6);
  const due = sum(api, (one) => one.scheduled);
  // A fifth of 256 flows a second for 8 s, some of several requests.
  assert.ok(due > 380 && due < 450, `${due} requests due`);
  assert.equal(sum(api, (one) => one.sent), sum(api, (one) => one.ok + failures(one) + one.unfinished));
  const routes = new Set(api.map((one) => one.route));
  for (const route of ['GET /api/v1/creators', 'GET /api/v1/auth/me', 'POST /api/v1/projects']) assert.ok(routes.has(route), route);
  const creators = record.findings.find((one: Finding) => one.metric === 'api_latency' && one.scope.route === 'GET /api/v1/creators' && one.stat === 'p50');
  assert.ok((creators?.n ?? 0) > 100 && (creators?.value ?? 0) > 0, JSON.stringify(creators));
  const before = readFileSync(join(onlyRun(finished.reports), 'record.json'));
  assert.equal((await judge(onlyRun(finished.reports))).exitCode, 0);
  assert.deepEqual(readFileSync(join(onlyRun(finished.reports), 'record.json')), before);
});

test('a stress run ends by itself past the knee that was planted, and names the capacity', async (t) => {
  const steps = [0.2, 0.4, 0.8, 1.6, 3.2, 6.4];
  const finished = await runArtillery(t, {
    env: { PLATFORM_FAULTS: 'capacity=80', PLATFORM_WORKERS: '1-1' },
    script: scriptOf(t, {
      phases: steps.map((share) => `{ name: ${share}x, duration: 6, arrivalCount: 1 }`),
      plugin: [
        'profile: stress',
        'browsers: false',
        `api: { scenarios: config/loadtests/scenarios.json, windowSeconds: 1, timeoutSeconds: 2, lateSendMilliseconds: 5000, stopPastKnee: true, phases: { ${steps.map((share) => `${share}x: ${share}`).join(', ')} } }`,
      ],
      gates: ['{ id: headroom, metric: capacity_headroom, unit: x, min: 3, source: test }'],
    }).replace('      profile: smoke\n', ''),
  });
  assert.equal(finished.exitCode, 1, finished.output);
  assert.match(finished.output, /ending: /);
  const { record, api } = seen(finished);
  assert.ok(!api.some((one) => one.phase === '6.4x'), 'the last step was never begun');
  const headroom = record.verdict.gates.find((one) => one.id === 'headroom');
  // 80 requests a second of some 258 at full rate: whatever step is the last that held here, it lies below that.
  assert.equal(headroom?.status, 'fail');
  assert.ok((headroom?.interval?.high ?? 9) < 0.9, JSON.stringify(headroom));
});

test('a profile without browser users holds its phases open for the API alone; an exporter that answers with a web page, or not at all, is no data', async (t) => {
  const exporter = createServer((request, response) => {
    if (request.url === '/html') response.setHeader('content-type', 'text/html').end('<!doctype html><h1>hello</h1>');
  }).listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  t.after(() => {
    exporter.closeAllConnections();
    exporter.close();
  });
  const url = `http://127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  const finished = await runArtillery(t, {
    script: scriptOf(t, {
      phases: ['{ name: warm up, duration: 2, arrivalCount: 1 }', '{ name: alone, duration: 5, arrivalCount: 1 }'],
      plugin: [
        'browsers: false',
        'api: { scenarios: config/loadtests/scenarios.json, share: 0.5, windowSeconds: 1, lateSendMilliseconds: 5000, phases: { warm up: 0.1 } }',
        `metrics: { urls: ['${url}/html', '${url}/hangs'], everySeconds: 1 }`,
      ],
      slo: ['kpis:', '  - { id: cpu, title: CPU, unit: "%", scrape: { rate: process_cpu_seconds_total }, scale: 100, source: test }'],
      gates: [ERRORS, CREATORS, '{ id: cpu, metric: kpi, kpi: cpu, stat: mean, unit: "%", max: 80, source: test }'],
    }),
  });
  assert.equal(finished.exitCode, 2, finished.output);
  const { record, api, server } = seen(finished);
  assert.equal(record.totals.journeys, 0);
  const alone = sum(api.filter((one) => one.phase === 'alone'), (one) => one.scheduled);
  assert.ok(alone > 580 && alone < 700, `${alone} requests due at half of 256 a second for 5 s`);
  const { decision, gates } = record.verdict;
  assert.equal(decision, 'INCONCLUSIVE', 'what a gate asks for and nobody measured is no pass');
  assert.deepEqual(gates.map(({ id, status }) => `${id} ${status}`), ['errors pass', 'creators pass', 'cpu no-data']);
  assert.ok(server.length >= 3 && server.every((one) => one.value === null && one.missing !== undefined));
});

test('faults of the scenarios file are refused before anything is sent, each with its place', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-scenarios-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'scenarios.json');
  const endpoint = { path: '/api/v1/creators and more', method: 'FETCH', weight: -1, slo_p95_ms: 50 };
  writeFileSync(file, JSON.stringify({ global_duration: '-10m', scenarios: [{ name: 'S', target_vus: 1, endpoints: [endpoint] }] }, null, 2));
  const finished = await runArtillery(t, {
    script: scriptOf(t, { phases: ['{ name: alone, duration: 5, arrivalCount: 1 }'], plugin: [`api: { scenarios: '${file}' }`] }),
  });
  assert.equal(finished.exitCode, 3, finished.output);
  assert.match(finished.output, /J_SCENARIOS_INVALID/);
  for (const word of ['path', 'method', 'weight', 'global_duration']) assert.match(finished.output, new RegExp(word));
});
