import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { dial, echo, endOf, readBytes, startApi, startUpstream } from './testing.ts';

interface Shown {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
  toxics: { name: string; type: string; stream: string; toxicity: number; attributes: Record<string, number> }[];
}

const api = await startApi();
const upstream = await startUpstream(echo);
after(async () => {
  await api.stop();
  upstream.stop();
});
beforeEach(async () => {
  for (const proxy of api.proxies.list()) await api.proxies.remove(proxy.name);
});

const make = (name: string, more = {}) =>
  api.send<Shown>('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream: upstream.address, ...more });

async function speaks(address: string): Promise<boolean> {
  try {
    const socket = await dial(address);
    const answer = readBytes(socket, 2);
    socket.write('hi');
    const text = String(await answer);
    socket.destroy();
    return text === 'hi';
  } catch {
    return false;
  }
}

test('a proxy is made, shown, listed and deleted, with the status codes of Toxiproxy', async () => {
  const made = await make('shop');
  assert.equal(made.status, 201);
  assert.match(made.body.listen, /^127\.0\.0\.1:[1-9]\d+$/);
  assert.deepEqual({ ...made.body, listen: '' },
    { name: 'shop', listen: '', upstream: upstream.address, enabled: true, toxics: [] });
  assert.equal(await speaks(made.body.listen), true);
  assert.deepEqual((await api.send('GET', '/proxies/shop')).body, made.body);
  assert.deepEqual((await api.send('GET', '/proxies')).body, { shop: made.body });
  assert.deepEqual(await api.send('DELETE', '/proxies/shop'), { status: 204, body: null });
  assert.equal(await speaks(made.body.listen), false);
  assert.deepEqual(await api.send('GET', '/proxies/shop'),
    { status: 404, body: { error: 'proxy not found', status: 404 } });
  const version = await api.send<{ version: string }>('GET', '/version');
  assert.match(version.body.version, /^2\.\d+\.\d+/);
});

test('disabled, a port refuses and drops its connections; enabled, it is the same port again', async () => {
  const { body: { listen } } = await make('shop');
  const open = await dial(listen);
  const answer = readBytes(open, 2);
  open.write('hi');
  await answer;
  const ended = endOf(open);
  const off = await api.send<Shown>('PATCH', '/proxies/shop', { enabled: false });
  assert.deepEqual([off.status, off.body.enabled, off.body.listen], [200, false, listen]);
  assert.match(await ended, /^(end|ECONNRESET)$/);
  open.destroy();
  await assert.rejects(dial(listen), { code: 'ECONNREFUSED' });
  const on = await api.send<Shown>('POST', '/proxies/shop', { enabled: true });
  assert.deepEqual([on.body.enabled, on.body.listen], [true, listen]);
  assert.equal(await speaks(listen), true);
});

test('another upstream takes effect for new connections and drops the old ones', async () => {
  const other = await startUpstream((socket) => void socket.end('other'));
  const { body: { listen } } = await make('shop');
  const before = await dial(listen);
  const dropped = endOf(before);
  const moved = await api.send<Shown>('PATCH', '/proxies/shop', { upstream: other.address });
  assert.match(await dropped, /^(end|ECONNRESET)$/);
  before.destroy();
  assert.deepEqual([moved.body.upstream, moved.body.listen, moved.body.enabled], [other.address, listen, true]);
  assert.equal(String(await readBytes(await dial(listen), 5)), 'other');
  other.stop();
});

test('toxics are added with defaults, changed in part, listed upstream first, and removed', async () => {
  await make('shop');
  const added = await api.send('POST', '/proxies/shop/toxics', { type: 'latency', attributes: { latency: 5 } });
  const latency = {
    attributes: { latency: 5, jitter: 0 }, name: 'latency_downstream', type: 'latency', stream: 'downstream',
    toxicity: 1,
  };
  assert.deepEqual(added, { status: 200, body: latency });
  const timeout = { attributes: { timeout: 9 }, name: 'stop', type: 'timeout', stream: 'upstream', toxicity: 0.5 };
  assert.equal((await api.send('POST', '/proxies/shop/toxics', timeout)).status, 200);
  assert.deepEqual((await api.send('GET', '/proxies/shop/toxics')).body, [timeout, latency]);
  const path = '/proxies/shop/toxics/latency_downstream';
  for (const method of ['PATCH', 'POST']) {
    const changed = await api.send(method, path, { attributes: { jitter: 3 }, toxicity: 0.25, type: 'bandwidth' });
    assert.deepEqual(changed.body, { ...latency, attributes: { latency: 5, jitter: 3 }, toxicity: 0.25 });
  }
  assert.equal((await api.send('DELETE', path)).status, 204);
  assert.deepEqual(await api.send('GET', path), { status: 404, body: { error: 'toxic not found', status: 404 } });
});

test('a reset enables everything and takes all toxics away', async () => {
  const { body: { listen } } = await make('shop', { enabled: false });
  await api.send('POST', '/proxies/shop/toxics', { type: 'timeout' });
  assert.deepEqual(await api.send('POST', '/reset'), { status: 204, body: null });
  const { body } = await api.send<Shown>('GET', '/proxies/shop');
  assert.deepEqual([body.enabled, body.toxics], [true, []]);
  assert.notEqual(body.listen, listen, 'port 0 became a port');
  assert.equal(await speaks(body.listen), true);
});

test('a reset goes through all proxies, also when one of them cannot have its port', async () => {
  const taken = await startUpstream(echo);
  await make('first', { listen: taken.address, enabled: false });
  await make('second', { enabled: false });
  await api.send('POST', '/proxies/second/toxics', { type: 'timeout' });
  const answer = await api.send('POST', '/reset');
  assert.equal(answer.status, 500);
  assert.match(answer.body.error, /^listen tcp .*EADDRINUSE/);
  const { body } = await api.send<Record<string, Shown>>('GET', '/proxies');
  assert.deepEqual([body['first']?.enabled, body['second']?.enabled, body['second']?.toxics], [false, true, []]);
  taken.stop();
});

test('populate makes proxies, leaves equal ones alone and replaces others; of a wrong list it makes none', async () => {
  const { body: shop } = await make('shop');
  await api.send('POST', '/proxies/shop/toxics', { type: 'timeout' });
  const { listen, upstream: same } = shop;
  const list = [{ name: 'shop', listen, upstream: same }, { name: 'bank', upstream: '127.0.0.1:9' }];
  const populated = await api.send<{ proxies: Shown[] }>('POST', '/populate', list);
  assert.equal(populated.status, 201);
  assert.deepEqual(populated.body.proxies.map(({ name, toxics }) => [name, toxics.length]), [['shop', 1], ['bank', 0]]);
  const moved = [{ name: 'shop', listen, upstream: '127.0.0.1:9' }];
  const replaced = await api.send<{ proxies: Shown[] }>('POST', '/populate', moved);
  assert.deepEqual(replaced.body.proxies.map((proxy) => [proxy.toxics, proxy.listen]), [[[], listen]]);
  const wrong = await api.send('POST', '/populate', [{ name: 'new', upstream: '127.0.0.1:9' }, { name: 'x' }]);
  assert.deepEqual([wrong.status, wrong.body.error], [400, 'missing required field: upstream at proxy 2']);
  assert.deepEqual(api.proxies.list().map(({ name }) => name).toSorted(), ['bank', 'shop']);
});

test('bad input is refused with the words and status codes of Toxiproxy, and nothing changes', async () => {
  await make('shop');
  await api.send('POST', '/proxies/shop/toxics', { type: 'latency' });
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
  const before = (await api.send('GET', '/proxies')).body;
  const ok = { name: 'n', upstream: '127.0.0.1:9' };
  const table: [method: string, path: string, body: unknown, status: number, error: RegExp][] = [
    ['POST', '/proxies', '{', 400, /^bad request body: /], ['POST', '/proxies', '[]', 400, /^bad request body: /],
    ['POST', '/proxies', {}, 400, /^missing required field: name$/],
    ['POST', '/proxies', { name: 'n' }, 400, /^missing required field: upstream$/],
    ['POST', '/proxies', { ...ok, name: 'a b' }, 400, /a name is/],
    ['POST', '/proxies', { ...ok, name: 7 }, 400, /name must be text/],
    ['POST', '/proxies', { ...ok, name: '../x' }, 400, /a name is/],
    ['POST', '/proxies', { ...ok, name: 'x'.repeat(65) }, 400, /a name is/],
    ['POST', '/proxies', { ...ok, upstream: 'example.com:80' }, 400, /upstream must be a port on loopback/],
    ['POST', '/proxies', { ...ok, upstream: '127.0.0.1:0' }, 400, /upstream must be/],
    ['POST', '/proxies', { ...ok, upstream: '127.0.0.1:70000' }, 400, /upstream must be/],
    ['POST', '/proxies', { ...ok, listen: '0.0.0.0:0' }, 400, /listen must be a port on loopback/],
    ['POST', '/proxies', { ...ok, listen: taken }, 500, /^listen tcp .*EADDRINUSE/],
    ['POST', '/proxies', { ...ok, enabled: 'no' }, 400, /enabled/],
    ['POST', '/proxies', { ...ok, name: 'shop' }, 409, /^proxy already exists$/],
    ['PATCH', '/proxies/shop', { upstream: '10.0.0.1:1' }, 400, /loopback/],
    ['PATCH', '/proxies/x', {}, 404, /^proxy not found$/],
    ['DELETE', '/proxies/x', undefined, 404, /^proxy not found$/],
    ['PUT', '/proxies/shop', {}, 405, /not allowed/],
    ['GET', '/proxies/x/toxics', undefined, 404, /^proxy not found$/], ['GET', '/nowhere', undefined, 404, /nothing/],
    ['GET', '/proxies/%zz', undefined, 404, /nothing/], ['GET', '/proxies/shop/toxics/a/b', undefined, 404, /nothing/],
    ['POST', '/proxies/shop/toxics', { type: 'latency' }, 409, /^toxic already exists$/],
    ['POST', '/proxies/shop/toxics', { type: 'poison' }, 400, /^invalid toxic type$/],
    ['POST', '/proxies/shop/toxics', { type: '__proto__' }, 400, /^invalid toxic type$/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', stream: 'up' }, 400, /^stream was invalid, can be either/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', toxicity: 1.5 }, 400, /toxicity must be/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', toxicity: '1' }, 400, /toxicity must be/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', name: '/' }, 400, /a name is/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', attributes: { timeout: '1s' } }, 400, /whole number/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', attributes: { timeout: -1 } }, 400, /whole number/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', attributes: { timeout: 2 ** 31 } }, 400, /whole number/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', attributes: { delay: 1 } }, 400, /has no attribute delay/],
    ['POST', '/proxies/shop/toxics', { type: 'timeout', attributes: [] }, 400, /attributes must be/],
    ['PATCH', '/proxies/shop/toxics/latency_downstream', { attributes: { latency: 0.5 } }, 400, /whole number/],
    ['PATCH', '/proxies/shop/toxics/none', {}, 404, /^toxic not found$/],
    ['DELETE', '/proxies/shop/toxics/none', undefined, 404, /^toxic not found$/],
  ];
  for (const [method, path, body, status, error] of table) {
    const answer = await api.send(method, path, body);
    const what = `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)}`;
    assert.deepEqual([answer.status, answer.body.status], [status, status], what);
    assert.match(answer.body.error, error, what);
  }
  assert.deepEqual((await api.send('GET', '/proxies')).body, before);
  const page = await api.send('GET', '/proxies', undefined, { 'user-agent': 'Mozilla/5.0' });
  assert.equal(page.status, 403, 'no page of a browser');
  holder.close();
});

test('there are 64 proxies and 64 toxics a proxy at most', async () => {
  const statuses = await Promise.all(Array.from({ length: 66 }, (_, index) => make(`p${index}`, { enabled: false })));
  assert.deepEqual(statuses.map(({ status }) => status).filter((status) => status !== 201), [400, 400]);
  const added = await Promise.all(Array.from({ length: 65 }, (_, index) =>
    api.send('POST', '/proxies/p0/toxics', { type: 'latency', name: `t${index}` })));
  assert.deepEqual(added.map(({ status }) => status).filter((status) => status !== 200), [400]);
});
