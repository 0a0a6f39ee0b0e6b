import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { journeyOf, planOf, runOf, stepOf } from '../golden/samples.ts';
import type { JourneyObservation, Observation, Phase, PhaseArrivals, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';

const blank = { durationS: 60, arrivalRate: null, rampTo: null, arrivalCount: null, pause: false };
const steady: Phase = { ...blank, name: 'steady', arrivalCount: 60 };
const gates: Plan['gates'] = [
  { id: 'fast', metric: 'perceived_latency', journey: 'signup', step: 'submit signup', stat: 'p75', unit: 'ms', max: 500, source: 't' },
  { id: 'errors', metric: 'journey_error_rate', unit: '%', max: 20, source: 't' },
];
const plan = planOf({ phases: [steady], gates });
const phaseAt = (tMs: number, detail: string): Observation => ({ ...runOf('phase', tMs), detail }) as Observation;

/** Users of the phase, one a second from its start at 100 ms, each with a step. */
function users(count: number, changes: (index: number) => Partial<JourneyObservation> = () => ({})): Observation[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const intendedMs = 100 + (index + 1) * 1_000;
    const base = { vu: `1-${index}`, phase: 'steady', tMs: intendedMs + 900 };
    return [stepOf(base), journeyOf({ ...base, intendedMs, startedMs: intendedMs + 2, durationMs: 800, ...changes(index) })];
  });
}

function arrivals(observations: Observation[], of: Plan = plan): PhaseArrivals {
  const [first] = analyze(of, [phaseAt(100, 'steady'), ...observations]).arrivals;
  assert.ok(first);
  return first;
}
const ended = runOf('completed', 62_000);

test('a run as planned has every user, in time, and nothing to remark', () => {
  assert.deepEqual(arrivals([...users(60), ended]), {
    phase: 'steady', extent: 'whole', scheduled: 60, started: 60, finished: 60, unfinished: 0, dropped: 0,
    lateness: { n: 60, late: 0, toleranceMs: 100, p50Ms: 2, p95Ms: 2, maxMs: 2 }, note: null, notAsPlanned: false,
  });
});

describe('a load that was not the plan\'s leaves latency open, and says why', () => {
  const cases: [string, Observation[], RegExp][] = [
    ['users that never came', users(56), /^phase "steady": only 56 of 60 users started$/],
    ['users that were turned away', users(60, (index) => (index % 15 === 0 ? { outcome: 'dropped' } : {})), /: 4 of 60 users were dropped/],
    ['users that came late', users(60, (index) => (index >= 50 ? { startedMs: 100 + (index + 1) * 1_000 + 1_800 } : {})), /started late, p95 1\.8 s$/],
  ];
  for (const [title, observations, note] of cases) {
    test(title, () => {
      const analysis = analyze(plan, [phaseAt(100, 'steady'), ...observations, ended]);
      assert.match(analysis.arrivals[0]?.note ?? '', note);
      const [fast, errors] = judge(plan, analysis).gates;
      assert.equal(fast?.status, 'inconclusive');
      assert.match(fast.hint ?? '', /^not the planned load: phase "steady"/);
      // A failed user is a failed user, however many came.
      assert.equal(errors?.status, 'pass');
    });
  }
});

test('the same in the warm-up is told, and holds nothing back', () => {
  const warm = planOf({ phases: [steady], gates, warmUpPhases: ['steady'] });
  assert.equal(arrivals([...users(30), ended], warm).notAsPlanned, true);
  const judged = judge(warm, analyze(warm, [phaseAt(100, 'steady'), ...users(30), ended]));
  assert.doesNotMatch(judged.gates.map((gate) => gate.hint).join(), /planned load/);
});

test('a little late is told without holding anything back', () => {
  const one = arrivals([...users(60, (index) => (index >= 50 ? { startedMs: 100 + (index + 1) * 1_000 + 240 } : {})), ended]);
  assert.deepEqual([one.note, one.notAsPlanned], ['phase "steady": 10 of 60 users started late, p95 240 ms', false]);
});

