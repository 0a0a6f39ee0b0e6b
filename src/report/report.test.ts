import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { planOf } from '../golden/samples.ts';
import type { GateResult, RunRecord, Story } from '../model/index.ts';
import { gateGroups } from './lines.ts';
import { REPORTERS, writeReports } from './reporter.ts';
import { stepSummary } from './step-summary.ts';
import { verdictBlock } from './terminal.ts';
import { amount, cells, cut, cutMiddle, exact, harmless, withUnit, wrap } from './text.ts';

function gateOf(changes: Partial<GateResult>): GateResult {
  return {
    id: 'a',
    title: 'signup › submit signup',
    metric: 'perceived_latency',
    stat: 'p75',
    status: 'pass',
    observed: 188,
    observedAbove: null,
    interval: { low: 171, high: 203 },
    limit: { kind: 'max', value: 500 },
    unit: 'ms',
    n: 12,
    evidence: [],
    hint: null,
    ...changes,
  };
}

const UNWATCHED: RunRecord['validity'] = {
  state: 'unknown', summary: 'canary not run', healthyShare: null, latencyHeldBack: false,
  observer: null, crowd: null, disturbed: [], windows: [],
};

function recordOf(gates: GateResult[], changes: Partial<RunRecord> = {}): RunRecord {
  return {
    schemaVersion: 1,
    plan: planOf({ runId: 'run-1' }),
    environment: null,
    totals: {
      journeys: 2140,
      observed: 41,
      byOutcome: { passed: 2140 },
      durationMs: 92_400,
      ended: 'completed',
      unreadableLines: 0,
      stopped: null,
      artilleryDifference: 0,
      demoted: 0,
    },
    validity: UNWATCHED,
    arrivals: [],
    attributions: [],
    findings: [],
    verdict: { decision: 'GO', reason: 'All passed.', gates, exitCode: 0 },
    provenance: { harnessVersion: '0.1.0', observationFiles: [] },
    ...changes,
  };
}

const OPTIONS = { runPath: 'reports/run-1', width: 120, color: false };

const NO_STORY: Story = {
  slotMs: 1_000, slots: 0, phases: [], faults: [], panels: [], breakers: [], waterfalls: [], distributions: [], temperatures: [], failures: [],
};

test('the block: a header, aligned lines with mark, value, interval, limit and n, and where to look', () => {
  const block = verdictBlock(
    recordOf([
      gateOf({}),
      gateOf({
        title: 'escrow checkout › receipt',
        status: 'fail',
        observed: 912,
        interval: { low: 840, high: 990 },
        evidence: ['1 of 12 failed: 1 J_X'],
      }),
      gateOf({
        title: 'agent task › brief',
        stat: 'p90',
        status: 'inconclusive',
        observed: null,
        observedAbove: 10_000,
        interval: { low: null, high: null },
        hint: 'needs 18 more samples',
      }),
      gateOf({
        metric: 'journey_error_rate',
        title: 'journeys › errors',
        stat: 'rate',
        observed: 0,
        unit: '%',
        interval: { low: 0, high: 2.1171 },
        limit: { kind: 'max', value: 5 },
        n: 2140,
      }),
      gateOf({
        metric: 'agent_success_rate',
        title: 'agent › tasks done',
        stat: 'rate',
        status: 'no-data',
        observed: null,
        unit: '%',
        interval: null,
        limit: { kind: 'min', value: 99 },
        n: 0,
        hint: 'no agent task was seen',
      }),
    ]),
    OPTIONS,
  );
  assert.equal(
    block,
    [
      ' GO   journeys.yml · smoke · 92 s · 2,140 journeys, 41 observed · canary not run',
      '',
      ' ✓ signup          › submit signup  p75       188 ms  [171, 203]  ≤ 500 ms  n 12',
      ' ✗ escrow checkout › receipt        p75       912 ms  [840, 990]  ≤ 500 ms  n 12      1 of 12 failed: 1 J_X',
      ' ? agent task      › brief          p90  > 10,000 ms  [–, –]      ≤ 500 ms  n 12      needs 18 more samples',
      '',
      ' ? agent           › tasks done                    –              ≥ 99 %    n 0       no agent task was seen',
      '',
      ' ✓ journeys        › errors                      0 %  [0, 2.1]    ≤ 5 %     n 2,140',
      '',
      ' runbook  ops/runbooks/perceived-latency.md',
      ' report   reports/run-1/index.html        again   npm run judge -- reports/run-1',
    ].join('\n'),
  );
});

