import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetRefusals, type HostLists } from './targets.ts';

const LISTS: HostLists = { allowed: ['*.staging.example.com'], production: ['www.example.com', '*.live.example.com', '127.0.0.9'] };
const codes = (target: string, using: Parameters<typeof targetRefusals>[1] = {}): string[] => targetRefusals(target, using, LISTS).map(({ code }) => code);

test('this machine and hosts of the list may be tested, and nothing else', () => {
  for (const target of ['embedded', 'http://localhost:3000', 'http://127.0.0.1:1/app', 'http://[::1]:8080', 'https://a.staging.example.com']) {
    assert.deepEqual(codes(target), [], target);
  }
  for (const target of ['https://staging.example.com', 'https://other.example.com', 'http://0.0.0.0:80', 'http://192.0.2.1', 'http://[::ffff:127.0.0.1]']) {
    assert.deepEqual(codes(target), ['J_TARGET_NOT_ALLOWED'], target);
  }
});

test('what to add to the list is said, with what is on it', () => {
  const [refusal] = targetRefusals('https://other.example.com', {}, LISTS);
  assert.equal(refusal?.fault.hint, 'ALLOWED_HOSTS=*.staging.example.com,other.example.com in .env, if load tests may go there');
  assert.equal(refusal?.fault.message, 'the target is on other.example.com, which is neither this machine nor on the list');
});

test('production is refused by name also where it is allowed, or is this machine, or is written another way', () => {
  const both: HostLists = { ...LISTS, allowed: ['www.example.com'] };
  assert.deepEqual(targetRefusals('https://www.example.com', {}, both).map(({ code }) => code), ['J_PRODUCTION_TARGET']);
  assert.deepEqual(codes('http://127.0.0.9:81'), ['J_PRODUCTION_TARGET']);
  // Read only, so that no other list holds it back.
  const metrics = (url: string): string[] => codes('embedded', { metrics: { urls: [url], prometheus: null, everyMs: 1 } });
  assert.deepEqual(metrics('http://[::ffff:127.0.0.9]/metrics'), ['J_PRODUCTION_TARGET']);
  assert.deepEqual(metrics('http://[::ffff:127.0.0.8]/metrics'), []);
  for (const target of ['https://WWW.EXAMPLE.COM.', 'https://www.example.com:8443/app', 'https://eu.live.example.com']) {
    const refusals = targetRefusals(target, {}, LISTS);
    // Nobody is told to put production on the list.
    assert.deepEqual(refusals.map(({ code, fault: { hint } }) => [code, hint]), [['J_PRODUCTION_TARGET', undefined], ['J_TARGET_NOT_ALLOWED', undefined]]);
  }
});

test('whatever else a run would ask may not be production; it need not be on the list, as it is only read', () => {
  const http = (url: string, undo: string) => ({ kind: 'http' as const, call: { method: 'POST' as const, url, headers: {}, body: null }, undo: { method: 'POST' as const, url: undo, headers: {}, body: null }, fromS: 0, forS: 1 });
  const using = (url: string): Parameters<typeof targetRefusals>[1] => ({
    metrics: { urls: ['target', `${url}/metrics`], prometheus: null, everyMs: 1 },
  });
  assert.deepEqual(codes('embedded', using('http://metrics.example.net')), []);
  assert.deepEqual(codes('embedded', using('http://www.example.com')), ['J_PRODUCTION_TARGET']);
  const settleMs = 0;
  assert.deepEqual(codes('embedded', { audit: { platform: 'https://www.example.com/ledger', provider: 'https://a.live.example.com', settleMs, feeBasisPoints: 0 } }),
    ['J_PRODUCTION_TARGET', 'J_PRODUCTION_TARGET']);
  const drills = {
    drills: [{ name: 'd', actions: [http('http://127.0.0.1:1', 'https://www.example.com/undo')] }],
    dependencies: { a: { toxiproxy: 'http://b.live.example.com', proxy: null, control: 'embedded', breakerMetric: null, transitionsMetric: null, requestsMetric: null } },
    flags: null, watchEveryMs: 1,
  } as unknown as NonNullable<Parameters<typeof targetRefusals>[1]['drills']>;
  assert.deepEqual(targetRefusals('embedded', { drills }, LISTS).map(({ fault: { message } }) => message), [
    'the Toxiproxy of a is on b.live.example.com, which is production as *.live.example.com', 'a call of drill d is on www.example.com, which is production',
  ]);
});

test('the teardown changes what is there, so that its host must be allowed as the target must', () => {
  const teardown = (url: string): Parameters<typeof targetRefusals>[1] => ({ teardown: { url, command: null, timeoutMs: 1 } });
  assert.deepEqual(codes('http://127.0.0.1:1', teardown('https://api.example.org/runs/{runId}')), ['J_TARGET_NOT_ALLOWED']);
  assert.deepEqual(codes('http://127.0.0.1:1', teardown('https://a.staging.example.com/runs/{runId}')), []);
  assert.deepEqual(codes('https://a.staging.example.com', teardown('https://a.staging.example.com/runs/{runId}')), []);
  assert.deepEqual(codes('embedded', teardown('embedded')), []);
});

test('pages may not be let to production either, by its name or by a pattern that it falls under', () => {
  const told = (...browser: string[]): [string, string | undefined][] => targetRefusals('embedded', {}, { ...LISTS, browser }).map(({ code, host }) => [code, host]);
  assert.deepEqual(told('fonts.example.net', '*.cdn.example.com', 'live.example.com'), []);
  assert.deepEqual(told('www.example.com', '*.example.com', '*.eu.live.example.com'), [
    ['J_PRODUCTION_TARGET', 'www.example.com'], ['J_PRODUCTION_TARGET', 'www.example.com'], ['J_PRODUCTION_TARGET', '*.eu.live.example.com'],
  ]);
});

test('a host is told once, as what matters most', () => {
  const told = targetRefusals('https://www.example.com', { metrics: { urls: ['https://www.example.com/metrics'], prometheus: 'https://www.example.com', everyMs: 1 } }, LISTS);
  assert.equal(told.filter(({ guard }) => guard === 'production').length, 1);
});
