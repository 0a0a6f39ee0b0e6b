import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Drill, DrillObservation } from '../model/index.ts';
import type { Course } from './drill-course.ts';
import { surgeAfter, unanswered, type Answer } from './drill-requests.ts';
import type { DrillUser } from './drill-users.ts';

const DRILL = { name: 'down', expect: { breaker: 'payments', answersWithinS: 5, journeys: {} }, actions: [] } as unknown as Drill;
/** The fault from 10 s to 20 s. */
const IN = 10_000;
const OUT = 20_000;
const COURSE: Course = { drill: DRILL, events: [], begunMs: 0, endedMs: 40_000, fault: { fromMs: IN, toMs: OUT }, flaw: null };

const answer = (more: Partial<Answer> = {}): Answer =>
  ({ method: 'POST', route: '/api/v1/lock', status: 202, durationMs: 40, tMs: IN + 1_000, role: 'observer', ...more });
const user = (outcome: DrillUser['outcome'], startedMs: number, tMs: number): DrillUser => ({ journey: 'checkout', vu: '1-1', outcome, startedMs, tMs });
const asked = (requests: Answer[], users: DrillUser[] = []): ReturnType<typeof unanswered> => unanswered(COURSE, { requests, users, confidence: 0.95 });

test('good answers leave it open where users timed out in the fault: a request without an answer ends with its page', () => {
  assert.equal(asked([answer()], [user('passed', IN, IN + 2_000), user('timeout', OUT, OUT + 9_000)]).doubt, null);
  const { bad, doubt } = asked([answer()], [user('timeout', IN + 500, IN + 9_000), user('timeout', IN + 600, OUT + 3_000)]);
  assert.deepEqual([bad, doubt], [0, '2 users timed out in the fault, and what they waited for ended with their page']);
});

test('without an observer nobody knows how long answers took', () => {
  const { bad, doubt, evidence } = asked([answer({ role: 'crowd', durationMs: 9_000 })]);
  assert.deepEqual([bad, doubt], [0, 'no observer was among them: how long answers took is not known']);
  assert.ok(!evidence.join().includes('the slowest answer'));
});

test('an answer that is bad is one, whoever timed out beside it', () => {
  const { bad, doubt } = asked([answer({ role: 'crowd', status: 504 })], [user('timeout', IN + 500, IN + 9_000)]);
  assert.deepEqual([bad, doubt], [1, null]);
});

/** Looks one after the other from `fromMs` on, each with what it counted over how long. */
function looks(fromMs: number, ...counts: [requests: number, overMs: number][]): DrillObservation[] {
  let tMs = fromMs;
  return counts.map(([requests, overMs]) => {
    tMs += overMs;
    return { v: 1, runId: 'r', phase: 'down', vu: null, journey: null, kind: 'drill', tMs, drill: 'down', event: 'requests', dependency: 'payments', requests, overMs, tookMs: 0 };
  });
}
const surge = (events: DrillObservation[]): ReturnType<typeof surgeAfter> => surgeAfter({ ...COURSE, events });

test('not one request in the whole drill is no proof of few: its counter may not be there', () => {
  const { perSecond, interval, doubt } = surge([...looks(IN, [0, 500]), ...looks(OUT, [0, 500], [0, 500], [0, 500])]);
  assert.deepEqual([perSecond, interval], [null, null]);
  assert.equal(doubt, 'not one request to "payments" was counted in the whole drill: its counter may not be there');
  const quiet = surge([...looks(1_000, [3, 500]), ...looks(OUT, [0, 500], [0, 500], [0, 500])]);
  assert.deepEqual([quiet.perSecond, quiet.interval, quiet.doubt], [0, { low: 0, high: 0 }, null]);
});

test('what was counted in the look in which the fault ended counts for the upper bound only', () => {
  const { perSecond, interval } = surge(looks(OUT - 100, [60, 500], [2, 500], [2, 500], [2, 500]));
  assert.deepEqual([perSecond, interval], [4, { low: 4, high: 62 }]);
  // A look that was over before the fault was out says nothing of what came after.
  assert.deepEqual(surge(looks(OUT - 500, [60, 500], [2, 500], [2, 500])).interval, { low: 4, high: 4 });
});

test('requests counted over a long time may all have come within one second', () => {
  const { perSecond, interval } = surge(looks(OUT, [40, 4_000], [1, 500], [1, 500]));
  assert.deepEqual([perSecond, interval], [10, { low: 10, high: 40 }]);
  assert.deepEqual(surge(looks(OUT, [5, 500], [5, 500])).interval, { low: 10, high: 10 });
});
