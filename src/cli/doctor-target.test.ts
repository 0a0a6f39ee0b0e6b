import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { askTarget } from './doctor-target.ts';

async function site(t: TestContext, answer: RequestListener, host = '127.0.0.1'): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, host);
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, asked };
}

test('the doctor says that a target forbids load tests, and asks it no more', async (t) => {
  const target = await site(t, (_, response) => void response.end('{"loadTests":"forbidden"}'));
  await assert.rejects(askTarget(target.url, {}), { code: 'J_PRODUCTION_TARGET' });
  assert.deepEqual(target.asked, ['GET /.well-known/load-test.json']);
});

test('the doctor follows a target to no host that a run may not ask', async (t) => {
  const elsewhere = await site(t, (_, response) => void response.end(), '127.0.0.3');
  const target = await site(t, ({ url }, response) => {
    if (url === '/') response.writeHead(302, { location: elsewhere.url });
    response.end();
  });
  assert.equal(await askTarget(target.url, {}), target.url);
  await assert.rejects(askTarget(target.url, { PRODUCTION_HOSTS: ['127.0.0.3'] }), { code: 'J_PRODUCTION_TARGET' });
  assert.deepEqual(elsewhere.asked, []);
  await assert.rejects(askTarget('http://shop.test', {}), { code: 'J_TARGET_NOT_ALLOWED' });
});
