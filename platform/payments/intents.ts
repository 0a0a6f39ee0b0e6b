import { randomBytes } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import type { Form } from './form.ts';
import type { PaymentIntent, Refund, Store } from './store.ts';

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

async function authorise(store: Store, intent: PaymentIntent, method: string | undefined): Promise<PaymentIntent> {
  const card = method ?? intent.payment_method ?? '';
  if (!Object.hasOwn(CARDS, card)) {
    const message = card === '' ? 'A payment method is needed to confirm.' : `No such PaymentMethod: '${card}'`;
    throw new StripeFault(400, { code: 'resource_missing', message, param: 'payment_method' });
  }
  await after(CARD_NETWORK_MS);
  const refusal = CARDS[card];
  if (refusal) {
    const { code, declineCode, message } = refusal;
    const error = { type: 'card_error', code, decline_code: declineCode, message, charge: newId('ch') };
    const failed: PaymentIntent = {
      ...intent, status: 'requires_payment_method', payment_method: null, last_payment_error: error,
    };
    store.save(failed);
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
  return done;
}

export async function createIntent(store: Store, form: Form): Promise<PaymentIntent> {
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
  store.save(intent);
  return form.text['confirm'] === 'true' ? authorise(store, intent, method) : intent;
}

export function confirmIntent(store: Store, id: string, form: Form): Promise<PaymentIntent> {
  const intent = requireIntent(store, id);
  requireStatus(intent, 'confirmed', ['requires_payment_method', 'requires_confirmation']);
  return authorise(store, intent, form.text['payment_method']);
}

export async function captureIntent(store: Store, id: string, form: Form): Promise<PaymentIntent> {
  requireStatus(requireIntent(store, id), 'captured', ['requires_capture']);
  await after(CARD_NETWORK_MS);
  // Read again: another request may have captured or cancelled while this one was on the wire.
  const intent = requireIntent(store, id);
  requireStatus(intent, 'captured', ['requires_capture']);
  const asked = form.text['amount_to_capture'];
  const amount = asked === undefined ? intent.amount : wholeAmount(asked, 'amount_to_capture');
  if (amount > intent.amount_capturable) {
    throw new StripeFault(400, { code: 'amount_too_large', message: 'Larger than the amount capturable.' }, true);
  }
  const done: PaymentIntent = { ...intent, status: 'succeeded', amount_capturable: 0, amount_received: amount };
  store.save(done);
  return done;
}

export function cancelIntent(store: Store, id: string): PaymentIntent {
  const intent = requireIntent(store, id);
  requireStatus(intent, 'canceled', ['requires_payment_method', 'requires_confirmation', 'requires_capture']);
  const done: PaymentIntent = { ...intent, status: 'canceled', amount_capturable: 0, canceled_at: nowSeconds() };
  store.save(done);
  return done;
}

export function createRefund(store: Store, form: Form): Refund {
  const intent = requireIntent(store, form.text['payment_intent'] ?? '');
  requireStatus(intent, 'refunded', ['succeeded']);
  const refunded = store.refunds(intent.id).reduce((sum, refund) => sum + refund.amount, 0);
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
  return refund;
}
