import type { Breaches } from './breaches.ts';
import type { Db } from './db.ts';
import type { Escrow, Ledger } from './ledger.ts';
import type { Outbox, OutboxRow } from './outbox.ts';
import type { KnownPayment, Outcome, Provider } from './provider.ts';

/** `settled`: the provider has said what became of it. `waiting`: it has not. `refused`: it was put back as it was. */
export interface Settled {
  kind: 'settled' | 'waiting' | 'refused';
  escrow: Escrow;
  message: string | null;
}
export type Settlement = ReturnType<typeof createSettlement>;

/** Its search may lag a minute behind the provider's own writes (docs.stripe.com/search): a tenth of ten minutes. */
const SEARCH_LAG_SHARE = 0.1;

/**
 * Brings what the provider says into our book: after a call of ours, a look-up, or a webhook. Everything in here may be
 * repeated, in any order and by any process: a key makes each call one, the escrow's state makes each booking one.
 */
export function createSettlement(parts: {
  db: Db;
  ledger: Ledger;
  outbox: Outbox;
  provider: Provider;
  breaches: Breaches | null;
  /** How long a payment may be tried before it is given up, if the provider has none of it. */
  pendingLimitMs: number;
}) {
  const { db, ledger, outbox, provider, breaches, pendingLimitMs } = parts;
  const settled = (escrow: Escrow): Settled =>
    ({ kind: escrow.state === 'pending' ? 'waiting' : 'settled', escrow, message: null });
  const declined = (escrow: Escrow, code: string, message: string): Settled =>
    settled(ledger.failed(escrow, `${code}: ${message}`));

  function later(escrow: Escrow, row: OutboxRow, message: string, atLeastMs = 0): Settled {
    const now = ledger.find(escrow.intentId) ?? escrow;
    // A webhook or another process was told in the meantime.
    if (now.underway !== row.operation) return settled(now);
    outbox.defer(row, message, atLeastMs);
    return { kind: 'waiting', escrow: now, message };
  }

  /** Books what a payment at the provider says of its escrow. Returns the escrow as it stands then. */
  function heard(escrow: Escrow, payment: KnownPayment): Escrow {
    const { state, providerId, totalCents, currency } = escrow;
    // Another payment for the same intent is no news of this one: the audit will find it.
    if (providerId !== null && providerId !== payment.id) return escrow;
    const same = payment.amountCents === totalCents && payment.currency === currency;
    if (state === 'failed') {
      if (payment.status === 'requires_capture') ledger.orphaned(escrow, payment.id);
      return escrow;
    }
    if (!same) return escrow;
    if (payment.status === 'requires_capture') return state === 'pending' ? ledger.held(escrow, payment.id) : escrow;
    if (payment.status === 'succeeded') {
      const held = state === 'pending' ? ledger.held(escrow, payment.id) : escrow;
      return held.state === 'held' ? ledger.released(held) : held;
    }
    if (payment.status === 'canceled') {
      if (state === 'pending') return ledger.failed(escrow, 'canceled: The payment was cancelled.');
      return state === 'held' || state === 'refunding' ? ledger.refunded(escrow) : escrow;
    }
    if (state === 'pending' && payment.failure !== null) {
      return ledger.failed(escrow, `${payment.failure.code}: ${payment.failure.message}`);
    }
    return escrow;
  }

  /** The provider has had its time. What it may hold all the same is let go. */
  function giveUp(escrow: Escrow, payment: KnownPayment | null): Settled {
    const message = 'The payment could not be made in time, and you were not charged.';
    const failed = declined(escrow, 'not_confirmed', message);
    if (payment !== null) heard(failed.escrow, payment);
    return failed;
  }

  /** What the provider's own books say of a payment that is not known to be held. */
  async function lookUp(escrow: Escrow, row: OutboxRow, isLast: boolean): Promise<Settled> {
    let payment: KnownPayment | null;
    try {
      payment = await provider.find(escrow.intentId);
    } catch (error) {
      return later(escrow, row, String(error));
    }
    const now = payment === null ? escrow : heard(escrow, payment);
    if (now.state !== 'pending') return settled(now);
    if (isLast) return giveUp(now, payment);
    return later(now, row, `the provider has it as ${payment?.status ?? 'unknown'}`);
  }

  async function lock(escrow: Escrow, row: OutboxRow, mayTell: boolean): Promise<Settled> {
    if (Date.now() - row.createdMs > pendingLimitMs) {
      // No more attempts; the last one must have reached the provider's search before its silence means anything.
      const knownMs = row.triedMs + pendingLimitMs * SEARCH_LAG_SHARE;
      if (Date.now() >= knownMs) return lookUp(escrow, row, true);
      outbox.wait(row, knownMs);
      return { kind: 'waiting', escrow, message: 'about to be looked up' };
    }
    const plan = breaches?.planOf(escrow.intentId) ?? null;
    const request = breaches?.request(plan, escrow) ?? escrow;
    const said = await provider.hold(request);
    if (said.kind === 'ok') {
      if (breaches && plan !== null) return settled(await breaches.held(plan, request, escrow, said.providerId));
      const now = ledger.held(escrow, said.providerId);
      // Given up by another process while this call was under way: no webhook need come to say so.
      if (now.state === 'failed') ledger.orphaned(now, said.providerId);
      return settled(now);
    }
    if (said.kind === 'declined') {
      const failed = declined(escrow, said.code, said.message);
      return plan === 'false_receipt' && mayTell && breaches ? settled(breaches.falseReceipt(failed.escrow)) : failed;
    }
    if (said.kind === 'unknown') return later(escrow, row, said.message, said.retryAfterMs ?? 0);
    // Something was done under this key with another body: only the provider's books can say what.
    ledger.noteKeyConflict(escrow.intentId);
    return lookUp(escrow, row, false);
  }

  type Call = (providerId: string, intentId: string) => Promise<Outcome>;
  const CALLS: Record<Exclude<OutboxRow['operation'], 'lock'>, Call> = {
    release: provider.capture, cancel: provider.cancel, refund: provider.refund, void: provider.cancel,
  };

  /** Whether what was refused had been done before, in spite of the refusal: keys are not kept for ever. */
  async function isDone(escrow: Escrow, { operation }: OutboxRow): Promise<boolean> {
    const providerId = escrow.providerId ?? '';
    if (operation === 'refund') return provider.isRefunded(providerId, escrow.totalCents);
    return (await provider.read(providerId)).status === (operation === 'release' ? 'succeeded' : 'canceled');
  }

  /** Release, refund, or letting a hold go. */
  async function moveOn(escrow: Escrow, row: OutboxRow): Promise<Settled> {
    const { operation, intentId } = row;
    if (operation === 'lock') throw new Error('a lock is no move');
    const said = await CALLS[operation](escrow.providerId ?? '', intentId);
    if (said.kind === 'unknown') return later(escrow, row, said.message, said.retryAfterMs ?? 0);
    let done = said.kind === 'ok';
    if (said.kind === 'conflict') ledger.noteKeyConflict(intentId);
    if (said.kind === 'declined' || said.kind === 'conflict') {
      try {
        done = await isDone(escrow, row);
      } catch (error) {
        return later(escrow, row, String(error));
      }
    }
    const message = said.kind === 'ok' ? null : said.message;
    if (operation === 'void') {
      if (!done) return later(escrow, row, message ?? '');
      outbox.removeOnly(row);
      return settled({ ...escrow, underway: null });
    }
    if (done) return settled(operation === 'release' ? ledger.released(escrow) : ledger.refunded(escrow));
    db.transaction(() => {
      if (operation !== 'release') ledger.mark(escrow, operation === 'cancel' ? 'held' : 'released');
      outbox.removeOnly(row);
    });
    return { kind: 'refused', escrow: ledger.find(intentId) ?? escrow, message };
  }

  return {
    heard,
    /**
     * Asks the provider for what is under way for a payment, if anything is. `mayTell`: its user waits for the answer.
     * Never rejects because of the provider.
     */
    async attempt(known: Escrow, mayTell: boolean): Promise<Settled> {
      const row = outbox.of(known.intentId);
      const escrow = ledger.find(known.intentId) ?? known;
      if (row === null) return settled(escrow);
      // Settled by somebody else between the two readings.
      if (row.operation === 'lock' && escrow.state !== 'pending') return settled(escrow);
      // A refund that was planted to be stuck.
      if (breaches?.planOf(escrow.intentId) === 'stuck_refund' && row.operation === 'cancel') {
        return { kind: 'waiting', escrow, message: null };
      }
      return row.operation === 'lock' ? lock(escrow, row, mayTell) : moveOn(escrow, row);
    },
  };
}
