/** Real browsers: what pages ask of hosts that are not on the list does not leave; what they send says that it is a test. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { MemoryRecorder } from '../collect/recorder.ts';
import { createRouter } from '../collect/routes.ts';
import { defineJourney, type AnyJourney } from '../journey.ts';
import type { BlockedObservation, RequestObservation } from '../model/index.ts';
import { createHostGuard } from '../plan/browser-hosts.ts';
import { createLauncher } from './launcher.ts';
import { BrowserPool } from './pool.ts';
import { agentTag, tagHeaders } from './tags.ts';
import { defaultBrowser, serveSite } from './testing.ts';
import { runUser, type UserResult } from './virtual-user.ts';

const TAG = { runId: 'run-7', kind: 'load' } as const;

/** This machine's own address that is not loopback: what is sent there stays here, and a browser takes it for a host like any other. */
const own = Object.values(networkInterfaces()).flat().find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address ?? null;

/** Counts whatever arrives at an address of this machine, TCP and UDP on one port, and answers nothing. */
async function listen(t: TestContext, host: string): Promise<{ at: string; arrived: () => number }> {
  let arrived = 0;
  const server = createServer((socket) => {
    arrived += 1;
    socket.destroy();
  }).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const udp = createSocket('udp4', () => (arrived += 1)).bind(port, host);
  await once(udp, 'listening');
  t.after(() => {
    server.close();
    udp.close();
  });
  return { at: `${host}:${port}`, arrived: () => arrived };
}

/** A page that asks all it is given in every way that a page has, and says when it has been refused everywhere. */
const ASKING = `<!doctype html><link rel="icon" href="data:,"><p id="said"></p><script>
const settled = (ask) => new Promise((resolve) => { ask(resolve); setTimeout(resolve, 500); });
const inDocument = (name, url, more = {}) => settled((done) => {
  const one = Object.assign(document.createElement(name), { onload: done, onerror: done }, more);
  one[name === 'link' ? 'href' : 'src'] = url;
  document.head.append(one);
});
const inWorker = (url) => settled((done) => {
  const worker = new Worker('/worker.js');
  worker.onmessage = done;
  worker.postMessage(url);
});
const inServiceWorker = (url) => settled(async (done) => {
  await navigator.serviceWorker.register('/service.js');
  const { active } = await navigator.serviceWorker.ready;
  navigator.serviceWorker.onmessage = done;
  active.postMessage(url);
});
const peer = (host) => settled(async (done) => {
  const iceServers = [{ urls: 'stun:' + host }, { urls: 'turn:' + host + '?transport=tcp', username: 'u', credential: 'c' }];
  const connection = new RTCPeerConnection({ iceServers });
  connection.createDataChannel('x');
  connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && done();
  await connection.setLocalDescription(await connection.createOffer());
});
const asked = (url) => fetch(url, { mode: 'no-cors' }).then(() => 'answered', () => 'refused');
(async () => {
  const at = new URLSearchParams(location.search).get('outside');
  const outside = 'http://' + at;
  const said = [await asked('http://one.foreign.test/'), await asked('http://one.foreign.test/again'), await asked('http://192.0.2.77/')];
  await inDocument('img', 'http://two.foreign.test/pixel');
  if (at) {
    said.push(await asked(outside + '/fetch'), await asked('/redirect?to=' + outside));
    await Promise.all([
      inDocument('img', outside + '/img'), inDocument('script', outside + '/s.js', { type: 'module' }), inDocument('iframe', outside + '/frame'),
      inDocument('link', outside + '/p', { rel: 'prefetch' }), inDocument('link', outside, { rel: 'preconnect' }),
      inWorker(outside + '/worker'), inServiceWorker(outside + '/service'), peer(at),
      settled((done) => { new WebSocket('ws://' + at).onerror = done; }), settled((done) => { new EventSource(outside + '/events').onerror = done; }),
    ]);
    navigator.sendBeacon(outside + '/beacon', 'x');
  }
  const near = new URLSearchParams(location.search).get('near');
  if (near) said.push(await asked('http://' + near + '/near'));
  document.querySelector('#said').textContent = 'said: ' + said.join(' ');
})();
</script>`;
const WORKER = 'onmessage = (event) => fetch(event.data, { mode: "no-cors" }).catch(() => {}).then(() => postMessage("done"));';
const SERVICE = 'oninstall = () => skipWaiting(); onactivate = () => clients.claim();'
  + 'onmessage = (event) => fetch(event.data, { mode: "no-cors" }).catch(() => {}).then(() => event.source.postMessage("done"));';

interface Site { url: string; seen: IncomingMessage[] }

