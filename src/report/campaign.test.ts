import assert from 'node:assert/strict';
import test from 'node:test';
import { CampaignRecord } from '../model/campaign.ts';
import { figuresOf, runOf } from '../cli/campaign/testing.ts';
import { campaignJson } from './campaign-json.ts';
import { clockText, evidenceText, figuresText } from './campaign-lines.ts';
import { signOff } from './campaign-markdown.ts';
import { campaignBlock } from './campaign-text.ts';
import { cells } from './text.ts';

const RUN = runOf({ decision: 'NO-GO', reason: '1 of 2 gates failed (fast).' });

function recordOf(changes: Partial<CampaignRecord> = {}): CampaignRecord {
  const failed = figuresOf({ status: 'fail', observed: 140, interval: { low: 131, high: 152 } });
  return CampaignRecord.parse({
    schemaVersion: 1,
    name: 'demo',
    title: 'Load and stress',
    definitionSha256: 'ab'.repeat(32),
    startedAt: '2026-11-21T20:00:00.000Z',
    updatedAt: '2026-11-21T21:00:00.000Z',
    scale: null,
    startedFrom: null,
    current: null,
    runs: [RUN],
    ticks: [],
    gates: [
      {
        id: 'gate-1',
        title: 'Baseline',
        decision: 'NO-GO',
        reason: 'baseline is NO-GO, 1 of 2 criteria not met',
        passed: false,
        notes: ['baseline was run 2 times: NO-GO, NO-GO'],
        reached: true,
        runIds: [RUN.runId],
        criteria: [
          {
            id: 'speed',
            source: 'P95 ≤ 100ms',
            status: 'not-met',
            evidence: [{ kind: 'gate', runId: RUN.runId, figures: failed }],
            notes: [],
          },
          { id: 'approved', source: 'budget', status: 'awaiting', evidence: [], notes: ['look at the budget'] },
        ],
      },
      {
        id: 'sign-off',
        title: 'Final sign-off',
        decision: 'NO-GO',
        reason: '1 of 1 criteria not met',
        passed: false,
        notes: [],
        reached: true,
        runIds: [],
        criteria: [
          {
            id: 'all',
            source: 'All gates met',
            status: 'not-met',
            evidence: [{ kind: 'campaign-gate', gate: 'gate-1', decision: 'NO-GO' }],
            notes: [],
          },
        ],
      },
    ],
    decision: 'NO-GO',
    reason: 'gate-1: baseline is NO-GO, 1 of 2 criteria not met',
    ...changes,
  });
}

const OPTIONS = { folderPath: 'reports/campaign-demo', width: 120, color: false };

test('the block says the decision first, then each gate with its runs and what it lacks, then what to do', () => {
  assert.equal(
    campaignBlock(recordOf(), OPTIONS),
    [
      ' NO-GO   demo · Load and stress · 1 run · 10 min of load',
      '   gate-1: baseline is NO-GO, 1 of 2 criteria not met',
      '',
      ' ✗ gate-1    Baseline        NO-GO         1 not met · 1 for a person to tick',
      '     baseline  NO-GO, 2 of 2 gates passed  10 min   gate-1-baseline-2026-11-21T20-00-00Z',
      '   ✗ speed  "P95 ≤ 100ms"',
      '       fast p95 140 ms [131, 152], ≤ 100 ms, n 2,140 (baseline)',
      '     · baseline was run 2 times: NO-GO, NO-GO',
      '',
      ' ✗ sign-off  Final sign-off  NO-GO         1 not met',
      '   ✗ all  "All gates met"',
      '       gate-1 NO-GO',
      '',
      ' criteria   2 not met · 1 for a person to tick',
      ' tick       npm run campaign -- demo --tick <id> --by <name> --note <text>',
      '            approved',
      ' sign-off   reports/campaign-demo/sign-off.md',
      ' go on      npm run campaign -- demo --resume',
    ].join('\n'),
  );
});

