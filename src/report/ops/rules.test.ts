import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parse, stringify } from 'yaml';
import { serveText, eventually } from '../../collect/metrics/testing.ts';
import { startPrometheus, without } from '../../collect/metrics/testing-prometheus.ts';
import { RunRecord, type Slo, type Thresholds } from '../../model/index.ts';
import { readSlo } from '../../plan/slo.ts';
import { prometheusText } from '../prometheus.ts';
import { dashboard } from './grafana.ts';
import { learn } from './learn.ts';
import { alertRules, recordingRules } from './rules.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const SLO: Slo = readSlo(read('slo.yml'), 'slo.yml', { profile: '' }).slo;
const ORIGIN = { run: 'a-run', profile: 'load', date: '2026-11-21', n: 100 };
const LEARNED: Thresholds = {
  version: 1,
  capacity: { requestsPerSecond: 600, ...ORIGIN },
  kpis: [
    { kpi: 'lock-wait', bound: 'max', value: 12, unit: 'ms', ...ORIGIN },
    // slo.yml's own limit of 70 % is stricter.
    { kpi: 'db-cpu', bound: 'max', value: 90, unit: '%', ...ORIGIN },
  ],
};
const golden = (): RunRecord => RunRecord.parse(JSON.parse(read('src/golden/run/record.json')));

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
}

