import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRunOf } from './observe.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/153.0.0.0 Safari/537.36';
const MARK = 'openshow-journeys/0.1.0 (load test; +run r-1)';

const REQUESTS: [what: string, headers: Record<string, string | string[] | undefined>, runId: string | null][] = [
  ['a header', { 'x-test-run-id': 'r-1', 'user-agent': BROWSER }, 'r-1'],
  ["a browser's user agent alone", { 'user-agent': `${BROWSER} ${MARK}` }, 'r-1'],
  ['a check by its user agent', { 'user-agent': `${BROWSER} openshow-journeys/0.1.0 (synthetic check; +run c-2)` }, 'c-2'],
  ['both: the header counts', { 'x-test-run-id': 'r-9', 'user-agent': `${BROWSER} ${MARK}` }, 'r-9'],
  ['no browser at all', { 'user-agent': MARK }, 'r-1'],
  ['a header that is no id', { 'x-test-run-id': 'a b', 'user-agent': BROWSER }, null],
  ['real traffic', { 'user-agent': BROWSER }, null],
  ['nothing', {}, null],
  ['a mark in the middle', { 'user-agent': `${MARK} ${BROWSER}` }, null],
];
for (const [what, headers, runId] of REQUESTS) {
  test(`${what} belongs to ${runId === null ? 'no test' : `test ${runId}`}`, () => assert.equal(testRunOf(headers), runId));
}
