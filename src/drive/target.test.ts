import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../errors.ts';
import { checkTarget, networkReason, parseTarget } from './target.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const GOOD: [given: string, taken: string][] = [
  ['https://staging.example.com', 'https://staging.example.com'],
  ['https://staging.example.com/', 'https://staging.example.com'],
  ['http://localhost:3000/app//', 'http://localhost:3000/app'],
  ['HTTP://EXAMPLE.com', 'http://example.com'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
];
for (const [given, taken] of GOOD) {
  test(`the target ${given} is taken as ${taken}`, () => assert.equal(parseTarget(given), taken));
}

for (const given of ['', 'staging.example.com', 'localhost:3000', '/path', 'ftp://example.com', 'file:///etc/passwd', 'javascript:alert(1)', 'http://', 'http://a b', 'embeded']) {
  test(`the target ${JSON.stringify(given)} is refused`, () => assert.throws(() => parseTarget(given), { code: 'J_TARGET_INVALID', exitCode: 3 }));
}

test('an address with credentials is refused, and they are not shown', () => {
  assert.throws(() => parseTarget('https://qa:hunter2@example.com'), (error: CodedError) => {
    assert.equal(error.code, 'J_TARGET_INVALID');
    assert.doesNotMatch(JSON.stringify(error.faults), /hunter2/);
    assert.match(error.faults[0]?.hint ?? '', /TARGET_HTTP_USER/);
    return true;
  });
});

test('a target that answers is fine, also with 404 at its root, but not with a server error', async (t) => {
  let status = 200;
  const url = await serve(t, (_, response) => response.writeHead(status).end('<b>warming\n up</b>'));
  await checkTarget(url, {});
  status = 404;
  await checkTarget(url, {});
  status = 503;
  await assert.rejects(checkTarget(url, {}), (error: CodedError) => {
    assert.equal(error.code, 'J_TARGET_UNHEALTHY');
    assert.equal(error.faults[0]?.message, 'answered 503: <b>warming up</b>');
    return true;
  });
});

test('with a health path only a 2xx answer will do', async (t) => {
  const paths: string[] = [];
  const url = await serve(t, (request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(404).end();
  });
  await assert.rejects(checkTarget(url, { healthPath: '/healthz' }), { code: 'J_TARGET_UNHEALTHY' });
  assert.deepEqual(paths, ['/healthz']);
});

test('credentials are sent as given', async (t) => {
  const url = await serve(t, (request, response) => response.writeHead(request.headers.authorization === 'Basic abc' ? 200 : 401).end());
  await checkTarget(url, { healthPath: '/', headers: { authorization: 'Basic abc' } });
  await assert.rejects(checkTarget(url, { healthPath: '/' }), { code: 'J_TARGET_UNHEALTHY' });
});

test('a target where nobody listens is down, with the reason', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  await assert.rejects(checkTarget(`http://127.0.0.1:${port}`, {}), (error: CodedError) => {
    assert.equal(error.code, 'J_TARGET_DOWN');
    assert.equal(error.faults[0]?.message, 'ECONNREFUSED');
    return true;
  });
});

test('a target that hangs up without an answer is down', async (t) => {
  const url = await serve(t, (request) => request.socket.destroy());
  await assert.rejects(checkTarget(url, {}), { code: 'J_TARGET_DOWN' });
});

test('a target that redirects to itself for ever is down, not waited for', async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(302, { location: '/' }).end());
  await assert.rejects(checkTarget(url, {}), { code: 'J_TARGET_DOWN' });
});

test('a time-out reads as one', () => {
  assert.match(networkReason(new DOMException('x', 'TimeoutError')), /no answer within 10000 ms/);
});
