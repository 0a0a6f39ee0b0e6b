import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  BreakerOpen, DependencyTimeout, breakerFigures, breakers, createBreaker, describeBreakers,
} from './breaker.ts';
import type { Breaker, BreakerSettings } from './breaker.ts';
import { fullJitterMs, isFault, retryAfterMs, withRetries } from './retry.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'openshow-breaker-'));
after(() => rmSync(dataDir, { recursive: true }));
describeBreakers('web-7', dataDir);

const answered = (status: number, headers = {}): Error =>
  Object.assign(new Error(`answered ${status}`), { status, headers });
const failing = (error: Error = new Error('connection refused')) => (): Promise<never> => Promise.reject(error);
const fine = (): Promise<string> => Promise.resolve('fine');

/** A breaker on a clock that only the test moves. */
function still(t: TestContext, name: string, settings: Partial<BreakerSettings> = {}): Breaker {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  return createBreaker(name, { resetMinMs: 3000, resetMaxMs: 3000, ...settings });
}
async function fail(breaker: Breaker, times: number, error?: Error): Promise<void> {
  for (let index = 0; index < times; index += 1) await assert.rejects(breaker.run(failing(error)));
}
/** What was rejected or answered within the timers has been heard of. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function figures(dependency: string): Map<string, number> {
  return new Map(breakerFigures().flatMap(({ name, values }) =>
    values.filter(({ labels }) => labels['dependency'] === dependency).map(({ labels, value }) => {
      const rest = Object.entries(labels).filter(([key]) => key !== 'dependency').map(([, text]) => text);
      return [[name, ...rest].join(' '), value] as const;
    })));
}

test('it opens after three failures, asks nothing while open, and closes with a probe that is answered', async (t) => {
  let probes = 0;
  const probe = (): Promise<string> => {
    probes += 1;
    return probes === 1 ? Promise.reject(new Error('still down')) : fine();
  };
  const breaker = still(t, 'full-circle', { probe });
  await fail(breaker, 2);
  assert.equal(breaker.state(), 'closed');
  await fail(breaker, 1);
  assert.equal(breaker.state(), 'open');
  let asked = 0;
  await assert.rejects(breaker.run(async () => (asked += 1)), BreakerOpen);
  t.mock.timers.tick(2999);
  assert.deepEqual([breaker.state(), probes], ['open', 0]);
  t.mock.timers.tick(1);
  assert.deepEqual([breaker.state(), probes], ['half-open', 1]);
  await assert.rejects(breaker.run(async () => (asked += 1)), BreakerOpen, 'the trial is the probe, not a user');
  await settled();
  assert.deepEqual([breaker.state(), asked], ['open', 0]);
  t.mock.timers.tick(3000);
  await settled();
  assert.deepEqual([breaker.state(), breaker.view().openedMs], ['closed', null]);
  assert.equal(await breaker.run(fine), 'fine');
  await fail(breaker, 1);
  assert.equal(breaker.state(), 'closed', 'failures of before do not count again');

  const counted = figures('full-circle');
  const each = (name: string, values: string[]) => values.map((value) => counted.get(`${name} ${value}`));
  assert.deepEqual(each('circuit_breaker_transitions_total', ['open', 'half-open', 'closed']), [2, 2, 1]);
  assert.deepEqual(each('dependency_requests_total', ['ok', 'failed', 'timeout', 'rejected']), [2, 5, 0, 2]);
  assert.equal(counted.get('circuit_breaker_state web-7'), 0);
  const lines = readFileSync(join(dataDir, 'breakers.log'), 'utf8').trim().split('\n')
    .map((line) => JSON.parse(line) as { dependency: string; process: string; to: string; lastFailure?: string });
  const own = lines.filter(({ dependency }) => dependency === 'full-circle');
  assert.deepEqual(own.map(({ to }) => to), ['open', 'half-open', 'open', 'half-open', 'closed']);
  assert.deepEqual([own[0]?.process, own[0]?.lastFailure], ['web-7', 'connection refused']);
});

test('a call that hangs is a time-out, and its signal is aborted', async (t) => {
  const breaker = still(t, 'hanging', { timeoutMs: 500 });
  let given: AbortSignal | null = null;
  const call = breaker.run((signal) => {
    given = signal;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  });
  t.mock.timers.tick(500);
  await assert.rejects(call, DependencyTimeout);
  assert.equal((given as AbortSignal | null)?.aborted, true);
  await settled();
  assert.match(breaker.view().lastFailure ?? '', /500/, 'not that it was aborted');
  assert.deepEqual(['dependency_timeouts_total', 'dependency_requests_total timeout']
    .map((name) => figures('hanging').get(name)), [1, 1]);
});

test('what is the caller\'s own fault opens nothing, however often', async (t) => {
  const breaker = still(t, 'refusing');
  await fail(breaker, 10, answered(402));
  await fail(breaker, 10, answered(409));
  const stop = new AbortController();
  stop.abort();
  for (let index = 0; index < 5; index += 1) {
    await assert.rejects(breaker.run(failing(), { signal: stop.signal }), /connection refused/);
  }
  assert.deepEqual([breaker.state(), figures('refusing').get('dependency_requests_total ok')], ['closed', 20]);
});

test('429 is counted apart, and the breaker stays open for its Retry-After', async (t) => {
  const breaker = still(t, 'limited');
  await fail(breaker, 3, answered(429, { 'retry-after': '9' }));
  t.mock.timers.tick(8999);
  assert.equal(breaker.state(), 'open');
  t.mock.timers.tick(1);
  assert.equal(breaker.state(), 'half-open');
  assert.equal(figures('limited').get('dependency_requests_total rate_limited'), 3);
  assert.equal(await breaker.run(fine), 'fine', 'without a probe the next call is the trial');
  assert.equal(breaker.state(), 'closed');
});

test('retries stop at success, at the last attempt, at an open breaker and at what cannot be helped', async () => {
  const breaker = createBreaker('retried', { volumeThreshold: 4 });
  const settings = { attempts: 3, baseMs: 1, maxMs: 2, startWithinMs: 60_000 };
  let calls = 0;
  const second = (): Promise<string> => ((calls += 1) === 2 ? fine() : Promise.reject(answered(503)));
  assert.equal(await breaker.runWithRetries(second, settings), 'fine');
  assert.equal(calls, 2);
  await assert.rejects(breaker.runWithRetries(failing(answered(402)), settings), /402/);
  await assert.rejects(breaker.runWithRetries(failing(), settings), BreakerOpen, 'opened by its own second attempt');
  assert.equal(figures('retried').get('dependency_retries_total'), 3);
});

test('no retry begins after its time, nor before the Retry-After', async () => {
  let calls = 0;
  const work = (): Promise<never> => {
    calls += 1;
    return Promise.reject(answered(429, new Headers({ 'retry-after': '5' })));
  };
  const limits = { attempts: 5, baseMs: 1, maxMs: 1, startWithinMs: 4000 };
  const settings = { ...limits, isRetryable: isFault, onRetry: () => undefined };
  await assert.rejects(withRetries(work, settings), /429/);
  assert.equal(calls, 1);
});

test('answers are read the same from every client', () => {
  const table: [error: unknown, fault: boolean, restMs: number | null][] = [
    [new Error('fetch failed'), true, null], ['text', true, null], [null, true, null],
    [{ statusCode: 402, headers: {} }, false, null], [{ status: 404 }, false, null], [{ status: 500 }, true, null],
    [{ statusCode: 429, headers: { 'retry-after': '2' } }, true, 2000],
    [{ status: 429, headers: new Headers({ 'retry-after': '0' }) }, true, 0],
    [{ $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '86400' } } }, true, 30_000],
    [{ status: 429, headers: { 'retry-after': new Date(1_005_000).toUTCString() } }, true, 5000],
    [{ status: 429, headers: { 'retry-after': 'soon' } }, true, null],
  ];
  for (const [error, fault, restMs] of table) {
    assert.deepEqual([isFault(error), retryAfterMs(error, 1_000_000)], [fault, restMs], JSON.stringify(error));
  }
});

test('the wait before a retry is spread over all of its range, and has an end', () => {
  const waits = Array.from({ length: 1000 }, () => fullJitterMs(3, 100, 10_000));
  assert.ok(waits.every((ms) => ms >= 0 && ms < 400));
  assert.ok(Math.min(...waits) < 100 && Math.max(...waits) > 300);
  assert.ok(fullJitterMs(500, 100, 5000) <= 5000);
});

test('there is one breaker a dependency, and each can be looked at', () => {
  createBreaker('single');
  assert.throws(() => createBreaker('single'), /already/);
  const view = breakers().find(({ dependency }) => dependency === 'single');
  assert.deepEqual([view?.process, view?.state, view?.requests, view?.lastFailure], ['web-7', 'closed', 0, null]);
});
