import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Drill, DrillObservation, JourneyObservation, Observation, Plan, RequestObservation, StepObservation } from '../model/index.ts';
import { createDrills, type DrillFacts } from './drills.ts';
import type { Scalar } from './scalar.ts';
import type { Span } from './windowed.ts';

const EXPECT: Drill['expect'] = {
  breaker: 'payments', breakerOpensWithinS: 10, breakerClosesWithinS: 10, answersWithinS: 5, recoversWithinS: 10, requestsPerSecondAtMost: 25,
  journeys: { checkout: { kind: 'degraded', message: 'being confirmed' }, others: { kind: 'unaffected' } },
};
const DRILL: Drill = {
  name: 'down', title: 'Down', hypothesis: 'It holds.', source: 'test', phase: 'down', steadyState: { minSuccessPercent: 90, minUsers: 5 },
  actions: [{ kind: 'cut', dependency: 'payments', fromS: 14, forS: 16 }], expect: EXPECT,
};
/** The phase from 100 s to 150 s of the run, the fault from 114 s to 130 s. */
const BEGUN = 100_000;
const IN = 114_000;
const OUT = 130_000;
const END = 150_000;

function planWith(drill: Drill): Plan {
  return {
    phases: [{ name: 'down', durationS: 50, arrivalRate: null, rampTo: null, arrivalCount: 100, pause: false }],
    settings: { stepDeadlineMs: 15_000 }, confidence: 0.95,
    drills: { drills: [drill], dependencies: {}, flags: null, watchEveryMs: 500 },
  } as unknown as Plan;
}

const base = { v: 1, runId: 'r', phase: 'down', vu: null, journey: null } as const;

function event(tMs: number, what: DrillObservation['event'], more: Partial<DrillObservation> = {}): DrillObservation {
  return { ...base, kind: 'drill', tMs, drill: 'down', event: what, dependency: null, ...more };
}

function breaker(tMs: number, state: NonNullable<DrillObservation['state']>, sinceMs?: number): DrillObservation {
  return event(tMs, 'breaker', { dependency: 'payments', state, ...(sinceMs === undefined ? {} : { sinceMs }), ...(state === 'unknown' ? { detail: 'no answer' } : {}) });
}

let users = 0;
function user(journey: string, startedMs: number, tMs: number, more: Partial<JourneyObservation> = {}): JourneyObservation {
  users += 1;
  return { ...base, kind: 'journey', role: 'observer', vu: `1-${users}`, journey, startedMs, intendedMs: null, tMs, durationMs: tMs - startedMs, outcome: 'passed', ...more };
}

function step(tMs: number, perceivedMs: number, more: Partial<StepObservation> = {}): StepObservation {
  return { ...base, kind: 'step', role: 'observer', vu: '1-1', journey: 'checkout', tMs, name: 'pay', perceivedMs, driverMs: perceivedMs, clock: 'page', deadlineMs: 15_000, outcome: 'passed', ...more };
}

function request(tMs: number, more: Partial<RequestObservation> = {}): RequestObservation {
  return { ...base, kind: 'request', role: 'observer', vu: '1-1', journey: 'checkout', tMs, method: 'POST', route: '/api/v1/payments/escrow/lock', resource: 'api', status: 202, durationMs: 40, ...more };
}

const COURSE = [
  event(BEGUN, 'begun'), breaker(BEGUN + 20, 'closed'), event(IN, 'fault-in', { dependency: 'payments', detail: 'payments: nothing comes through' }),
  breaker(IN + 1_600, 'open', IN + 1_100), event(OUT, 'fault-out', { dependency: 'payments' }), breaker(OUT + 2_000, 'half-open', OUT + 1_500),
  breaker(OUT + 2_500, 'closed', OUT + 2_000), event(END, 'ended'),
];

/** Users every half second, each two seconds long; those of checkouts in the fault are told. */
function crowd(told = 'Your payment is being confirmed.'): Observation[] {
  return Array.from({ length: 90 }, (_, index) => {
    const startedMs = BEGUN + 100 + index * 500;
    const checkout = index % 2 === 0;
    const inFault = startedMs >= IN && startedMs < OUT;
    return user(checkout ? 'checkout' : 'search', startedMs, startedMs + 2_000, checkout && inFault ? { degraded: [told] } : {});
  });
}