test('a decision other than GO says why, and the users who did not pass are named', () => {
  const record = recordOf([], {
    verdict: {
      decision: 'INCONCLUSIVE',
      reason: 'Every gate passed, but the run was interrupted.',
      gates: [],
      exitCode: 130,
    },
    totals: {
      journeys: 3,
      observed: 1,
      byOutcome: { passed: 1, dropped: 1, failed: 1 },
      durationMs: 1000,
      ended: 'interrupted',
      unreadableLines: 0,
      stopped: 'past the knee',
      artilleryDifference: -4,
      demoted: 0,
    },
  });
  assert.deepEqual(verdictBlock(record, OPTIONS).split('\n').slice(0, 6), [
    ' INCONCLUSIVE   journeys.yml · smoke · 1 s · 3 journeys, 1 observed · canary not run',
    '   Every gate passed, but the run was interrupted.',
    '   stopped: past the knee',
    '   1 journey passed, 1 dropped, 1 failed',
    '   4 users more recorded than Artillery counted',
    '',
  ]);
});

test('a limit is shown exactly as it was written', () => {
  assert.deepEqual(
    [exact(2.25, '%'), exact(0.01, '%'), exact(2500, 'ms'), exact(99.5, 'ms'), exact(0.1, 'score')],
    ['2.25 %', '0.01 %', '2,500 ms', '99.5 ms', '0.1'],
  );
});

test('every line fits into 80 columns, and what tells gates apart stays readable', () => {
  const block = verdictBlock(
    recordOf([
      gateOf({
        title: 'a journey with quite a long name › and a step',
        status: 'inconclusive',
        hint: 'needs about 1,200 more samples '.repeat(4),
      }),
      gateOf({
        metric: 'request_latency',
        title: 'POST /api/v1/payments/escrow/release',
        interval: { low: 1000, high: 10_000 },
      }),
      gateOf({ title: 'x'.repeat(300), evidence: ['y'.repeat(300)], status: 'fail' }),
    ]),
    { ...OPTIONS, width: 20 },
  );
  for (const line of block.split('\n')) assert.ok(cells(line) < 80, line);
  assert.match(block, /› and a step/);
  assert.match(block, /escrow\/release/);
});

test('colour is only there when asked for, and the marks are readable without it', () => {
  const record = recordOf([gateOf({})]);
  assert.ok(!verdictBlock(record, OPTIONS).includes('\u001b'));
  const coloured = verdictBlock(record, { ...OPTIONS, color: true });
  assert.ok(coloured.includes('\u001b[32m✓'));
  assert.equal(harmlessLines(coloured), verdictBlock(record, OPTIONS));
});

test('names and messages from outside can neither paint, move the cursor, nor add lines', () => {
  const hostile = 'evil\u001b[2J\u001b[32m GO\n ✓ all\r\u0007\u009b31m\u202etxt\u0000';
  const gates = [gateOf({ title: `${hostile} › ${hostile}`, status: 'fail', evidence: [hostile], hint: hostile })];
  const record = recordOf(gates, {
    plan: planOf({ script: hostile, profile: hostile }),
    verdict: { decision: 'NO-GO', reason: hostile, gates, exitCode: 1 },
  });
  const block = verdictBlock(record, { ...OPTIONS, runPath: hostile });
  assert.ok(!/[\p{Cc}\u202a-\u202e]/u.test(block.replaceAll('\n', '')));
  assert.ok(!block.split('\n').some((line) => /^ (GO|✓)/.test(line)));
});

