import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserHosts, createHostGuard, hostLines, resolverRules, sendsTagHeaders } from './browser-hosts.ts';

const TARGET = 'https://staging.shop.test:8443/base';

test("browsers may send to the target's host and to what is listed; this machine's own need no mention", () => {
  assert.deepEqual(browserHosts(TARGET, ['*.fonts.test', 'staging.shop.test', 'localhost']), ['staging.shop.test', '*.fonts.test']);
  assert.deepEqual(browserHosts('http://127.0.0.1:4000'), []);
  assert.deepEqual(browserHosts('http://[fd00::1]:4000'), ['[fd00::1]']);
});

test('pages send headers where they can go to the target alone, and by order', () => {
  const reach = (url: string, listed: string[], embedded = false) => ({ target: { url, embedded }, browserHosts: browserHosts(url, listed) });
  assert.equal(sendsTagHeaders(reach(TARGET, ['staging.shop.test'])), true, 'the target is no other host');
  assert.equal(sendsTagHeaders(reach(TARGET, ['cdn.shop.test'])), false);
  assert.equal(sendsTagHeaders(reach('http://localhost:4000', [])), false, 'its API may be on the next port');
  assert.equal(sendsTagHeaders(reach('http://127.0.0.1:4000', [], true)), true, 'the bundled platform has one origin');
  assert.equal(sendsTagHeaders(reach('http://127.0.0.1:4000', ['cdn.shop.test'], true)), false);
  assert.equal(sendsTagHeaders(reach(TARGET, ['cdn.shop.test']), 'headers'), true);
  assert.equal(sendsTagHeaders(reach(TARGET, []), 'agent'), false);
  assert.deepEqual(hostLines(reach(TARGET, []), true), []);
  assert.match(hostLines(reach(TARGET, ['cdn.shop.test']), false).join('\n'), /^browsers may also send to cdn\.shop\.test\n.*user agent alone/);
});

const ASKED: [url: string, keptFrom: string | null][] = [
  ['https://staging.shop.test/', null],
  ['wss://staging.shop.test:9000/live', null],
  ['https://a.fonts.test/x', null],
  ['https://a.b.fonts.test/x', null],
  ['http://127.0.0.9:81/', null],
  ['http://localhost/', null],
  ['http://[::1]:8080/', null],
  ['data:text/html,x', null],
  ['blob:https://evil.test/1', null],
  ['about:blank', null],
  ['https://fonts.test/x', 'fonts.test'],
  ['https://shop.test/', 'shop.test'],
  ['https://a.staging.shop.test/', 'a.staging.shop.test'],
  ['https://evilfonts.test/', 'evilfonts.test'],
  ['https://staging.shop.test.evil.test/', 'staging.shop.test.evil.test'],
  ['https://staging.shop.test@evil.test/', 'evil.test'],
  ['http://127.evil.test/', '127.evil.test'],
  ['http://192.0.2.1/', '192.0.2.1'],
  ['http://0xC0000201/', '192.0.2.1'],
  ['http://[2001:db8::1]/', '[2001:db8::1]'],
  ['WSS://EVIL.test/', 'evil.test'],
];
for (const [url, host] of ASKED) {
  test(`${url} ${host === null ? 'may be asked' : `is kept back as ${host}`}`, () => {
    const guard = createHostGuard(['staging.shop.test', '*.fonts.test']);
    assert.equal(guard(url), host);
    assert.equal(guard(url), host, 'the same when asked again');
  });
}

/** Chromium's base::MatchPattern: `*` any characters, `?` one or none. */
function matches(host: string, pattern: string): boolean {
  const regex = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.?');
  return new RegExp(`^${regex}$`).test(host);
}

test("the browser's own rules leave out what the guard lets through, and nothing else", () => {
  const rules = resolverRules(['staging.shop.test', '*.fonts.test', '[fd00::1]']).split(', ');
  assert.equal(rules[0], 'MAP * ~NOTFOUND');
  const open = rules.slice(1).map((rule) => /^EXCLUDE (\S+)$/.exec(rule)?.[1] ?? assert.fail(rule));
  const isOpen = (host: string): boolean => open.some((pattern) => matches(host, pattern));
  for (const host of ['localhost', 'localhost.', '::1', '127.0.0.1', '127.0.0.9', '127.255.255.254', 'staging.shop.test', 'a.fonts.test', 'fd00::1']) {
    assert.ok(isOpen(host), host);
  }
  for (const host of ['127.evil.test', '127.0.0.1.evil.test', '127.a.b.com', 'fonts.test', 'shop.test', '192.0.2.1', '2001:db8::1', 'localhost.test']) {
    assert.ok(!isOpen(host), host);
  }
});
