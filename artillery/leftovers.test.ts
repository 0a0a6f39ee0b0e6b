import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { GAME_DAYS, RollbackJournal, ROLLBACK_FILE } from '../src/drive/drills/journal.ts';
import { serveSite, temporaryFolder } from '../src/drive/testing.ts';
import { CodedError } from '../src/errors.ts';
import { undoLeftovers } from './drills.ts';

/** A run folder whose dead harness owes a call, and the calls that come. */
async function leftover(t: TestContext, changes: object = {}, url?: string, name = 'run-1'): Promise<{ reports: string; calls: string[] }> {
  (globalThis as { artillery?: object }).artillery = { globalEvents: new EventEmitter() };
  const calls: string[] = [];
  const site = await serveSite(t, (request, response) => {
    calls.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  const reports = temporaryFolder(t);
  const runDir = join(reports, name);
  mkdirSync(runDir, { recursive: true });
  const journal = RollbackJournal.begin(runDir, 'run-1');
  const call = { method: 'POST', url: url ?? `${site}/undo`, headers: {}, body: null } as const;
  journal.owe('a/0', 'a call', { undo: { kind: 'http', call }, embedded: false });
  const file = join(runDir, ROLLBACK_FILE);
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), pid: 2 ** 22 + 1, ...changes }));
  return { reports, calls };
}

const refusal = (says: RegExp) => (error: unknown): boolean =>
  error instanceof CodedError && error.code === 'J_DRILL_LEFTOVER' && says.test(error.faults[0]?.message ?? '') && /--rollback/.test(error.faults[0]?.hint ?? '');

test('what a dead harness of this machine left in is taken out', async (t) => {
  const { reports, calls } = await leftover(t);
  await undoLeftovers(reports, []);
  assert.deepEqual(calls, ['POST /undo']);
});

test('so is what a dead game day left in', async (t) => {
  const { reports, calls } = await leftover(t, {}, undefined, join(GAME_DAYS, 'day-1'));
  await undoLeftovers(reports, []);
  assert.deepEqual(calls, ['POST /undo']);
});

test('a rollback file that came from another machine does nothing by itself', async (t) => {
  for (const host of ['another-machine', undefined]) {
    const { reports, calls } = await leftover(t, { host });
    await assert.rejects(undoLeftovers(reports, []), refusal(/another machine/));
    assert.deepEqual(calls, []);
  }
});

test('an undo that would call a host which is not allowed is left to a person', async (t) => {
  const { reports } = await leftover(t, {}, 'http://proxy.example.invalid/undo');
  await assert.rejects(undoLeftovers(reports, ['other.example.invalid']), refusal(/would call proxy\.example\.invalid, which DRILL_HOSTS does not allow/));
});
