import type { Db } from './db.ts';
import { fundingChecks } from './metrics.ts';
import { priceOf } from './money.ts';
import type { KnownPayment, Provider } from './provider.ts';

export const MAX_INTENTS = 50;
/** Questions to the payment provider at the same time. */
const AT_ONCE = 5;

/** An escrow that a user may ask about: as its buyer, or as the owner of the listing that it pays for. */
export interface FundedOrder {
  intentId: string;
  projectId: string;
  title: string;
  amountCents: number;
  feeCents: number;
  totalCents: number;
  currency: string;
  state: string;
  providerId: string | null;
}
/**
 * `verified`: the payment provider holds or has taken the whole total, and amount, fee and currency agree. `mismatch`:
 * it has something else. `not funded`: nothing is held. `unknown`: the payment provider did not answer.
 */
const STATUSES = ['verified', 'mismatch', 'not funded', 'unknown', 'not found'] as const;
export type FundingStatus = (typeof STATUSES)[number];
export interface FundingCheck {
  intentId: string;
  status: FundingStatus;
  /** What was compared; null where there was nothing to compare. */
  checks: { money: boolean; amount: boolean; currency: boolean; fee: boolean } | null;
  amountCents: number | null;
  feeCents: number | null;
  totalCents: number | null;
}
export type Funding = ReturnType<typeof createFunding>;

const COLUMNS = `e.intent_id AS intentId, e.project_id AS projectId, p.title, e.amount_cents AS amountCents,
  e.fee_cents AS feeCents, e.total_cents AS totalCents, e.currency, e.state, e.provider_id AS providerId`;
/** What the payment provider's status must be for money that the platform has as held, or as paid out. */
const STATUS_OF: Record<string, KnownPayment['status']> = { held: 'requires_capture', released: 'succeeded' };

/** Holds the platform's escrow against the payment provider's own record of it. */
export function compare(order: FundedOrder, payment: KnownPayment): Pick<FundingCheck, 'status' | 'checks'> {
  const price = priceOf(order.amountCents);
  const checks = {
    money: payment.status === STATUS_OF[order.state] && payment.intentId === order.intentId,
    amount: payment.amountCents === order.totalCents,
    currency: payment.currency === order.currency,
    fee: order.feeCents === price.feeCents && order.totalCents === price.totalCents,
  };
  return { status: Object.values(checks).every(Boolean) ? 'verified' : 'mismatch', checks };
}

/** For providers: whether what they are to work for is really paid into escrow. */
export function createFunding(db: Db, provider: Pick<Provider, 'read'>) {
  for (const status of STATUSES) fundingChecks.inc({ status }, 0);

  async function check(userId: string, intentId: string): Promise<FundingCheck> {
    const order = db.one<FundedOrder>('funding.by_intent', `SELECT ${COLUMNS} FROM escrows e
      JOIN projects p ON p.id = e.project_id LEFT JOIN listings l ON l.id = p.listing_id
      WHERE e.intent_id = ? AND (e.user_id = ? OR l.user_id = ?)`, intentId, userId, userId);
    const none = { intentId, checks: null, amountCents: null, feeCents: null, totalCents: null };
    // Somebody else's is told as one that is not there.
    if (!order) return { ...none, status: 'not found' };
    const { amountCents, feeCents, totalCents, providerId } = order;
    const known = { intentId, amountCents, feeCents, totalCents };
    if (STATUS_OF[order.state] === undefined || providerId === null) return { ...known, status: 'not funded', checks: null };
    try {
      return { ...known, ...compare(order, await provider.read(providerId)) };
    } catch {
      return { ...known, status: 'unknown', checks: null };
    }
  }

  return {
    /** Checks each intent with the payment provider, in the order given. */
    async verify(userId: string, intentIds: string[]): Promise<FundingCheck[]> {
      const results: FundingCheck[] = [];
      for (let from = 0; from < intentIds.length; from += AT_ONCE) {
        results.push(...await Promise.all(intentIds.slice(from, from + AT_ONCE).map((id) => check(userId, id))));
      }
      for (const { status } of results) fundingChecks.inc({ status });
      return results;
    },
    /** What was ordered from the user's listings and paid into escrow, or is being confirmed, the newest first. */
    orders: (userId: string): FundedOrder[] => db.all<FundedOrder>('funding.orders', `SELECT ${COLUMNS} FROM listings l
      JOIN projects p ON p.listing_id = l.id JOIN escrows e ON e.project_id = p.id
      WHERE l.user_id = ? AND e.state IN ('pending', 'held', 'released') ORDER BY e.created_ms DESC LIMIT ?`, userId, MAX_INTENTS),
  };
}
