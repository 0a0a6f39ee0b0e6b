import Stripe from 'stripe';
import { z } from 'zod';
import type { LedgerState } from '../../model/index.ts';
import type { BookLine, TakeLine } from './entry.ts';

export interface ProviderBook {
  /** Reads every payment of the run; returns how many. Throws with the reason where it cannot. */
  read(take: TakeLine): Promise<number>;
}

export interface ProviderBookOptions {
  /** Stripe's own, or that of a provider that speaks its API. */
  url: string;
  key: string;
  runId: string;
  /** The run's start; nothing older is its. */
  startedAtEpochMs: number;
  /** Where a local stand-in tells of keys that came with another body, and the token for it; null for Stripe's own. */
  conflicts: { url: string; token: string } | null;
  timeoutMs?: number;
  /** Of a request that may pass. */
  retries?: number;
}

const PAGE = 100;
const TIMEOUT_MS = 15_000;
const RETRIES = 3;
/** The provider's clock and ours need not agree. */
const CLOCK_MARGIN_S = 300;

interface Refunds {
  succeeded: number;
  pending: number;
}

/** Returns the payment provider's book of one run, through Stripe's own client. */
export function providerBook(options: ProviderBookOptions): ProviderBook {
  const { hostname, port, protocol } = new URL(options.url);
  const timeout = options.timeoutMs ?? TIMEOUT_MS;
  const stripe = new Stripe(options.key, {
    host: hostname, protocol: protocol === 'http:' ? 'http' : 'https', ...(port === '' ? {} : { port }),
    maxNetworkRetries: options.retries ?? RETRIES, timeout, telemetry: false,
  });
  const created = { gte: Math.floor(options.startedAtEpochMs / 1_000) - CLOCK_MARGIN_S };

  /** All of the account's since the run began: a refund does not tell whose run its payment is of. */
  async function refunds(): Promise<Map<string, Refunds>> {
    const byIntent = new Map<string, Refunds>();
    for await (const { payment_intent: intent, amount, status } of stripe.refunds.list({ created, limit: PAGE })) {
      const id = typeof intent === 'string' ? intent : intent?.id;
      if (id === undefined || status === 'failed' || status === 'canceled') continue;
      const sum = byIntent.get(id) ?? { succeeded: 0, pending: 0 };
      byIntent.set(id, sum);
      sum[status === 'succeeded' ? 'succeeded' : 'pending'] += amount;
    }
    return byIntent;
  }

  /**
   * Stripe's search knows of a payment only a minute later (docs.stripe.com/search), its list at once: there the list of the
   * run's time is read, and what is not the run's passed over. A local stand-in's search is as good as its list, and shorter.
   */
  function intents(): AsyncIterable<Stripe.PaymentIntent> {
    return hostname.endsWith('.stripe.com')
      ? stripe.paymentIntents.list({ created, limit: PAGE })
      : stripe.paymentIntents.search({ query: `metadata['run_id']:'${options.runId}'`, limit: PAGE });
  }

  return {
    async read(take) {
      const conflicts = options.conflicts === null ? null : await keyConflicts(options.conflicts, options.runId, timeout);
      const given = await refunds();
      let entries = 0;
      for await (const intent of intents()) {
        if (intent.metadata.run_id !== options.runId) continue;
        const line = lineOf(intent, given.get(intent.id) ?? { succeeded: 0, pending: 0 });
        entries += 1;
        take({ ...line, keyConflicts: conflicts === null ? null : claim(conflicts, line.intentId) });
      }
      // A key that was refused before there was any payment for it.
      for (const [intentId, keys] of conflicts ?? []) {
        entries += 1;
        take({ ...NO_PAYMENT, id: `keys of ${intentId}`, intentId, keyConflicts: keys });
      }
      return entries;
    },
  };
}

const NO_PAYMENT = {
  subject: null, state: 'failed', amountMinor: 0, netMinor: null, feeMinor: null, refundedMinor: 0, currency: 'none', bookings: [], ageMs: null,
} as const satisfies Partial<BookLine>;

/** Returns the conflicts of one intent, and takes them out: a second charge of the intent has not had them once more. */
function claim(conflicts: Map<string, number>, intentId: string | null): number {
  const count = conflicts.get(intentId ?? '') ?? 0;
  conflicts.delete(intentId ?? '');
  return count;
}

const Conflicts = z.object({ conflicts: z.array(z.object({ key: z.string(), intentId: z.string().nullish() })) });

async function keyConflicts({ url, token }: { url: string; token: string }, runId: string, timeoutMs: number): Promise<Map<string, number>> {
  const response = await fetch(`${url}?run_id=${encodeURIComponent(runId)}`, {
    headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`its list of refused keys answered ${response.status}`);
  const { conflicts } = Conflicts.parse(await response.json());
  const byIntent = new Map<string, number>();
  for (const { key, intentId } of conflicts) {
    const id = intentId ?? key;
    byIntent.set(id, (byIntent.get(id) ?? 0) + 1);
  }
  return byIntent;
}

function lineOf(intent: Stripe.PaymentIntent, refunds: Refunds): BookLine {
  const { id, metadata, currency, amount, amount_received: received, status, capture_method: capture } = intent;
  const state = stateOf(intent, refunds);
  return {
    id,
    intentId: metadata.intent_id || null,
    subject: metadata.project_id || null,
    state,
    // What was taken, once something was: less may be captured than was authorised.
    amountMinor: status === 'succeeded' ? received : amount,
    netMinor: null,
    feeMinor: null,
    refundedMinor: refunds.succeeded,
    ...(capture === 'manual' ? {} : { autoCaptured: true as const }),
    currency,
    bookings: [],
    keyConflicts: null,
    ageMs: null,
  };
}

/** A payment's life at Stripe (docs.stripe.com/payments/paymentintents/lifecycle), in the terms of an escrow. */
function stateOf({ status, amount_received: received, last_payment_error: error }: Stripe.PaymentIntent, refunds: Refunds): LedgerState {
  switch (status) {
    case 'succeeded':
      if (refunds.succeeded >= received && received > 0) return 'refunded';
      return refunds.succeeded + refunds.pending >= received && received > 0 ? 'refunding' : 'released';
    case 'requires_capture':
      return 'held';
    case 'canceled':
      return 'canceled';
    case 'requires_payment_method':
      return error === null ? 'pending' : 'failed';
    default:
      return 'pending';
  }
}
