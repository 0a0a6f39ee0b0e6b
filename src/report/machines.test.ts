import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { convert } from 'xmlbuilder2';
import { PageParser } from '../collect/metrics/exposition.ts';
import { RunRecord, type GateResult } from '../model/index.ts';
import { findingsCsv } from './csv.ts';
import { annotations } from './github-annotations.ts';
import { junitXml } from './junit.ts';
import { measuresOf } from './measures.ts';
import { prometheusName, prometheusText } from './prometheus.ts';

const GOLDEN = readFileSync(join(import.meta.dirname, '../golden/run/record.json'), 'utf8');
const golden = (): RunRecord => RunRecord.parse(JSON.parse(GOLDEN));
const HOSTILE = '=<script>alert(1)</script>&]]>"\'\u001b[2J\u0000\ufffe\ud800\n::error::x\r%0A,:|`\u202e';

/** The golden record with text from outside wherever text from outside may stand. */
function hostile(): RunRecord {
  const record = golden();
  record.plan.script = HOSTILE;
  record.plan.profile = HOSTILE;
  record.plan.target = { url: `http://a.example/${HOSTILE}`, embedded: false };
  record.verdict.reason = HOSTILE;
  for (const gate of record.verdict.gates) Object.assign(gate, { title: HOSTILE, hint: HOSTILE, evidence: [HOSTILE] });
  for (const finding of record.findings) for (const key of Object.keys(finding.scope)) finding.scope[key] = HOSTILE;
  return record;
}

interface Case {
  '@name': string;
  '@classname': string;
  failure?: object;
  error?: object;
  skipped?: object;
}

/** Reads JUnit XML back, with a parser of its own rules for what is well-formed. */
function casesIn(xml: string): { all: Record<string, string>; cases: Case[] } {
  const { testsuites } = convert(xml, { format: 'object' }) as unknown as { testsuites: Record<string, unknown> };
  const listed = <T>(value: unknown): T[] => (value === undefined ? [] : [value].flat() as T[]);
  const cases = listed<{ testcase: unknown }>(testsuites['testsuite']).flatMap((suite) => listed<Case>(suite.testcase));
  return { all: testsuites as Record<string, string>, cases };
}

test('JUnit: a case a gate, failed for a missed limit, skipped with its reason for what is open', async () => {
  const record = golden();
  const { all, cases } = casesIn(await junitXml(record, 'reports/golden', 'https://code.example/'));
  const having = (status: GateResult['status'][]): number =>
    record.verdict.gates.filter((gate) => status.includes(gate.status)).length;
  assert.equal(cases.length, record.verdict.gates.length + 1);
  assert.deepEqual(
    [all['@tests'], all['@failures'], all['@skipped'], all['@errors']],
    [cases.length, having(['fail']), having(['inconclusive', 'no-data']), 0].map(String),
  );
  assert.equal(new Set(cases.map((one) => `${one['@classname']} ${one['@name']}`)).size, cases.length, 'each has a name of its own');
  const failed = cases.find((one) => one['@name'].endsWith('(open-checkout)'));
  const figures = 'p75 160 ms [147, –], limit ≤ 100 ms, n 10';
  assert.deepEqual(failed?.failure, {
    '@message': figures, '@type': 'perceived_latency',
    '#': [figures, 'server 70 %: GET /checkout/:id', '2 samples left out: the observers were disturbed',
      'runbook: https://code.example/ops/runbooks/perceived-latency.md'].join('\n'),
  });
  const none = cases.find((one) => one['@name'].endsWith('(release)'))?.skipped as { '@message': string };
  assert.match(none['@message'], /^no-data: no request was seen/);
});

test('JUnit: a run that was cut short is an error, even where every gate passed', async () => {
  const record = golden();
  record.verdict.gates = record.verdict.gates.filter(({ status }) => status === 'pass');
  record.verdict.reason = 'Every gate passed, but the run was interrupted.';
  record.totals.ended = 'interrupted';
  const { cases } = casesIn(await junitXml(record, 'reports/golden'));
  assert.deepEqual(cases.filter(({ error }) => error !== undefined).map((one) => one['@name']), [
    'the run came to its end as planned',
  ]);
});

