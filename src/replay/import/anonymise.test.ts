import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { KEY, keeps } from '../testing.ts';
import { familyOf } from './agents.ts';
import { anonymiser } from './anonymise.ts';
import { hmacSha256, keyedHash } from './keyed-hash.ts';
import { anonymousPath, classOf, parseKeep } from './paths.ts';
import { isPlain } from './plain.ts';
import { referrerHost } from './referrers.ts';

const rules = { keeps: keeps('/', '/find/:slug', '/search?q&skill', '/a/:b/c'), terms: new Set(['video editor']), hash: keyedHash(KEY) };
/** Any hash as `~…`. */
const path = (target: string, found = true): string => anonymousPath(target, found, rules).replace(/~[a-p]{12}/g, '~…');

const PATHS: [target: string, anonymous: string][] = [
  ['/', '/'], ['//', '/'], ['/find/prompt-engineer-for-podcasts', '/find/prompt-engineer-for-podcasts'],
  ['/find/3d-modeller', '/find/3d-modeller'], ['/find/pr%C3%A4sentation', '/find/pr%C3%A4sentation'], ['/find/video%2Deditor', '/find/video-editor'],
  ['/find/video-editor/', '/find/video-editor/'], ['/find/video-editor;jsessionid=A1', '/find/video-editor'], ['/find/video-editor#jane', '/find/video-editor'],
  ['/find/jane@mail.test', '/~…/~…'], ['/find/jane%40mail.test', '/~…/~…'], ['/find/jane%2540mail.test', '/~…/~…'],
  ['/find/550e8400-e29b-41d4-a716-446655440000', '/~…/~…'], ['/find/12345', '/~…/~…'], ['/find/order-1234', '/~…/~…'],
  ['/find/deadbeefcafe', '/~…/~…'], ['/find/192-0-2-7', '/~…/~…'], ['/find/a-1-2-3-4', '/~…/~…'], ['/find/dQw4w9WgXcQ', '/~…/~…'],
  ['/find/06-12-34-56-78', '/~…/~…'], ['/find/%E0%A4', '/~…/~…'], ['/find/', '/~…/'], ['/find/a/b', '/~…/~…/~…'],
  ['/account/jane', '/~…/~…'], ['/a/word/c', '/a/word/c'], ['/a//c', '/~…//~…'], ['/1/2/3/4/5/6/7/8/9/10', '/~…/~…/~…/~…/~…/~…/~…/~…/~…'],
  ['/search?q=Video++Editor', '/search?q=video%20editor'], ['/search?q=jane+doe', '/search?q=words'], ['/search?q=jane', '/search?q=word'],
  ['/search?q=', '/search?q=empty'], ['/search?q', '/search?q'], ['/search?', '/search'], ['/search?page=2&sort=2026-01-05', '/search?page=number&sort=date'],
  ['/search?skill=x&secret=y', '/search?skill=word&~…=word'], [`/search?q=${'a'.repeat(65)}`, '/search?q=long'], ['/search?jane@mail.test', '/search?~…'],
  ['/other?skill=x', '/~…?~…=word'], ['/search?q=%', '/search?q=other'], ['/search?q=1%2C5', '/search?q=number'],
];

for (const [target, anonymous] of PATHS) {
  test(`of ${target.length > 60 ? 'a long value' : target} stays ${anonymous}`, () => assert.equal(path(target), anonymous));
}

test('words of a page that was not found are hashed: anybody can type anything there', () => {
  assert.equal(path('/find/jane-doe', false), '/~…/~…');
  const of = anonymiser(rules);
  const entry = { timeMs: 0, method: 'GET', target: '/find/jane-doe', address: '192.0.2.7', agent: 'curl/8', referrer: '' };
  const rowPath = (status: number | null): string => (of({ ...entry, status }) as { p: string }).p;
  for (const status of [200, 304, 301, 429, 500, null]) assert.equal(rowPath(status), '/find/jane-doe');
  for (const status of [400, 401, 403, 404, 410]) assert.match(rowPath(status), /^\/~[a-p]{12}\/~[a-p]{12}$/);
});

test('a pattern is a path with names for what changes, and names of public parameters', () => {
  assert.deepEqual(parseKeep('/find/:slug?q&skill')?.segments, ['find', null]);
  for (const wrong of ['find/:slug', '', '/find?a?b', '/a b', '/find/*', '/find?q=1']) assert.equal(parseKeep(wrong), null, wrong);
});

