import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiPlan, ApiRequest } from '../../model/index.ts';
import { Flows } from './flows.ts';
import { Sender } from './sender.ts';
import { Windows } from './windows.ts';

const ARRIVALS = 200;
const AT_ONCE = 10;
const LIMIT_MS = 2_000;

const blank = { params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null };
const REQUESTS: ApiRequest[] = [
  { ...blank, method: 'POST', path: '/{{uuid}}', route: 'POST /:id', data: 'unique_email', capture: { id: 'id' } },
  { ...blank, method: 'GET', path: '/{{id}}', route: 'GET /:id' },
];
const PLAN: ApiPlan = {
  source: 'warm-up', scenarios: [{ name: 'warm-up', ratePerSecond: 1, users: 0, flows: [{ weight: 1, requests: REQUESTS }] }],
  session: null, arrivals: 'constant', loads: [], timeoutMs: LIMIT_MS, windowMs: 1_000, threads: 1, connections: AT_ONCE,
  lateSendMs: LIMIT_MS, stopPastKnee: false,
};

/**
 * Sends some requests to a server of its own, of which nothing is kept. A thread's first requests take up to 25 ms longer
 * than all later ones (the HTTP parser is loaded, code is compiled), which would count as the target's latency. Without
 * loopback it does nothing.
 */
export async function warmUp(nowMs: () => number): Promise<void> {
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end('{"id":"1"}'));
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  } catch {
    return;
  }
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = new Sender({ origin, connections: AT_ONCE, timeoutMs: LIMIT_MS, nowMs });
  const windows = new Windows({ runId: 'warm-up', windowMs: PLAN.windowMs, timeoutMs: LIMIT_MS, record: () => {} });
  const flows = new Flows({
    plan: PLAN, seed: 0, runId: 'warm-up', thread: 0, basePath: '', headers: {}, accounts: {}, sender, windows, nowMs,
    onSend: () => {}, onEnd: () => {},
  });
  const phase = { name: 'warm-up', beginMs: 0, endMs: Infinity };
  const limitMs = nowMs() + LIMIT_MS;
  for (let arrival = 0; arrival < ARRIVALS && nowMs() < limitMs; arrival += 1) {
    flows.arrive(0, arrival, phase, nowMs());
    while (flows.open >= AT_ONCE && nowMs() < limitMs) await nextTurn();
  }
  flows.end();
  windows.close(nowMs());
  await sender.destroy();
  server.closeAllConnections();
  server.close();
}
