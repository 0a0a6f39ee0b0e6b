import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broken, type LogEntry } from './entry.ts';
import { lineReader, type LogFormat } from './formats.ts';

const BASE = {
  method: 'GET', target: '/find/video-editor', status: 200, address: '192.0.2.7', agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0',
  referrer: 'https://www.google.com/',
};
const AT_MS = Date.UTC(2026, 0, 5, 9, 30, 0);
const whole: LogEntry = { ...BASE, timeMs: AT_MS };

const LINES: [what: string, format: LogFormat, line: string, entry: LogEntry][] = [
  ['nginx combined', 'combined', `192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor HTTP/1.1" 200 512 "${BASE.referrer}" "${BASE.agent}"`, whole],
  ['another time zone', 'combined', `192.0.2.7 - - [05/Jan/2026:04:00:00 -0530] "GET /find/video-editor HTTP/2.0" 200 512 "${BASE.referrer}" "${BASE.agent}"`, whole],
  ['a user with spaces and a bracket', 'combined', `192.0.2.7 - jane [x] doe [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor HTTP/1.1" 200 512 "${BASE.referrer}" "${BASE.agent}"`, whole],
  ['Apache with a virtual host', 'combined', `shop.example:443 192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor HTTP/1.1" 200 512 "${BASE.referrer}" "${BASE.agent}"`, whole],
  ['behind a proxy', 'combined', `10.0.0.1 - - [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor HTTP/1.1" 200 512 "${BASE.referrer}" "${BASE.agent}" "192.0.2.7, 10.0.0.9"`, whole],
  ['a quote in the agent', 'combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 304 - "-" "odd \\" agent"', { ...whole, target: '/', status: 304, referrer: '', agent: 'odd \\" agent' }],
  ['the common format', 'combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "HEAD / HTTP/1.1" 200 -', { ...whole, method: 'HEAD', target: '/', referrer: '', agent: '' }],
  ['a whole address asked of a proxy', 'combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET http://shop.example:80/find?q=a HTTP/1.1" 200 1 "-" "-"', { ...whole, target: '/find?q=a', referrer: '', agent: '' }],
  ['IPv6', 'combined', '2001:db8::7 - - [05/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"', { ...whole, target: '/', address: '2001:db8::7', referrer: '', agent: '' }],
  ['nginx JSON', 'json', JSON.stringify({ time_iso8601: '2026-01-05T10:30:00+01:00', remote_addr: '192.0.2.7', request: 'GET /find/video-editor HTTP/1.1', status: '200', http_referer: BASE.referrer, http_user_agent: BASE.agent }), whole],
  ['nginx JSON with uri and args', 'json', JSON.stringify({ msec: '1767605400.000', remote_addr: '192.0.2.7', request_method: 'GET', uri: '/search', args: 'q=video', status: 200, http_referer: BASE.referrer, http_user_agent: BASE.agent }), { ...whole, target: '/search?q=video' }],
  ['Caddy', 'json', JSON.stringify({ level: 'info', ts: 1767605400, logger: 'http.log.access', request: { remote_ip: '10.0.0.1', client_ip: '192.0.2.7', method: 'GET', host: 'shop.example', uri: '/find/video-editor', headers: { 'User-Agent': [BASE.agent], Referer: [BASE.referrer], Cookie: ['REDACTED'] } }, status: 200 }), whole],
  ['a generic one', 'json', JSON.stringify({ time: AT_MS, method: 'get', path: '/find/video-editor', status: 200, agent: BASE.agent, addr: '192.0.2.7', referrer: BASE.referrer }), whole],
  ['Google load balancer', 'json', JSON.stringify({ timestamp: '2026-01-05T09:30:00.000000Z', httpRequest: { requestMethod: 'GET', requestUrl: 'https://shop.example/find/video-editor', status: 200, userAgent: BASE.agent, remoteIp: '192.0.2.7', referer: BASE.referrer } }), whole],
  ['Elastic common schema', 'json', JSON.stringify({ '@timestamp': '2026-01-05T09:30:00.000Z', http: { request: { method: 'GET', referrer: BASE.referrer }, response: { status_code: 200 } }, url: { path: '/search', query: 'q=video' }, source: { ip: '192.0.2.7' }, user_agent: { original: BASE.agent } }), { ...whole, target: '/search?q=video' }],
  ['ALB', 'alb', `https 2026-01-05T09:30:00.000000Z app/lb/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.66:9000 0.086 0.048 0.037 200 200 0 57 "GET https://shop.example:443/find/video-editor HTTP/1.1" "${BASE.agent}" ECDHE TLSv1.2 arn:aws:x "Root=1-58337281" "shop.example" "-" 1 2026-01-05T09:29:59.000000Z "forward" "-" "-"`, { ...whole, referrer: '' }],
];

for (const [what, format, line, entry] of LINES) {
  test(`reads ${what}, and tells its format`, () => {
    const reader = lineReader('auto');
    assert.deepEqual(reader.read(line), entry);
    assert.equal(reader.format(), format);
  });
}

test('CloudFront and other W3C logs are read by the columns that their #Fields line names', () => {
  const reader = lineReader('auto');
  const columns = ['2026-01-05', '09:30:00', 'FRA2', '512', '192.0.2.7', 'GET', 'd1.cloudfront.net', '/search', '200', 'https://www.google.com/', 'Mozilla/5.0%20(X11)', 'q=video%2520editor', '-'];
  assert.equal(reader.read('#Version: 1.0'), null);
  assert.equal(reader.read('#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)'), null);
  const entry = { ...whole, target: '/search?q=video%2520editor', agent: 'Mozilla/5.0%20(X11)' };
  assert.deepEqual(reader.read(columns.join('\t')), entry);
  assert.deepEqual(reader.read(columns.join(' ')), entry);
  assert.equal(reader.format(), 'cloudfront');
  assert.ok(reader.read(columns.slice(0, 5).join('\t')) instanceof Broken);
});

const BROKEN: [format: Exclude<LogFormat, 'har'>, line: string, why: RegExp][] = [
  ['combined', '192.0.2.7 - - "GET / HTTP/1.1" 200', /no time in brackets/],
  ['combined', '192.0.2.7 - - [yesterday] "GET / HTTP/1.1" 200 1', /no time that can be read/],
  ['combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "-" 408 0 "-" "-"', /no request/],
  ['combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"', /no request/],
  ['combined', '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET / HT', /no request/],
  ['json', '{"time":"2026-01-05T09:30:00Z","method":"GET"', /cut short/],
  ['json', '[1]', /no JSON object/],
  ['json', '{"time":"soon","method":"GET","path":"/"}', /no time/],
  ['json', '{"time":1767605400,"method":"GET","path":"nowhere"}', /no request/],
  ['cloudfront', '2026-01-05\t09:30:00', /no #Fields/],
  ['alb', 'tcp 2026-01-05T09:30:00Z x', /load balancer/],
  ['alb', 'http 2026-01-05T09:30:00.000000Z app/lb 192.0.2.7:1 -', /no request/],
];

for (const [format, line, why] of BROKEN) {
  test(`says why "${line}" is no line of ${format}`, () => {
    const read = lineReader(format).read(line);
    assert.ok(read instanceof Broken);
    assert.match(read.why, why);
  });
}
