import assert from 'node:assert/strict';
import test from 'node:test';
import { PrometheusServer, type Limits } from './prometheus.ts';
import { pour, serve } from './testing.ts';

const LIMITS: Limits = { limitMs: 10_000 };
const value = (url: string, limits = LIMITS): ReturnType<PrometheusServer['value']> =>
  new PrometheusServer(url.replace('/metrics', '')).value('up', 1, limits);
const success = (resultType: string, result: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType, result } });
const vector = (...series: string[]): string =>
  success(
    'vector',
    series.map((one) => ({ metric: {}, value: [1_700_000_000, one] })),
  );

test('one value is taken, from a vector or a scalar; anything else is missing, with the reason', async (t) => {
  const cases: [string, number | RegExp][] = [
    [vector('1.5e3'), 1_500],
    [success('scalar', [1_700_000_000, '7']), 7],
    [vector(), /^not exposed: no series, or none in the last 5 minutes$/],
    [vector('1', '2'), /gives 2 series, not one/],
    [vector('NaN'), /^not a number$/],
    [vector('+Inf'), /^not a number$/],
    [success('matrix', []), /gives a range/],
    [success('string', [1, 'x']), /gives a string/],
    [success('vector', [{ metric: {}, histogram: [1, {}] }]), /native histogram/],
    ['<!doctype html>', /^not a Prometheus answer: 127\.0\.0\.1:\d+ answers 200, and something else$/],
    ['{"status":"success"}', /^not a Prometheus answer/],
    ['{"status":"success","data":{"resultType":"vector","result":[{"value":["a",1]}]}}', /^not a Prometheus answer/],
    ['', /^not a Prometheus answer/],
  ];
  let body = '';
  const { url } = await serve(t, (_request, response) => response.end(body));
  for (const [answer, expected] of cases) {
    body = answer;
    const reading = await value(url);
    if (typeof expected === 'number') assert.deepEqual(reading, { value: expected });
    else {
      assert.equal(reading.value, null, answer);
      assert.match(reading.missing ?? '', expected);
      assert.equal(reading.unanswered, undefined, answer);
    }
  }
});

test('an error of PromQL is told in its own words; only what may be had later counts as unanswered', async (t) => {
  const error = (text: string): string => JSON.stringify({ status: 'error', errorType: 'x', error: text });
  const cases: [number, string, RegExp, true | undefined][] = [
    [
      400,
      error('invalid parameter "query": 1:3: parse error:\n unexpected end'),
      /^PromQL error: invalid parameter "query": 1:3: parse error: unexpected end$/,
      undefined,
    ],
    [422, error('x'.repeat(500)), /^PromQL error: x{200}…$/, undefined],
    [503, error('query timed out'), /^PromQL error: query timed out$/, true],
    [502, '<html>bad gateway</html>', /answers 502$/, true],
    [401, 'Unauthorized', /answers 401$/, undefined],
    [404, '404 page not found', /answers 404$/, undefined],
  ];
  for (const [status, body, expected, unanswered] of cases) {
    const { url } = await serve(t, (_request, response) => response.writeHead(status).end(body));
    const reading = await value(url);
    assert.equal(reading.value, null);
    assert.match(reading.missing ?? '', expected);
    assert.equal(reading.unanswered, unanswered, `${status}`);
  }
});

test('a server that hangs, resets, is not there or never stops is left, and its value is missing', async (t) => {
  const hangs = await serve(t, () => {});
  const late = await value(hangs.url, { limitMs: 100 });
  assert.match(late.missing ?? '', /took longer than 100 ms/);
  assert.equal(late.unanswered, true);
  const resets = await serve(t, (request) => request.socket.resetAndDestroy());
  assert.match((await value(resets.url)).missing ?? '', /^no answer: /);
  await resets.close();
  assert.match((await value(resets.url)).missing ?? '', /refused the connection/);
  const endless = await serve(
    t,
    (_request, response) => void pour(response.writeHead(200), '[1,2,3,4]'.repeat(10_000)),
  );
  const large = await value(endless.url);
  assert.match(large.missing ?? '', /^too large: /);
  assert.equal(large.unanswered, undefined);
});

test('the query, a path before the API and credentials reach the server', async (t) => {
  let seen = '';
  const { url } = await serve(t, (request, response) => {
    const [, credentials = ''] = request.headers.authorization?.split(' ') ?? [];
    seen = `${request.method} ${request.url} ${Buffer.from(credentials, 'base64').toString()} `;
    request.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    request.on('end', () => response.end(vector('3')));
  });
  const server = new PrometheusServer(url.replace('//', '//ann:pw@').replace('/metrics', '/prom'));
  assert.deepEqual(await server.value('sum(rate(x{a="b"}[1m]))', 1_000, LIMITS), { value: 3_000 });
  assert.equal(
    seen,
    `POST /prom/api/v1/query ann:pw ${new URLSearchParams({ query: 'sum(rate(x{a="b"}[1m]))' }).toString()}`,
  );
});
