import Stripe from 'stripe';
import { requestContext } from './context.ts';
import { traceparent } from '../shared/trace.ts';

/** What became of a call. `unknown`: no reply; asking again with the same intent id is safe and settles it. */
export type Outcome =
  | { kind: 'ok'; providerId: string }
  | { kind: 'declined'; code: string; message: string }
  | { kind: 'unknown'; message: string };

export interface HoldRequest {
  intentId: string;
  projectId: string;
  runId: string | null;
  totalCents: number;
  currency: string;
  paymentMethod: string;
}

export type Provider = ReturnType<typeof createProvider>;

/** The payment provider through the official SDK. Every write carries an idempotency key made from our intent id. */
export function createProvider(baseUrl: string) {
  const { hostname, port } = new URL(baseUrl);
  // Passing on the trace needs a header per request, which the SDK only takes through its HTTP client.
  const httpClient = Stripe.createFetchHttpClient((url: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const context = requestContext.getStore();
    if (context) headers.set('traceparent', traceparent(context.trace));
    return fetch(url, { ...init, headers });
  });
  const stripe = new Stripe('sk_test_openshow', {
    host: hostname, port, protocol: 'http', httpClient, maxNetworkRetries: 1, timeout: 4000, telemetry: false,
  });

  async function attempt(call: () => Promise<{ id: string }>): Promise<Outcome> {
    try {
      return { kind: 'ok', providerId: (await call()).id };
    } catch (error) {
      if (error instanceof Stripe.errors.StripeCardError) {
        return { kind: 'declined', code: error.decline_code ?? error.code ?? 'card_declined', message: error.message };
      }
      if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== 409) {
        return { kind: 'declined', code: error.code ?? 'invalid_request', message: error.message };
      }
      return { kind: 'unknown', message: error instanceof Error ? error.message : String(error) };
    }
  }

  return {
    /** Authorises the whole total, without taking it yet. */
    hold: (request: HoldRequest): Promise<Outcome> => attempt(() => stripe.paymentIntents.create({
      amount: request.totalCents, currency: request.currency, capture_method: 'manual', confirm: true,
      payment_method: request.paymentMethod,
      metadata: { intent_id: request.intentId, project_id: request.projectId, run_id: request.runId ?? '' },
    }, { idempotencyKey: `lock:${request.intentId}` })),
    capture: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.paymentIntents.capture(providerId, {}, { idempotencyKey: `release:${intentId}` })),
    cancel: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.paymentIntents.cancel(providerId, {}, { idempotencyKey: `cancel:${intentId}` })),
    refund: (providerId: string, intentId: string): Promise<Outcome> => attempt(() =>
      stripe.refunds.create({ payment_intent: providerId }, { idempotencyKey: `refund:${intentId}` })),
  };
}
