import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type Stripe from 'stripe';
import { openDb } from './db.ts';
import type { Db } from './db.ts';
import type { Escrow } from './ledger.ts';
import { createMoney } from './money-parts.ts';
import type { Money } from './money-parts.ts';
import { createProvider } from './provider.ts';
import { hearEvent } from './webhooks.ts';

let directory: string;
let db: Db;
let money: Money;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'openshow-webhooks-'));
  db = openDb(join(directory, 'platform.db'));
  db.run('test', "INSERT INTO users VALUES ('usr_1', 'a@example.test', 'A', 'x', NULL, 0)");
  // Nothing listens there, and nothing here asks it.
  money = createMoney({ faults: {}, paymentPendingMs: 600_000 }, db, createProvider('http://127.0.0.1:9'));
});
after(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

let projects = 0;
/** A pending payment of 103.00 and what it is called at the provider. */
function pending(): { escrow: Escrow; id: string } {
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
  db.transaction(() => money.ledger.open(escrow));
  return { escrow, id: `pi_${projects}` };
}

function intentEvent(what: string, intentId: string, id: string, more: object = {}): Stripe.Event {
  const statuses: Record<string, string> = {
    amount_capturable_updated: 'requires_capture', succeeded: 'succeeded', canceled: 'canceled',
    payment_failed: 'requires_payment_method',
  };
  const object = {
    id, object: 'payment_intent', status: statuses[what], amount: 10_300, currency: 'usd',
    metadata: { intent_id: intentId }, last_payment_error: null, ...more,
  };
  return { object: 'event', type: `payment_intent.${what}`, data: { object } } as unknown as Stripe.Event;
}
const chargeRefunded = (id: string, back: number): Stripe.Event => ({
  object: 'event', type: 'charge.refunded',
  data: { object: { object: 'charge', payment_intent: id, amount: 10_300, amount_refunded: back } },
}) as unknown as Stripe.Event;

const hear = (event: Stripe.Event, times = 1): void => {
  for (let time = 0; time < times; time += 1) hearEvent(money, event);
};
const stateOf = ({ intentId }: Escrow): string | undefined => money.ledger.find(intentId)?.state;
const entriesOf = ({ intentId }: Escrow): { operation: string; amountCents: number }[] =>
  db.all('test', 'SELECT operation, amount_cents AS amountCents FROM ledger_entries WHERE intent_id = ?', intentId);
const projectOf = ({ projectId }: Escrow): string | undefined =>
  db.one<{ status: string }>('test', 'SELECT status FROM projects WHERE id = ?', projectId)?.status;

test('events that come twice are booked once, from hold to refund', () => {
  const { escrow, id } = pending();
  const steps: [event: Stripe.Event, state: string, project: string, entries: number][] = [
    [intentEvent('amount_capturable_updated', escrow.intentId, id), 'held', 'funded', 2],
    [intentEvent('succeeded', escrow.intentId, id), 'released', 'completed', 5],
    [chargeRefunded(id, 10_300), 'refunded', 'refunded', 8],
  ];
  for (const [event, state, project, entries] of steps) {
    hear(event, 3);
    assert.deepEqual([stateOf(escrow), projectOf(escrow), entriesOf(escrow).length], [state, project, entries]);
  }
  // And all of it once more, late.
  for (const [event] of steps) hear(event);
  assert.deepEqual([stateOf(escrow), entriesOf(escrow).length], ['refunded', 8]);
  assert.equal(entriesOf(escrow).reduce((sum, { amountCents }) => sum + amountCents, 0), 0);
  assert.equal(money.outbox.of(escrow.intentId), null);
});

test('events in the wrong order end as they would have in the right one', () => {
  const { escrow, id } = pending();
  hear(intentEvent('succeeded', escrow.intentId, id));
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id));
  assert.deepEqual([stateOf(escrow), entriesOf(escrow).length], ['released', 5]);
});

test('a hold that the provider let go is given back, one that it never had is a failed payment', () => {
  const [held, never] = [pending(), pending()];
  hear(intentEvent('amount_capturable_updated', held.escrow.intentId, held.id));
  hear(intentEvent('canceled', held.escrow.intentId, held.id), 2);
  assert.deepEqual([stateOf(held.escrow), projectOf(held.escrow)], ['refunded', 'refunded']);
  hear(intentEvent('canceled', never.escrow.intentId, never.id));
  assert.deepEqual([stateOf(never.escrow), projectOf(never.escrow)], ['failed', 'draft']);
});

test('a decline is told with the card\'s reason', () => {
  const { escrow, id } = pending();
  const error = { decline_code: 'insufficient_funds', message: 'Your card has insufficient funds.' };
  hear(intentEvent('payment_failed', escrow.intentId, id, { last_payment_error: error }));
  const now = money.ledger.find(escrow.intentId);
  assert.deepEqual([now?.state, now?.failure], ['failed', 'insufficient_funds: Your card has insufficient funds.']);
});

test('what does not fit is not booked: another amount, currency or payment, a part of a refund, a stranger', () => {
  const { escrow, id } = pending();
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id, { amount: 10_301 }));
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id, { currency: 'eur' }));
  hear(intentEvent('amount_capturable_updated', 'intent-of-nobody', id));
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id, { metadata: {} }));
  assert.equal(stateOf(escrow), 'pending');
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id));
  hear(intentEvent('canceled', escrow.intentId, 'pi_of_somebody_else'));
  hear(intentEvent('succeeded', escrow.intentId, id));
  hear(chargeRefunded(id, 5000));
  hear({ object: 'event', type: 'customer.created', data: { object: {} } } as unknown as Stripe.Event);
  assert.equal(stateOf(escrow), 'released');
});

test('money that is held for a payment given up is let go', () => {
  const { escrow, id } = pending();
  money.ledger.failed(escrow, 'not_confirmed: The payment could not be made in time, and you were not charged.');
  hear(intentEvent('amount_capturable_updated', escrow.intentId, id), 2);
  assert.deepEqual([stateOf(escrow), money.outbox.of(escrow.intentId)?.operation], ['failed', 'void']);
  assert.equal(money.ledger.find(escrow.intentId)?.providerId, id);
  assert.equal(entriesOf(escrow).length, 0);
});
