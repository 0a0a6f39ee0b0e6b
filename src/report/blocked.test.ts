import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockedNote } from './blocked.ts';

test('what browsers were kept from is one sentence with its count, the first hosts by name', () => {
  assert.equal(blockedNote({}), null);
  assert.equal(
    blockedNote({ blocked: [{ host: 'fonts.test', requests: 1 }] }),
    'blocked: 1 request of browsers to hosts that are not on the list (BROWSER_HOSTS): fonts.test (1)',
  );
  const many = Array.from({ length: 6 }, (_, index) => ({ host: `h${index}.test`, requests: 1_200 - index }));
  assert.match(blockedNote({ blocked: many }) ?? '', /^blocked: 7,185 requests .*: h0\.test \(1,200\), .*, h3\.test \(1,197\), 2 more$/);
});

test('a host from outside paints nothing and fills no screen', () => {
  const note = blockedNote({ blocked: [{ host: `\u001b[32mGO\u001b[0m${'x'.repeat(500)}.test`, requests: 1 }] }) ?? '';
  assert.ok(!note.includes('\u001b') && note.length < 200, note);
});
