import assert from 'node:assert/strict';
import test from 'node:test';
import { sourceUrl } from './source-url.ts';

const COMMIT = 'a'.repeat(40);
const TOLD = { GITHUB_SERVER_URL: 'https://github.example.com', GITHUB_REPOSITORY: 'team/site', GITHUB_SHA: COMMIT };

test('files of a commit have an address where GitHub tells all of it, and none elsewhere', () => {
  assert.equal(sourceUrl(TOLD), `https://github.example.com/team/site/blob/${COMMIT}/`);
  const odd = [
    {}, { ...TOLD, GITHUB_SHA: '' }, { ...TOLD, GITHUB_REPOSITORY: 'x) [y](z' },
    { ...TOLD, GITHUB_SERVER_URL: 'javascript:alert(1)' },
  ];
  assert.deepEqual(odd.map(sourceUrl), [null, null, null, null]);
});