/** Steps every 400 ms of about 100 ms; slow while the fault is in and two seconds after. */
function steps(slowUntilMs = OUT + 2_000): Observation[] {
  return Array.from({ length: 120 }, (_, index) => {
    const tMs = BEGUN + 300 + index * 400;
    const slow = tMs >= IN && tMs < slowUntilMs;
    return step(tMs, slow ? 3_000 : 100 + (index % 7));
  });
}

const ANSWERS = Array.from({ length: 30 }, (_, index) => request(IN + 300 + index * 400));
const COUNTS = Array.from({ length: 40 }, (_, index) =>
  event(OUT + 500 + index * 450, 'requests', { dependency: 'payments', requests: index === 4 ? 7 : 1, overMs: 450 }));

interface Analysed {
  facts: DrillFacts;
  scalar: (expect: string, journey?: string) => Scalar;
}

function analyse(observations: readonly Observation[], drill: Drill = DRILL, counts: (span: Span) => boolean = () => true): Analysed {
  const analysis = createDrills(planWith(drill));
  // In any order: the last come first here.
  for (const one of observations.toReversed()) analysis.add(one);
  const { scalars, drills } = analysis.finish(counts);
  const [facts] = drills;
  assert.ok(facts);
  return {
    facts,
    scalar: (expect, journey) => {
      const found = scalars.find(({ finding: { scope } }) => scope['expect'] === expect && scope['journey'] === journey);
      assert.ok(found, `${expect} ${journey ?? ''}`);
      return found;
    },
  };
}

const WHOLE: readonly Observation[] = [...COURSE, ...crowd(), ...steps(), ...ANSWERS, ...COUNTS];
const without = (match: (one: Observation) => boolean): Observation[] => WHOLE.filter((one) => !match(one));
const isBreaker = (one: Observation): boolean => one.kind === 'drill' && one.event === 'breaker';

test('a drill that went as expected gives every figure with its bounds and n', () => {
  const { facts, scalar } = analyse(WHOLE);
  assert.equal(facts.notJudged, null);
  const opens = scalar('breaker opens');
  assert.deepEqual([opens.finding.value, opens.finding.interval, opens.doubt], [1.6, { low: 1.1, high: 1.6 }, null]);
  assert.deepEqual(scalar('breaker closes').finding.interval, { low: 2, high: 2.5 });
  const recovers = scalar('recovers');
  assert.equal(recovers.doubt, null);
  assert.deepEqual(recovers.finding.interval, { low: 0, high: 2 });
  const answers = scalar('answers');
  assert.deepEqual([answers.finding.value, answers.finding.n], [0, 30]);
  const surge = scalar('requests').finding;
  assert.ok(surge.value !== null && surge.value > 5 && surge.value < 10, String(surge.value));
  const checkout = scalar('journey', 'checkout');
  assert.deepEqual([checkout.finding.value, checkout.doubt], [0, null]);
  assert.match(checkout.evidence.join(), /rules out more than/);
  assert.ok((facts.journeys.find(({ journey }) => journey === 'checkout')?.degraded ?? 0) >= 14);
  assert.equal(scalar('journey', 'others').finding.value, 0);
  assert.deepEqual(facts.timeline.map(({ event: what }) => what), [
    'fault in', 'breaker open', 'first degraded page', 'fault out', 'half open', 'P95 back in band', 'closed',
  ]);
});

test('a breaker that never opens is later than the drill lasted, and there is nothing to close', () => {
  const { scalar, facts } = analyse([...without(isBreaker), breaker(BEGUN + 20, 'closed')]);
  const opens = scalar('breaker opens');
  assert.deepEqual([opens.finding.value, opens.finding.interval, opens.doubt], [null, { low: 36, high: null }, null]);
  const closes = scalar('breaker closes');
  assert.deepEqual([closes.finding.value, closes.finding.interval], [null, null]);
  assert.match(closes.doubt ?? '', /not seen to open/);
  assert.equal(facts.opensAfterS, null);
});

test('a breaker that opens late has its time, and one that stays open has a lower bound for closing', () => {
  const { scalar } = analyse([...without(isBreaker), breaker(BEGUN + 20, 'closed'), breaker(IN + 12_000, 'open', IN + 11_400)]);
  assert.deepEqual(scalar('breaker opens').finding.interval, { low: 11.4, high: 12 });
  assert.deepEqual(scalar('breaker closes').finding.interval, { low: 20, high: null });
});

