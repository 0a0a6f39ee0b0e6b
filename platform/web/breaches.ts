import type { FaultName, Faults } from '../shared/faults.ts';
import type { Db } from './db.ts';
import type { Escrow, Ledger } from './ledger.ts';
import type { Price } from './money.ts';
import { NEVER_MS } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import type { HoldRequest, Provider } from './provider.ts';

/** Ways in which the books can be made wrong on purpose: the kinds that an audit has to find. */
const KINDS = {
  'breach-duplicate-charge': 'duplicate_charge',
  'breach-charge-on-failure': 'charge_on_failure',
  'breach-lost-payment': 'lost_payment',
  'breach-amount-mismatch': 'amount_mismatch',
  'breach-currency-mismatch': 'currency_mismatch',
  'breach-wrong-fee': 'wrong_fee',
  'breach-unsettled-escrow': 'unsettled_escrow',
  'breach-key-reuse': 'key_reuse',
  'breach-stuck-refund': 'stuck_refund',
  'breach-false-receipt': 'false_receipt',
} as const satisfies Partial<Record<FaultName, string>>;
export type BreachKind = (typeof KINDS)[keyof typeof KINDS];

export interface PlantedBreach {
  kind: BreachKind;
  intentId: string;
  /** The project. */
  subject: string;
}
export type Breaches = NonNullable<ReturnType<typeof createBreaches>>;

/** What was planted into the payments of a load test, for a test to compare an audit with. */
export const plantedBreaches = (db: Db, runId: string): PlantedBreach[] => db.all<PlantedBreach>('breaches.of_run',
  'SELECT kind, intent_id AS intentId, subject FROM planted_breaches WHERE run_id = ? AND planted = 1 ORDER BY rowid',
  runId);

/**
 * Plants breaches in the real books: every so many payments of a run (`--fault breach-…=N`), one kind each; where two
 * are due for the same payment, the second has the next one. Null unless asked for: nothing of it can be reached then.
 */
export function createBreaches(db: Db, faults: Faults, ledger: Ledger, outbox: Outbox, provider: Provider) {
  const names = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const asked = names.flatMap((name) => {
    const every = faults[name];
    return every === undefined ? [] : [{ kind: KINDS[name], every }];
  });
  if (asked.length === 0) return null;

  const planOf = (intentId: string): BreachKind | null => db.one<{ kind: BreachKind }>('breaches.by_intent',
    'SELECT kind FROM planted_breaches WHERE intent_id = ?', intentId)?.kind ?? null;
  const planted = (intentId: string): void =>
    void db.run('breaches.planted', 'UPDATE planted_breaches SET planted = 1 WHERE intent_id = ?', intentId);

  /** What else goes wrong once the escrow is held; false when it could not be done. */
  async function worsen(kind: BreachKind, request: HoldRequest, escrow: Escrow): Promise<boolean> {
    const { intentId } = escrow;
    if (kind === 'duplicate_charge') {
      return (await provider.holdUnder(request, `lock:${intentId}:again`)).kind === 'ok';
    }
    if (kind === 'key_reuse') {
      const other = { ...request, projectId: `${request.projectId}:other` };
      const { kind: said } = await provider.holdUnder(other, `lock:${intentId}`);
      if (said === 'conflict') ledger.noteKeyConflict(intentId);
      return said === 'conflict';
    }
    if (kind === 'lost_payment') {
      db.transaction(() => {
        for (const table of ['ledger_entries', 'outbox', 'escrows']) {
          db.run('breaches.lose', `DELETE FROM ${table} WHERE intent_id = ?`, intentId);
        }
      });
    }
    if (kind === 'stuck_refund') {
      db.transaction(() => ledger.mark(escrow, 'refunding') && outbox.add(intentId, 'cancel', NEVER_MS));
    }
    return true;
  }

  return {
    planOf,
    /** Counts a payment and says what will be wrong with it, if anything. Inside the caller's transaction. */
    pick(intentId: string, projectId: string, runId: string | null): BreachKind | null {
      let chosen: BreachKind | null = null;
      for (const { kind, every } of asked) {
        const { payments = 0 } = db.one<{ payments: number }>('breaches.count', `INSERT INTO breach_counts VALUES
          (?, ?, 1) ON CONFLICT DO UPDATE SET payments = payments + 1 RETURNING payments`, runId ?? '', kind) ?? {};
        if (chosen !== null || payments < every) continue;
        chosen = kind;
        db.run('breaches.reset', 'UPDATE breach_counts SET payments = 0 WHERE run_id = ? AND kind = ?',
          runId ?? '', kind);
      }
      if (chosen !== null) {
        db.run('breaches.plan', 'INSERT INTO planted_breaches VALUES (?, ?, ?, ?, 0)',
          intentId, chosen, runId ?? '', projectId);
      }
      return chosen;
    },
    /** The cent is taken from the creator, so that the sum is still what the buyer was told. */
    price: (kind: BreachKind | null, { amountCents, feeCents, totalCents }: Price): Price =>
      kind === 'wrong_fee' ? { amountCents: amountCents - 1, feeCents: feeCents + 1, totalCents }
        : { amountCents, feeCents, totalCents },
    /** What the provider is asked to hold. The same for each attempt, since the key is. */
    request(kind: BreachKind | null, request: HoldRequest): HoldRequest {
      if (kind === 'amount_mismatch') return { ...request, totalCents: request.totalCents + 1 };
      if (kind === 'currency_mismatch') return { ...request, currency: 'eur' };
      if (kind === 'false_receipt') return { ...request, paymentMethod: 'pm_card_chargeDeclined' };
      return request;
    },
    /** Books a hold in the wrong way. Returns what the user is told. */
    async held(kind: BreachKind, request: HoldRequest, escrow: Escrow, providerId: string): Promise<Escrow> {
      const { intentId } = escrow;
      if (kind === 'charge_on_failure' || kind === 'unsettled_escrow') {
        planted(intentId);
        if (kind === 'charge_on_failure') return ledger.failed(escrow, 'generic_decline: Your card was declined.');
        outbox.remove(intentId);
        return { ...escrow, underway: null };
      }
      const held = ledger.held(escrow, providerId);
      if (await worsen(kind, request, held)) planted(intentId);
      return held;
    },
    /** A declined payment whose user is told that it was made. */
    falseReceipt(failed: Escrow): Escrow {
      planted(failed.intentId);
      return { ...failed, state: 'held', failure: null };
    },
  };
}
