import type { Db } from './db.ts';
import { currentRunId } from './context.ts';
import { AppError, notFound } from './errors.ts';
import { paymentReplays, payments, queueLength } from './metrics.ts';
import { priceOf } from './money.ts';
import type { Project } from './projects.ts';
import type { Outcome, Provider } from './provider.ts';

export interface Escrow {
  intentId: string;
  projectId: string;
  userId: string;
  amountCents: number;
  feeCents: number;
  totalCents: number;
  currency: string;
  paymentMethod: string;
  providerId: string | null;
  state: 'pending' | 'held' | 'released' | 'refunded' | 'failed';
  failure: string | null;
  runId: string | null;
  updatedMs: number;
}

export type EscrowService = ReturnType<typeof createEscrow>;

const COLUMNS = `intent_id AS intentId, project_id AS projectId, user_id AS userId, amount_cents AS amountCents,
  fee_cents AS feeCents, total_cents AS totalCents, currency, payment_method AS paymentMethod,
  provider_id AS providerId, state, failure, run_id AS runId, updated_ms AS updatedMs`;
type Entry = [account: string, amountCents: number];

/** Money held for a project: one escrow per intent id, at most one active escrow per project, a double-entry ledger. */
export function createEscrow(db: Db, provider: Provider) {
  /** Intents being worked on by this process, so that a double click waits for the first answer. */
  const inFlight = new Map<string, Promise<Escrow>>();

  const find = (intentId: string): Escrow | null =>
    db.one<Escrow>('escrows.by_intent', `SELECT ${COLUMNS} FROM escrows WHERE intent_id = ?`, intentId);
  const active = (projectId: string): Escrow | null => db.one<Escrow>('escrows.active',
    `SELECT ${COLUMNS} FROM escrows WHERE project_id = ? AND state IN ('pending', 'held', 'released')`, projectId);

  function once(intentId: string, work: () => Promise<Escrow>): Promise<Escrow> {
    const running = inFlight.get(intentId);
    if (running) return running;
    const promise = work().finally(() => inFlight.delete(intentId));
    inFlight.set(intentId, promise);
    return promise;
  }

  function unavailable(operation: string): AppError {
    payments.inc({ operation, outcome: 'unknown' });
    return new AppError(503, 'PAYMENTS_UNAVAILABLE',
      'The payment provider does not answer. You can safely try again: nothing is charged twice.');
  }

  /**
   * Writes the new state, the project's status and balanced ledger entries in one transaction, unless another process
   * has done so: two of them may have asked the provider with the same key and got the same answer.
   */
  function book(
    escrow: Escrow, operation: string, change: Pick<Escrow, 'state' | 'providerId' | 'failure'>,
    status: Project['status'] | null, entries: Entry[],
  ): Escrow {
    const nowMs = Date.now();
    const { state, providerId, failure } = change;
    const booked = db.transaction(() => {
      const moved = db.run('escrows.update', `UPDATE escrows SET state = ?, provider_id = ?, failure = ?, updated_ms = ?
        WHERE intent_id = ? AND state = ?`, state, providerId, failure, nowMs, escrow.intentId, escrow.state);
      if (moved === 0) return false;
      if (status !== null) {
        db.run('projects.status', 'UPDATE projects SET status = ? WHERE id = ?', status, escrow.projectId);
      }
      for (const [account, amountCents] of entries) {
        db.run('ledger.insert', 'INSERT INTO ledger_entries VALUES (NULL, ?, ?, ?, ?, ?)',
          escrow.intentId, operation, account, amountCents, nowMs);
      }
      return true;
    });
    if (!booked) return find(escrow.intentId) ?? escrow;
    payments.inc({ operation, outcome: state === 'failed' ? 'declined' : 'ok' });
    return { ...escrow, ...change, updatedMs: nowMs };
  }

  /** Brings a pending escrow to held or failed. Safe to repeat: the provider sees one idempotency key per intent. */
  async function settle(escrow: Escrow): Promise<Escrow> {
    const outcome = await provider.hold(escrow);
    if (outcome.kind === 'unknown') throw unavailable('lock');
    if (outcome.kind === 'ok') {
      const entries: Entry[] = [[`buyer:${escrow.userId}`, -escrow.totalCents], ['escrow', escrow.totalCents]];
      return book(escrow, 'lock', { state: 'held', providerId: outcome.providerId, failure: null }, 'funded', entries);
    }
    const failure = `${outcome.code}: ${outcome.message}`;
    return book(escrow, 'lock', { state: 'failed', providerId: null, failure }, null, []);
  }

  async function lockNew(project: Project, userId: string, intentId: string, paymentMethod: string): Promise<Escrow> {
    const other = active(project.id);
    if (other?.intentId === intentId) return joinOther(other, project, userId);
    const settled = other?.state === 'pending' ? await once(other.intentId, () => settle(other)) : other;
    if (settled && settled.state !== 'failed') {
      const intent = { intentId: settled.intentId };
      throw new AppError(409, 'ALREADY_FUNDED', 'This project is funded already; you were not charged again.', intent);
    }
    const nowMs = Date.now();
    const price = priceOf(project.amountCents);
    const escrow: Escrow = {
      ...price, intentId, projectId: project.id, userId, currency: 'usd', paymentMethod, providerId: null,
      state: 'pending', failure: null, runId: currentRunId(), updatedMs: nowMs,
    };
    const added = db.run('escrows.insert', `INSERT INTO escrows VALUES (?, ?, ?, ?, ?, ?, 'usd', ?, NULL, 'pending',
      NULL, ?, ?, ?) ON CONFLICT DO NOTHING`, intentId, project.id, userId, price.amountCents, price.feeCents,
      price.totalCents, paymentMethod, escrow.runId, nowMs, nowMs);
    if (added === 1) return settle(escrow);
    const known = find(intentId);
    if (known) return joinOther(known, project, userId);
    throw new AppError(409, 'LOCK_IN_PROGRESS', 'Another payment for this project is in progress.');
  }

  /** Another process was faster with the same intent: it is one payment, and its answer is ours as well. */
  async function joinOther(known: Escrow, project: Project, userId: string): Promise<Escrow> {
    requireSame(known, project, userId);
    return known.state === 'pending' ? settle(known) : known;
  }

  /** An intent seen before must be for the same project. */
  function requireSame(known: Escrow, project: Project, userId: string): void {
    if (known.userId !== userId || known.projectId !== project.id) {
      throw new AppError(409, 'INTENT_REUSED', 'This payment intent belongs to another project.');
    }
    paymentReplays.inc();
  }

  async function move(
    escrow: Escrow, operation: string, call: Promise<Outcome>, state: Escrow['state'], status: Project['status'],
    entries: Entry[],
  ): Promise<Escrow> {
    const outcome = await call;
    if (outcome.kind === 'unknown') throw unavailable(operation);
    if (outcome.kind === 'ok') {
      return book(escrow, operation, { state, providerId: escrow.providerId, failure: null }, status, entries);
    }
    payments.inc({ operation, outcome: 'refused' });
    throw new AppError(409, 'PROVIDER_REFUSED', `The payment provider refused: ${outcome.message}`);
  }

  function requireOwn(intentId: string, userId: string): Escrow {
    const escrow = find(intentId);
    if (!escrow || escrow.userId !== userId) throw notFound('escrow');
    return escrow;
  }

  return {
    /**
     * Holds the project's price. The same intent id always gives the same answer and never a second hold.
     * Throws 402 CARD_DECLINED, 409 for another escrow of the project, 503 when the provider does not answer.
     */
    async lock(project: Project, userId: string, intentId: string, paymentMethod: string): Promise<Escrow> {
      const known = find(intentId);
      if (known) requireSame(known, project, userId);
      const escrow = await once(intentId, async () => known === null
        ? lockNew(project, userId, intentId, paymentMethod)
        : known.state === 'pending' ? settle(known) : known);
      if (escrow.state !== 'failed') return escrow;
      const [code = '', ...message] = (escrow.failure ?? '').split(': ');
      throw new AppError(402, 'CARD_DECLINED', message.join(': '), { declineCode: code, intentId });
    },

    /** Pays the creator and takes the fee. Releasing twice gives the first result. */
    async release(intentId: string, userId: string): Promise<Escrow> {
      return once(`release:${intentId}`, async () => {
        const escrow = requireOwn(intentId, userId);
        if (escrow.state === 'released') return escrow;
        if (escrow.state !== 'held') throw new AppError(409, 'NOT_HELD', `This escrow is ${escrow.state}, not held.`);
        return move(escrow, 'release', provider.capture(escrow.providerId ?? '', intentId), 'released', 'completed', [
          ['escrow', -escrow.totalCents], ['creator', escrow.amountCents], ['platform_fee', escrow.feeCents]]);
      });
    },

    /** Gives the buyer everything back: a hold is cancelled, a released payment refunded. */
    async refund(intentId: string, userId: string): Promise<Escrow> {
      return once(`refund:${intentId}`, async () => {
        const escrow = requireOwn(intentId, userId);
        const providerId = escrow.providerId ?? '';
        const back: Entry = [`buyer:${userId}`, escrow.totalCents];
        if (escrow.state === 'refunded') return escrow;
        if (escrow.state !== 'held' && escrow.state !== 'released') {
          throw new AppError(409, 'NOT_HELD', `This escrow is ${escrow.state}.`);
        }
        const [give, entries]: [typeof provider.refund, Entry[]] = escrow.state === 'held'
          ? [provider.cancel, [['escrow', -escrow.totalCents], back]]
          : [provider.refund, [['creator', -escrow.amountCents], ['platform_fee', -escrow.feeCents], back]];
        queueLength.inc({ queue: 'refunds' });
        try {
          return await move(escrow, 'refund', give(providerId, intentId), 'refunded', 'refunded', entries);
        } finally {
          queueLength.dec({ queue: 'refunds' });
        }
      });
    },

    active,
    /** What a load test did, for its own audit: the escrows of one run with their ledger entries. */
    ofRun(runId: string): object[] {
      const entries = db.all<{ intentId: string }>('ledger.of_run', `SELECT l.intent_id AS intentId, l.operation,
        l.account, l.amount_cents AS amountCents FROM ledger_entries l JOIN escrows e USING (intent_id)
        WHERE e.run_id = ? ORDER BY l.id`, runId);
      const byIntent = Map.groupBy(entries, (entry) => entry.intentId);
      const sql = `SELECT ${COLUMNS} FROM escrows WHERE run_id = ? ORDER BY created_ms`;
      return db.all<Escrow>('escrows.of_run', sql, runId).map((escrow) =>
        ({ ...escrow, entries: byIntent.get(escrow.intentId) ?? [] }));
    },
  };
}
