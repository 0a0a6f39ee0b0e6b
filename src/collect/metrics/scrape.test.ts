import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { LARGEST_PAGE_BYTES, scrape, type Scraped } from './scrape.ts';
import { pour, serve, serveText } from './testing.ts';

const read = (url: string, limitMs = 10_000, signal?: AbortSignal): Promise<Scraped> =>
  scrape(url, { wanted: () => true, now: () => 7, limitMs, ...(signal ? { signal } : {}) });
const why = (scraped: Scraped): string => ('missing' in scraped ? scraped.missing : 'a page');

test('a page is read, whatever it calls its content, and dated by when it was asked for', async (t) => {
  for (const contentType of ['text/plain; version=0.0.4', 'application/octet-stream', 'text/html']) {
    const { url } = await serveText(t, () => 'up 1\n', contentType);
    const scraped = await read(url);
    assert.ok('page' in scraped, why(scraped));
    assert.equal(scraped.atMs, 7);
    assert.equal(scraped.page.samples[0]?.value, 1);
  }
});

test('user and password of the address are sent, and stand in no message', async (t) => {
  const { url } = await serve(t, (request, response) => {
    const good = request.headers.authorization === `Basic ${Buffer.from('ann:s3cret/').toString('base64')}`;
    response.writeHead(good ? 200 : 401).end(good ? 'up 1\n' : 'up 0\n');
  });
  assert.equal(why(await read(url.replace('//', '//ann:s3cret%2F@'))), 'a page');
  const refused = why(await read(url.replace('//', '//ann:wrongpass@')));
  assert.match(refused, /^not a metrics page: 127\.0\.0\.1:\d+, it answers 401$/);
  assert.doesNotMatch(refused, /ann|wrongpass/);
});

test('HTML, JSON, an error page, binary and a cut page are no metrics pages', async (t) => {
  const bodies: [number, string | Buffer, RegExp][] = [
    [200, '<!doctype html>\n<title>Sign in</title>\n', /line 1 is "<!doctype html>"/],
    [200, '{"status":"ok"}', /line 1 is/],
    [404, 'up 1\n', /answers 404/],
    [500, '', /answers 500/],
    [200, Buffer.from([0, 1, 2, 255, 254, 10, 10]), /line 1 is/],
    [200, 'up 1\nother 12', /cut short/],
  ];
  for (const [status, body, expected] of bodies) {
    const { url } = await serve(t, (_request, response) => response.writeHead(status).end(body));
    const said = why(await read(url));
    assert.match(said, /^not a metrics page: /);
    assert.match(said, expected);
  }
});

test('a redirect is not followed: it may lead to a host that nothing may be sent to', async (t) => {
  let asked = 0;
  const elsewhere = await serve(t, (_request, response) => {
    asked += 1;
    response.end('up 1\n');
  });
  const { url } = await serve(t, (_request, response) => response.writeHead(302, { location: elsewhere.url }).end());
  assert.match(why(await read(url)), /^not a metrics page: 127\.0\.0\.1:\d+, it answers 302$/);
  assert.equal(asked, 0);
});

test('an exporter that hangs, before its page or within it, is left at the limit', async (t) => {
  const silent = await serve(t, () => {});
  assert.match(why(await read(silent.url, 100)), /^no answer: 127\.0\.0\.1:\d+ took longer than 100 ms$/);
  const halfway = await serve(t, (_request, response) => response.writeHead(200).write('up 1\n'));
  assert.match(why(await read(halfway.url, 100)), /took longer than 100 ms/);
  const drip = await serve(t, (_request, response) => {
    const timer = setInterval(() => response.write('up 1\n'), 10);
    response.on('close', () => clearInterval(timer));
  });
  assert.match(why(await read(drip.url, 150)), /took longer than 150 ms/);
});

test('a reset, a refusal, an unknown host, another protocol and no address at all are no answer', async (t) => {
  const reset = await serve(t, (request) => request.socket.resetAndDestroy());
  assert.match(why(await read(reset.url)), /^no answer: .*(?:reset|closed) the connection/);
  const midway = await serve(t, (request, response) => {
    response.writeHead(200, { 'content-length': 1_000 }).write('up 1\n', () => request.socket.resetAndDestroy());
  });
  assert.match(why(await read(midway.url)), /^no answer: /);
  await reset.close();
  assert.match(why(await read(reset.url)), /^no answer: .* refused the connection$/);
  assert.match(why(await read('http://no-such-host.invalid/metrics', 2_000)), /^no answer: no-such-host\.invalid /);
  const other = createServer((socket) => socket.end('220 mail ready\r\n'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  assert.match(why(await read(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)), /^no answer: /);
  assert.match(why(await read('nonsense')), /^no answer: /);
});

test('a page of 200 MB is refused while it comes, plain or compressed', async (t) => {
  const line = `a{b="${'x'.repeat(1_000)}"} 1\n`;
  let written = (): number => 0;
  const { url } = await serve(t, (_request, response) => {
    written = pour(response.writeHead(200), line.repeat(64)).written;
  });
  assert.match(why(await read(url)), /^too large: 127\.0\.0\.1:\d+ sends more than 20 MB$/);
  assert.ok(written() < 3 * LARGEST_PAGE_BYTES, `${written()} bytes were taken`);
  const bomb = gzipSync(line.repeat(30_000));
  const packed = await serve(t, (_request, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  assert.match(why(await read(packed.url)), /^too large: /);
});

test('it is left at once when it is told to', async (t) => {
  const { url } = await serve(t, () => stop.abort());
  const stop = new AbortController();
  assert.match(why(await read(url, 60_000, stop.signal)), /^no answer: /);
});
