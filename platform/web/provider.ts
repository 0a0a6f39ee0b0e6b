import { AsyncLocalStorage } from 'node:async_hooks';
import Stripe from 'stripe';
import { createBreaker } from '../shared/breaker.ts';
import { isFault, retryAfterMs, statusOf } from '../shared/retry.ts';
import { traceparent } from '../shared/trace.ts';
import { requestContext } from './context.ts';

/**
 * What became of a call. `unknown`: no reply; asking again with the same intent id is safe and settles it. `conflict`:
 * its idempotency key was used with another body, so that nothing was done now.
 */
export type Outcome =
  | { kind: 'ok'; providerId: string }
  | { kind: 'declined'; code: string; message: string }
  | { kind: 'conflict'; message: string }
  | { kind: 'unknown'; message: string; retryAfterMs: number | null };

export interface HoldRequest {
  intentId: string;
  projectId: string;
  runId: string | null;
  totalCents: number;
  currency: string;
  paymentMethod: string;
}

/** A payment as the provider's own books have it. */
export interface KnownPayment {
  id: string;
  status: Stripe.PaymentIntent['status'];
  amountCents: number;
  currency: string;
  /** Ours, from its metadata; null where it is none of ours. */
  intentId: string | null;
  failure: { code: string; message: string } | null;
}

export type Provider = ReturnType<typeof createProvider>;

/**
 * Time limit of one call; in production cards take one second, rarely two. Retries begin within 1.2 s: with the last
 * call's limit a user waits 3.2 s at most, a quarter of what a patient one would.
 */
const CALL_LIMIT_MS = 2000;
const RETRIES = { attempts: 5, baseMs: 80, maxMs: 400, startWithinMs: 1200 };
/** Asked for by the half-open probe. Nothing has this id, and a provider that says so works. */
const PROBE_ID = 'pi_probe';

/** A payment in the SDK's terms, as the provider's answers and its webhooks have it. */
export function knownPayment(intent: Stripe.PaymentIntent): KnownPayment {
  const { id, status, amount, currency, metadata, last_payment_error: error } = intent;
  return {
    id, status, amountCents: amount, currency, intentId: metadata['intent_id'] ?? null,
    failure: error ? { code: error.decline_code ?? error.code ?? 'card_declined', message: error.message ?? '' } : null,
  };
}

/** Money is held or taken: of several payments for one intent this is the one that counts. */
const holdsMoney = ({ status }: KnownPayment): boolean =>
  ['requires_capture', 'processing', 'succeeded'].includes(status);

/**
 * The payment provider through the official SDK, behind a circuit breaker. Every write carries an idempotency key made
 * from our intent id, so that it may be repeated: here after failures that pass, later by the outbox.
 */
export function createProvider(baseUrl: string) {
  const { hostname, port } = new URL(baseUrl);
  const abortion = new AsyncLocalStorage<AbortSignal>();
  // The trace needs a header, the breaker a signal for each request: the SDK takes them through its HTTP client only.
  const httpClient = Stripe.createFetchHttpClient((url: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const context = requestContext.getStore();
    if (context) headers.set('traceparent', traceparent(context.trace));
    const signals = [init?.signal, abortion.getStore()].filter((signal) => signal instanceof AbortSignal);
    return fetch(url, { ...init, headers, signal: AbortSignal.any(signals) });
  });
  // Its own retries are off: they would repeat behind the breaker's back. Its time limit is only a second fence.
  const stripe = new Stripe('sk_test_openshow', {
    host: hostname, port, protocol: 'http', httpClient, maxNetworkRetries: 0, timeout: 2 * CALL_LIMIT_MS,
    telemetry: false,
  });
  const breaker = createBreaker('payments', {
    timeoutMs: CALL_LIMIT_MS,
    probe: (signal) => abortion.run(signal, () => stripe.paymentIntents.retrieve(PROBE_ID)),
  });

  const call = <T>(work: () => Promise<T>): Promise<T> =>
    breaker.runWithRetries((signal) => abortion.run(signal, work), {
      // 409: the same key is being worked on, by another process of ours.
      ...RETRIES, isRetryable: (error) => isFault(error) || statusOf(error) === 409,
    });

  async function attempt(work: () => Promise<{ id: string }>): Promise<Outcome> {
    try {
      return { kind: 'ok', providerId: (await call(work)).id };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (error instanceof Stripe.errors.StripeIdempotencyError) return { kind: 'conflict', message };
      if (error instanceof Stripe.errors.StripeCardError) {
        return { kind: 'declined', code: error.decline_code ?? error.code ?? 'card_declined', message };
      }
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409) {
        return { kind: 'declined', code: error.code ?? 'invalid_request', message };
      }
      return { kind: 'unknown', message, retryAfterMs: retryAfterMs(error) };
    }
  }

  const hold = (request: HoldRequest, idempotencyKey: string): Promise<Outcome> =>
    attempt(() => stripe.paymentIntents.create({
      amount: request.totalCents, currency: request.currency, capture_method: 'manual', confirm: true,
      payment_method: request.paymentMethod,
      metadata: { intent_id: request.intentId, project_id: request.projectId, run_id: request.runId ?? '' },
    }, { idempotencyKey }));

  return {
    /** Whether it is worth asking now: its breaker is closed. */
    available: (): boolean => breaker.state() === 'closed',
    /** Counts a user who is told that the payment is being confirmed. */
    fellBack: (): void => breaker.fellBack(),
    /** Authorises the whole total, without taking it yet. */
    hold: (request: HoldRequest): Promise<Outcome> => hold(request, `lock:${request.intentId}`),
    /** Under another key than the intent's: only planted breaches do this. */
    holdUnder: hold,
    capture: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.paymentIntents.capture(providerId, {}, { idempotencyKey: `release:${intentId}` })),
    cancel: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.paymentIntents.cancel(providerId, {}, { idempotencyKey: `cancel:${intentId}` })),
    refund: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.refunds.create({ payment_intent: providerId }, { idempotencyKey: `refund:${intentId}` })),
    /** The payment as it stands there. Rejects when the provider does not answer or does not know it. */
    async read(providerId: string): Promise<KnownPayment> {
      return knownPayment(await call(() => stripe.paymentIntents.retrieve(providerId)));
    },
    /** Whether a payment was given back in full. Rejects when the provider does not answer. */
    async isRefunded(providerId: string, totalCents: number): Promise<boolean> {
      const { data } = await call(() => stripe.refunds.list({ payment_intent: providerId, limit: 100 }));
      return data.reduce((sum, { amount }) => sum + amount, 0) >= totalCents;
    },
    /** The payment of one of our intents, that with money in it if any; null when there is none. Rejects as above. */
    async find(intentId: string): Promise<KnownPayment | null> {
      const query = `metadata['intent_id']:'${intentId}'`;
      const { data } = await call(() => stripe.paymentIntents.search({ query, limit: 100 }));
      const payments = data.map(knownPayment);
      return payments.find(holdsMoney) ?? payments[0] ?? null;
    },
  };
}