test('no line is wider than the terminal, and colour changes nothing but colour', () => {
  const long = recordOf({ reason: 'gate-1: '.repeat(60), title: 'A very long title '.repeat(20) });
  for (const width of [20, 80, 100]) {
    for (const line of campaignBlock(long, { ...OPTIONS, width }).split('\n'))
      assert.ok(cells(line) < Math.max(80, width), line);
  }
  const colored = campaignBlock(recordOf(), { ...OPTIONS, color: true });
  assert.notEqual(colored, campaignBlock(recordOf(), OPTIONS));
  assert.equal(colored.replace(/\u001b\[\d+m/g, ''), campaignBlock(recordOf(), OPTIONS));
});

test('the sign-off has every criterion with its evidence, and every run with what it was made of', () => {
  const text = signOff(recordOf());
  assert.match(text, /^# NO-GO · demo: Load and stress\n/);
  assert.match(text, /\| ✗ \| speed \| P95 ≤ 100ms \| fast p95 140 ms &#91;131, 152&#93;, ≤ 100 ms, n 2,140/);
  assert.match(text, /\| ☐ \| approved \| budget \| look at the budget \|/);
  assert.match(
    text,
    /\| gate-1 \| gate-1-baseline-.* \| NO-GO, 2 of 2 gates passed \| 10 min \| – \| 0123456789ab \| slo-1 \| abc \|/,
  );
  assert.doesNotMatch(text, /Compressed/);
  assert.match(
    signOff(recordOf({ scale: 4_000 })),
    /\*\*Compressed: not a sign-off\.\*\* Run times were divided by up to 4,000/,
  );
});

test('what a person or a file wrote is text everywhere', () => {
  const hostile = '</td><script>alert(1)</script> | x |\n# GO \u001b[32m✓\u202e `a` [b](c) @d';
  const record = recordOf({ title: hostile, reason: hostile });
  const [gate] = record.gates;
  if (gate) {
    gate.title = hostile;
    gate.criteria.push({
      id: 'h',
      source: hostile,
      status: 'met',
      notes: [hostile],
      evidence: [{ kind: 'tick', tick: { criterion: 'h', by: hostile, note: hostile, at: '2026' } }],
    });
  }
  const text = signOff(record);
  assert.doesNotMatch(text, /<script|\u001b|\u202e|\]\(c\)/);
  assert.equal(text.split('\n').filter((line) => line.startsWith('# ')).length, 1);
  const block = campaignBlock(record, OPTIONS);
  assert.doesNotMatch(block, /\u001b|\u202e/);
});

test('figures read as they do in a verdict; what there is none of is said', () => {
  assert.equal(figuresText(figuresOf()), 'p95 21 ms [20, 23], ≤ 100 ms, n 2,140');
  assert.equal(
    figuresText(figuresOf({ observed: null, observedAbove: 10_000, interval: null })),
    'p95 > 10,000 ms, ≤ 100 ms, n 2,140',
  );
  assert.equal(figuresText(figuresOf({ observed: null, interval: null, n: 0 })), 'p95 no value, ≤ 100 ms, n 0');
  assert.equal(
    figuresText(
      figuresOf({
        stat: 'rate',
        observed: 0,
        interval: { low: 0, high: null },
        limit: { kind: 'min', value: 99.9 },
        unit: '%',
      }),
    ),
    '0 % [0, –], ≥ 99.9 %, n 2,140',
  );
  assert.equal(evidenceText({ kind: 'duration', runId: 'r', hours: 2, leastHours: 72 }), 'lasted 2 h of 72 h (r)');
  assert.equal(evidenceText({ kind: 'file', path: 'a.md', sha256: null }), 'a.md is not there');
  assert.deepEqual([45, 89, 90, 600, 5_400, 259_260].map(clockText), [
    '45 s',
    '89 s',
    '2 min',
    '10 min',
    '1 h 30 min',
    '72 h 1 min',
  ]);
});

test('as JSON, each figure that a criterion rests on is an aim; what has none is ticked or not', () => {
  const json = campaignJson(recordOf()) as { cases: object[]; aims: object[]; decision: string };
  assert.deepEqual(json.aims, [
    {
      id: 'speed/fast/gate-1-baseline-2026-11-21T20-00-00Z',
      unit: 'ms',
      limit: 100,
      observed: 140,
      n: 2_140,
      met: false,
    },
    { id: 'approved', unit: 'ticked', limit: 1, observed: null, n: 0, met: false },
    { id: 'all', unit: 'ticked', limit: 1, observed: null, n: 0, met: false },
  ]);
  assert.equal(json.cases.length, 1);
  assert.equal(json.decision, 'NO-GO');
});