test('the step summary is short markdown in which names are only names', () => {
  const gates = [
    gateOf({}),
    gateOf({ status: 'fail', title: '<img src=x> | [link](http://x) @team', hint: '**bold**' }),
  ];
  const text = stepSummary(
    recordOf(gates, { verdict: { decision: 'NO-GO', reason: 'One failed.', gates, exitCode: 1 } }),
  );
  assert.match(text, /^### NO-GO · journeys\.yml · smoke/);
  assert.match(text, /1 of 2 gates passed/);
  for (const markup of ['<img', '[link](', '@team', '**bold**']) assert.ok(!text.includes(markup), markup);
  assert.match(text, /&#60;img src=x&#62; &#124; /);
  assert.ok(!text.includes('submit signup'), 'passed gates are left out');
});

test('a crashing reporter never hides the others, and no reporter can change the record', async (context) => {
  const runDir = await mkdtemp(join(tmpdir(), 'report-'));
  context.after(() => rm(runDir, { recursive: true }));
  const record = recordOf([gateOf({})]);
  const summary = join(runDir, 'summary.md');
  const faults = await writeReports(record, { runDir, runPath: 'reports/run-1', stepSummaryPath: summary, story: NO_STORY }, [
    { name: 'broken', write: () => Promise.reject(new Error('disk full')) },
    {
      name: 'meddling',
      write: async (given) => {
        given.verdict.gates.length = 0;
      },
    },
    ...REPORTERS,
  ]);
  assert.deepEqual(
    faults.map((fault) => fault.reporter),
    ['broken', 'meddling'],
  );
  assert.deepEqual(
    (await readdir(runDir)).sort(),
    ['allure-results', 'findings.csv', 'index.html', 'junit.xml', 'metrics.prom', 'record.json', 'summary.md', 'verdict.txt'],
    'and nothing half-written beside them',
  );
  assert.deepEqual(JSON.parse(await readFile(join(runDir, 'record.json'), 'utf8')), record);
  assert.match(await readFile(join(runDir, 'verdict.txt'), 'utf8'), /^ GO /);
});

test('text helpers know what a terminal shows', () => {
  assert.equal(cells('日本 é \u001b[31mx'), 8);
  assert.equal(cut('abcdef', 4), 'abc…');
  assert.equal(cut('日本語', 4), '日…');
  assert.equal(cutMiddle('GET /api/v1/creators', 12), 'GET…creators');
  assert.deepEqual(wrap('aa bb cc', 5), ['aa bb', 'cc']);
  assert.equal(harmless('a\n\tb\u200bc'), 'a b\ufffdc');
});

test('amounts are as precise as their unit deserves', () => {
  assert.deepEqual(
    [withUnit(1234.56, 'ms'), withUnit(0.0349, 'score'), withUnit(0, '%')],
    ['1,235 ms', '0.035', '0 %'],
  );
  assert.deepEqual(
    [amount(0.012345, '%'), amount(99.98765, '%'), amount(12.345, '%'), amount(100, '%')],
    ['0.012', '99.988', '12.3', '100'],
  );
});

function harmlessLines(text: string): string {
  return stripVTControlCharacters(text);
}

test('whether the observers were undisturbed is never cut off', () => {
  const summary = 'observers disturbed 00:41–01:20 and 2 more times (canary +83 ms)';
  const record = recordOf([], { validity: { ...UNWATCHED, state: 'disturbed', summary } });
  const wide = verdictBlock(record, { ...OPTIONS, width: 160 }).split('\n');
  assert.ok(wide[0]?.endsWith(`41 observed · ${summary}`));
  const narrow = verdictBlock(record, { ...OPTIONS, width: 80 }).split('\n');
  assert.ok(narrow[0]?.endsWith('41 observed'));
  assert.equal(narrow[1], `   ${summary}`);
});

test('every kind of gate is shown, a line each', () => {
  const metrics = ['api_latency', 'api_error_rate', 'api_throughput', 'capacity_headroom', 'recovery_time', 'latency_drift', 'kpi', 'kpi_growth', 'cost'];
  const lines = gateGroups(recordOf(metrics.map((metric) => gateOf({ metric, unit: 'x' })))).flat();
  assert.equal(lines.length, metrics.length);
  const told = gateGroups(recordOf([gateOf({ metric: 'capacity_headroom', evidence: ['broke at 50/s'] }), gateOf({ evidence: ['x'] })])).flat();
  assert.deepEqual(told.map(({ notes }) => notes), [[], ['broke at 50/s']]);
});
