import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Form } from './form.ts';
import type { PaymentIntent, Refund, Store } from './store.ts';

/** The books, and who is told of what happens in them. */
export interface Books {
  store: Store;
  announce: (type: string, object: object) => void;
}
/**
 * The last step of an operation, which writes: it is done in one go with keeping its reply (idempotency.ts), so that a
 * crash leaves both or neither. What it checks still holds when it writes, as nothing else runs in between.
 */
export type Settle<T> = () => T;

/** The hop to a card network; a real one takes longer, but without any a concurrent request could never be seen. */
const CARD_NETWORK_MS = 12;

/** Test payment methods and what the issuer says (docs.stripe.com/testing). null means approved. */
const CARDS: Record<string, { code: string; declineCode: string; message: string } | null> = {
  pm_card_visa: null,
  pm_card_mastercard: null,
  pm_card_chargeDeclined: decline('generic_decline', 'Your card was declined.'),
  pm_card_chargeDeclinedInsufficientFunds: decline('insufficient_funds', 'Your card has insufficient funds.'),
  pm_card_chargeDeclinedExpiredCard:
    { code: 'expired_card', declineCode: 'expired_card', message: 'Your card has expired.' },
};

function decline(declineCode: string, message: string): { code: string; declineCode: string; message: string } {
  return { code: 'card_declined', declineCode, message };
}

/** A Stripe-shaped error. `executed` is false when nothing began, so that its reply must not be kept for a key. */
export class StripeFault extends Error {
  readonly status: number;
  readonly error: Record<string, unknown>;
  readonly executed: boolean;
  constructor(status: number, error: Record<string, unknown> & { message: string }, executed = false) {
    super(error.message);
    this.status = status;
    this.error = { type: 'invalid_request_error', ...error };
    this.executed = executed;
  }
}

const newId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function wholeAmount(text: string | undefined, param: string): number {
  if (text === undefined) throw new StripeFault(400, { message: `Missing required param: ${param}.`, param });
  if (!/^[0-9]{1,8}$/.test(text) || Number(text) < 50) {
    throw new StripeFault(400, { message: `Invalid ${param}: at least 50 minor units, a whole number.`, param });
  }
  return Number(text);
}

export function requireIntent(store: Store, id: string): PaymentIntent {
  const intent = store.intent(id);
  if (intent) return intent;
  throw new StripeFault(404, { code: 'resource_missing', message: `No such payment_intent: '${id}'`, param: 'intent' });
}

function requireStatus(intent: PaymentIntent, verb: string, allowed: PaymentIntent['status'][]): void {
  if (allowed.includes(intent.status)) return;
  const message = `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}.`;
  throw new StripeFault(400, { code: 'payment_intent_unexpected_state', message, payment_intent: intent }, true);
}

const CONFIRMABLE: PaymentIntent['status'][] = ['requires_payment_method', 'requires_confirmation'];

