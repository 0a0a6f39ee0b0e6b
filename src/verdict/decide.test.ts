import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { analyze } from '../analyze/analyze.ts';
import { journeyOf, planOf, requestOf, runOf, stepOf, taskOf } from '../golden/samples.ts';
import type { Gate, GateResult, GateStatus, Observation, Totals } from '../model/index.ts';
import { decide, judge } from './decide.ts';

const GATE: Gate = {
  id: 'signup',
  metric: 'perceived_latency',
  journey: 'signup',
  step: 'submit signup',
  stat: 'p75',
  unit: 'ms',
  max: 250,
  source: 'test',
};
const ERRORS: Gate = { id: 'errors', metric: 'journey_error_rate', unit: '%', max: 5, source: 'test' };

function gateOf(gate: Gate, observations: Observation[]): GateResult {
  const plan = planOf({ gates: [gate] });
  const [result] = judge(plan, analyze(plan, observations)).gates;
  assert.ok(result);
  return result;
}

const steps = (...times: number[]): Observation[] => times.map((perceivedMs) => stepOf({ perceivedMs }));
const many = (count: number, perceivedMs = 100): Observation[] =>
  steps(...Array.from({ length: count }, () => perceivedMs));

test('a percentile gate passes, fails, or says about how many samples more would settle it', () => {
  const cases: [string, Observation[], GateStatus, string | null][] = [
    ['all fast, enough of them', many(11), 'pass', null],
    ['all fast, too few', many(8), 'inconclusive', 'needs 3 more samples'],
    ['all fast, one too few', many(10), 'inconclusive', 'needs 1 more sample'],
    ['all slow', many(11, 900), 'fail', null],
    ['all slow, few', many(3, 900), 'fail', null],
    ['some slow', [...many(14), ...many(3, 900)], 'inconclusive', 'needs about 20 more samples'],
    ['none', [], 'no-data', 'no observed step was seen'],
    [
      'journey seen, step never reached',
      [journeyOf({ outcome: 'failed' })],
      'no-data',
      'no observed user came to this step',
    ],
    [
      'none measurable',
      [stepOf({ perceivedMs: null, unmeasured: 'x' })],
      'no-data',
      'not one of them could be measured',
    ],
    ['crowd only', [stepOf({ role: 'crowd' })], 'no-data', 'no observed step was seen'],
    [
      'only the driver saw it',
      [stepOf({ clock: 'driver', perceivedMs: null })],
      'no-data',
      'this step awaits no element, so only the driver timed it: give it "until"',
    ],
  ];
  for (const [name, observations, status, hint] of cases) {
    const result = gateOf(GATE, observations);
    assert.equal(result.status, status, name);
    if (hint !== null && name !== 'some slow') assert.equal(result.hint, hint, name);
    if (name === 'some slow') assert.match(result.hint ?? '', /^needs about \d+ more samples$/);
  }
});

test('a percentile among the failed fails, reads as above its deadline, and shows the first failures', () => {
  const broken = stepOf({
    outcome: 'timeout',
    perceivedMs: null,
    errorCode: 'J_STEP_TIMEOUT',
    message: 'not visible\nstack',
    screenshot: 'failures/a.jpg',
    tMs: 12_345,
  });
  const result = gateOf(GATE, [...many(8), broken, broken, broken]);
  assert.deepEqual([result.status, result.observed, result.observedAbove], ['fail', null, 10_000]);
  assert.deepEqual(result.evidence.slice(0, 2), [
    '3 of 11 failed: 3 J_STEP_TIMEOUT',
    'at 12.3 s of user vu-1 J_STEP_TIMEOUT: not visible, screenshot failures/a.jpg',
  ]);
});

test('traces of the crowd’s failures are named with the gates of their step and of their journey', () => {
  const broken = { outcome: 'timeout', perceivedMs: null, errorCode: 'J_STEP_TIMEOUT' } as const;
  const observations = [
    ...many(8), stepOf(broken), journeyOf({ outcome: 'failed', errorCode: 'J_STEP_TIMEOUT' }),
    ...[3, 1, 2].map((at) => stepOf({ ...broken, role: 'crowd', tMs: at * 1_000, trace: `failures/${at}.zip` })),
  ];
  const named = 'traces, to open with "npx playwright show-trace": failures/1.zip, failures/2.zip';
  assert.equal(gateOf(GATE, observations).evidence[2], named);
  assert.equal(gateOf(ERRORS, observations).evidence[2], named);
  assert.ok(!gateOf({ ...GATE, step: 'another' }, observations).evidence.includes(named));
});

test('unmeasured samples are said, and too many of them leave a gate open however fast the rest', () => {
  const unmeasured = stepOf({ perceivedMs: null, unmeasured: 'no frame' });
  const open = gateOf(GATE, [...many(20), unmeasured, unmeasured, unmeasured, unmeasured]);
  assert.equal(open.status, 'inconclusive');
  assert.match(open.evidence[0] ?? '', /^4 of 24 passed but could not be measured/);
  assert.equal(gateOf(GATE, [...many(100), unmeasured]).status, 'pass');
});