test('an interrupted run is held only against the users that were due', () => {
  const cut = arrivals([...users(20, (index) => (index >= 18 ? { outcome: 'interrupted' } : {})), runOf('interrupted', 21_000)]);
  assert.deepEqual([cut.extent, cut.scheduled, cut.started, cut.finished, cut.unfinished], ['cut', 20, 20, 18, 2]);
  assert.equal(cut.notAsPlanned, false);
  const starved = arrivals([...users(10), runOf('interrupted', 21_000)]);
  assert.equal(starved.note, 'phase "steady": only 10 of 19 users started');
});

test('nobody is due while the users of an interrupted run are being closed', () => {
  const closing = arrivals([...users(20), runOf('interrupted', 21_000), runOf('interrupted', 33_000)]);
  assert.deepEqual([closing.scheduled, closing.note], [20, null]);
});

test('of a killed run, users that left no end behind count as started and unfinished', () => {
  const left = users(20).filter((one) => !(one.kind === 'journey' && one.vu === '1-19'));
  const killed = arrivals(left);
  assert.deepEqual([killed.extent, killed.started, killed.finished, killed.unfinished], ['cut', 20, 19, 1]);
});

test('a phase that never began has no users to miss', () => {
  const two = planOf({ phases: [steady, { ...steady, name: 'later' }] });
  const [, later] = analyze(two, [phaseAt(100, 'steady'), ...users(20), runOf('interrupted', 21_000)]).arrivals;
  assert.deepEqual([later?.extent, later?.scheduled, later?.note, later?.lateness], ['never', 0, null, null]);
});

test('random users are compared by number, and chance alone holds nothing back', () => {
  const random = planOf({ phases: [{ ...blank, name: 'steady', arrivalRate: 1, poisson: true }] });
  const unknown = (count: number): Observation[] => users(count, () => ({ intendedMs: null }));
  const few = arrivals([...unknown(40), ended], random);
  assert.deepEqual([few.scheduled, few.lateness, few.notAsPlanned], [60, null, false]);
  assert.equal(arrivals([...unknown(25), ended], random).notAsPlanned, true);
});

test('whatever happens to users, none is counted twice and none is lost', () => {
  const outcome = fc.constantFrom('passed', 'failed', 'timeout', 'crashed', 'dropped', 'interrupted', null);
  fc.assert(fc.property(fc.array(outcome, { maxLength: 60 }), (outcomes) => {
    const all = outcomes.flatMap((one, index) => {
      const [step, journey] = users(outcomes.length).slice(2 * index, 2 * index + 2);
      if (!step || journey?.kind !== 'journey') throw new Error('two observations a user');
      return one === null ? [step] : one === 'dropped' ? [{ ...journey, outcome: one }] : [step, { ...journey, outcome: one }];
    });
    const { started, dropped, finished, unfinished } = arrivals([...all, ended]);
    assert.equal(started + dropped, outcomes.length);
    assert.equal(finished + unfinished, started);
    assert.equal(dropped, outcomes.filter((one) => one === 'dropped').length);
    assert.equal(unfinished, outcomes.filter((one) => one === null || one === 'interrupted').length);
  }));
});

test('a journey is timed from its start and from when it was meant to start', () => {
  const { findings } = analyze(plan, [...users(20, (index) => ({
    startedMs: 100 + (index + 1) * 1_000 + 300, ...(index === 0 ? { outcome: 'failed' as const } : {}),
  })), ended]);
  const of = (metric: string) => findings.find((one) => one.metric === metric && one.stat === 'p50');
  assert.deepEqual([of('journey_duration')?.value, of('journey_duration')?.censored], [800, 1]);
  assert.deepEqual([of('journey_duration_from_intended')?.value, of('journey_duration_from_intended')?.n], [1_100, 20]);
});