async function serve(t: TestContext): Promise<Site> {
  const seen: IncomingMessage[] = [];
  const url = await serveSite(t, (request, response) => {
    seen.push(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site.test');
    if (pathname === '/redirect') return void response.writeHead(302, { location: searchParams.get('to') ?? '/' }).end();
    const [type, body] = pathname === '/worker.js' ? ['text/javascript', WORKER] : pathname === '/service.js' ? ['text/javascript', SERVICE] : ['text/html', ASKING];
    response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': request.method === 'OPTIONS' ? 'null' : '*' }).end(body);
  });
  return { url, seen };
}

const asks = (query: string) => defineJourney<object, undefined>({
  name: 'asking',
  act: async ({ page, step }) => {
    const said = page.locator('#said', { hasText: 'said:' });
    await step('ask', { do: () => page.goto(`/?${query}`, { waitUntil: 'commit' }), until: said });
  },
});

const folder = mkdtempSync(join(tmpdir(), 'openshow-test-'));
/** Browsers that may ask this machine alone, for all tests but one. */
let guarded: BrowserPool;
before(async () => {
  guarded = new BrowserPool(createLauncher(await defaultBrowser(), folder, [], agentTag(TAG)), { recycleAfterContexts: 100 });
});
after(async () => {
  await guarded.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs one user; returns what became of it, and what was recorded. */
async function run(pool: BrowserPool, site: Site, journey: AnyJourney): Promise<{ result: UserResult; sink: MemoryRecorder }> {
  const sink = new MemoryRecorder();
  const result = await runUser({ vu: 'w-1', role: 'crowd', phase: null, journey }, {
    runId: TAG.runId, pool, sink, now: () => performance.now(), route: createRouter(site.url),
    contextOptions: { baseURL: site.url }, tags: (vu) => tagHeaders(TAG, vu),
    keptFrom: createHostGuard([]),
    stepDeadlineMs: 30_000, journeyDeadlineMs: 45_000, failuresFolder: null, interrupted: new AbortController().signal, fixtures: () => ({}),
  });
  return { result, sink };
}

/** The asking page, to its end; returns what was recorded. */
async function ask(pool: BrowserPool, site: Site, query: string): Promise<MemoryRecorder> {
  const { result, sink } = await run(pool, site, asks(query));
  assert.equal(result.outcome, 'passed', result.message);
  return sink;
}

test('a page gets no word out to hosts that are not on the list, in any way that pages have', { timeout: 90_000 }, async (t) => {
  const site = await serve(t);
  const outside = own === null ? null : await listen(t, own);
  // Elsewhere than on Linux, only 127.0.0.1 is there by itself.
  const near = process.platform === 'linux' ? await listen(t, '127.0.0.9') : null;
  const query = `outside=${outside?.at ?? ''}&near=${near?.at ?? ''}`;

  const sink = await ask(guarded, site, query);
  assert.equal(outside?.arrived() ?? 0, 0, 'not one connection, not one datagram');
  const blocked = sink.observations.filter((one): one is BlockedObservation => one.kind === 'blocked');
  const byHost = Object.fromEntries(blocked.map(({ host, requests }) => [host, requests]));
  assert.equal(byHost['one.foreign.test'], 2);
  assert.equal(byHost['two.foreign.test'], 1);
  assert.equal(byHost['192.0.2.77'], 1);
  if (own !== null) assert.ok((byHost[own] ?? 0) >= 5, JSON.stringify(byHost));
  const requests = sink.observations.filter((one): one is RequestObservation => one.kind === 'request');
  assert.deepEqual(requests.filter(({ route }) => !route.startsWith('/') && !route.startsWith('127.0.0.9')), [], 'and none of it is an error of the target');
  if (near !== null) assert.ok(near.arrived() > 0, 'all of loopback is open');

  for (const { url, headers } of site.seen) {
    assert.match(headers['user-agent'] ?? '', /^Mozilla.* openshow-journeys\/\S+ \(load test; \+run run-7\)$/, url);
  }
  const document = site.seen.find(({ url }) => url?.startsWith('/?'));
  assert.deepEqual(
    Object.fromEntries(Object.keys(tagHeaders(TAG, 'w-1')).map((name) => [name, document?.headers[name]])), tagHeaders(TAG, 'w-1'),
  );
});

test('without the list the same page does get out, so that the silence above is the guard’s doing', { timeout: 90_000, skip: own === null }, async (t) => {
  const site = await serve(t);
  const outside = await listen(t, own ?? '');
  const open = new BrowserPool(createLauncher(await defaultBrowser(), folder, null), { recycleAfterContexts: 100 });
  t.after(() => open.close());
  await ask(open, site, `outside=${outside.at}&near=`);
  assert.ok(outside.arrived() > 5, `${outside.arrived()} arrived`);
});

test('a step that is led to another host says why it failed', { timeout: 60_000 }, async (t) => {
  const site = await serve(t);
  const away = defineJourney<object, undefined>({
    name: 'away',
    act: async ({ page, step }) => {
      await step('log in', { do: () => page.goto('/redirect?to=http://login.foreign.test/'), until: page.locator('#said') });
    },
  });
  const { result, sink } = await run(guarded, site, away);
  assert.equal(result.outcome, 'failed');
  assert.match(result.message ?? '', /ERR_NAME_NOT_RESOLVED.* \(browsers may not ask login\.foreign\.test: BROWSER_HOSTS\)$/);
  assert.deepEqual(sink.observations.flatMap((one) => (one.kind === 'blocked' ? [one.host] : [])), ['login.foreign.test']);
});

test('a user agent reaches another origin as it is; a header makes the browser ask that origin first', { timeout: 60_000 }, async (t) => {
  const [site, other] = [await serve(t), await serve(t)];
  const askOther = async (extraHTTPHeaders: Record<string, string>): Promise<(string | undefined)[]> => {
    const { context, release } = await guarded.acquire('crowd', { baseURL: site.url, extraHTTPHeaders });
    const page = await context.newPage();
    await page.goto('/worker.js');
    other.seen.length = 0;
    await page.evaluate((url) => fetch(url).then((answer) => answer.text(), () => ''), `${other.url}/worker.js`);
    await release();
    return other.seen.map(({ method }) => method);
  };
  assert.deepEqual(await askOther({}), ['GET']);
  assert.match(other.seen[0]?.headers['user-agent'] ?? '', /\+run run-7\)$/);
  // Should this change one day, pages may send their tags as headers everywhere: see sendsTagHeaders.
  assert.deepEqual(await askOther(tagHeaders(TAG, 'w-1')), ['OPTIONS']);
});
