import assert from 'node:assert/strict';
import test from 'node:test';
import { seeded } from '../../golden/random.ts';
import type { ComparedRow, Finding, SampledGate, SampledRun } from '../../model/index.ts';
import { compareRuns } from './compare.ts';
import { sampledRun, stepGate, stepSamples } from './testing.ts';

const even = (count: number, from: number, to: number): number[] => Array.from({ length: count }, (_, index) => from + ((to - from) * index) / (count - 1));

function compared(a: SampledRun, b: SampledRun): { row: ComparedRow; result: string; caveats: string[] } {
  const { rows, result, caveats } = compareRuns(a, b, { random: seeded(1) });
  const [row] = rows;
  assert.ok(row);
  return { row, result, caveats };
}

function stepRun(runId: string, values: readonly number[], more: Parameters<typeof stepSamples>[2] = {}, status: SampledGate['status'] = 'pass', stat = 'p75'): SampledRun {
  return sampledRun(runId, { gates: [stepGate('pay', stat, 500, status)], latencies: [stepSamples('pay', values, more)] });
}

const rateGate = (id: string, status: SampledGate['status'], kind: 'max' | 'min' = 'max', value = 1): SampledGate => ({
  id, title: id, metric: id, scope: {}, stat: 'rate', unit: '%', limit: { kind, value }, status, observed: 0, observedAbove: null, interval: null, n: 1,
});
const rateFinding = (metric: string, events: number, n: number): Finding => ({
  metric, scope: {}, stat: 'rate', value: (100 * events) / n, interval: null, unit: '%', n, censored: 0, unmeasured: 0, events, window: 'whole run',
});
const rateRun = (runId: string, events: number, n: number, status: SampledGate['status'] = 'inconclusive'): SampledRun =>
  sampledRun(runId, { gates: [rateGate('request_error_rate', status)], findings: [rateFinding('request_error_rate', events, n)] });

test('a slower step is worse with its shift, interval, tests, and why', () => {
  const { row, result } = compared(stepRun('a', even(60, 100, 200)), stepRun('b', even(60, 150, 250)));
  assert.equal(result, 'worse');
  assert.equal(row.shift?.value, 50);
  assert.ok((row.shift.low ?? 0) > 25 && (row.shift.high ?? Infinity) < 75);
  assert.ok(row.superiority !== null && row.superiority > 0.8);
  assert.ok([row.p, row.pShift, row.pAdjusted].every((p) => p !== null && p < 0.01));
  assert.match(row.reason, /^50 ms slower, more than the margin of 17 ms; chance does that in /);
});

test('a clear change below the margin is the same, however sure it is', () => {
  const { row } = compared(stepRun('a', even(400, 100, 110)), stepRun('b', even(400, 104, 114)));
  assert.ok(row.pAdjusted !== null && row.pAdjusted < 0.001);
  assert.equal(row.result, 'same');
});

test('few samples tell nothing, and say so', () => {
  const { row, result } = compared(stepRun('a', even(5, 100, 200)), stepRun('b', even(60, 300, 400)));
  assert.deepEqual([row.result, result], ["can't tell", "can't tell"]);
  assert.match(row.reason, /too few users to tell \(5 in A; 8 needed\)/);
  const wide = compared(stepRun('a', even(12, 100, 400)), stepRun('b', even(12, 110, 410)));
  assert.match(wide.row.reason, /more samples would tell/);
  assert.equal(wide.row.result, "can't tell");
});

test('what timed out counts as slower than all others: failures make a run worse, never better', () => {
  const failing = stepRun('b', even(40, 100, 200), { censored: even(20, 100, 119).map((user) => [Math.round(user), 1]), deadlineMs: 10_000 });
  const { row } = compared(stepRun('a', even(60, 100, 200)), failing);
  assert.deepEqual([row.b.value, row.b.above, row.b.censored, row.b.n], [null, 10_000, 20, 60]);
  assert.equal(row.result, 'worse');
  assert.equal(compared(failing, stepRun('c', even(60, 100, 200))).row.result, 'better');
  assert.match(compared(failing, { ...failing, run: { ...failing.run, runId: 'c' } }).row.reason, /beyond the deadline in both/);
});

test('a gate that was met and is missed is worse, unless its limit changed', () => {
  const [a, b] = [stepRun('a', even(9, 100, 200)), stepRun('b', even(9, 100, 200), {}, 'fail')];
  assert.equal(compared(a, b).row.reason, 'met its limit in A, missed it in B');
  assert.equal(compared(b, a).row.result, 'better');
  const stricter = { ...b, gates: b.gates.map((gate) => ({ ...gate, limit: { ...gate.limit, value: 50 } })) };
  assert.notEqual(compared(a, stricter).row.result, 'worse');
  assert.match(compared(a, stricter).caveats.join(), /gates with another limit: pay/);
});

