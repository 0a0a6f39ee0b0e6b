import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { PageParser, type Sample } from '../../collect/metrics/exposition.ts';
import { CheckRound, RunRecord } from '../../model/index.ts';
import { readSettings } from '../../plan/settings.ts';
import { serveMetrics } from './serve.ts';

const ROOT = join(import.meta.dirname, '../../..');
const NOW_MS = Date.UTC(2026, 10, 20, 12);

test('the newest run of each profile, the newest checks and the budgets are served, whatever else lies there', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'metrics-'));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(join(ROOT, 'slo.yml'), join(root, 'slo.yml'));
  const record = RunRecord.parse(JSON.parse(readFileSync(join(ROOT, 'src/golden/run/record.json'), 'utf8')));
  const put = (name: string, profile: string, startedAtEpochMs: number): void => {
    mkdirSync(join(root, 'reports', name), { recursive: true });
    const plan = { ...record.plan, runId: name, profile, startedAtEpochMs };
    writeFileSync(join(root, 'reports', name, 'record.json'), JSON.stringify({ ...record, plan }));
  };
  put('a-newer', 'smoke', 2_000);
  put('b-older', 'smoke', 1_000);
  put('c-other', 'load', 500);
  mkdirSync(join(root, 'reports/d-broken'));
  writeFileSync(join(root, 'reports/d-broken/record.json'), '{"half":');
  const round = CheckRound.parse({
    v: 1, roundId: 'r', target: 'https://staging.example.com', event: 'ran', dueAtEpochMs: null, startedAtEpochMs: NOW_MS - 60_000,
    endedAtEpochMs: NOW_MS - 30_000, everyMs: 300_000, harnessVersion: '0', commit: null, detail: null,
    checks: [{
      journey: 'escrow checkout', status: 'down',
      attempts: [{ startedAtEpochMs: NOW_MS, durationMs: 2_500, outcome: 'failed', errorCode: 'J_X', message: null, steps: [], screenshot: null, trace: null }],
    }],
  });
  mkdirSync(join(root, 'reports/checks'));
  writeFileSync(join(root, 'reports/checks/2026-11.ndjson'), `${JSON.stringify(round)}\n`);

  const server = await serveMetrics({ root, settings: readSettings(root, {}), host: '127.0.0.1', port: 0, nowEpochMs: () => NOW_MS });
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const first = await scrape(`${url}/metrics`);
  assert.deepEqual(runIds(first), ['a-newer', 'c-other']);
  assert.equal(find(first, 'journeys_exporter_unreadable_runs').value, 1);
  const down = find(first, 'journeys_check_status', { journey: 'escrow checkout', status: 'down' });
  assert.deepEqual([down.value, down.labels.get('target')], [1, 'staging.example.com']);
  assert.equal(find(first, 'journeys_check_duration_seconds').value, 2.5);
  assert.ok(find(first, 'journeys_error_budget_left_ratio', { service: 'payments', source: 'checks' }).value < 1);
  assert.equal(first.filter(({ name, labels }) => name === 'journeys_error_budget_left_ratio' && labels.get('service') === 'agent').length, 0,
    'of a service without checks nothing is known');

  rmSync(join(root, 'reports/a-newer'), { recursive: true });
  put('e-newest', 'load', 3_000);
  assert.deepEqual(runIds(await scrape(`${url}/metrics`)), ['b-older', 'e-newest']);
  assert.equal((await fetch(`${url}/../slo.yml`)).status, 404);
  assert.equal((await fetch(`${url}/metrics`, { method: 'POST' })).status, 404);
});

test('a slo.yml that cannot be read takes no run with it, and is told', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'metrics-'));
  t.after(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'slo.yml'), 'gates: [');
  cpSync(join(ROOT, 'src/golden/run/record.json'), join(root, 'reports/golden/record.json'));
  const server = await serveMetrics({ root, settings: readSettings(root, {}), host: '127.0.0.1', port: 0, nowEpochMs: () => NOW_MS });
  t.after(() => server.close());
  const samples = await scrape(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
  assert.equal(runIds(samples).length, 1);
  assert.equal(find(samples, 'journeys_exporter_faults').value, 1);
});

async function scrape(url: string): Promise<Sample[]> {
  const parser = new PageParser({ wanted: () => true });
  parser.push(await (await fetch(url)).text());
  return parser.end().samples;
}

function runIds(samples: readonly Sample[]): (string | undefined)[] {
  return samples.filter(({ name }) => name === 'journeys_run_info').map(({ labels }) => labels.get('run_id')).sort();
}

function find(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): Sample {
  const found = samples.find((one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels.get(key) === value));
  return found ?? assert.fail(`no ${name}`);
}