function rulesIn(text: string): Rule[] {
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

test('every figure of slo.yml is recorded, every limit on one is an alert, and each names a runbook that is there', () => {
  const recorded = new Set(rulesIn(recordingRules(SLO)).map(({ record }) => record));
  assert.ok(recorded.has('target:creators_server_p95:p95_rate5m') && recorded.has('target:queue_length:sum'));
  assert.equal(rulesIn(recordingRules(SLO)).filter(({ labels }) => labels['kpi'] !== undefined).length, SLO.kpis.length);
  const alerts = rulesIn(alertRules(SLO, LEARNED));
  for (const gate of SLO.gates) {
    if (gate.metric !== 'kpi' && gate.metric !== 'kpi_growth') continue;
    const alert = alerts.find(({ labels }) => labels['gate'] === gate.id);
    assert.ok(alert?.expr.endsWith(` ${'max' in gate ? gate.max : gate.min}`), gate.id);
  }
  for (const { expr, annotations } of alerts) {
    assert.ok(read(annotations?.['runbook'] ?? '').startsWith('#'));
    for (const [series = ''] of expr.matchAll(/(?:target|slo):[\w:]+/g)) assert.ok(recorded.has(series), `${series} is recorded`);
  }
});

test('only burning error budgets wake somebody', () => {
  const pages = rulesIn(alertRules(SLO, LEARNED)).filter(({ labels }) => labels['severity'] === 'page');
  assert.deepEqual([...new Set(pages.map(({ alert }) => alert))], ['ErrorBudgetBurn']);
  assert.deepEqual([...new Set(pages.map(({ labels }) => labels['burn_rate']))], ['14.4', '6']);
});

test('what was learned is an alert where slo.yml has no stricter limit, and capacity leaves the headroom of its gate', () => {
  const learned = rulesIn(alertRules(SLO, LEARNED)).filter(({ labels }) => labels['threshold'] === 'learned');
  assert.deepEqual(learned.map(({ alert, expr }) => [alert, expr]), [
    ['LockWaitUnusual', 'avg_over_time(target:lock_wait:ratio_rate5m[10m]) > 12'],
    ['CapacityHeadroom', 'avg_over_time(target:qps_web:rate5m[10m]) > 200'],
  ]);
  assert.match(learned[0]?.annotations?.['description'] ?? '', /a-run \(load, 2026-11-21, n 100\)/);
});

test('a GO teaches how far the target’s figures went, a stress run its capacity, and any other run nothing', () => {
  const record = golden();
  const slo: Slo = { ...SLO, kpis: record.plan.kpis, gates: record.plan.gates };
  const nothing: Thresholds = { version: 1, capacity: null, kpis: [] };
  assert.equal(learn(record, slo, nothing), null, 'the golden run is NO-GO');
  record.verdict.decision = 'GO';
  const taught = learn(record, slo, { ...LEARNED, kpis: [{ ...LEARNED.kpis[0]!, kpi: 'gone' }] });
  assert.deepEqual(taught?.kpis.map(({ kpi, bound, value, run, date, n }) => [kpi, bound, value, run, date, n]), [
    ['cpu', 'max', 44.1, 'golden-smoke', '2026-11-18', 16],
  ]);
  assert.deepEqual(taught?.capacity, LEARNED.capacity, 'what this run did not look for is kept');
  record.verdict.decision = 'NO-GO';
  const [any] = record.findings;
  assert.ok(any);
  record.findings.push({ ...any, metric: 'api_capacity', scope: {}, stat: 'value', unit: '/s', value: 512.34, n: 9 });
  assert.deepEqual(learn(record, slo, nothing)?.capacity, {
    requestsPerSecond: 512, run: 'golden-smoke', profile: 'smoke', date: '2026-11-18', n: 9,
  });
});

const without30s = (text: string): string => text.replaceAll(/interval: \w+/g, 'interval: 1s');
const RULES = { 'recording.rules.yml': recordingRules(SLO), 'alert.rules.yml': alertRules(SLO, LEARNED) };

test('promtool: the rules are sound, and fire when they should and not otherwise', { skip: without('promtool') }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(RULES)) writeFileSync(join(folder, name), text);
  const count = 'http_request_duration_seconds_count';
  const firing = (alert: string, labels: string): object => ({
    expr: `count(ALERTS{alertname="${alert}",alertstate="firing",${labels}})`, eval_time: '40m', exp_samples: [{ labels: '{}', value: 1 }],
  });
  const quiet = (alert: string, labels: string): object => ({
    expr: `count(ALERTS{alertname="${alert}",${labels}})`, eval_time: '40m', exp_samples: [],
  });
  writeFileSync(join(folder, 'tests.yml'), stringify({
    rule_files: Object.keys(RULES), evaluation_interval: '1m',
    tests: [{
      interval: '1m',
      input_series: [
        [`${count}{route="/api/v1/payments/escrow/lock",status="200"}`, '0+60x60'],
        [`${count}{route="/api/v1/payments/escrow/lock",status="500"}`, '0+2x60'],
        [`${count}{route="/search",status="200"}`, '0+600x60'],
        ['db_busy_seconds_total', '0+48x60'],
        ['cache_requests_total{result="hit"}', '0+99x60'],
        ['cache_requests_total{result="miss"}', '0+1x60'],
        ['service_requests_total{service="web"}', '0+18000x60'],
        ['db_lock_wait_seconds_total', '0x60'],
        ['db_lock_waits_total', '0x60'],
        ['journeys_run_decision{decision="NO-GO",profile="load",target="a"}', '1x60'],
        ['journeys_run_decision{decision="NO-GO",profile="smoke",target="a"}', '0x60'],
        ['journeys_integrity{breach="lost_payment",profile="load",target="a"}', '0x60'],
      ].map(([series, values]) => ({ series, values })),
      promql_expr_test: [
        // 3.2 % of the payments failed, 32 times what 99.9 % allow.
        firing('ErrorBudgetBurn', 'service="payments",burn_rate="14.4",severity="page"'),
        firing('ErrorBudgetSpent', 'service="payments"'),
        quiet('ErrorBudgetBurn', 'service="search"'),
        quiet('ErrorBudgetBurn', 'service="accounts"'),
        firing('KpiDbCpu', 'kpi="db-cpu"'),
        quiet('KpiCacheHitRatio', 'kpi="cache-hit-ratio"'),
        quiet('LockWaitUnusual', 'kpi="lock-wait"'),
        firing('CapacityHeadroom', 'kpi="qps-web"'),
        firing('LoadRunNoGo', 'profile="load"'),
        quiet('LoadRunNoGo', 'profile="smoke"'),
        quiet('LoadRunPaymentsBreached', 'profile="load"'),
      ],
    }],
  }));
  for (const args of [['check', 'rules', ...Object.keys(RULES)], ['test', 'rules', 'tests.yml']]) {
    const done = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8', timeout: 30_000 });
    assert.equal(done.status, 0, done.stdout + done.stderr);
  }
});

