import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDb } from './db.ts';
import type { Db } from './db.ts';
import { createLedger } from './ledger.ts';
import type { Escrow, Ledger } from './ledger.ts';
import { createOutbox } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import type { Provider } from './provider.ts';
import { startOutboxRunner } from './runner.ts';
import { createSettlement } from './settle.ts';
import type { Settlement } from './settle.ts';

let directory: string;
let db: Db;
let outbox: Outbox;
let ledger: Ledger;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'openshow-settle-'));
  db = openDb(join(directory, 'platform.db'));
  db.run('test', "INSERT INTO users VALUES ('usr_1', 'a@example.test', 'A', 'x', NULL, 0)");
  outbox = createOutbox(db);
  ledger = createLedger(db, outbox);
});
after(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

let projects = 0;
function pending(): Escrow {
  projects += 1;
  const projectId = `prj_${projects}`;
  db.run('test', `INSERT INTO projects (id, user_id, creator_id, title, details, skill, amount_cents, status, brief,
    run_id, created_ms) VALUES (?, 'usr_1', NULL, 'A film', '', 'video-editor', 10000, 'draft', NULL, NULL, 0)`,
  projectId);
  const nowMs = Date.now();
  const escrow: Escrow = {
    intentId: `intent-${projects}`, projectId, userId: 'usr_1', amountCents: 10_000, feeCents: 300, totalCents: 10_300,
    currency: 'usd', paymentMethod: 'pm_card_visa', providerId: null, state: 'pending', failure: null, runId: null,
    keyConflicts: 0, createdMs: nowMs, updatedMs: nowMs, underway: 'lock',
  };
  db.transaction(() => ledger.open(escrow));
  return escrow;
}

/** A provider that does what the test says while it is asked; what it does not say is not asked for. */
const settlementWith = (provider: Partial<Provider>, book: Outbox = outbox): Settlement => createSettlement({
  db, ledger, outbox: book, provider: provider as Provider, breaches: null, pendingLimitMs: 600_000,
});
const intentOf = (escrow: Escrow): Escrow => ledger.find(escrow.intentId) ?? assert.fail('it is gone');

test('a hold that comes after its payment was given up is let go, without any webhook', async () => {
  const escrow = pending();
  const cancelled: string[] = [];
  const { attempt } = settlementWith({
    hold: async () => {
      ledger.failed(escrow, 'not_confirmed: too late');
      db.run('test', 'UPDATE escrows SET updated_ms = 1 WHERE intent_id = ?', escrow.intentId);
      return { kind: 'ok', providerId: 'pi_late' };
    },
    cancel: async (providerId) => {
      cancelled.push(providerId);
      return { kind: 'ok', providerId };
    },
  });
  assert.equal((await attempt(escrow, true)).escrow.state, 'failed');
  const { providerId, underway, updatedMs } = intentOf(escrow);
  assert.deepEqual([providerId, underway], ['pi_late', 'void']);
  assert.ok(updatedMs > 1, 'an auditor sees that it moved');
  await attempt(escrow, false);
  assert.deepEqual([cancelled, intentOf(escrow).underway, intentOf(escrow).state], [['pi_late'], null, 'failed']);
});

test('a refused move leaves alone what was begun for its payment meanwhile', async () => {
  const held = ledger.held(pending(), 'pi_refused');
  db.transaction(() => outbox.add(held.intentId, 'cancel') && ledger.mark(held, 'refunding'));
  const { attempt } = settlementWith({
    cancel: async () => {
      // Another process is refused the same, and its user then releases.
      const row = outbox.of(held.intentId) ?? assert.fail('no row');
      ledger.mark(intentOf(held), 'held');
      outbox.removeOnly(row);
      outbox.add(held.intentId, 'release');
      return { kind: 'declined', code: 'no', message: 'No.' };
    },
    read: async () => ({
      id: 'pi_refused', status: 'requires_capture', amountCents: 10_300, currency: 'usd', intentId: held.intentId,
      failure: null,
    }),
  });
  assert.equal((await attempt(held, true)).kind, 'refused');
  assert.deepEqual([intentOf(held).state, intentOf(held).underway], ['held', 'release']);
});

test('a payment that was settled just after its row was read is not asked for again', async () => {
  const escrow = pending();
  const { attempt } = settlementWith({ hold: () => assert.fail('it was asked') }, {
    ...outbox,
    of(intentId) {
      const row = outbox.of(intentId);
      ledger.failed(escrow, 'card_declined: No.');
      return row;
    },
  });
  const { kind, escrow: now } = await attempt(escrow, true);
  assert.deepEqual([kind, now.state], ['settled', 'failed']);
});

test('payments that wait are sent on in an even row, however many there are: eight a second', async (t) => {
  db.run('test', 'DELETE FROM outbox');
  const waiting = new Set(Array.from({ length: 20 }, () => pending().intentId));
  db.run('test', 'UPDATE outbox SET next_ms = 0');
  t.mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
  const tried: string[] = [];
  const settlement = { attempt: async (escrow: Escrow) => {
    tried.push(escrow.intentId);
    outbox.remove(escrow.intentId);
  } } as unknown as Settlement;
  const provider = { available: () => true } as Provider;
  const runner = startOutboxRunner({ ledger, outbox, settlement, provider, breaches: null });
  t.after(() => runner.stop());
  const perSecond: number[] = [];
  for (let second = 0; second < 3; second += 1) {
    const before = tried.length;
    for (let passedMs = 0; passedMs < 1_000; passedMs += 5) {
      await new Promise((resolve) => setImmediate(resolve));
      t.mock.timers.tick(5);
    }
    perSecond.push(tried.length - before);
  }
  // The first is sent as the runner starts.
  assert.deepEqual([perSecond, new Set(tried)], [[8, 8, 3], waiting]);
});
