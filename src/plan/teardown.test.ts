import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodedError } from '../errors.ts';
import { TeardownConfig, buildTeardown, placedTeardown, teardownAddress } from './teardown.ts';

const config = (given: object): TeardownConfig => TeardownConfig.parse(given);
const build = (given: object | undefined, embedded: boolean) =>
  buildTeardown(given === undefined ? undefined : config(given), { embedded, where: 'journeys.yml' });
const TIMEOUT = 60_000;

test('the bundled platform is cleaned by itself, another target only where the script says how', () => {
  assert.deepEqual(build(undefined, true), { url: 'embedded', command: null, timeoutMs: TIMEOUT });
  assert.equal(build(undefined, false), null);
  assert.deepEqual(build({ timeoutSeconds: 5 }, true), { url: 'embedded', command: null, timeoutMs: 5_000 });
  assert.deepEqual(build({ url: '/runs/{runId}' }, false), { url: '/runs/{runId}', command: null, timeoutMs: TIMEOUT });
  assert.deepEqual(build({ command: ['sh', 'clean.sh'] }, false), { url: null, command: ['sh', 'clean.sh'], timeoutMs: TIMEOUT });
  assert.equal(build({ keep: true }, true), null);
  // A profile that keeps everything is merged over a script that says how to remove it.
  assert.equal(build({ keep: true, url: '/runs/{runId}', command: ['x'] }, false), null);
});

test('what says nothing of use is refused with its place', () => {
  const refused = (given: object) => assert.throws(() => build(given, false), (error: CodedError) =>
    error.code === 'J_SCRIPT_INVALID' && error.faults[0]?.where === 'journeys.yml teardown');
  refused({ timeoutSeconds: 5 });
  refused({ url: 'embedded' });
});

test('a token goes to this machine or over an encrypted line, and the run id chooses no host', () => {
  const taken = ['embedded', '/runs/{runId}', '/runs?id={runId}', 'https://a.test/{runId}', 'http://127.0.0.1:4600/{runId}'];
  const refused = [
    'https://a.test/all', '/all', '//b.test/{runId}', '/\\b.test/{runId}', 'http://a.test/{runId}', 'https://u:p@a.test/{runId}',
    'https://{runId}.a.test/', 'https://a.test:{runId}/', 'ftp://a.test/{runId}', '{runId}',
    'https://a.test/runs#{runId}', '/runs#{runId}', '/runs/{runId}/..', '/runs/{runId}/%2e%2e/', 'https://a.test/{runId}/../runs',
  ];
  for (const url of taken) assert.equal(TeardownConfig.safeParse({ url }).success, true, url);
  for (const url of refused) assert.equal(TeardownConfig.safeParse({ url }).success, false, url);
  assert.equal(TeardownConfig.safeParse({ url: '/{runId}', command: ['x'] }).success, false, 'both');
  assert.equal(TeardownConfig.safeParse({ command: [] }).success, false);
});

test('a path is one of the target, and the id is one part of it whatever it holds', () => {
  const placed = (url: string) => placedTeardown({ teardown: { url, command: null, timeoutMs: 1 } }, 'http://127.0.0.1:4600/shop').teardown?.url;
  assert.equal(placed('embedded'), 'http://127.0.0.1:4600/api/v1/test-runs/{runId}');
  assert.equal(placed('/runs/{runId}'), 'http://127.0.0.1:4600/runs/{runId}');
  assert.equal(placed('https://ops.test/{runId}'), 'https://ops.test/{runId}');
  assert.deepEqual(placedTeardown({}, 'http://127.0.0.1'), {});
  assert.equal(teardownAddress('http://127.0.0.1/{runId}?of={runId}', 'a/../b?c'), 'http://127.0.0.1/a%2F..%2Fb%3Fc?of=a%2F..%2Fb%3Fc');
});