test('turning any sample into a failed one never improves the status', () => {
  const rank: Record<GateStatus, number> = { pass: 0, inconclusive: 1, 'no-data': 1, error: 1, fail: 2 };
  const sample = fc.record({
    perceivedMs: fc.integer({ min: 1, max: 500 }),
    outcome: fc.constantFrom('passed' as const, 'failed' as const),
    unmeasured: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), fc.nat(), (samples, which) => {
      const build = (failing: number): Observation[] =>
        samples.map((one, index) => {
          if (index === failing || one.outcome === 'failed') return stepOf({ outcome: 'failed', perceivedMs: null });
          return one.unmeasured
            ? stepOf({ perceivedMs: null, unmeasured: 'x' })
            : stepOf({ perceivedMs: one.perceivedMs });
        });
      const before = gateOf(GATE, build(-1)).status;
      const after = gateOf(GATE, build(which % samples.length)).status;
      assert.ok(rank[after] >= rank[before], `${before} became ${after}`);
    }),
  );
});

test('rates pass, fail or stay open by their bounds', () => {
  const users = (good: number, bad: number): Observation[] => [
    ...Array.from({ length: good }, () => journeyOf({})),
    ...Array.from({ length: bad }, () => journeyOf({ outcome: 'failed', errorCode: 'J_STEP_FAILED' })),
  ];
  assert.equal(gateOf(ERRORS, users(59, 0)).status, 'pass');
  assert.equal(gateOf(ERRORS, users(50, 0)).status, 'inconclusive');
  assert.equal(gateOf(ERRORS, users(50, 0)).hint, 'needs about 9 more samples');
  assert.equal(gateOf(ERRORS, users(50, 20)).status, 'fail');
  assert.equal(gateOf(ERRORS, users(50, 20)).evidence[0], '20 of 70 failed: 20 J_STEP_FAILED');
  assert.equal(gateOf(ERRORS, []).status, 'no-data');
  const success: Gate = { id: 's', metric: 'agent_success_rate', unit: '%', min: 80, source: 'test' };
  assert.equal(
    gateOf(
      success,
      Array.from({ length: 20 }, () => taskOf({})),
    ).status,
    'pass',
  );
  assert.equal(
    gateOf(
      success,
      Array.from({ length: 20 }, () => taskOf({ outcome: 'failed' })),
    ).status,
    'fail',
  );
  const degraded = gateOf(
    success,
    Array.from({ length: 20 }, () => taskOf({ degraded: true })),
  );
  assert.deepEqual(degraded.evidence, ['20 of the tasks were answered degraded']);
});

test('a rate that only those could change of whom nothing is known says so, and asks for no more samples', () => {
  const starved = Array.from({ length: 20 }, () => journeyOf({ outcome: 'timeout', errorCode: 'J_STEP_TIMEOUT' }));
  const good = Array.from({ length: 200 }, () => journeyOf({}));
  const unanswered = { outcome: 'timeout', latencyMs: null, idleMs: 60, excessMs: null, driverMs: 5_000 } as const;
  const canary = Array.from({ length: 3 }, (): Observation => ({
    v: 1, runId: 'r', tMs: 1_000, phase: 'steady', vu: null, journey: null, kind: 'canary', role: 'observer', ...unanswered,
  }));
  const result = gateOf(ERRORS, [...good, ...starved, ...canary]);
  assert.equal(result.status, 'inconclusive', JSON.stringify(result));
  assert.equal(result.hint, 'settled but for the 20 that could not be told apart');
});

test('a wrong route in a gate is no data, with the name that was probably meant', () => {
  const gate: Gate = {
    id: 'r',
    metric: 'request_latency',
    route: 'GET /api/v1/creator',
    stat: 'p95',
    unit: 'ms',
    max: 50,
    source: 'test',
  };
  assert.equal(gateOf(gate, [requestOf({})]).hint, 'no request was seen; did you mean "GET /api/v1/creators"?');
});

test('the longest cold start is judged as it is, and none at all is no data', () => {
  const gate: Gate = {
    id: 'c',
    metric: 'cold_start_penalty',
    service: 'agent',
    stat: 'max',
    unit: 'ms',
    max: 1000,
    source: 'test',
  };
  const start = (durationMs: number): Observation => ({
    v: 1,
    runId: 'r',
    tMs: 1,
    phase: 'warm up',
    vu: 'a',
    journey: 'agent task',
    role: 'crowd',
    kind: 'coldStart',
    service: 'agent',
    durationMs,
  });
  assert.equal(gateOf(gate, [start(900), start(400)]).status, 'pass');
  assert.equal(gateOf(gate, [start(1100), start(400)]).status, 'fail');
  assert.equal(gateOf(gate, []).status, 'no-data');
});

