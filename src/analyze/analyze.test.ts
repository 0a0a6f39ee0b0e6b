import assert from 'node:assert/strict';
import test from 'node:test';
import type { Finding, Observation } from '../model/index.ts';
import { journeyOf, planOf, requestOf, runOf, stepOf, taskOf } from '../golden/samples.ts';
import { analyze } from './analyze.ts';

const plan = planOf({ warmUpPhases: ['warm up'] });

function find(
  observations: Observation[],
  metric: string,
  scope: Record<string, string> = {},
  stat?: string,
): Finding | undefined {
  const wanted = JSON.stringify(scope);
  return analyze(plan, observations).findings.find(
    (one) => one.metric === metric && JSON.stringify(one.scope) === wanted && (stat === undefined || one.stat === stat),
  );
}

const STEP = { journey: 'signup', step: 'submit signup' };

test('latency comes from observers only, and not from the warm-up', () => {
  const finding = find(
    [
      stepOf({ perceivedMs: 100 }),
      stepOf({ perceivedMs: 900, role: 'crowd' }),
      stepOf({ perceivedMs: 800, phase: 'warm up' }),
    ],
    'perceived_latency',
    STEP,
    'p50',
  );
  assert.deepEqual([finding?.value, finding?.n, finding?.window], [100, 1, 'without warm-up (warm up)']);
});

test('failed, timed out and crashed steps are censored; dropped and interrupted ones are no samples', () => {
  const outcomes = ['passed', 'failed', 'timeout', 'crashed', 'dropped', 'interrupted'] as const;
  const finding = find(
    outcomes.map((outcome) => stepOf({ outcome, perceivedMs: outcome === 'passed' ? 80 : null })),
    'perceived_latency',
    STEP,
    'p50',
  );
  assert.deepEqual([finding?.n, finding?.censored, finding?.value], [4, 3, null]);
});

test("a step that the page could not time is counted as unmeasured, never by the driver's time", () => {
  const finding = find(
    [
      stepOf({ perceivedMs: 80 }),
      stepOf({ perceivedMs: null, driverMs: 5, unmeasured: 'no frame' }),
      stepOf({ perceivedMs: null, driverMs: 5, clock: 'driver', unmeasured: 'no frame' }),
    ],
    'perceived_latency',
    STEP,
    'p50',
  );
  assert.deepEqual([finding?.n, finding?.unmeasured, finding?.value], [1, 2, 80]);
});

test('a step without an awaited element has driver latency and no perceived one', () => {
  const steps = [
    stepOf({ perceivedMs: null, driverMs: 40, clock: 'driver' }),
    stepOf({ clock: 'driver', perceivedMs: null, outcome: 'failed' }),
  ];
  assert.equal(find(steps, 'perceived_latency', STEP), undefined);
  assert.equal(find(steps, 'driver_latency', STEP, 'p50')?.value, 40);
});

test('a step that broke before its element was looked for is still a failed one', () => {
  const finding = find(
    [stepOf({ perceivedMs: 80 }), stepOf({ clock: 'driver', perceivedMs: null, outcome: 'failed' })],
    'perceived_latency',
    STEP,
    'p50',
  );
  assert.deepEqual([finding?.n, finding?.censored], [2, 1]);
});

test('journey errors count failed, timed out, crashed and dropped users of both roles, not interrupted ones', () => {
  const users = (['passed', 'failed', 'timeout', 'crashed', 'dropped', 'interrupted'] as const).map((outcome) =>
    journeyOf({ outcome, role: 'crowd' }),
  );
  const finding = find(users, 'journey_error_rate', { journey: 'signup' });
  assert.deepEqual([finding?.events, finding?.n, finding?.value], [4, 5, 80]);
  assert.equal(find(users, 'journey_error_rate')?.n, 5);
});

test('a request of status 400 and above or without response is an error, and its latency is censored', () => {
  const requests = [
    requestOf({ durationMs: 10 }),
    requestOf({ status: 404, durationMs: 1 }),
    requestOf({ status: null, durationMs: null, role: 'crowd' }),
  ];
  assert.deepEqual(find(requests, 'request_error_rate')?.events, 2);
  const latency = find(requests, 'request_latency', { route: 'GET /api/v1/creators' }, 'p50');
  assert.deepEqual([latency?.n, latency?.censored, latency?.value], [2, 1, 10]);
  assert.equal(find(requests, 'request_latency', { route: 'api' }, 'p50')?.n, 2);
});

