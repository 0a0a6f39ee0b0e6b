import type { FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import type { PartConfig } from '../shared/part.ts';
import type { Services } from './app.ts';
import type { Money } from './money-parts.ts';
import { knownPayment } from './provider.ts';

/** Not below /api/: what slows the API down on purpose (web/faults.ts) is for its callers. */
export const WEBHOOK_PATH = '/webhooks/payments';
const REGISTER_ATTEMPTS = 5;
const REGISTER_WAIT_MS = 300;

/**
 * Brings an event of the payment provider into our book. Events come late, twice and in any order: so none is taken for
 * what happened just now, only for what the provider's book said once; each booking checks the state it starts from.
 */
export function hearEvent({ ledger, settlement, breaches }: Money, event: Stripe.Event): void {
  if (event.type === 'charge.refunded') {
    const { payment_intent: of, amount, amount_refunded: back } = event.data.object;
    const escrow = ledger.ofProvider(typeof of === 'string' ? of : of?.id ?? '');
    if (escrow === null || back < amount || (breaches?.planOf(escrow.intentId) ?? null) !== null) return;
    if (escrow.state === 'released' || escrow.state === 'refunding') ledger.refunded(escrow);
    return;
  }
  switch (event.type) {
    case 'payment_intent.amount_capturable_updated':
    case 'payment_intent.payment_failed':
    case 'payment_intent.succeeded':
    case 'payment_intent.canceled': {
      const payment = knownPayment(event.data.object);
      const escrow = payment.intentId === null ? null : ledger.find(payment.intentId);
      // What was planted stays as it was planted.
      if (escrow === null || (breaches?.planOf(escrow.intentId) ?? null) !== null) return;
      settlement.heard(escrow, payment);
      return;
    }
    default:
  }
}

/** Takes the payment provider's webhooks; what is not signed with our secret is refused before it is read. */
export function webhooks(app: FastifyInstance, { config, money }: Services): void {
  void app.register(async (scope) => {
    // The signature is over the bytes as they came.
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post(WEBHOOK_PATH, async (request, reply) => {
      const header = request.headers['stripe-signature'];
      let event: Stripe.Event;
      try {
        event = Stripe.webhooks.constructEvent(request.body as Buffer, header as string, config.webhookSecret);
      } catch {
        const error = { code: 'WRONG_SIGNATURE', message: 'This is not signed by the payment provider.' };
        return reply.code(400).send({ error });
      }
      hearEvent(money, event);
      return { received: true };
    });
  });
}

/** Tells the payment provider where its webhooks go. Without them the outbox finds out by asking, only later. */
export async function registerWebhooks(config: PartConfig, url: string): Promise<void> {
  for (let attempt = 1; attempt <= REGISTER_ATTEMPTS; attempt += 1) {
    try {
      const answer = await fetch(`${config.paymentsDirectUrl}/control/webhook`, {
        method: 'PUT', signal: AbortSignal.timeout(1000),
        headers: { 'authorization': `Bearer ${config.operationsToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ url: url + WEBHOOK_PATH, secret: config.webhookSecret }),
      });
      await answer.body?.cancel();
      if (answer.ok) return;
    } catch {
      // Not there yet, or being started again.
    }
    await new Promise((resolve) => setTimeout(resolve, REGISTER_WAIT_MS));
  }
}
