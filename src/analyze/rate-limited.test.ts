import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, apiPlanOf } from '../golden/api.ts';
import { journeyOf, planOf, requestOf } from '../golden/samples.ts';
import type { Gate, GateResult, Observation, Plan } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze } from './analyze.ts';

const gates: Gate[] = [
  { id: 'refused', metric: 'rate_limited', unit: '%', max: 1, source: 't' },
  { id: 'requests', metric: 'request_error_rate', unit: '%', max: 1, source: 't' },
  { id: 'latency', metric: 'request_latency', route: 'api', stat: 'p75', unit: 'ms', max: 100, source: 't' },
  { id: 'api', metric: 'api_error_rate', unit: '%', max: 1, source: 't' },
  { id: 'api-latency', metric: 'api_latency', route: 'all', stat: 'p75', unit: 'ms', max: 100, source: 't' },
  { id: 'rate', metric: 'api_throughput', unit: '%', min: 99, source: 't' },
  { id: 'users', metric: 'journey_error_rate', unit: '%', max: 20, source: 't' },
];
const plan = planOf({ api: apiPlanOf(), gates });

function judged(observations: Observation[], of: Plan = plan): Map<string, GateResult> {
  return new Map(judge(of, analyze(of, observations)).gates.map((gate) => [gate.id, gate]));
}

/** So many requests of browsers, the first of them refused. */
const requests = (count: number, refused: number): Observation[] => Array.from({ length: count }, (_, index) =>
  requestOf({ tMs: 1_000 + index, vu: `vu-${index}`, status: index < refused ? 429 : 200 }));
/** As many of the API lane. */
const windows = (count: number, refused: number): Observation[] => [apiOf({
  durationsMs: Array.from({ length: count - refused }, () => 20), scheduled: count, ...(refused > 0 ? { failed: { 'status 429': refused } } : {}),
})];

test('a refusal with 429 is an event of its own gate only, of browsers and the API lane together', () => {
  const gate = judged([...requests(500, 30), ...windows(500, 10)]);
  const refused = gate.get('refused');
  assert.deepEqual([refused?.status, refused?.observed, refused?.n], ['fail', 4, 1_000]);
  assert.match(refused?.evidence[0] ?? '', /^40 of 1000 failed: 40 status 429/);
  for (const id of ['requests', 'api']) assert.equal(gate.get(id)?.observed, 0, id);
  assert.deepEqual([gate.get('requests')?.n, gate.get('api')?.n], [470, 490]);
});

test('nor is it a success: with many of them, errors are not settled, and the hint says for whom', () => {
  const gate = judged([...requests(500, 30), ...windows(500, 30)]);
  assert.deepEqual([gate.get('requests')?.status, gate.get('api')?.status], ['inconclusive', 'inconclusive']);
  assert.equal(gate.get('requests')?.hint, 'settled but for the 30 that were refused with status 429');
  assert.match(gate.get('api')?.hint ?? '', /for the 30 that were never sent, or refused with status 429/);
  // A caller who was refused got no answer.
  assert.deepEqual([gate.get('rate')?.status, gate.get('rate')?.observed], ['fail', 94]);
});

test('its time is none: a fast refusal makes no route look fast, nor slower than its deadline', () => {
  for (const [observations, id, n] of [[requests(100, 40), 'latency', 60], [windows(100, 40), 'api-latency', 60]] as const) {
    const one = judged(observations).get(id);
    assert.deepEqual([one?.observed !== null && Math.round(one?.observed ?? 0), one?.n], [20, n], id);
    assert.equal(one?.status, 'inconclusive', id);
    assert.match(one?.evidence.join() ?? '', /refused with status 429/, id);
  }
});

test('a user who failed is a failed user, whoever refused; the evidence says who had been refused', () => {
  const users = Array.from({ length: 40 }, (_, index) =>
    journeyOf({ vu: `vu-${index}`, tMs: 3_000 + index, ...(index < 2 || index === 30 ? { outcome: 'failed', errorCode: 'J_STEP_TIMEOUT' } : {}) }));
  for (const observations of [[...requests(40, 10), ...users], [...users, ...requests(40, 10)]]) {
    const gate = judged(observations).get('users');
    assert.deepEqual([gate?.observed, gate?.n], [7.5, 40]);
    assert.ok(gate?.evidence.includes('2 of those that failed had been refused with status 429'));
  }
});

test('without a request nothing is said of refusals', () => {
  assert.equal(judged([journeyOf({})]).get('refused')?.status, 'no-data');
});
