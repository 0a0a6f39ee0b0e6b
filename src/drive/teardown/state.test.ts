import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../testing.ts';
import { oweTeardown, readTeardown, settleTeardown } from './state.ts';

test('what a target says of somebody when it fails does not get into the file', (t) => {
  const folder = temporaryFolder(t);
  const teardown = { url: null, command: ['remove'], timeoutMs: 1_000 };
  const owed = oweTeardown(folder, { runId: 'r', startedAtEpochMs: 1, target: { url: 'http://shop.test', embedded: false }, teardown });
  settleTeardown(folder, owed, { outcome: 'failed', before: null, after: null, durationMs: 1, message: 'no right to remove of jana@firma.de' });
  assert.equal(readTeardown(folder)?.result?.message, 'no right to remove of [masked email]');
});
