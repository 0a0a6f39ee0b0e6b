import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostPattern, hostOf, isOwnHost, matchingPattern, overlap } from './hosts.ts';

const TAKEN: [written: string, plain: string][] = [
  ['staging.example.com', 'staging.example.com'], [' Staging.Example.COM. ', 'staging.example.com'],
  ['*.staging.example.com', '*.staging.example.com'], ['*.Example.com', '*.example.com'],
  ['münchen.example.com', 'xn--mnchen-3ya.example.com'], ['192.0.2.7', '192.0.2.7'], ['0x7f.1', '127.0.0.1'],
  ['[2001:db8::1]', '[2001:db8::1]'], ['2001:DB8::1', '[2001:db8::1]'],
];
for (const [written, plain] of TAKEN) test(`the entry ${JSON.stringify(written)} is ${plain}`, () => assert.equal(HostPattern.parse(written), plain));

const REFUSED = [
  '*', '*.', '*.com', '**.example.com', 'a.*.example.com', '*example.com', '*.192.0.2.7', '*.[2001:db8::1]', 'https://staging.example.com',
  'staging.example.com:8443', 'staging.example.com/app', 'user@staging.example.com', 'staging example', '', '?', 'a\\b', 'a#b',
  '＊', '＊.com', 'a.＊.example.com',
];
for (const written of REFUSED) {
  test(`the entry ${JSON.stringify(written)} is refused, in words that do not repeat it`, () => {
    const { error } = HostPattern.safeParse(written);
    assert.match(error?.issues[0]?.message ?? '', /^host names such as staging\.example\.com/);
  });
}

test('a pattern with a star is everything below a name, not the name itself, and no other name that ends alike', () => {
  const list = ['one.example.com', '*.staging.example.com'];
  assert.equal(matchingPattern('one.example.com', list), 'one.example.com');
  for (const host of ['a.staging.example.com', 'a.b.staging.example.com']) assert.equal(matchingPattern(host, list), '*.staging.example.com');
  for (const host of ['staging.example.com', 'xstaging.example.com', 'a-staging.example.com', 'two.example.com', 'one.example.com.test', 'example.com']) {
    assert.equal(matchingPattern(host, list), null, host);
  }
});

test('patterns overlap where a host could match both', () => {
  for (const [one, other] of [['a.test.example', 'a.test.example'], ['*.b.test', 'a.b.test'], ['*.b.test', '*.a.b.test'], ['*.b.test', '*.b.test']] as const) {
    assert.ok(overlap(one, other) && overlap(other, one), `${one} ${other}`);
  }
  for (const [one, other] of [['a.b.test', 'b.test'], ['*.b.test', 'b.test'], ['*.b.test', '*.c.test'], ['*.b.test', 'xb.test']] as const) {
    assert.ok(!overlap(one, other) && !overlap(other, one), `${one} ${other}`);
  }
});

test('an address is known by its host, however it is written', () => {
  assert.equal(hostOf('HTTPS://Shop.Example.COM.:8443/a?b#c'), 'shop.example.com');
  assert.equal(hostOf('http://2130706433/'), '127.0.0.1');
  assert.equal(hostOf('http://staging.example.com@shop.example.com/'), 'shop.example.com');
  assert.equal(hostOf('http://h.example.com/api/{runId}'), 'h.example.com');
  for (const none of ['embedded', 'target', '', 'file:///etc/hosts']) assert.equal(hostOf(none), null, none);
});

test('this machine is loopback, by its names and numbers; not a name that only looks like it', () => {
  for (const host of ['localhost', '127.0.0.1', '127.255.0.9', '[::1]']) assert.ok(isOwnHost(host), host);
  for (const host of ['0.0.0.0', '127.0.0.1.example.com', 'localhost.example.com', 'a.localhost', '[::]', '[::ffff:7f00:1]', '10.0.0.1']) {
    assert.ok(!isOwnHost(host), host);
  }
});
