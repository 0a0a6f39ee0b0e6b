import assert from 'node:assert/strict';
import test from 'node:test';
import { analyze } from '../analyze/analyze.ts';
import type { Analysis } from '../analyze/analyze.ts';
import { journeyOf, planOf, requestOf, stepOf, taskOf } from '../golden/samples.ts';
import type { RateSeries } from '../analyze/series.ts';
import type { Gate, GateResult, Observation, Plan } from '../model/index.ts';
import { judgeGate } from './judge-gate.ts';

const LATENCY: Gate = {
  id: 'step', metric: 'perceived_latency', journey: 'signup', step: 'submit signup', stat: 'p50', unit: 'ms', max: 150, source: 'test',
};
const REQUEST: Gate = { id: 'api', metric: 'request_latency', route: 'api', stat: 'p50', unit: 'ms', max: 100, source: 'test' };
const AGENT: Gate = { id: 'agent', metric: 'agent_completion', stat: 'p50', unit: 'ms', max: 5_000, source: 'test' };
const ERRORS: Gate = { id: 'errors', metric: 'journey_error_rate', unit: '%', max: 50, source: 'test' };
const REQUEST_ERRORS: Gate = { id: 'request-errors', metric: 'request_error_rate', unit: '%', max: 50, source: 'test' };
const TASKS: Gate = { id: 'tasks', metric: 'agent_success_rate', unit: '%', min: 50, source: 'test' };
const GATES = [LATENCY, REQUEST, AGENT, ERRORS, REQUEST_ERRORS, TASKS];

/** A minute with a user a second, slow while the canary is, and a canary that is disturbed from `from` to `to`. */
function minute(fromMs: number, toMs: number, { canary = true, slowMs = 900 } = {}): Observation[] {
  return Array.from({ length: 60 }, (_, index): Observation[] => {
    const tMs = index * 1_000 + 500;
    const bad = tMs >= fromMs && tMs < toMs;
    const excessMs = bad ? 83 : 1;
    return [
      stepOf({ tMs, perceivedMs: bad ? slowMs : 100, driverMs: 200 }),
      requestOf({ tMs, durationMs: bad ? slowMs : 20 }),
      taskOf({ tMs, completedMs: bad ? slowMs * 10 : 300 }),
      journeyOf({ tMs, startedMs: Math.max(0, tMs - 400), durationMs: 400 }),
      ...(canary ? [{
        v: 1, runId: 'r', phase: 'steady', vu: null, journey: null, kind: 'canary', role: 'observer', tMs, outcome: 'passed',
        latencyMs: 65 + excessMs, idleMs: 65, excessMs, driverMs: 90,
      } as const] : []),
    ];
  }).flat();
}

function judged(observations: Observation[], changes: Partial<Plan> = {}): { analysis: Analysis; by: Record<string, GateResult> } {
  const plan = planOf({ gates: GATES, ...changes });
  const analysis = analyze(plan, observations);
  return { analysis, by: Object.fromEntries(GATES.map((gate) => [gate.id, judgeGate(gate, analysis, plan)])) };
}

const statuses = (by: Record<string, GateResult>): string => GATES.map((gate) => by[gate.id]?.status).join(' ');

test('a disturbed minute holds back what is latency, whatever it would have said, and nothing else', () => {
  for (const slowMs of [900, 100]) {
    const { by } = judged(minute(20_000, 40_000, { slowMs }));
    assert.equal(statuses(by), 'inconclusive inconclusive inconclusive pass pass pass');
    assert.equal(by['step']?.hint, 'observers disturbed from 00:20 to 00:40, canary +83 ms');
  }
});

test('a short disturbance is left out, and the share that was is told', () => {
  const { analysis, by } = judged(minute(20_000, 30_000));
  assert.equal(statuses(by), 'pass pass pass pass pass pass');
  assert.deepEqual([by['step']?.n, by['step']?.observed], [50, 100]);
  assert.deepEqual(by['step']?.evidence, ['10 samples left out: the observers were disturbed']);
  const windows = analysis.findings.filter((one) => one.metric === 'perceived_latency').map((one) => one.window);
  assert.deepEqual(new Set(windows), new Set(['whole run, 17 % left out (10 of 60: observers disturbed)']));
  assert.equal(by['errors']?.n, 60, 'rates count everybody');
  assert.equal(analysis.totals.observed, 60);
});

test('a slow application on an undisturbed generator fails', () => {
  const slow = minute(0, 60_000).map((one): Observation => (one.kind === 'canary' ? { ...one, latencyMs: 66, excessMs: 1 } : one));
  assert.equal(statuses(judged(slow).by), 'fail fail fail pass pass pass');
});