test('the dashboard shows every figure, numbers its panels, and keeps them apart', () => {
  const { panels } = JSON.parse(dashboard(SLO, LEARNED)) as { panels: Panel[] };
  assert.deepEqual(panels.map(({ id }) => id), panels.map((_, index) => index + 1));
  for (const { id, gridPos: a } of panels) {
    const overlapping = panels.filter(({ id: other, gridPos: b }) => other !== id &&
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h);
    assert.deepEqual(overlapping.map((other) => other.id), [], `panel ${id}`);
  }
  const cpu = panels.find(({ targets }) => targets?.[0]?.expr === 'target:db_cpu:rate5m');
  assert.deepEqual(cpu?.fieldConfig.defaults.thresholds.steps, [
    { color: 'green', value: null }, { color: 'red', value: 70 }, { color: 'orange', value: 90 },
  ]);
  const availability = panels.find(({ targets }) => targets?.[0]?.expr === 'target:availability:ratio_rate5m');
  assert.deepEqual(availability?.fieldConfig.defaults.thresholds.steps, [
    { color: 'red', value: null }, { color: 'green', value: 99.9 },
  ]);
});

interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
  fieldConfig: { defaults: { thresholds: { steps: object[] } } };
}

test('a real Prometheus takes the rules, fires on a NO-GO, and answers every panel', { skip: without('prometheus'), timeout: 60_000 }, async (t) => {
  const page = await prometheusText(golden());
  let scrapes = 0;
  const exporter = await serveText(t, () => `${page}# TYPE db_busy_seconds_total counter\ndb_busy_seconds_total ${(scrapes += 1)}\n`);
  const rules = Object.fromEntries(Object.entries(RULES).map(([name, text]) => [name, without30s(text)]));
  const url = await startPrometheus(t, exporter.url, rules);
  const firing = await eventually('rules were evaluated on what was scraped', async () => {
    const recorded = await query(url, 'target:db_cpu:rate5m');
    const alerts = await query(url, 'ALERTS{alertstate="firing"}');
    return recorded.length === 1 && alerts.length >= 2 ? alerts.map((one) => one['alertname']) : null;
  });
  assert.deepEqual(firing.sort(), ['LoadRunNoGo', 'LoadRunPaymentsBreached']);
  const { data } = (await (await fetch(`${url}/api/v1/rules`)).json()) as { data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } };
  const loaded = data.groups.flatMap((group) => group.rules);
  assert.equal(loaded.length, rulesIn(RULES['recording.rules.yml']).length + rulesIn(RULES['alert.rules.yml']).length);
  assert.deepEqual(loaded.filter(({ health, lastError }) => health === 'err' || lastError), []);
  const { panels } = JSON.parse(dashboard(SLO, LEARNED)) as { panels: Panel[] };
  const shown = await Promise.all(panels.flatMap(({ title, targets = [] }) => targets.map(async ({ expr }) =>
    [title, (await query(url, expr.replaceAll(/\$(?:profile|target)/g, '.*'))).length] as const)));
  const filled = shown.filter(([, series]) => series > 0).map(([title]) => title);
  for (const title of ['Decision', 'Gates that did not pass', 'How much of its limit each latency takes', 'Perceived latency of steps, p75',
    'LCP, p75', 'CLS, p75', 'Errors of API and browser requests', 'Breaches among payments', 'Cost']) {
    assert.ok(filled.includes(title), `${title}: something to show`);
  }
});

/** Returns the labels of each series that a query gives; a fault of the query is an error. */
async function query(url: string, expr: string): Promise<Record<string, string>[]> {
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`);
  const { status, error, data } = (await answer.json()) as {
    status: string; error?: string; data?: { result: { metric: Record<string, string> }[] };
  };
  assert.equal(status, 'success', `${expr}: ${error}`);
  return (data?.result ?? []).map(({ metric }) => metric);
}
