import assert from 'node:assert/strict';
import test from 'node:test';
import { planOf, requestOf } from '../golden/samples.ts';
import type { Finding, Observation, RequestObservation } from '../model/index.ts';
import { analyze } from './analyze.ts';

const timed = (totalMs: number, changes: Partial<RequestObservation> = {}): Observation =>
  requestOf({ serverTiming: { db: 1, total: totalMs }, ...changes });

function findings(observations: Observation[], plan = planOf()): Finding[] {
  return analyze(plan, observations).findings.filter((one) => one.metric === 'server_time');
}

const of = (all: Finding[], route: string, stat = 'p50'): Finding | undefined =>
  all.find((one) => one.scope['route'] === route && one.stat === stat);

test("the server's own times are those of crowd and observers together, by route and by kind", () => {
  const all = findings([
    ...Array.from({ length: 60 }, () => timed(20, { role: 'crowd' })),
    ...Array.from({ length: 40 }, () => timed(20)),
    ...Array.from({ length: 10 }, () => timed(300, { method: 'POST', route: '/pay' })),
  ]);
  const route = of(all, 'GET /api/v1/creators', 'p95');
  assert.equal(route?.n, 100);
  assert.ok(Math.abs((route.value ?? 0) - 20) <= 0.2);
  assert.ok((route.interval?.high ?? 0) >= 20 && (route.interval?.high ?? Infinity) < 20.5);
  assert.equal(of(all, 'api', 'p95')?.n, 110);
  assert.ok((of(all, 'api', 'p95')?.value ?? 0) > 295);
});

test('a route that is asked for as a document and by script counts once, with both', () => {
  const all = findings([timed(20), timed(20, { resource: 'document' })]);
  assert.equal(all.filter((one) => one.scope['route'] === 'GET /api/v1/creators' && one.stat === 'p50').length, 1);
  assert.equal(of(all, 'GET /api/v1/creators')?.n, 2);
  assert.deepEqual([of(all, 'api')?.n, of(all, 'document')?.n], [1, 1]);
});

test('an error page counts as slower than any answer, and a request without a total not at all', () => {
  const all = findings([timed(5, { status: 503 }), requestOf({ serverTiming: { db: 3 } }), requestOf({})]);
  const one = of(all, 'GET /api/v1/creators');
  assert.deepEqual([one?.n, one?.censored, one?.value], [1, 1, null]);
});

test('a target that writes nonsense into its header is not believed', () => {
  assert.deepEqual(findings([timed(-5), timed(1e308), timed(1e15)]), []);
});

test('warm-up, assets and streams are left out', () => {
  const plan = planOf({ warmUpPhases: ['warm up'] });
  const all = findings([timed(5, { phase: 'warm up' }), timed(5, { resource: 'asset' }), timed(5, { resource: 'stream' })], plan);
  assert.deepEqual(all, []);
});
