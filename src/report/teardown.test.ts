import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunRecord, TeardownReport } from '../model/index.ts';
import { heldText, teardownNote } from './teardown.ts';

const PLAN = { url: 'http://127.0.0.1/{runId}', command: null, timeoutMs: 1 };
const note = (teardown: TeardownReport | undefined, embedded: boolean, planned = true): string | null => teardownNote({
  plan: { runId: 'r-1', target: { url: '', embedded }, ...(planned ? { teardown: PLAN } : {}) } as RunRecord['plan'], ...(teardown ? { teardown } : {}),
});
const report = (changes: Partial<TeardownReport>): TeardownReport =>
  ({ outcome: 'removed', before: { users: 400, orders: 12 }, after: { users: 0, orders: 0 }, durationMs: 1, ...changes });

test('each end of a teardown reads as what is known of the target', () => {
  const cases: [string | null, string | null][] = [
    [note(report({}), false), 'teardown: removed 412 of 412 rows, 0 left (counted)'],
    [note(report({ before: { users: 0 }, after: { users: 0 } }), false), 'teardown: nothing to remove, the target counts no row of this run (documentation/teardown.md)'],
    [note(report({ outcome: 'left', after: { users: 9, orders: 1 }, message: 'no\u001b[31mt now' }), false),
      'teardown: 10 of 412 rows left (users 9, orders 1): not now; npm run teardown -- r-1'],
    [note(report({ outcome: 'failed', before: null, after: null, message: 'nobody listens there' }), false),
      'teardown: not known to be done: nobody listens there; npm run teardown -- r-1'],
    [note(report({ outcome: 'left', after: { users: 9 }, message: 'the time was over' }), true),
      'teardown: 9 of 412 rows left (users 9): the time was over; the rest ended with the bundled platform'],
    [note(undefined, false), 'teardown: not done, so what this run made is still on its target: npm run teardown -- r-1'],
    [note(undefined, false, false), 'teardown: none, so what this run made stays on its target (documentation/teardown.md)'],
    // Of a run that was killed, or of before there was any: what the bundled platform held is gone with it.
    [note(undefined, true), null],
    [note(undefined, true, false), null],
  ];
  for (const [said, expected] of cases) assert.equal(said, expected);
  assert.equal(heldText({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, none: 0 }), 'g 7, f 6, e 5, d 4, c 3, 2 more kinds');
});