test('without a canary everything is judged as it always was', () => {
  const { analysis, by } = judged(minute(0, 40_000, { canary: false }));
  assert.equal(statuses(by), 'fail fail fail pass pass pass');
  assert.equal(analysis.validity.summary, 'canary not run');
});

test('failures in a disturbed window are no latency, and stay errors', () => {
  const failed = minute(20_000, 30_000).map((one): Observation => (one.tMs < 20_000 || one.tMs >= 30_000 ? one
    : one.kind === 'step' ? { ...one, outcome: 'timeout', perceivedMs: null }
      : one.kind === 'journey' ? { ...one, outcome: 'timeout' } : one));
  const { analysis, by } = judged(failed);
  assert.equal(by['step']?.status, 'pass');
  const finding = analysis.findings.find((one) => one.metric === 'perceived_latency');
  assert.deepEqual([finding?.censored, finding?.n], [0, 50]);
  assert.equal(analysis.rates.get(JSON.stringify(['journey_error_rate']))?.events, 10);
});

test('a gate all of whose samples were left out says why it has none', () => {
  const rare = minute(20_000, 30_000).filter((one) => one.kind !== 'step' || (one.tMs >= 20_000 && one.tMs < 30_000));
  const { by } = judged(rare);
  assert.deepEqual([by['step']?.status, by['step']?.n], ['no-data', 0]);
  assert.equal(by['step']?.hint, 'observers disturbed from 00:20 to 00:30, canary +83 ms');
});

test('the warm-up is no part of what must be undisturbed', () => {
  const warm = minute(0, 20_000).map((one): Observation => ({ ...one, phase: one.tMs < 20_000 ? 'warm up' : 'steady' }));
  const { analysis, by } = judged(warm, { warmUpPhases: ['warm up'] });
  assert.equal(analysis.validity.healthyShare, 1);
  assert.equal(by['step']?.n, 40);
});

test('users who would have observed but joined the crowd are counted, and told where samples lack', () => {
  const few = [stepOf({}), journeyOf({}), journeyOf({ role: 'crowd', demoted: true }), journeyOf({ role: 'crowd', demoted: true })];
  const { analysis, by } = judged(few);
  assert.equal(analysis.totals.demoted, 2);
  assert.match(by['step']?.evidence.join() ?? '', /2 users would have observed, but joined the crowd/);
});

test('a crowd that was starved of the processor times out for no reason of the application’s', () => {
  const crowdClick = (tMs: number, excessMs: number | null): Observation => ({
    v: 1, runId: 'r', phase: 'steady', vu: null, journey: null, kind: 'canary', role: 'crowd', tMs,
    outcome: excessMs === null ? 'timeout' : 'passed', latencyMs: excessMs === null ? null : 65 + excessMs, idleMs: 65, excessMs,
    driverMs: excessMs === null ? 5_000 : 90,
  });
  const late = (tMs: number): Observation => journeyOf({ role: 'crowd', outcome: 'timeout', tMs, startedMs: tMs - 1_000, durationMs: 1_000 });
  const run = (excessAt: (tMs: number) => number | null): RateSeries | undefined => judged([
    ...minute(0, 0), ...Array.from({ length: 30 }, (_, index) => crowdClick(index * 2_000 + 1_000, excessAt(index * 2_000 + 1_000))),
    ...Array.from({ length: 20 }, (_, index) => late(21_500 + index * 400)),
  ]).analysis.rates.get(JSON.stringify(['journey_error_rate']));
  const cases: [name: string, excessAt: (tMs: number) => number | null, events: number, unknown: number][] = [
    ['slow is not starved', () => 300, 20, 0],
    ['ten times slower while they timed out', (tMs) => (tMs >= 20_000 && tMs < 30_000 ? 700 : 20), 0, 20],
    ['unanswered', (tMs) => (tMs >= 20_000 && tMs < 30_000 ? null : 20), 0, 20],
    ['starved at another time', (tMs) => (tMs < 10_000 ? 700 : 20), 20, 0],
  ];
  for (const [name, excessAt, events, unknown] of cases) {
    const series = run(excessAt);
    assert.deepEqual([series?.events, series?.unknown, (series?.n ?? 0) + (series?.unknown ?? 0)], [events, unknown, 80], name);
    assert.equal(series?.notes.length, unknown > 0 ? 1 : 0, name);
  }
});

test('slo.yml says how much must be healthy', () => {
  const { validity } = planOf();
  const { by } = judged(minute(20_000, 40_000), { validity: { ...validity, min_healthy_percent: 60 } });
  assert.equal(statuses(by), 'pass pass pass pass pass pass');
});
