import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type Page } from 'playwright';
import { resolveBrowser } from '../drive/browser.ts';
import { watchRequests, type RequestSample, type TemperatureSample } from './requests.ts';
import { createRouter } from './routes.ts';

const SERVER_DELAY_MS = 120;

function site(request: IncomingMessage, response: ServerResponse): void {
  const answer = (status: number, headers: Record<string, string> = {}, body = ''): void => void response.writeHead(status, headers).end(body);
  switch (request.url) {
    case '/': return answer(200, { 'content-type': 'text/html', 'server-timing': 'db;dur=3.5, render;dur=1' }, '<link rel="icon" href="data:,"><script src="/app.js"></script>');
    case '/app.js': return answer(200, { 'content-type': 'text/javascript' });
    case '/slow': return void setTimeout(() => answer(200), SERVER_DELAY_MS);
    case '/cold': return answer(200, { 'server-timing': 'cold;desc="agent, runner";dur=812' });
    case '/warm': return answer(200, { 'server-timing': 'warm;desc=agent' });
    case '/broken': return answer(503);
    case '/reset': return void request.socket.destroy();
    case '/stream': return void response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    case '/hang': return;
    default: return answer(404);
  }
}

let server: Server;
let browser: Browser;
let url: string;
before(async () => {
  server = createServer(site).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { executablePath, env } = await resolveBrowser({ BROWSER: 'headless-shell' });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
});
after(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

/** Returns what was seen of all requests while a page of the site did something. */
async function watch(act: (page: Page) => Promise<unknown>): Promise<{ requests: RequestSample[]; temperatures: TemperatureSample[] }> {
  const context = await browser.newContext({ baseURL: url });
  const requests: RequestSample[] = [];
  const temperatures: TemperatureSample[] = [];
  const page = await context.newPage();
  await page.goto('/');
  watchRequests(context, createRouter(url), (sample) => requests.push(sample), (sample) => temperatures.push(sample));
  await act(page);
  await context.close();
  return { requests, temperatures };
}

const fetched = (path: string) => async (page: Page): Promise<void> => {
  const finished = page.waitForEvent('requestfinished');
  await page.evaluate((to) => fetch(to).then((answer) => answer.text()), path);
  await finished;
};

test('a page view is a document with its assets, and its server timings', async () => {
  const { requests } = await watch((page) => page.reload({ waitUntil: 'load' }));
  const document = requests.find((one) => one.resource === 'document');
  assert.deepEqual({ ...document, durationMs: 0 }, { method: 'GET', route: '/', resource: 'document', status: 200, durationMs: 0, serverTiming: { db: 3.5, render: 1 } });
  assert.ok((document?.durationMs ?? 0) > 0);
  assert.deepEqual(requests.filter((one) => one.resource === 'asset').map((one) => one.route), ['/app.js']);
});

test("the duration is the server's and the network's, from the browser's own network stack", async () => {
  const { requests } = await watch(fetched('/slow'));
  const [{ durationMs, resource } = { durationMs: null, resource: null }] = requests;
  assert.equal(resource, 'api');
  assert.ok(durationMs !== null && durationMs >= SERVER_DELAY_MS - 2 && durationMs < SERVER_DELAY_MS + 500, `${durationMs} ms`);
});

for (const [path, status] of [['/broken', 503], ['/nowhere', 404]] as const) {
  test(`an answer of ${status} is recorded with its status`, async () => {
    const { requests } = await watch(fetched(path));
    assert.deepEqual(requests.map((one) => [one.route, one.status, one.errorCode]), [[path, status, undefined]]);
  });
}

test('a broken connection is a failure without status and without a time', async () => {
  const { requests } = await watch(async (page) => {
    const failed = page.waitForEvent('requestfailed');
    await page.evaluate(() => fetch('/reset').catch(() => {}));
    await failed;
  });
  assert.ok(requests.length > 0);
  for (const { status, durationMs, errorCode } of requests) {
    assert.deepEqual([status, durationMs], [null, null]);
    assert.match(errorCode ?? '', /^net::ERR_/);
  }
});

test('what a user leaves behind by going elsewhere is no failure', async () => {
  const { requests } = await watch(async (page) => {
    const asked = page.waitForEvent('request', (request) => request.url().endsWith('/hang'));
    await page.evaluate(() => void fetch('/hang').catch(() => {}));
    await asked;
    const left = page.waitForEvent('requestfailed');
    await page.goto('/');
    await left;
  });
  assert.deepEqual(requests.filter((one) => one.status !== 200), []);
});

test('a stream that the page closes has ended well, and is timed to its first byte', async () => {
  const { requests } = await watch(async (page) => {
    const left = page.waitForEvent('requestfailed');
    await page.evaluate(() => new Promise<void>((resolve) => {
      const stream = new EventSource('/stream');
      stream.onmessage = () => {
        stream.close();
        resolve();
      };
    }));
    await left;
  });
  assert.deepEqual(requests.map((one) => [one.resource, one.status, one.errorCode]), [['stream', 200, undefined]]);
});

test('a cold start names its service and its time, a warm answer has none, and other answers say nothing', async () => {
  assert.deepEqual((await watch(fetched('/cold'))).temperatures, [{ service: 'agent, runner', coldStartMs: 812 }]);
  assert.deepEqual((await watch(fetched('/warm'))).temperatures, [{ service: 'agent', coldStartMs: null }]);
  assert.deepEqual((await watch(fetched('/slow'))).temperatures, []);
});
