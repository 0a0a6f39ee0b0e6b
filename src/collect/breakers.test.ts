import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { BreakerWatch, type BreakerChange, type RequestCount } from './breakers.ts';
import { serve, type Exporter } from './metrics/testing.ts';

interface Watching {
  /** Looks once at a page; null: the exporter answers 500. */
  see: (page: string | null) => Promise<void>;
  watch: BreakerWatch;
  changes: BreakerChange[];
  counts: RequestCount[];
  exporter: Exporter;
}

/** A watch whose looks the test takes itself: each is one second after the one before. */
async function watching(t: TestContext, requestsMetric: string | null = null): Promise<Watching> {
  let page: string | null = '';
  let nowMs = 0;
  const exporter = await serve(t, ({ headers }, response) => {
    // Every look says that it is a test's.
    if (page === null || headers['x-test-run-id'] !== 'run-1') response.writeHead(500).end();
    else response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page);
  });
  const changes: BreakerChange[] = [];
  const counts: RequestCount[] = [];
  const watch = new BreakerWatch({
    urls: [exporter.url], everyMs: 3_600_000, headers: { 'x-test-run-id': 'run-1' }, now: () => nowMs, onBreaker: (change) => changes.push(change), onRequests: (count) => counts.push(count),
  });
  t.after(() => watch.stop());
  const see = async (text: string | null): Promise<void> => {
    page = text === null ? null : `${text}\n`;
    nowMs += 1_000;
    await watch.look();
  };
  page = 'up 1\n';
  watch.watch([{ dependency: 'payments', breakerMetric: 'circuit_breaker_state{dependency="payments"}', transitionsMetric: 'circuit_breaker_transitions_total{dependency="payments"}', requestsMetric }]);
  await watch.look();
  return { see, watch, changes, counts, exporter };
}

const state = (...values: number[]): string => values.map((value, index) => `circuit_breaker_state{dependency="payments",process="web-${index}"} ${value}`).join('\n');

test('each change of state is told once, with when the look before saw another', async (t) => {
  const { see, changes } = await watching(t);
  for (const page of [state(0), state(0), state(2), state(2), state(1), state(0)]) await see(page);
  assert.deepEqual(changes.map(({ state: seen, sinceMs }) => [seen, sinceMs]), [
    ['unknown', null], ['closed', 0], ['open', 2_000], ['half-open', 4_000], ['closed', 5_000],
  ]);
});

test('a breaker that was half open only between two looks is seen in the counter of its changes', async (t) => {
  const { see, changes } = await watching(t);
  const to = (open: number, halfOpen: number): string => `circuit_breaker_transitions_total{dependency="payments",to="open"} ${open}\ncircuit_breaker_transitions_total{dependency="payments",to="half-open"} ${halfOpen}`;
  for (const page of [`${state(0)}\n${to(1, 1)}`, `${state(2)}\n${to(2, 1)}`, `${state(0)}\n${to(2, 2)}`, `${state(0)}\n${to(3, 3)}`]) await see(page);
  assert.deepEqual(changes.map(({ state: seen, sinceMs }) => [seen, sinceMs]), [
    ['unknown', null], ['closed', 0], ['open', 1_000], ['half-open', 2_000], ['closed', 2_000], ['open', 3_000], ['half-open', 3_000], ['closed', 3_000],
  ]);
});

test('the worst process counts: it is closed again when it is in every one', async (t) => {
  const { see, changes } = await watching(t);
  for (const page of [state(0, 0), state(0, 2), state(1, 0), state(0, 0)]) await see(page);
  assert.deepEqual(changes.map(({ state: seen }) => seen), ['unknown', 'closed', 'open', 'half-open', 'closed']);
});

test('what cannot be read is unknown, with the reason, and never closed', async (t) => {
  const { see, changes } = await watching(t);
  await see(state(0));
  await see(null);
  await see('circuit_breaker_state{dependency="model",process="web-1"} 0');
  await see(state(NaN));
  await see('no metrics page');
  assert.deepEqual(changes.map(({ state: seen }) => seen), ['unknown', 'closed', 'unknown']);
  assert.match(changes[2]?.detail ?? '', /answers 500/);
});

test('requests are counted by the growth of their counter, none where it was begun anew', async (t) => {
  const { see, counts } = await watching(t, 'dependency_requests_total{dependency="payments",outcome!="rejected"}');
  const page = (ok: number, rejected: number): string =>
    `dependency_requests_total{dependency="payments",outcome="ok"} ${ok}\ndependency_requests_total{dependency="payments",outcome="rejected"} ${rejected}`;
  for (const text of [page(10, 0), page(13, 50), page(2, 60), page(3, 60)]) await see(text);
  assert.deepEqual(counts.map(({ requests, overMs }) => [requests, overMs]), [[10, 1_000], [3, 1_000], [1, 1_000]]);
});

test('without a metrics page a breaker is unknown', async () => {
  const changes: BreakerChange[] = [];
  const watch = new BreakerWatch({ urls: [], everyMs: 3_600_000, now: () => 0, onBreaker: (change) => changes.push(change), onRequests: () => {} });
  watch.watch([{ dependency: 'payments', breakerMetric: 'x', transitionsMetric: null, requestsMetric: 'y' }]);
  await watch.look();
  await watch.stop();
  assert.deepEqual(changes, [{ dependency: 'payments', state: 'unknown', sinceMs: null, detail: 'no metrics page is read' }]);
});

test('one exporter that hangs holds nothing up', async (t) => {
  const { watch, changes, exporter } = await watching(t);
  exporter.server.removeAllListeners('request');
  await Promise.all([watch.look(), watch.look()]);
  assert.equal(changes.length, 1);
});