test('a breaker of which nothing is known is neither open nor closed', () => {
  for (const seen of [[], [breaker(BEGUN + 20, 'unknown')], [breaker(BEGUN + 20, 'closed'), breaker(IN + 600, 'unknown', IN + 100)]]) {
    const { scalar } = analyse([...without(isBreaker), ...seen]);
    for (const expect of ['breaker opens', 'breaker closes']) {
      const { finding, doubt } = scalar(expect);
      assert.deepEqual([finding.value, finding.interval], [null, null], expect);
      assert.ok(doubt !== null, expect);
    }
  }
});

test('a breaker that could not be read just before it was open may have opened then', () => {
  const { scalar } = analyse([...without(isBreaker), breaker(BEGUN + 20, 'closed'), breaker(IN + 2_000, 'unknown', IN + 1_000), breaker(IN + 6_000, 'open', IN + 5_500), breaker(OUT + 1_000, 'closed', OUT + 500)]);
  assert.deepEqual(scalar('breaker opens').finding.interval, { low: 1, high: 6 });
});

test('a breaker that was open before the fault says nothing of it', () => {
  const { scalar } = analyse([...without(isBreaker), breaker(BEGUN + 20, 'open'), breaker(OUT + 500, 'closed', OUT)]);
  assert.match(scalar('breaker opens').doubt ?? '', /was open before the fault/);
});

test('no users in the fault are no evidence of anything', () => {
  const { scalar } = analyse(without((one) => one.kind === 'journey' && one.startedMs < OUT && one.tMs > IN));
  for (const journey of ['checkout', 'others']) {
    const { finding, doubt } = scalar('journey', journey);
    assert.deepEqual([finding.value, finding.n], [null, 0]);
    assert.match(doubt ?? '', /no user/);
  }
});

test('a user who failed, one who was told of a fallback that was not expected, and one told otherwise break the expectation', () => {
  const failed = user('checkout', IN + 1_000, IN + 4_000, { outcome: 'failed', errorCode: 'J_STEP_FAILED', message: 'no receipt' });
  assert.equal(analyse([...WHOLE, failed]).scalar('journey', 'checkout').finding.value, 1);
  assert.match(analyse([...WHOLE, failed]).scalar('journey', 'checkout').evidence.join(), /J_STEP_FAILED: no receipt/);
  assert.equal(analyse([...WHOLE, user('search', IN + 1_000, IN + 2_000, { degraded: ['come back later'] })]).scalar('journey', 'others').finding.value, 1);
  assert.equal(analyse([...WHOLE, user('checkout', IN + 1_000, IN + 2_000, { degraded: ['something broke'] })]).scalar('journey', 'checkout').finding.value, 1);
});

test('where nobody was told, those who came and went within the fault were not', () => {
  const silent = WHOLE.map((one) => (one.kind === 'journey' ? { ...one, degraded: undefined } : one));
  const told = analyse(silent).scalar('journey', 'checkout');
  assert.ok((told.finding.value ?? 0) >= 12);
  assert.match(told.evidence.join(), /nobody was told "being confirmed"/);
  const mayDegrade: Drill = { ...DRILL, expect: { ...EXPECT, journeys: { checkout: { kind: 'may degrade', message: 'being confirmed' } } } };
  assert.equal(analyse(silent, mayDegrade).scalar('journey', 'checkout').finding.value, 0);
});

test('a user who timed out while the generator was disturbed leaves it open', () => {
  const late = user('search', IN + 1_000, IN + 9_000, { outcome: 'timeout' });
  const { doubt, finding } = analyse([...WHOLE, late], DRILL, (span) => span.toMs !== IN + 9_000).scalar('journey', 'others');
  assert.equal(finding.value, 0);
  assert.match(doubt ?? '', /timed out while the generator was disturbed/);
  assert.equal(analyse([...WHOLE, late]).scalar('journey', 'others').finding.value, 1);
});

test('P95 that does not come back has no time, only what it was later than', () => {
  const { scalar, facts } = analyse([...without((one) => one.kind === 'step'), ...steps(END)]);
  const { finding, doubt } = scalar('recovers');
  assert.deepEqual([finding.value, finding.interval, doubt], [null, { low: 20, high: null }, null]);
  assert.equal(facts.recoversAfterS, null);
});

