import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouter, parseServerTiming } from './routes.ts';

const TARGET = 'http://127.0.0.1:8080';

const ROUTES: [url: string, route: string][] = [
  ['/', '/'],
  ['/projects/41', '/projects/:id'],
  ['/projects/41/checkout', '/projects/:id/checkout'],
  ['/projects/3f2504e0-4f89-41d3-9a0c-0305e82c3301', '/projects/:id'],
  ['/projects/prj_Ab12Cd34', '/projects/:id'],
  ['/p/0123456789abcdef', '/p/:id'],
  ['/p/V1StGXR8_Z5jdHi6B-myT', '/p/:id'],
  ['/api/v1/search/suggestions?q=vi', '/api/v1/search/suggestions'],
  ['/api/v1/auth/me#top', '/api/v1/auth/me'],
  ['/payments/escrow/release', '/payments/escrow/release'],
  ['/a-long-page-name-without-digits', '/a-long-page-name-without-digits'],
  ['/find/video-editor-for-podcasts', '/find/:slug'],
  ['/find/video-editor-for-podcasts/more', '/find/video-editor-for-podcasts/more'],
  ['/file.txt', '/file.txt'],
];
for (const [url, route] of ROUTES) {
  test(`${url} counts as ${route}`, () => {
    assert.equal(createRouter(TARGET, ['/find/:slug'])(TARGET + url), route);
  });
}

test('another origin keeps its host, and the same host with another port is another origin', () => {
  const route = createRouter(TARGET);
  assert.equal(route('https://js.stripe.com/v3/42'), 'js.stripe.com/v3/:id');
  assert.equal(route('http://127.0.0.1:9090/projects/1'), '127.0.0.1:9090/projects/:id');
});

test('a pattern is text, not a regular expression', () => {
  const route = createRouter(TARGET, ['/static/app.js', '/a+b/:x']);
  assert.equal(route(`${TARGET}/static/appXjs`), '/static/appXjs');
  assert.equal(route(`${TARGET}/a+b/c`), '/a+b/:x');
});

test('what is no address is kept short', () => {
  assert.equal(createRouter(TARGET)(`http://${'x '.repeat(500)}`).length, 80);
});

test('a path alone is one of the target', () => {
  assert.equal(createRouter(TARGET)('/projects/41'), '/projects/:id');
});

test('the same answer comes again for the same address, also after very many', () => {
  const route = createRouter(TARGET, ['/find/:slug']);
  for (let i = 0; i < 6_000; i += 1) assert.equal(route(`${TARGET}/find/word-${i}`), '/find/:slug');
  assert.equal(route(`${TARGET}/find/word-1`), '/find/:slug');
});

const TIMINGS: [header: string, durations: Record<string, number>, descriptions: Record<string, string>][] = [
  ['db;dur=12.5', { db: 12.5 }, {}],
  ['db;dur=12.5, render;dur=3', { db: 12.5, render: 3 }, {}],
  ['cold;desc="agent runner";dur=812', { cold: 812 }, { cold: 'agent runner' }],
  ['db;desc="a, b; c";dur=1, x;dur=2', { db: 1, x: 2 }, { db: 'a, b; c' }],
  ['cache;desc=hit', {}, { cache: 'hit' }],
  [' db ; dur=1 ,  render ; dur=2 ', { db: 1, render: 2 }, {}],
  ['db;dur="7"', { db: 7 }, {}],
  ['db;dur=', {}, {}],
  ['db;dur=fast', {}, {}],
  ['db;dur=0', { db: 0 }, {}],
  ['miss', {}, {}],
  ['a;desc="x=y=z"', {}, { a: 'x=y=z' }],
  ['', {}, {}],
  [',,;;', {}, {}],
  ['db;desc="never closed;dur=1, x;dur=2', {}, { db: '"never closed;dur=1, x;dur=2' }],
];
for (const [header, durations, descriptions] of TIMINGS) {
  test(`Server-Timing ${JSON.stringify(header)} is read as it is meant`, () => {
    const read = parseServerTiming(header);
    assert.deepEqual(Object.fromEntries(read.flatMap((one) => (one.durationMs === null ? [] : [[one.name, one.durationMs]]))), durations);
    assert.deepEqual(Object.fromEntries(read.flatMap((one) => (one.description === null ? [] : [[one.name, one.description]]))), descriptions);
  });
}

test('a Server-Timing metric without a duration is still there, with no duration and not with zero', () => {
  assert.deepEqual(parseServerTiming('warm;desc="agent"'), [{ name: 'warm', durationMs: null, description: 'agent' }]);
});
