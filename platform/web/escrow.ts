import { currentRunId } from './context.ts';
import type { Db } from './db.ts';
import { AppError, notFound } from './errors.ts';
import type { Flags } from './flags.ts';
import type { Escrow } from './ledger.ts';
import { paymentReplays, payments } from './metrics.ts';
import { priceOf } from './money.ts';
import type { Money } from './money-parts.ts';
import type { Project } from './projects.ts';
import type { Settled } from './settle.ts';

export type EscrowService = ReturnType<typeof createEscrow>;
/** An escrow, and what its user is told while the provider has not answered; null once it has. */
export interface Answer {
  escrow: Escrow;
  message: string | null;
}
type Operation = 'lock' | 'release' | 'refund';

/** For people; what the journeys of a load test look for. */
export const MESSAGES: Record<Operation, string> = {
  lock: 'Your payment is being confirmed. You will not be charged twice.',
  release: 'Your payout is on its way.',
  refund: 'Your refund is on its way.',
};

/** Money held for a project: one escrow an intent id, at most one active escrow a project. */
export function createEscrow(db: Db, { ledger, outbox, settlement, provider, breaches }: Money, flags: Flags) {
  /** What is being worked on by this process, so that a double click waits for the first answer. */
  const inFlight = new Map<string, Promise<Settled>>();

  function settleOnce(operation: Operation, escrow: Escrow): Promise<Settled> {
    const key = `${operation}:${escrow.intentId}`;
    const running = inFlight.get(key);
    if (running) return running;
    const promise = settlement.attempt(escrow, true).finally(() => inFlight.delete(key));
    inFlight.set(key, promise);
    return promise;
  }

  /** The escrow as its user is told of it. Throws 503 where fallbacks are off; the outbox goes on all the same. */
  function answer(operation: Operation, { kind, escrow, message }: Settled): Answer {
    if (kind === 'refused') {
      payments.inc({ operation, outcome: 'refused' });
      throw new AppError(409, 'PROVIDER_REFUSED', `The payment provider refused: ${message}`);
    }
    if (kind === 'settled') return { escrow, message: null };
    payments.inc({ operation, outcome: 'unknown' });
    if (!flags.isEnabled('payment-fallback')) {
      throw new AppError(503, 'PAYMENTS_UNAVAILABLE',
        'The payment provider does not answer. You can safely try again: nothing is charged twice.');
    }
    provider.fellBack();
    return { escrow, message: MESSAGES[operation] };
  }

  /** An intent seen before must be for the same project. */
  function requireSame(known: Escrow, project: Project, userId: string): void {
    if (known.userId !== userId || known.projectId !== project.id) {
      throw new AppError(409, 'INTENT_REUSED', 'This payment intent belongs to another project.');
    }
    paymentReplays.inc();
  }

  /** A new escrow, unless the intent or another payment of the project is there: seen with the write lock in hand. */
  function open(project: Project, userId: string, intentId: string, paymentMethod: string): Escrow | null {
    return db.transaction(() => {
      if (ledger.find(intentId) !== null || ledger.active(project.id) !== null) return null;
      const runId = currentRunId();
      const plan = breaches?.pick(intentId, project.id, runId) ?? null;
      const whole = priceOf(project.amountCents);
      const price = breaches?.price(plan, whole) ?? whole;
      const nowMs = Date.now();
      const escrow: Escrow = {
        ...price, intentId, projectId: project.id, userId, currency: 'usd', paymentMethod, providerId: null,
        state: 'pending', failure: null, runId, keyConflicts: 0, createdMs: nowMs, updatedMs: nowMs, underway: 'lock',
      };
      ledger.open(escrow);
      return escrow;
    });
  }

  /** Another payment of the project comes first: it has to be settled before this one may begin. */
  async function clearWay(other: Escrow): Promise<void> {
    const { escrow } = other.state === 'pending' ? await settleOnce('lock', other) : { escrow: other };
    const { intentId, state } = escrow;
    if (state === 'pending') {
      const message = 'Another payment for this project is being confirmed. You will not be charged twice.';
      throw new AppError(409, 'LOCK_IN_PROGRESS', message, { intentId });
    }
    if (state === 'refunding') {
      const message = 'A refund of this project is on its way. Pay again once it has arrived.';
      throw new AppError(409, 'REFUND_IN_PROGRESS', message, { intentId });
    }
    if (state !== 'failed' && state !== 'refunded') {
      const message = 'This project is funded already; you were not charged again.';
      throw new AppError(409, 'ALREADY_FUNDED', message, { intentId });
    }
  }

  async function lockNew(project: Project, userId: string, intentId: string, method: string): Promise<Settled> {
    const other = ledger.active(project.id);
    if (other !== null && other.intentId !== intentId) await clearWay(other);
    const opened = open(project, userId, intentId, method);
    if (opened) return settleOnce('lock', opened);
    // Another process was faster: with the same intent, which is one payment then, or with another one.
    const known = ledger.find(intentId);
    if (known === null) throw new AppError(409, 'LOCK_IN_PROGRESS', 'Another payment for this project is in progress.');
    requireSame(known, project, userId);
    return again(known);
  }

  /** A payment that was begun before: what became of it, or one more attempt. */
  const again = async (known: Escrow): Promise<Settled> => known.state === 'pending'
    ? settleOnce('lock', known) : { kind: 'settled', escrow: known, message: null };

  function requireOwn(intentId: string, userId: string): Escrow {
    const escrow = ledger.find(intentId);
    if (!escrow || escrow.userId !== userId) throw notFound('escrow');
    return escrow;
  }

  const notHeld = ({ state }: Escrow): AppError => new AppError(409, 'NOT_HELD', state === 'pending'
    ? 'This payment is still being confirmed.' : `This escrow is ${state}, not held.`);
  const busy = (): AppError => new AppError(409, 'MOVE_IN_PROGRESS', 'This escrow is being released or refunded.');

  return {
    /**
     * Holds the project's price. The same intent id always gives the same answer and never a second hold.
     * Throws 402 CARD_DECLINED, 409 for another escrow of the project, 503 when the provider does not answer and the
     * fallback is off.
     */
    async lock(project: Project, userId: string, intentId: string, paymentMethod: string): Promise<Answer> {
      const known = ledger.find(intentId);
      if (known) requireSame(known, project, userId);
      const done = known === null ? await lockNew(project, userId, intentId, paymentMethod) : await again(known);
      if (done.escrow.state !== 'failed') return answer('lock', done);
      const [code = '', ...message] = (done.escrow.failure ?? '').split(': ');
      throw new AppError(402, 'CARD_DECLINED', message.join(': '), { declineCode: code, intentId });
    },

    /** Pays the creator and takes the fee. Releasing twice gives the first result. */
    async release(intentId: string, userId: string): Promise<Answer> {
      const begun = db.transaction(() => {
        const escrow = requireOwn(intentId, userId);
        if (escrow.state === 'released') return escrow;
        if (escrow.state !== 'held') throw notHeld(escrow);
        if (!outbox.add(intentId, 'release') && escrow.underway !== 'release') throw busy();
        return escrow;
      });
      return answer('release', await settleOnce('release', begun));
    },

    /** Gives the buyer everything back: a hold is cancelled, a released payment refunded. */
    async refund(intentId: string, userId: string): Promise<Answer> {
      const begun = db.transaction(() => {
        const escrow = requireOwn(intentId, userId);
        if (escrow.state === 'refunding' || escrow.state === 'refunded') return escrow;
        if (escrow.state !== 'held' && escrow.state !== 'released') throw notHeld(escrow);
        if (!outbox.add(intentId, escrow.state === 'held' ? 'cancel' : 'refund')) throw busy();
        ledger.mark(escrow, 'refunding');
        return escrow;
      });
      return answer('refund', await settleOnce('refund', begun));
    },

    /** The user's escrow as it stands. Throws 404. */
    find: requireOwn,
    active: ledger.active,
    latest: ledger.latest,
  };
}