test('GitHub annotations: the decision first, ten of a level at most, what is left out is named', () => {
  const record = golden();
  const [gate] = record.verdict.gates;
  assert.ok(gate);
  const many = Array.from({ length: 30 }, (_, index) => ({ ...gate, id: `gate-${index}`, status: 'fail' as const }));
  record.verdict = { ...record.verdict, decision: 'NO-GO', gates: [...many, { ...gate, id: 'open', status: 'no-data' }] };
  const lines = annotations(record, 'reports/golden');
  assert.match(lines[0] ?? '', /^::error title=NO-GO · journeys\.yml · smoke.*::.* Report: reports\/golden$/);
  assert.equal(lines.filter((line) => line.startsWith('::error ')).length, 10);
  assert.match(lines.find((line) => line.includes('more gates')) ?? '', /title=22 more gates failed::gate-8, .*, gate-29$/);
  assert.match(lines.at(-1) ?? '', /^::warning title=.*\(open\)::/);
});

test('nothing from outside becomes a command, markup, a formula or a line of its own', async () => {
  const record = hostile();
  for (const line of annotations(record, HOSTILE.replaceAll('\n', ''))) {
    assert.match(line, /^::(?:error|warning|notice) title=[^:,]*::/);
    assert.doesNotMatch(line, /[\p{Cc}\u202e]/u);
  }
  const xml = await junitXml(record, HOSTILE);
  assert.equal(casesIn(xml).cases.length, record.verdict.gates.length + 1);
  assert.doesNotMatch(xml, /<script|[^\n\P{Cc}]|[\u202e\ufffe]/u);
  const csv = await findingsCsv(record);
  assert.equal(csv.trimEnd().split('\r\n').length, record.findings.length + 1);
  assert.doesNotMatch(csv, /(?:^|,)"?[=+@]/m);
  const page = new PageParser({ wanted: () => true });
  page.push(await prometheusText(record));
  const { samples } = page.end();
  assert.ok(samples.length > 0 && samples.every(({ name, timestampMs }) => name.startsWith('journeys_') && timestampMs === null));
});

test('CSV: a row a finding, what is unknown is empty, and files of other runs have the same columns', async () => {
  const record = golden();
  const [header = '', ...rows] = (await findingsCsv(record)).trimEnd().split('\r\n');
  assert.equal(rows.length, record.findings.length);
  assert.match(header, /^run_id,started_at,profile,.*,metric,journey,step,page,vital,route,.*,stat,value,low,high,unit,n,/);
  const drift = rows.find((row) => row.includes(',latency_drift,'));
  assert.match(drift ?? '', /,p95,,,,%,7,/);
  record.findings = [];
  assert.equal((await findingsCsv(record)).trimEnd(), header);
});

test('metrics have base units and OpenTelemetry names, and what is not known is not there', () => {
  const record = golden();
  const measures = measuresOf(record);
  const named = (name: string, wanted: Record<string, string>) => measures.filter((one) =>
    prometheusName(one) === name && Object.entries(wanted).every(([key, value]) => one.attributes[key] === value));
  assert.equal(named('journeys_perceived_latency_seconds', { step: 'open checkout', stat: 'p75' })[0]?.value, 0.1599);
  const creators = { 'http.route': '/api/v1/creators', 'http.request.method': 'GET', stat: 'p95' };
  assert.equal(named('journeys_api_latency_seconds', creators)[0]?.value, 0.0231624);
  assert.equal(named('journeys_journey_error_ratio', { journey: 'signup' })[0]?.value, 0);
  assert.equal(named('journeys_kpi_share_ratio', { kpi: 'cpu', stat: 'max' })[0]?.value, 0.441);
  assert.equal(named('journeys_kpi_value', { kpi: 'memory', stat: 'max' })[0]?.attributes['unit'], 'MB');
  assert.deepEqual(named('journeys_latency_drift_ratio', {}), [], 'a drift that nobody could tell is no drift of 0');
  assert.ok(named('journeys_latency_drift_samples', {}).length > 0);
  const status = named('journeys_gate_status', { gate: 'release' }).filter(({ value }) => value === 1);
  assert.deepEqual(status.map(({ attributes }) => attributes['status']), ['no-data']);
  assert.deepEqual(measures.filter(({ value }) => !Number.isFinite(value)), []);
  assert.ok(measures.every(({ attributes }) => attributes['profile'] === 'smoke' && attributes['target'] === 'embedded'));
});

const promtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
test('promtool has nothing to say against metrics.prom', { skip: promtool ? false : 'skipped: promtool is not on the PATH' }, async () => {
  for (const record of [golden(), hostile()]) {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await prometheusText(record), encoding: 'utf8', timeout: 20_000 });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  }
});