test('cold starts are told by the task, or by the start that its user was seen to meet', () => {
  const observations: Observation[] = [
    taskOf({ vu: 'a', cold: false }),
    taskOf({ vu: 'b', cold: null }),
    taskOf({ vu: 'c', cold: null }),
    { ...base('b'), kind: 'coldStart', service: 'agent', durationMs: 640 },
  ];
  const incidence = find(observations, 'cold_start_incidence', { service: 'agent' });
  assert.deepEqual([incidence?.events, incidence?.n, incidence?.unmeasured], [1, 2, 1]);
  const penalty = find(observations, 'cold_start_penalty', { service: 'agent' });
  assert.deepEqual([penalty?.value, penalty?.interval, penalty?.n], [640, null, 1]);
});

test('agent tasks: completion is censored when the task failed, first progress counts where it was seen', () => {
  const tasks = [
    taskOf({ firstProgressMs: 300, completedMs: 2000 }),
    taskOf({ outcome: 'failed', firstProgressMs: 400, completedMs: null }),
  ];
  const completion = find(tasks, 'agent_completion', {}, 'p90');
  assert.deepEqual([completion?.n, completion?.censored, completion?.value], [2, 1, null]);
  assert.equal(find(tasks, 'agent_first_progress', {}, 'p90')?.value, 400);
  assert.deepEqual(find(tasks, 'agent_success_rate')?.value, 50);
});

test('a page without any interaction has no INP, which is no gap; a page without LCP is one', () => {
  const vital = { ...base('a'), kind: 'vital', page: '/x' } as const;
  const observations: Observation[] = [
    { ...vital, name: 'INP', value: null },
    { ...vital, name: 'INP', value: 30 },
    { ...vital, name: 'LCP', value: null },
  ];
  assert.deepEqual(
    [
      find(observations, 'vital', { vital: 'INP' }, 'p75')?.n,
      find(observations, 'vital', { vital: 'INP' }, 'p75')?.unmeasured,
    ],
    [1, 0],
  );
  assert.deepEqual(
    [
      find(observations, 'vital', { vital: 'LCP' }, 'p75')?.n,
      find(observations, 'vital', { vital: 'LCP' }, 'p75')?.unmeasured,
    ],
    [0, 1],
  );
});

test("totals count every user by outcome and show the difference to Artillery's own counters", () => {
  const { totals } = analyze(plan, [
    journeyOf({ outcome: 'passed', role: 'observer' }),
    journeyOf({ outcome: 'dropped', role: 'observer' }),
    journeyOf({ outcome: 'interrupted', role: 'crowd' }),
    runOf('started', 0),
    runOf('completed', 9000, { 'vusers.created': 4 }),
  ]);
  assert.deepEqual(totals, {
    journeys: 3,
    observed: 1,
    byOutcome: { dropped: 1, interrupted: 1, passed: 1 },
    durationMs: 9000,
    ended: 'completed',
    unreadableLines: 0,
    stopped: null,
    artilleryDifference: 1,
    demoted: 0,
  });
});

test('how a run ended is the worst of what it said, and nothing if it said nothing', () => {
  assert.equal(analyze(plan, [runOf('started', 0)]).totals.ended, null);
  assert.equal(analyze(plan, [runOf('completed', 5), runOf('interrupted', 4)]).totals.ended, 'interrupted');
  assert.equal(
    analyze(plan, [runOf('fault', 3), runOf('interrupted', 4), runOf('completed', 5)]).totals.ended,
    'fault',
  );
});

test('the order of observations makes no difference', () => {
  const observations = [
    journeyOf({ outcome: 'failed' }),
    stepOf({ perceivedMs: 3 }),
    stepOf({ perceivedMs: 1 }),
    requestOf({}),
    taskOf({}),
    runOf('completed', 5),
  ];
  assert.deepEqual(analyze(plan, observations).findings, analyze(plan, observations.toReversed()).findings);
});

function base(vu: string): {
  v: 1;
  runId: string;
  tMs: number;
  phase: string;
  vu: string;
  journey: string;
  role: 'observer';
} {
  return { v: 1, runId: 'r', tMs: 1, phase: 'steady', vu, journey: 'agent task', role: 'observer' };
}
