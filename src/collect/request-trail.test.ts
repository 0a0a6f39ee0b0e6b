import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Browser, type Page } from 'playwright';
import { resolveBrowser } from '../drive/browser.ts';
import type { Attribution } from '../model/index.ts';
import { installPerceivedClock } from './perceived.ts';
import { followRequests } from './request-trail.ts';
import { createRouter } from './routes.ts';

/** What each kind of delay is planted with; all else takes some ten milliseconds. */
const PLANTED_MS = 400;
const html = (body: string): string => `<!doctype html><link rel="icon" href="data:,"><body>${body}`;
// Without quotes: it also stands inside of attributes.
const DONE = '<p id=done>done</p>';
const BURN = `const until = performance.now() + ${PLANTED_MS}; while (performance.now() < until);`;
const SHOW = `document.body.insertAdjacentHTML('beforeend', '${DONE}')`;

/** Pages that say what they plant by their names. */
const PAGES: Record<string, string> = {
  '/plain': html('plain'),
  '/script': html(`<script>${BURN}</script>${DONE}`),
  '/script-file': html(`<script src="/burn.js"></script>${DONE}`),
  '/asks': html(`<button onclick="fetch('/slow-data').then((r) => r.text()).then(() => { ${SHOW} })">act</button>
    <img src="/slow-picture" alt="">`),
  '/streams': html(`<button onclick="fetch('/data', { method: 'POST' }).then(() => {
    const events = new EventSource('/events'); events.onmessage = () => { events.close(); ${SHOW} }; })">act</button>`),
  '/polls': html(`<button onclick="fetch('/hang').catch(() => {}); setTimeout(() => { ${BURN} ${SHOW} }, 0)">act</button>`),
};

async function site(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const type = { 'content-type': 'text/html; charset=utf-8' };
  const url = request.url ?? '';
  const page = PAGES[url];
  if (page !== undefined) return void response.writeHead(200, type).end(page);
  switch (url) {
    case '/timed':
      await sleep(PLANTED_MS);
      return void response.writeHead(200, { ...type, 'server-timing': `db;dur=5, total;dur=${PLANTED_MS}` }).end(html(DONE));
    case '/untimed':
      await sleep(PLANTED_MS);
      return void response.writeHead(200, type).end(html(DONE));
    case '/far':
      // The server says that it took little: the rest of the wait was the way.
      await sleep(PLANTED_MS);
      return void response.writeHead(200, { ...type, 'server-timing': 'total;dur=20' }).end(html(DONE));
    case '/trickled':
      response.writeHead(200, { ...type, 'server-timing': 'total;dur=1' }).write(html('begin'));
      for (let part = 0; part < 8; part += 1) {
        await sleep(PLANTED_MS / 8);
        response.write(`<i>${'x'.repeat(2_000)}</i>`);
      }
      return void response.end(DONE);
    case '/burn.js': return void response.writeHead(200, { 'content-type': 'text/javascript' }).end(BURN);
    case '/slow-data': await sleep(PLANTED_MS); return void response.end('data');
    case '/slow-picture': await sleep(PLANTED_MS / 2); return void response.writeHead(404).end();
    case '/data': return void response.end('data');
    case '/events':
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      await sleep(PLANTED_MS);
      return void response.write('data: one\n\n');
    case '/hang': return;
    default: return void response.writeHead(404).end();
  }
}

let server: Server;
let browser: Browser;
let url: string;
before(async () => {
  server = createServer((request, response) => void site(request, response)).listen(0, '127.0.0.1');
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

async function measured(first: string | null, act: (page: Page) => Promise<unknown>): Promise<Attribution & { perceivedMs: number }> {
  const context = await browser.newContext({ baseURL: url });
  try {
    const clock = await installPerceivedClock(context);
    const trail = followRequests(context, createRouter(url));
    const page = await context.newPage();
    if (first !== null) await page.goto(first);
    const done = page.locator('#done');
    const mark = await clock.beginStep(done, page);
    await act(page);
    await done.waitFor();
    const { perceivedMs, startedAtEpochMs, reason } = await clock.measure(mark, done);
    assert.ok(perceivedMs !== null && startedAtEpochMs !== null, reason ?? '');
    return { perceivedMs, ...trail.attribute(startedAtEpochMs, perceivedMs) };
  } finally {
    await context.close();
  }
}

const open = (path: string) => (page: Page): Promise<unknown> => page.goto(path, { waitUntil: 'commit' });
const click = (page: Page): Promise<unknown> => page.getByRole('button').click();

describe('the planted part is the largest, and the slowest request is named', () => {
  const cases: [string, string | null, (page: Page) => Promise<unknown>, 'serverMs' | 'networkMs' | 'renderMs', string | null][] = [
    ['a server that says how long it took', null, open('/timed'), 'serverMs', 'GET /timed'],
    ['a slow first byte, of a server that says nothing', null, open('/untimed'), 'serverMs', 'GET /untimed'],
    ['a long way to a fast server', null, open('/far'), 'networkMs', 'GET /far'],
    ['a body that comes in bit by bit', null, open('/trickled'), 'networkMs', 'GET /trickled'],
    ['a long script before the reveal', null, open('/script'), 'renderMs', 'GET /script'],
    ['a script of its own file', null, open('/script-file'), 'renderMs', null],
    ['data that a click asks for', '/asks', click, 'serverMs', 'GET /slow-data'],
    ['an event of a stream', '/streams', click, 'serverMs', 'GET /events'],
    ['a script beside a request that nobody answers', '/polls', click, 'renderMs', null],
  ];
  for (const [title, first, act, largest, request] of cases) {
    test(title, async () => {
      let told = '';
      // On a machine that others keep busy anything may take longer for once, so one of three must show it.
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const { perceivedMs, slowestRequest, ...parts } = await measured(first, act);
        told = JSON.stringify({ perceivedMs, slowestRequest, ...parts });
        assert.ok(Math.abs(parts.serverMs + parts.networkMs + parts.renderMs - perceivedMs) < 1e-9, told);
        if (request !== null) assert.equal(slowestRequest, request, told);
        if (parts[largest] >= PLANTED_MS * 0.95 && parts[largest] >= perceivedMs * 0.6) return;
      }
      assert.fail(told);
    });
  }
});
