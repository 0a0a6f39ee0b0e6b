import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { agentTag, tagHeaders, taggedRequest, traceparent } from './tags.ts';

const LOAD = { runId: '2026-11-22-smoke', kind: 'load' } as const;

test('a request says its run, its kind, its trace and what sent it', () => {
  const headers = taggedRequest(LOAD, 'w-1');
  assert.equal(headers['x-test-run-id'], '2026-11-22-smoke');
  assert.equal(headers['baggage'], 'test.run_id=2026-11-22-smoke,test.kind=load');
  assert.match(headers['user-agent'] ?? '', /^openshow-journeys\/\d+\.\d+\.\d+\S* \(load test; \+run 2026-11-22-smoke\)$/);
  assert.match(headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.deepEqual(Object.keys(tagHeaders(LOAD, 'w-1')), ['x-test-run-id', 'traceparent', 'baggage'], 'a browser has an agent of its own');
  assert.deepEqual(Object.keys(tagHeaders(LOAD)), ['x-test-run-id', 'baggage']);
});

test('a check says that it is one', () => {
  assert.equal(agentTag({ runId: 'r', kind: 'synthetic' }, '1.2.3'), 'openshow-journeys/1.2.3 (synthetic check; +run r)');
  assert.match(tagHeaders({ runId: 'r', kind: 'synthetic' }, 'u')['baggage'] ?? '', /,test\.kind=synthetic$/);
});

test("a user's trace can be found again from the run and the user's name, and is nobody else's", () => {
  const [, trace] = traceparent('run', '1-7').split('-');
  assert.equal(trace, createHash('sha256').update('run/1-7').digest('hex').slice(0, 32));
  const all = new Set(Array.from({ length: 1_000 }, (_, user) => traceparent('run', `1-${user}`).slice(3, 35)));
  all.add(traceparent('other', '1-7').slice(3, 35));
  assert.equal(all.size, 1_001);
});

test('what a header or baggage cannot hold is encoded', () => {
  assert.equal(tagHeaders({ runId: 'a,b;c', kind: 'load' }, 'u')['baggage'], 'test.run_id=a%2Cb%3Bc,test.kind=load');
});
