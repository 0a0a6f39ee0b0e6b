import assert from 'node:assert/strict';
import test from 'node:test';
import { Campaign } from '../../model/campaign.ts';
import type { CampaignRun, Criterion, CriterionStatus } from '../../model/campaign.ts';
import { judgeCampaign } from './evaluate.ts';
import type { JudgedCampaign, Standing } from './evaluate.ts';
import { figuresOf, runOf } from './testing.ts';

function judged(criteria: object[], standing: Partial<Standing> = {}, profiles = ['baseline']): JudgedCampaign {
  const campaign = Campaign.parse({
    version: 1,
    title: 'T',
    gates: [
      { id: 'gate-1', title: 'G', runs: profiles.map((profile) => ({ profile })), criteria },
      { id: 'sign-off', title: 'S', criteria: [{ id: 'all', source: 'All gates met', gates_met: ['gate-1'] }] },
    ],
  });
  return judgeCampaign(campaign, {
    runs: [],
    ticks: [],
    broken: new Map(),
    files: new Map(),
    gameDay: null,
    compressed: false,
    sources: { code: 'code-1', slo: 'slo-1' },
    ...standing,
  });
}

const gameDayWith = (state: 'met' | 'missed' | 'not told'): Standing['gameDay'] => ({
  id: 'day', target: 'embedded', aims: [{ id: 'recovery', unit: 's', limit: 900, observed: state === 'not told' ? null : 60, n: 1, state, why: null }],
});
const FAST = { id: 'speed', source: 'P95 ≤ 100ms', passed: { baseline: ['fast'] } };
const withFast = (
  status: 'pass' | 'fail' | 'inconclusive' | 'no-data' | 'error',
  run: Partial<CampaignRun> = {},
): CampaignRun => runOf({ gates: [figuresOf({ status })], ...run });

test('a criterion is as good as the worst of what it rests on', () => {
  const both = { id: 'b', source: 's', passed: { baseline: ['fast', 'clean'] } };
  const tick = { criterion: 'm', by: 'Ada', note: 'seen', at: '2026-11-21T20:00:00.000Z' };
  const cases: [string, Omit<Criterion, 'id' | 'source'>, Partial<Standing>, CriterionStatus][] = [
    ['a gate that passed', FAST, { runs: [withFast('pass')] }, 'met'],
    ['a gate that failed', FAST, { runs: [withFast('fail', { decision: 'NO-GO' })] }, 'not-met'],
    ['a gate that is inconclusive', FAST, { runs: [withFast('inconclusive')] }, 'unsettled'],
    ['a gate without data', FAST, { runs: [withFast('no-data')] }, 'unsettled'],
    ['a gate that broke', FAST, { runs: [withFast('error')] }, 'unsettled'],
    ['a gate that the run did not judge', FAST, { runs: [runOf({ gates: [] })] }, 'unsettled'],
    ['a run that has not been', FAST, {}, 'not-reached'],
    [
      'a run that was interrupted',
      FAST,
      { runs: [withFast('pass', { outcome: 'interrupted', decision: null })] },
      'not-reached',
    ],
    ['a run that was set aside', FAST, { runs: [withFast('pass', { superseded: true })] }, 'not-reached'],
    [
      'a record that has changed',
      FAST,
      { runs: [withFast('pass')], broken: new Map([[runOf().runId, 'changed']]) },
      'unsettled',
    ],
    [
      'one passed, one failed',
      both,
      { runs: [runOf({ gates: [figuresOf(), figuresOf({ id: 'clean', status: 'fail' })] })] },
      'not-met',
    ],
    [
      'a KPI with values',
      { measured: { baseline: ['queue'] } },
      { runs: [runOf({ kpis: [{ kpi: 'queue', stat: 'max', value: 3, unit: 'jobs', n: 9 }] })] },
      'met',
    ],
    [
      'a KPI without',
      { measured: { baseline: ['queue'] } },
      { runs: [runOf({ kpis: [{ kpi: 'queue', stat: 'max', value: null, unit: 'jobs', n: 0 }] })] },
      'unsettled',
    ],
    ['long enough', { lasted_hours: { baseline: 0.1 } }, { runs: [runOf()] }, 'met'],
    ['too short, which refutes nothing', { lasted_hours: { baseline: 72 } }, { runs: [runOf()] }, 'unsettled'],
    ['a game day that nobody held', { game_day: ['recovery'] }, {}, 'awaiting'],
    ['a game day that met its aim', { game_day: ['recovery'] }, { gameDay: gameDayWith('met') }, 'met'],
    ['a game day that missed its aim', { game_day: ['recovery'] }, { gameDay: gameDayWith('missed') }, 'not-met'],
    ['a game day whose aim nobody knows', { game_day: ['recovery'] }, { gameDay: gameDayWith('not told') }, 'unsettled'],
    ['a game day that has no such aim', { game_day: ['money'] }, { gameDay: gameDayWith('met') }, 'unsettled'],
    ['a file that is there', { files: ['a.md'] }, { files: new Map([['a.md', 'abc']]) }, 'met'],
    ['a file that is not', { files: ['a.md'] }, { files: new Map([['a.md', null]]) }, 'not-met'],
    ['a person to tick it', { manual: 'look' }, {}, 'awaiting'],
    ['ticked', { manual: 'look' }, { ticks: [{ ...tick, criterion: 'c' }] }, 'met'],
    ['the tick of another', { manual: 'look' }, { ticks: [tick] }, 'awaiting'],
    ['open', { open: 'later' }, {}, 'open'],
  ];
  for (const [name, criterion, standing, expected] of cases) {
    const result = judged([{ ...criterion, id: 'c', source: 's' }], standing).gates[0]?.criteria[0];
    assert.equal(result?.status, expected, name);
  }
});