test('what looks like words is kept, what looks like a number, a key or an id is not', () => {
  for (const word of ['video', 'Video Editor', 'prompt-engineer', 'top-10', 'café', '日本', 'SEO', 'a.b_c']) assert.ok(isPlain(word), word);
  for (const other of ['', '10', '100-a', 'a-100', 'iPhone', 'a1b2', 'x'.repeat(25), 'a/b', 'a@b', 'a\u0000b', 'a\u202eb', '١٢٣', 'a+b', 'face-b00c-ad']) {
    assert.ok(!isPlain(other), other);
  }
});

test('of a value only its class is left', () => {
  const classes = { '': 'empty', jane: 'word', 'Jane Doe': 'words', '-12.5': 'number', '2026-01-05': 'date', '2026-01-05T09:30:00Z': 'date', 'jane@mail.test': 'other', '+49 30 1234': 'other' };
  for (const [value, name] of Object.entries(classes)) assert.equal(classOf(value), name, value);
});

const AGENTS: [agent: string, family: string, kind: string][] = [
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'Chrome', 'person'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'Edge', 'person'],
  ['Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1', 'Safari', 'person'],
  ['Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36', 'Chrome', 'person'],
  ['Mozilla/5.0%20(compatible;%20Googlebot/2.1;%20+http://www.google.com/bot.html)', 'Googlebot', 'crawler'],
  ['Mozilla/5.0 (compatible; SomeNewBot/1.0)', 'other crawler', 'crawler'],
  ['Mozilla/5.0 HeadlessChrome/140.0.0.0 Safari/537.36 openshow-journeys/0.1.0 (load test; +run x)', 'load test', 'other'],
  ['curl/8.5.0', 'curl', 'other'], ['jane-doe-client', 'other program', 'other'], ['', 'none', 'other'], ['Mozilla/4.0', 'other browser', 'person'],
];

for (const [agent, family, kind] of AGENTS) {
  test(`"${agent}" is ${family}, a ${kind}`, () => assert.deepEqual(familyOf(agent), { family, kind }));
}

const REFERRERS: [referrer: string, host: string | null | RegExp][] = [
  ['', null], ['https://www.google.com/search?q=jane+doe', 'google.com'], ['https://www.google.co.uk/', 'google.co.uk'],
  ['http://jane.blog.example/about', 'blog.example'], ['https://jane:secret@mail.example/inbox', 'mail.example'], ['https://192.0.2.7/x', 'other'],
  ['https://[2001:db8::1]/', 'other'], ['http://localhost:3000/', 'other'], ['javascript:alert(1)', 'other'], ['android-app://com.mail.example/', 'other'],
  ['https://user12345.example', /^[a-p]{12}\.example$/], ['https://mail.example:8443/x', 'mail.example'],
];

for (const [referrer, host] of REFERRERS) {
  test(`of the referrer "${referrer}" stays ${String(host)}`, () => {
    const kept = referrerHost(referrer, rules.hash);
    if (host instanceof RegExp) assert.match(kept ?? '', host);
    else assert.equal(kept, host);
  });
}

test('files of pages and other methods are left out, with the reason', () => {
  const of = anonymiser(rules);
  const entry = { timeMs: 0, method: 'GET', target: '/', status: 200, address: '', agent: '', referrer: '' };
  assert.equal(of({ ...entry, method: 'POST' }), 'not GET or HEAD');
  for (const target of ['/app.css', '/x/logo.PNG?v=2', '/app.js;v=1', '/font.woff2#a']) assert.equal(of({ ...entry, target }), 'not a page: a file that pages ask for', target);
  assert.equal(typeof of({ ...entry, target: '/find/top.10' }), 'object');
});

test('its HMAC is that of RFC 2104, also for long keys and texts, and text that is no ASCII', () => {
  for (const key of [KEY, Buffer.alloc(64, 1), Buffer.alloc(200, 2)]) {
    const hmac = hmacSha256(key);
    for (const text of ['', 'visitor\u0000192.0.2.7', 'Français 日本 😀', 'x'.repeat(10_000), '日'.repeat(3_000), 'short again']) {
      assert.equal(Buffer.from(hmac(text), 'latin1').toString('hex'), createHmac('sha256', key).update(text).digest('hex'));
    }
  }
});

test('two keys give two hashes, and the same text as another part another one', () => {
  const [one, other] = [keyedHash(KEY), keyedHash(Buffer.alloc(32, 'o'))];
  assert.equal(one('visitor', '192.0.2.7'), one('visitor', '192.0.2.7'));
  assert.notEqual(one('visitor', '192.0.2.7'), other('visitor', '192.0.2.7'));
  assert.notEqual(one('visitor', '192.0.2.7'), one('path', '192.0.2.7'));
  assert.match(one('visitor', '192.0.2.7'), /^[a-p]{12}$/);
});
