import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiOf, apiPlanOf } from '../golden/api.ts';
import { journeyOf, planOf, runOf, stepOf } from '../golden/samples.ts';
import { overBudget } from '../model/index.ts';
import type { JourneyObservation, Observation, Phase, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';

const steady: Phase = { name: 'steady', durationS: 60, arrivalRate: null, rampTo: null, arrivalCount: 60, pause: false };
const plan = planOf({
  phases: [steady],
  budgets: [{ name: 'payments', callsPerSecond: 25, journeys: { signup: 2 }, routes: { 'GET /a': 1 }, maxWaitMs: 5_000 }],
  gates: [
    { id: 'fast', metric: 'perceived_latency', journey: 'signup', step: 'submit signup', stat: 'p75', unit: 'ms', max: 500, source: 't' },
    { id: 'errors', metric: 'journey_error_rate', unit: '%', max: 20, source: 't' },
  ],
});
const begin = { ...runOf('phase', 100), detail: 'steady' } as Observation;
const end = runOf('completed', 62_000);

/** Sixty users, one a second; `waitMs` gives how long each had to wait, null that it was turned away. */
function users(waitMs: (index: number) => number | null): Observation[] {
  return Array.from({ length: 60 }, (_, index) => {
    const intendedMs = 100 + (index + 1) * 1_000;
    const wait = waitMs(index);
    const base = { vu: `1-${index}`, phase: 'steady', intendedMs };
    if (wait === null) {
      const away: Partial<JourneyObservation> = { outcome: 'dropped', errorCode: 'J_BUDGET_SPENT', budget: 'payments', durationMs: 0 };
      return [journeyOf({ ...base, tMs: intendedMs + 3, startedMs: intendedMs + 3, ...away })];
    }
    const startedMs = intendedMs + 2 + wait;
    const shaped = wait > 0 ? { shaped: { budget: 'payments', waitMs: wait } } : {};
    return [stepOf({ vu: base.vu, tMs: startedMs + 300 }), journeyOf({ ...base, tMs: startedMs + 800, startedMs, durationMs: 800, ...shaped })];
  }).flat();
}
const analysed = (all: Observation[], of: Plan = plan) => analyze(of, [begin, ...all, end]);

test('a run in which nobody waited says nothing of budgets, but that there was one', () => {
  const { arrivals, budgets } = analysed(users(() => 0));
  assert.equal(arrivals[0]?.shaped, undefined);
  assert.equal(arrivals[0]?.note, null);
  assert.deepEqual(budgets, [{
    name: 'payments', callsPerSecond: 25, users: { waited: 0, turnedAway: 0, longestWaitMs: 0, arrived: 60 },
    api: { waited: 0, turnedAway: 0, longestWaitMs: 0 },
  }]);
});

test('waiting for a budget is no lateness, and neither in a journey\'s duration nor in what the plan meant', () => {
  const { arrivals, budgets, findings } = analysed(users((index) => (index % 2 === 0 ? 400 : 0)));
  assert.equal(arrivals[0]?.lateness?.maxMs, 2);
  assert.deepEqual(arrivals[0]?.shaped, { waited: 30, turnedAway: 0, p95WaitMs: 400, longestWaitMs: 400 });
  assert.equal(arrivals[0]?.note, 'phase "steady": 30 users waited for a third party\'s budget, 400 ms at most');
  assert.equal(arrivals[0]?.notAsPlanned, false);
  assert.deepEqual(budgets[0]?.users, { waited: 30, turnedAway: 0, longestWaitMs: 400, arrived: 60 });
  for (const metric of ['journey_duration', 'journey_duration_from_intended']) {
    const p95 = findings.find((one) => one.metric === metric && one.stat === 'p95')?.value;
    assert.ok(p95 !== null && p95 !== undefined && p95 <= 803, `${metric} ${p95}`);
  }
});

describe('more than one in twenty who waited long or were turned away are another load than the plan\'s', () => {
  const cases: [string, (index: number) => number | null, RegExp][] = [
    ['turned away', (index) => (index % 15 === 0 ? null : 0), /0 of 60 users waited more than 1 s, 4 were turned away$/],
    ['waited', (index) => (index % 15 === 0 ? 1_800 : 0), /for a third party's budget 4 of 60 users waited more than 1 s$/],
    ['both', (index) => (index % 30 === 0 ? null : index % 30 === 7 ? 3_000 : 0), /2 of 60 users waited more than 1 s, 2 were turned away$/],
  ];
  for (const [title, waitMs, note] of cases) {
    test(title, () => {
      const analysis = analysed(users(waitMs));
      assert.match(analysis.arrivals[0]?.note ?? '', note);
      const [fast, errors] = judge(plan, analysis).gates;
      assert.equal(fast?.status, 'inconclusive');
      assert.match(fast.hint ?? '', /^not the planned load: phase "steady": for a third party's budget/);
      assert.equal(errors?.status, 'pass');
    });
  }
});

test('a few turned away are told and hold nothing back, and are no errors of the target', () => {
  const analysis = analysed(users((index) => (index < 3 ? null : index < 33 ? 100 : 0)));
  const [phase] = analysis.arrivals;
  assert.deepEqual([phase?.started, phase?.dropped, phase?.finished, phase?.notAsPlanned], [57, 0, 57, false]);
  assert.match(phase?.note ?? '', /30 users waited .*, 100 ms at most, 3 were turned away$/);
  const errors = judge(plan, analysis).gates[1];
  assert.deepEqual([errors?.n, errors?.observed], [57, 0]);
  assert.ok(errors?.evidence.includes("without 3 users turned away for a third party's budget"));
  assert.equal(analysis.totals.byOutcome['dropped'], 3);
});

test('users that were turned away do not make up for users that never came', () => {
  const analysis = analysed(users((index) => (index < 2 ? null : 0)).slice(0, -2 * 6));
  assert.match(analysis.arrivals[0]?.note ?? '', /only 52 of 60 users started/);
});

test('what the API lane could not send for a budget is counted, and is neither an answer nor an error', () => {
  const lane = { ...plan, api: apiPlanOf(), gates: [
    { id: 'rate', metric: 'api_throughput', unit: '%', min: 99, source: 't' }, { id: 'errors', metric: 'api_error_rate', unit: '%', max: 10, source: 't' },
  ] } satisfies Plan;
  const durationsMs = Array.from({ length: 100 }, () => 20);
  const windows = Array.from({ length: 6 }, (_, index) => apiOf({
    fromMs: index * 10_000, durationsMs, scheduled: 104, sent: 100, failed: { [overBudget('payments')]: 4 },
    shaped: { payments: { count: 10, maxWaitMs: 100 * (index + 1) } },
  }));
  const analysis = analysed(windows, lane);
  assert.deepEqual(analysis.budgets[0]?.api, { waited: 60, turnedAway: 24, longestWaitMs: 600 });
  const [rate, errors] = judge(lane, analysis).gates;
  assert.deepEqual([rate?.status, rate?.observed, errors?.status, errors?.observed], ['inconclusive', 100, 'pass', 0]);
  assert.match(rate?.hint ?? '', /settled but for the 24 that were never sent/);
});