test('evidence names its run, and carries observed value, unit, interval and n', () => {
  const [criterion] = judged([FAST], { runs: [runOf()] }).gates[0]?.criteria ?? [];
  assert.deepEqual(criterion?.evidence, [{ kind: 'gate', runId: runOf().runId, figures: figuresOf() }]);
});

test('GO takes every criterion of every gate; what is open keeps the decision open, but not the next gate', () => {
  const go = judged([FAST], { runs: [runOf()] });
  assert.deepEqual([go.decision, go.gates.map((gate) => gate.passed)], ['GO', [true, true]]);
  for (const rest of [
    { id: 'o', source: 's', open: 'later' },
    { id: 'm', source: 's', manual: 'look' },
  ]) {
    const { decision, gates, reason } = judged([FAST, rest], { runs: [runOf()] });
    assert.deepEqual([decision, gates[0]?.decision, gates[0]?.passed], ['INCONCLUSIVE', 'INCONCLUSIVE', true]);
    assert.match(reason, /1 of 2 criteria (open|for a person to tick)/);
    assert.equal(gates[1]?.criteria[0]?.status, 'unsettled');
  }
});

test('a run that is NO-GO makes its gate NO-GO, whatever the criteria say', () => {
  const { decision, gates, reason } = judged([FAST], { runs: [runOf({ decision: 'NO-GO' })] });
  assert.deepEqual([decision, gates[0]?.decision, gates[0]?.passed], ['NO-GO', 'NO-GO', false]);
  assert.match(reason, /gate-1: baseline is NO-GO/);
});

test('a run that settles nothing holds the whole campaign, and not the compressed one', () => {
  const runs = [withFast('inconclusive', { decision: 'INCONCLUSIVE' })];
  const whole = judged([FAST], { runs });
  const compressed = judged([FAST], { runs, compressed: true });
  assert.deepEqual([whole.gates[0]?.passed, compressed.gates[0]?.passed], [false, true]);
  assert.deepEqual([whole.decision, compressed.decision], ['INCONCLUSIVE', 'INCONCLUSIVE']);
});

test('a compressed campaign is never GO, and says why', () => {
  const { decision, reason } = judged([FAST], { runs: [runOf()], compressed: true });
  assert.equal(decision, 'INCONCLUSIVE');
  assert.match(reason, /compressed, so not a sign-off/);
  assert.equal(judged([FAST], { runs: [withFast('fail', { decision: 'NO-GO' })], compressed: true }).decision, 'NO-GO');
});

test('a gate of which one run is still to come is not passed', () => {
  const { gates } = judged([FAST], { runs: [runOf()] }, ['baseline', 'again']);
  assert.deepEqual([gates[0]?.passed, gates[0]?.decision, gates[0]?.reached], [false, 'INCONCLUSIVE', true]);
  assert.match(gates[0]?.reason ?? '', /1 of 2 runs to come/);
});

test('the last run that came to its end counts, and every attempt is told', () => {
  const runs = [
    runOf({ decision: 'NO-GO', gates: [figuresOf({ status: 'fail' })] }),
    runOf({ runId: 'second', outcome: 'interrupted', decision: null }),
    runOf({ runId: 'third' }),
  ];
  const { gates } = judged([FAST], { runs });
  assert.deepEqual(gates[0]?.runIds, ['third']);
  assert.equal(gates[0]?.notes[0], 'baseline was run 3 times: NO-GO, interrupted, GO');
  assert.match(gates[0]?.notes[1] ?? '', /became GO without a change of code or slo\.yml.*a repetition is no fix/);
});

test('evidence that was made of other sources says so', () => {
  const notes = (sources: Standing['sources']): string[] =>
    judged([FAST], { runs: [runOf()], sources }).gates[0]?.notes ?? [];
  assert.deepEqual(notes({ code: 'code-1', slo: 'slo-1' }), []);
  assert.match(notes({ code: 'code-2', slo: 'slo-1' })[0] ?? '', /^the code has changed since gate-1-baseline-/);
  assert.match(notes({ code: 'code-1', slo: 'slo-2' })[0] ?? '', /^slo\.yml has changed since/);
  assert.match(notes({ code: 'code-2', slo: 'slo-2' })[0] ?? '', /^the code and slo\.yml have changed since/);
});