test('a run whose latency was held back, or mostly unmeasured, says nothing about latency', () => {
  const a = stepRun('a', even(60, 100, 200));
  const b = stepRun('b', even(60, 300, 400));
  const held = { ...b, conditions: { ...b.conditions, validity: { state: 'disturbed' as const, summary: 'observers disturbed', latencyHeldBack: true } } };
  assert.match(compared(a, held).row.reason, /the observers of B were disturbed/);
  assert.match(compared(a, stepRun('b', even(60, 300, 400), { unmeasured: 10 })).row.reason, /too many samples of B could not be measured/);
});

test('a gate without samples in B is no "same": absence is never zero', () => {
  const nothing = sampledRun('b', { gates: [stepGate('pay', 'p75', 500, 'no-data')], latencies: [stepSamples('other', even(20, 1, 2))] });
  const { row, result } = compared(stepRun('a', even(60, 100, 200)), nothing);
  assert.deepEqual([row.b.value, row.b.n, row.result, result], [null, 0, "can't tell", "can't tell"]);
});

test('rates: many more errors are worse, a few of few are open, none in both that met their limit are the same', () => {
  assert.equal(compared(rateRun('a', 2, 1_000), rateRun('b', 30, 1_000)).row.result, 'worse');
  assert.equal(compared(rateRun('a', 30, 1_000), rateRun('b', 2, 1_000)).row.result, 'better');
  assert.equal(compared(rateRun('a', 0, 40), rateRun('b', 1, 40)).row.result, "can't tell");
  assert.equal(compared(rateRun('a', 0, 400, 'pass'), rateRun('b', 0, 400, 'pass')).row.result, 'same');
});

test('errors of one user are one misfortune, not twenty', () => {
  const clumped = { ...rateRun('b', 20, 1_000), designEffects: [{ metric: 'request_error_rate', scope: {}, value: 20 }] };
  assert.equal(compared(rateRun('a', 0, 1_000), clumped).row.result, "can't tell");
});

test('of a share that should be high, less is worse', () => {
  const run = (runId: string, events: number): SampledRun =>
    sampledRun(runId, { gates: [rateGate('agent_success_rate', 'inconclusive', 'min', 85)], findings: [rateFinding('agent_success_rate', events, 400)] });
  assert.equal(compared(run('a', 392), run('b', 340)).row.result, 'worse');
  assert.equal(compared(run('a', 340), run('b', 392)).row.result, 'better');
});

test('one value a run: it is worse by its limit or its interval only, and no reason for doubt about the rest', () => {
  const kpi = (value: number, interval: SampledGate['interval'] = null, status: SampledGate['status'] = 'pass'): SampledRun =>
    sampledRun(String(value), { gates: [{ ...rateGate('cpu', status, 'max', 80), metric: 'kpi', stat: 'mean', observed: value, interval, n: 10 }] });
  assert.equal(compared(kpi(40), kpi(42)).row.result, 'same');
  assert.match(compared(kpi(40), kpi(60)).row.reason, /one value a run: nothing tells it from chance/);
  assert.equal(compared(kpi(40), kpi(90, null, 'fail')).row.result, 'worse');
  assert.equal(compared(kpi(40, { low: 38, high: 42 }), kpi(60, { low: 57, high: 63 })).row.result, 'worse');
  const both = (value: number): SampledRun => ({ ...kpi(value), gates: [...kpi(value).gates, stepGate('pay', 'p75', 500)], latencies: [stepSamples('pay', even(60, 100, 105))] });
  assert.equal(compared(both(40), both(60)).result, 'same');
});

test('without observations a run is compared by the intervals of its findings, and that is said', () => {
  const bare = (runId: string, low: number, high: number): SampledRun =>
    sampledRun(runId, { gates: [{ ...stepGate('pay', 'p75', 500), observed: (low + high) / 2, interval: { low, high }, n: 60 }] });
  const { row, caveats } = compared(bare('a', 100, 120), bare('b', 200, 220));
  assert.deepEqual([row.method, row.result, row.shift?.low, row.shift?.high], ['values', 'worse', 80, 120]);
  assert.match(caveats.join(), /observations of A are gone/);
});

test('what makes two runs hard to compare is named', () => {
  const a = stepRun('a', even(20, 1, 2));
  const b: SampledRun = {
    ...stepRun('b', even(20, 1, 2)),
    run: { ...a.run, runId: 'b', profile: 'load', decision: 'NO-GO', target: 'https://staging.example.com' },
  };
  b.conditions = {
    ...b.conditions, embedded: false, ended: 'interrupted', forced: 'asks for 50/s, 3/s were found',
    environment: b.conditions.environment && { ...b.conditions.environment, cores: 8 },
  };
  const { caveats } = compared(b, a);
  for (const said of [/A did not complete \(interrupted\)/, /A was forced/, /A itself is NO-GO/, /other target: https:\/\/staging/, /other profile: load in A, smoke in B/, /other machine: 8 cores/]) {
    assert.ok(caveats.some((caveat) => said.test(caveat)), `${said} in ${caveats.join('; ')}`);
  }
  assert.deepEqual(compared(a, a).caveats, ['A and B are the same run']);
});