async function authorise(
  { store, announce }: Books, asked: PaymentIntent, method: string | undefined,
): Promise<Settle<PaymentIntent>> {
  const card = method ?? asked.payment_method ?? '';
  if (!Object.hasOwn(CARDS, card)) {
    const message = card === '' ? 'A payment method is needed to confirm.' : `No such PaymentMethod: '${card}'`;
    throw new StripeFault(400, { code: 'resource_missing', message, param: 'payment_method' });
  }
  await after(CARD_NETWORK_MS);
  return () => {
    // Read again: another request may have confirmed or cancelled it while this one was on the wire.
    const intent = store.intent(asked.id) ?? asked;
    requireStatus(intent, 'confirmed', CONFIRMABLE);
    const refusal = CARDS[card];
    if (refusal) {
      const { code, declineCode, message } = refusal;
      const error = { type: 'card_error', code, decline_code: declineCode, message, charge: newId('ch') };
      const failed: PaymentIntent = {
        ...intent, status: 'requires_payment_method', payment_method: null, last_payment_error: error,
      };
      store.save(failed);
      announce('payment_intent.payment_failed', failed);
      throw new StripeFault(402, { ...error, payment_intent: failed }, true);
    }
    const held = intent.capture_method === 'manual';
    const done: PaymentIntent = {
      ...intent, payment_method: card, last_payment_error: null,
      status: held ? 'requires_capture' : 'succeeded',
      amount_capturable: held ? intent.amount : 0, amount_received: held ? 0 : intent.amount,
    };
    store.save(done);
    store.noteCharge(done);
    announce(held ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', done);
    return done;
  };
}

export async function createIntent(books: Books, form: Form): Promise<Settle<PaymentIntent>> {
  const amount = wholeAmount(form.text['amount'], 'amount');
  const currency = form.text['currency'] ?? '';
  if (!/^[a-z]{3}$/.test(currency)) {
    throw new StripeFault(400, { message: `Invalid currency: ${currency}`, param: 'currency' });
  }
  const method = form.text['payment_method'];
  const intent: PaymentIntent = {
    id: newId('pi'), object: 'payment_intent', amount, amount_capturable: 0, amount_received: 0,
    capture_method: form.text['capture_method'] === 'manual' ? 'manual' : 'automatic', currency,
    created: nowSeconds(), livemode: false, metadata: { ...form.nested['metadata'] }, payment_method: method ?? null,
    status: method === undefined ? 'requires_payment_method' : 'requires_confirmation',
    last_payment_error: null, canceled_at: null,
  };
  if (form.text['confirm'] === 'true') return authorise(books, intent, method);
  return () => {
    books.store.save(intent);
    return intent;
  };
}

export async function confirmIntent(books: Books, id: string, form: Form): Promise<Settle<PaymentIntent>> {
  const intent = requireIntent(books.store, id);
  requireStatus(intent, 'confirmed', CONFIRMABLE);
  return authorise(books, intent, form.text['payment_method']);
}

export async function captureIntent(
  { store, announce }: Books, id: string, form: Form,
): Promise<Settle<PaymentIntent>> {
  requireStatus(requireIntent(store, id), 'captured', ['requires_capture']);
  await after(CARD_NETWORK_MS);
  return () => {
    const intent = requireIntent(store, id);
    requireStatus(intent, 'captured', ['requires_capture']);
    const asked = form.text['amount_to_capture'];
    const amount = asked === undefined ? intent.amount : wholeAmount(asked, 'amount_to_capture');
    if (amount > intent.amount_capturable) {
      throw new StripeFault(400, { code: 'amount_too_large', message: 'Larger than the amount capturable.' }, true);
    }
    const done: PaymentIntent = { ...intent, status: 'succeeded', amount_capturable: 0, amount_received: amount };
    store.save(done);
    announce('payment_intent.succeeded', done);
    return done;
  };
}

export function cancelIntent({ store, announce }: Books, id: string): Settle<PaymentIntent> {
  return () => {
    const intent = requireIntent(store, id);
    requireStatus(intent, 'canceled', [...CONFIRMABLE, 'requires_capture']);
    const done: PaymentIntent = { ...intent, status: 'canceled', amount_capturable: 0, canceled_at: nowSeconds() };
    store.save(done);
    announce('payment_intent.canceled', done);
    return done;
  };
}

/** The charge behind an intent, as far as a webhook about refunds needs it. */
function chargeOf(intent: PaymentIntent, refundedCents: number): object {
  return {
    id: intent.id.replace(/^pi_/, 'ch_'), object: 'charge', amount: intent.amount_received,
    amount_refunded: refundedCents, currency: intent.currency, created: intent.created, livemode: false,
    metadata: intent.metadata, payment_intent: intent.id, refunded: refundedCents === intent.amount_received,
    status: 'succeeded',
  };
}

export function createRefund({ store, announce }: Books, form: Form): Settle<Refund> {
  return () => {
    const intent = requireIntent(store, form.text['payment_intent'] ?? '');
    requireStatus(intent, 'refunded', ['succeeded']);
    const refunded = store.refundsOf(intent.id).reduce((sum, refund) => sum + refund.amount, 0);
    const left = intent.amount_received - refunded;
    const asked = form.text['amount'];
    const amount = asked === undefined ? left : wholeAmount(asked, 'amount');
    if (left === 0) {
      const code = 'charge_already_refunded';
      throw new StripeFault(400, { code, message: 'The charge has already been refunded.' }, true);
    }
    if (amount > left) {
      const message = `Refund amount is greater than the unrefunded ${left}.`;
      throw new StripeFault(400, { message, param: 'amount' }, true);
    }
    const refund: Refund = {
      id: newId('re'), object: 'refund', amount, currency: intent.currency, created: nowSeconds(),
      metadata: { ...form.nested['metadata'] }, payment_intent: intent.id, status: 'succeeded',
    };
    store.save(refund);
    announce('charge.refunded', chargeOf(intent, refunded + amount));
    return refund;
  };
}
