import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, requestOf } from '../golden/samples.ts';
import type { BlockedObservation } from '../model/index.ts';
import { analyze } from './analyze.ts';
import { createBlocked, OTHER_HOSTS } from './blocked.ts';

const blocked = (host: string, requests: number): BlockedObservation => ({
  v: 1, runId: 'r', tMs: 1, phase: null, vu: 'u', journey: 'j', role: 'crowd', kind: 'blocked', host, requests,
});

test('what was blocked is counted by host, most first, whatever the order it was seen in', () => {
  const all = [blocked('b.test', 1), blocked('a.test', 1), blocked('c.test', 2), blocked('c.test', 3)];
  const counted = (list: BlockedObservation[]) => {
    const counter = createBlocked();
    for (const one of list) counter.add(one);
    return counter.finish();
  };
  const expected = [{ host: 'c.test', requests: 5 }, { host: 'a.test', requests: 1 }, { host: 'b.test', requests: 1 }];
  assert.deepEqual(counted(all), expected);
  assert.deepEqual(counted(all.toReversed()), expected);
  assert.deepEqual(counted([]), []);
});

test('names without end are told as one', () => {
  const counter = createBlocked();
  for (let i = 0; i < 500; i += 1) counter.add(blocked(`${i}.test`, 2));
  const hosts = counter.finish();
  assert.equal(hosts.length, 201);
  assert.deepEqual(hosts.at(-1), { host: OTHER_HOSTS, requests: 600 });
});

test('what did not leave a browser is told, and is no request of the target', () => {
  const { blocked: hosts, findings } = analyze(planOf({}), [requestOf({}), blocked('fonts.test', 40)]);
  assert.deepEqual(hosts, [{ host: 'fonts.test', requests: 40 }]);
  const errors = findings.find(({ metric, scope }) => metric === 'request_error_rate' && Object.keys(scope).length === 0);
  assert.deepEqual([errors?.n, errors?.events], [1, 0]);
});
