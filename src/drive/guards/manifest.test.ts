import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../../errors.ts';
import { aliasesOf } from './aliases.ts';
import { MANIFEST_PATH, askManifest } from './manifest.ts';

const TIMEOUT = { timeout: 20_000 };

interface Site {
  url: string;
  port: number;
  asked: string[];
}

async function serve(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Site> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.headers.host?.replace(/:\d+$/, '')}${request.url} ${request.headers.authorization ?? '-'}`);
    answer(request, response);
  };
  const server = createServer(listener).listen(0, '0.0.0.0');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, asked };
}

const HEADERS = { authorization: 'Basic abc' };

test('one request is made, at the root of the host, with the credentials of the target', TIMEOUT, async (t) => {
  const site = await serve(t, (_, response) => response.end('{"loadTests":"allowed","version":"1"}'));
  const { manifest, forbids, redirectsTo } = await askManifest(`${site.url}/app`, HEADERS);
  assert.deepEqual([manifest, forbids, redirectsTo], [{ loadTests: 'allowed', version: '1' }, null, null]);
  assert.deepEqual(site.asked, [`GET 127.0.0.1${MANIFEST_PATH} Basic abc`]);
});

test('a target without a manifest says nothing, whatever it answers in its place', TIMEOUT, async (t) => {
  let [status, body] = [404, 'no'];
  const site = await serve(t, (_, response) => response.writeHead(status).end(body));
  const answers: [status: number, body: string][] = [[404, 'no'], [200, '<h1>shop</h1>'], [404, '{"loadTests":"forbidden"}'], [503, ''], [200, `{"version":"${'x'.repeat(70_000)}"}`]];
  for (const [nextStatus, nextBody] of answers) {
    [status, body] = [nextStatus, nextBody];
    const { manifest, forbids } = await askManifest(site.url);
    assert.deepEqual([manifest, forbids], [null, null], `${status}`);
  }
});

test('the header forbids as well, whatever comes with it', TIMEOUT, async (t) => {
  let [status, value] = [404, 'forbidden'];
  const site = await serve(t, ({ url }, response) => {
    if (url === MANIFEST_PATH) response.writeHead(status, { 'x-load-tests': value, 'location': '/' }).end('{"loadTests":"allowed"}');
    else response.end();
  });
  for (const [nextStatus, nextValue, isForbidden] of [[404, 'forbidden', true], [200, ' Forbidden', true], [302, 'no', true], [200, 'allowed', false], [200, '', false]] as const) {
    [status, value] = [nextStatus, nextValue];
    assert.equal((await askManifest(site.url)).forbids !== null, isForbidden, `${status} ${value}`);
  }
});

test('a redirect to another host is told, and not followed; on its own host it is', TIMEOUT, async (t) => {
  const other = await serve(t, (_, response) => response.end('{}'));
  const site = await serve(t, (request, response) => {
    if (request.url === MANIFEST_PATH) response.writeHead(301, { location: '/other.json' }).end();
    else response.writeHead(302, { location: `http://127.0.0.3:${other.port}/x` }).end();
  });
  const { redirectsTo, manifest } = await askManifest(site.url, HEADERS);
  assert.deepEqual([redirectsTo, manifest], [`http://127.0.0.3:${other.port}/x`, null]);
  assert.deepEqual(site.asked, [`GET 127.0.0.1${MANIFEST_PATH} Basic abc`, 'GET 127.0.0.1/other.json Basic abc']);
  assert.deepEqual(other.asked, []);
});

test('to another port of the same host, credentials do not go along; a ring of redirects comes to an end', TIMEOUT, async (t) => {
  const other = await serve(t, (_, response) => response.writeHead(302, { location: '/again' }).end());
  const site = await serve(t, (_, response) => response.writeHead(302, { location: `${other.url}/first` }).end());
  const { manifest, redirectsTo } = await askManifest(site.url, HEADERS);
  assert.deepEqual([manifest, redirectsTo], [null, null]);
  assert.deepEqual(other.asked, ['GET 127.0.0.1/first -', 'GET 127.0.0.1/again -', 'GET 127.0.0.1/again -']);
});

test('a target that gives no answer is down', TIMEOUT, async (t) => {
  const site = await serve(t, (request) => request.socket.destroy());
  await assert.rejects(askManifest(site.url), (error: CodedError) => error.code === 'J_TARGET_DOWN' && (error.faults[0]?.where.endsWith(MANIFEST_PATH) ?? false));
});

test('the aliases of a name are followed to their end, and asked for once each', async () => {
  const records: Record<string, string> = { 'a.test': 'b.test', 'b.test': 'C.test.', 'c.test': 'd.test', 'ring.test': 'gnir.test', 'gnir.test': 'ring.test' };
  const asked: string[] = [];
  const resolve = async (host: string): Promise<string[]> => {
    asked.push(host);
    const next = records[host];
    if (next === undefined) throw Object.assign(new Error(host), { code: host === 'mute.test' ? 'ETIMEOUT' : 'ENODATA' });
    return [next];
  };
  const unknown: string[] = [];
  const aliases = (host: string): Promise<string[]> => aliasesOf(host, (why) => unknown.push(`${host} ${why}`), resolve);
  assert.deepEqual(await aliases('a.test'), ['b.test', 'c.test', 'd.test']);
  assert.deepEqual(await aliases('ring.test'), ['gnir.test', 'ring.test']);
  assert.deepEqual([await aliases('none.test'), unknown], [[], []]);
  assert.deepEqual([await aliases('mute.test'), unknown], [[], ['mute.test ETIMEOUT']]);
  asked.length = 0;
  for (const address of ['127.0.0.1', '[::1]']) assert.deepEqual(await aliases(address), []);
  assert.deepEqual(asked, []);
});