const TOTALS: Totals = {
  journeys: 1,
  observed: 1,
  byOutcome: { passed: 1 },
  durationMs: 1,
  ended: 'completed',
  unreadableLines: 0,
  stopped: null,
  artilleryDifference: 0,
  demoted: 0,
};

function result(status: GateStatus): GateResult {
  return {
    id: `a-${status}`,
    title: 'a',
    metric: 'vital',
    stat: 'p75',
    status,
    observed: null,
    observedAbove: null,
    interval: null,
    limit: { kind: 'max', value: 1 },
    unit: 'ms',
    n: 0,
    evidence: [],
    hint: null,
  };
}

test('the decision is GO only when every gate passed in a run that completed and lost nothing', () => {
  const cases: [GateStatus[], Partial<Totals>, string, number, RegExp][] = [
    [['pass', 'pass'], {}, 'GO', 0, /All 2 gates passed/],
    [['pass', 'fail', 'no-data'], {}, 'NO-GO', 1, /1 of 3 gates failed \(a-fail\)/],
    [['pass', 'inconclusive'], {}, 'INCONCLUSIVE', 2, /1 of 2 gates could not be settled/],
    [['pass', 'no-data'], {}, 'INCONCLUSIVE', 2, /a-no-data/],
    [['pass', 'error'], {}, 'INCONCLUSIVE', 2, /a-error/],
    [[], {}, 'INCONCLUSIVE', 2, /No gate is judged/],
    [['pass'], { ended: null }, 'INCONCLUSIVE', 2, /INCOMPLETE/],
    [['fail'], { ended: null }, 'NO-GO', 1, /INCOMPLETE/],
    [['pass'], { ended: 'interrupted' }, 'INCONCLUSIVE', 130, /interrupted/],
    [['fail'], { ended: 'interrupted' }, 'NO-GO', 130, /interrupted/],
    [['pass'], { ended: 'fault' }, 'INCONCLUSIVE', 4, /harness itself failed/],
    [['pass'], { unreadableLines: 2 }, 'INCONCLUSIVE', 2, /2 recorded lines could not be read/],
    [['pass'], { artilleryDifference: 3 }, 'INCONCLUSIVE', 2, /3 users that Artillery started nothing was recorded/],
    [['pass'], { artilleryDifference: -1 }, 'GO', 0, /one gate/],
    [['pass'], { artilleryDifference: null }, 'GO', 0, /one gate/],
  ];
  for (const [statuses, totals, decision, exitCode, reason] of cases) {
    const verdict = decide(statuses.map(result), { ...TOTALS, ...totals });
    assert.deepEqual([verdict.decision, verdict.exitCode], [decision, exitCode], JSON.stringify([statuses, totals]));
    assert.match(verdict.reason, reason);
  }
});

test('a run without any observation is never a GO', () => {
  const plan = planOf({ gates: [GATE, ERRORS] });
  assert.equal(judge(plan, analyze(plan, [])).decision, 'INCONCLUSIVE');
  assert.equal(judge(plan, analyze(plan, [runOf('completed', 1)])).decision, 'INCONCLUSIVE');
});

test('a run that was stopped past the knee is complete, and owes no user of the phases it never came to', () => {
  const phase = { durationS: 60, arrivalRate: 1, rampTo: null, arrivalCount: null, pause: false };
  const plan = planOf({ gates: [ERRORS], phases: [{ name: 'step 1', ...phase }, { name: 'step 2', ...phase }, { name: 'step 3', ...phase }] });
  const users = (name: string, from: number, count: number): Observation[] => Array.from({ length: count }, (_, index) =>
    journeyOf({ vu: `${name}-${index}`, phase: name, startedMs: from + index * 1_000, intendedMs: from + index * 1_000, tMs: from + index * 1_000 + 500 }));
  const started = (detail: string, tMs: number): Observation => ({ ...runOf('phase', tMs), detail } as Observation);
  const lines = [
    started('step 1', 0), ...users('step 1', 1_000, 60), started('step 2', 60_000), ...users('step 2', 61_000, 20),
    { ...runOf('stopped', 80_500), detail: 'past the knee' } as Observation, runOf('completed', 82_000),
  ];
  const analysis = analyze(plan, lines);
  assert.deepEqual([analysis.totals.ended, analysis.totals.stopped], ['completed', 'past the knee']);
  assert.deepEqual(analysis.arrivals.map(({ extent, notAsPlanned, scheduled }) => [extent, notAsPlanned, scheduled]),
    [['whole', false, 60], ['cut', false, 20], ['never', false, 0]]);
  assert.equal(judge(plan, analysis).decision, 'GO');
  const killed = analyze(plan, lines.slice(0, -1));
  assert.equal(killed.totals.ended, null, 'stopped, and killed while it ended: nobody knows what is missing');
});
