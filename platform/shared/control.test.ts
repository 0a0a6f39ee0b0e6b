import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { FAULT_MODES, createControl } from './control.ts';
import type { Strike } from './control.ts';

const control = createControl({
  token: 'the right one', seed: 11, modes: FAULT_MODES, routes: { 'GET /control/own': async () => ({ own: true }) },
});
const server = createServer((request, response) => {
  if (!control.handles(request, response)) response.end('not control');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
after(() => {
  server.closeAllConnections();
  server.close();
});

async function send(method: string, path: string, body?: unknown, token: string | null = 'the right one') {
  const answer = await fetch(url + path, {
    method, headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') || text === 'null' ? JSON.parse(text) as unknown : text };
}
const strikes = (count: number): (Strike | null)[] => Array.from({ length: count }, () => control.strike());

test('a fault is set, shown and ended', async () => {
  assert.deepEqual(await send('GET', '/control/fault'), { status: 200, body: null });
  const fault = { mode: 'rate-limit', share: 1, retryAfterSeconds: 7 };
  assert.deepEqual(await send('PUT', '/control/fault', fault), { status: 200, body: fault });
  assert.deepEqual(await send('GET', '/control/fault'), { status: 200, body: fault });
  assert.deepEqual(control.strike(), { kind: 'refuse', mode: 'rate-limit', headers: { 'retry-after': '7' } });
  await send('PUT', '/control/fault', { mode: 'slow', delayMs: 5 });
  assert.deepEqual(control.strike(), { kind: 'delay', delayMs: 5 });
  assert.deepEqual(await send('DELETE', '/control/fault'), { status: 204, body: '' });
  assert.equal(control.strike(), null);
  assert.deepEqual(await send('GET', '/control/own'), { status: 200, body: { own: true } });
  assert.equal((await send('GET', '/controls')).body, 'not control');
});

test('a share strikes that share of the requests, the same ones whenever it is set', async () => {
  await send('PUT', '/control/fault', { mode: 'error-503', share: 0.25 });
  const first = strikes(2000);
  await send('PUT', '/control/fault', { mode: 'error-503', share: 0.25 });
  assert.deepEqual(strikes(2000), first);
  const struck = first.filter((strike) => strike !== null).length;
  assert.ok(struck > 420 && struck < 580, `${struck} of 2000`);
});

test('webhooks that never come leave requests alone', async () => {
  await send('PUT', '/control/fault', { mode: 'no-webhook' });
  assert.deepEqual([control.strike(), control.withholds()], [null, true]);
  await send('PUT', '/control/fault', { mode: 'error-500' });
  assert.equal(control.withholds(), false);
  await send('DELETE', '/control/fault');
});

test('without the token, or with bad input, nothing changes', async () => {
  assert.equal((await send('PUT', '/control/fault', { mode: 'slow' }, null)).status, 401);
  assert.equal((await send('PUT', '/control/fault', { mode: 'slow' }, 'a wrong one')).status, 403);
  const table: unknown[] = [
    '{', '[]', 'null', {}, { mode: 'fast' }, { mode: 'slow', share: 0 }, { mode: 'slow', share: 1.1 },
    { mode: 'slow', share: '1' }, { mode: 'slow', delayMs: 0 }, { mode: 'slow', delayMs: 1.5 },
    { mode: 'slow', delayMs: 1e9 }, { mode: 'slow', retryAfterSeconds: 1 }, { mode: 'rate-limit', delayMs: 5 },
    { mode: 'rate-limit', retryAfterSeconds: -1 }, { mode: 'slow', extra: 1 }, { mode: '__proto__' },
  ];
  for (const body of table) {
    const answer = await send('PUT', '/control/fault', body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.equal((answer.body as { error: { code: string } }).error.code, 'INVALID_INPUT');
  }
  assert.equal((await send('POST', '/control/fault', {})).status, 404);
  assert.equal((await send('GET', '/control/')).status, 404);
  assert.deepEqual(await send('GET', '/control/fault'), { status: 200, body: null });
});