test('P95 that never left its band has nothing to recover from, also where few users came after the fault', () => {
  const few = without((one) => one.kind === 'step');
  const even = Array.from({ length: 120 }, (_, index) => step(BEGUN + 300 + index * 400, 100 + (index % 7))).filter(({ tMs }) => tMs < OUT + 3_000);
  const { finding, doubt, evidence } = analyse([...few.filter((one) => one.kind !== 'request'), ...even]).scalar('recovers');
  assert.deepEqual([finding.value, finding.interval, doubt], [0, { low: 0, high: 0 }, null]);
  assert.match(evidence.join(), /it never left its band/);
});

test('latency of disturbed times is left out, and too little of it is told', () => {
  const { doubt } = analyse(WHOLE, DRILL, () => false).scalar('recovers');
  assert.match(doubt ?? '', /undisturbed samples before the fault/);
});

test('a slow journey counts although most requests are quick: each is measured against its own kind', () => {
  const quick = Array.from({ length: 480 }, (_, index) => request(BEGUN + 100 + index * 100, { route: '/api/v1/search', method: 'GET', status: 200, durationMs: 10 }));
  const all: Drill = { ...DRILL, expect: { ...EXPECT, journeys: {} } };
  const recovered = analyse([...WHOLE, ...quick], all).scalar('recovers');
  assert.ok((recovered.finding.interval?.high ?? 0) >= 2, JSON.stringify(recovered));
});

test('a rate counted by looks that took long is known only within bounds, which leave a limit between them open', () => {
  const slow = WHOLE.map((one) => (one.kind === 'drill' && one.event === 'requests' ? { ...one, requests: 12, tookMs: 400 } : one));
  const { value, interval } = analyse(slow).scalar('requests').finding;
  // 36 requests in 1,350 ms, or in 950 to 1,750 ms.
  assert.deepEqual([value, interval], [26.7, { low: 20.6, high: 37.9 }]);
});

test('an answer that came late, with 504 or not at all counts as a time-out inside; the crowd\'s lateness does not', () => {
  const bad = [request(IN + 6_000, { durationMs: 5_500 }), request(IN + 7_000, { status: 504 }), request(IN + 8_000, { status: null, durationMs: null, errorCode: 'ERR_CONNECTION_RESET' }),
    request(IN + 9_000, { durationMs: 9_000, role: 'crowd' }), request(OUT + 9_000, { status: 504 })];
  const { finding, evidence } = analyse([...WHOLE, ...bad]).scalar('answers');
  assert.deepEqual([finding.value, finding.n], [3, 34]);
  assert.match(evidence.join(), /after 5\.5 s.*answered 504/);
});

test('a drill whose steady state did not hold, or whose fault never went in, counts for nothing', () => {
  const failing = WHOLE.map((one) => (one.kind === 'journey' && one.tMs < IN && one.journey === 'search' ? { ...one, outcome: 'failed' as const } : one));
  const cases: [Observation[], RegExp][] = [
    [failing, /steady state did not hold: \d+ % of \d+ users/],
    [without((one) => one.kind === 'journey' && one.tMs < IN), /only 0 users came and went before the fault, and 5 are needed/],
    [[event(BEGUN, 'begun'), event(IN, 'action-failed', { detail: 'nobody listens there' }), event(END, 'ended'), ...crowd()], /never went in: nobody listens there/],
    [without((one) => one.kind === 'drill' && one.event === 'ended'), /the run ended before the drill did/],
    [[...without((one) => one.kind === 'drill' && one.event === 'ended'), event(END - 9_000, 'ended')], /the run ended before the drill did/],
    [[...WHOLE, event(OUT, 'rollback-failed', { detail: 'answered 500' })], /could not be taken out again: answered 500/],
    [crowd(), /it was not held/],
  ];
  for (const [observations, why] of cases) {
    const { facts, scalar } = analyse(observations);
    assert.match(facts.notJudged ?? '', why);
    for (const expect of ['breaker opens', 'recovers', 'answers']) assert.match(scalar(expect).doubt ?? '', why);
    assert.match(scalar('journey', 'others').doubt ?? '', why);
  }
});

test('a run without drills keeps nothing and finds nothing', () => {
  const analysis = createDrills({ settings: { stepDeadlineMs: 1 } } as unknown as Plan);
  for (const one of WHOLE) analysis.add(one);
  assert.deepEqual(analysis.finish(() => true), { scalars: [], drills: [] });
});
