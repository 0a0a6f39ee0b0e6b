import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Drill } from '../model/index.ts';
import type { Course } from './drill-course.ts';
import { unanswered, type Answer } from './drill-requests.ts';
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
