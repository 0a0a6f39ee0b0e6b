import type { Db } from './db.ts';
import { paymentFeeCents, payments } from './metrics.ts';
import type { Operation, Outbox } from './outbox.ts';
import type { Project } from './projects.ts';

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
  state: 'pending' | 'held' | 'released' | 'refunding' | 'refunded' | 'failed';
  /** `code: message` of a payment that failed. */
  failure: string | null;
  runId: string | null;
  /** How often the provider refused its idempotency keys because of another body. */
  keyConflicts: number;
  createdMs: number;
  updatedMs: number;
  /** What is being asked of the provider for it; null when nothing is. */
  underway: Operation | null;
}

export type Ledger = ReturnType<typeof createLedger>;

const COLUMNS = `e.intent_id AS intentId, e.project_id AS projectId, e.user_id AS userId,
  e.amount_cents AS amountCents, e.fee_cents AS feeCents, e.total_cents AS totalCents, e.currency,
  e.payment_method AS paymentMethod, e.provider_id AS providerId, e.state, e.failure, e.run_id AS runId,
  e.key_conflicts AS keyConflicts, e.created_ms AS createdMs, e.updated_ms AS updatedMs, o.operation AS underway`;
const FROM = 'escrows e LEFT JOIN outbox o ON o.intent_id = e.intent_id';

type Entry = [account: string, amountCents: number];
interface Move {
  operation: 'lock' | 'release' | 'refund';
  state: Escrow['state'];
  providerId: string | null;
  failure: string | null;
  /** The project's from then on; null leaves it. */
  status: Project['status'] | null;
  entries: Entry[];
}

/**
 * The platform's own book of money: escrows and their double-entry ledger, in which each operation's entries add up to
 * zero. A move is made once: by the first process that comes with it, if the escrow's state is still the one it saw.
 */
export function createLedger(db: Db, outbox: Outbox) {
  const find = (intentId: string): Escrow | null =>
    db.one<Escrow>('escrows.by_intent', `SELECT ${COLUMNS} FROM ${FROM} WHERE e.intent_id = ?`, intentId);

  /** Returns the escrow as it stands afterwards, whoever moved it. */
  function move(escrow: Escrow, { operation, state, providerId, failure, status, entries }: Move): Escrow {
    const nowMs = Date.now();
    const moved = db.transaction(() => {
      const changed = db.run('escrows.update', `UPDATE escrows SET state = ?, provider_id = ?, failure = ?,
        updated_ms = ? WHERE intent_id = ? AND state = ?`,
      state, providerId, failure, nowMs, escrow.intentId, escrow.state);
      if (changed === 0) return false;
      if (status !== null) {
        db.run('projects.status', 'UPDATE projects SET status = ? WHERE id = ?', status, escrow.projectId);
      }
      for (const [account, amountCents] of entries) {
        db.run('ledger.insert', 'INSERT INTO ledger_entries VALUES (NULL, ?, ?, ?, ?, ?)',
          escrow.intentId, operation, account, amountCents, nowMs);
      }
      outbox.remove(escrow.intentId);
      return true;
    });
    if (!moved) return find(escrow.intentId) ?? escrow;
    payments.inc({ operation, outcome: state === 'failed' ? 'declined' : 'ok' });
    if (state === 'held') paymentFeeCents.inc(escrow.feeCents);
    return { ...escrow, state, providerId, failure, updatedMs: nowMs, underway: null };
  }

  const buyer = ({ userId }: Escrow): string => `buyer:${userId}`;
  /** Whether it was paid out: then a refund takes the money back from those who have it. */
  const wasReleased = (intentId: string): boolean => db.one('ledger.released',
    "SELECT 1 FROM ledger_entries WHERE intent_id = ? AND operation = 'release' LIMIT 1", intentId) !== null;

  return {
    find,
    wasReleased,
    ofProvider: (providerId: string): Escrow | null => db.one<Escrow>('escrows.by_provider',
      `SELECT ${COLUMNS} FROM ${FROM} WHERE e.provider_id = ?`, providerId),
    /** The one that its project can have; payments that failed or were given back do not count. */
    active: (projectId: string): Escrow | null => db.one<Escrow>('escrows.active', `SELECT ${COLUMNS} FROM ${FROM}
      WHERE e.project_id = ? AND e.state IN ('pending', 'held', 'released', 'refunding')`, projectId),
    /** The last one of a project, whatever became of it. */
    latest: (projectId: string): Escrow | null => db.one<Escrow>('escrows.latest',
      `SELECT ${COLUMNS} FROM ${FROM} WHERE e.project_id = ? ORDER BY e.rowid DESC LIMIT 1`, projectId),

    /** A new escrow, pending, with its way to the provider; inside the caller's transaction. */
    open(escrow: Escrow): void {
      const { intentId, projectId, userId, amountCents, feeCents, totalCents, currency } = escrow;
      db.run('escrows.insert', `INSERT INTO escrows VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 'pending', NULL, ?, ?, ?, 0)`,
        intentId, projectId, userId, amountCents, feeCents, totalCents, currency, escrow.paymentMethod, escrow.runId,
        escrow.createdMs, escrow.updatedMs);
      outbox.add(intentId, 'lock');
    },

    /** The provider holds the money. */
    held: (escrow: Escrow, providerId: string): Escrow => move(escrow, {
      operation: 'lock', state: 'held', providerId, failure: null, status: 'funded',
      entries: [[buyer(escrow), -escrow.totalCents], ['escrow', escrow.totalCents]],
    }),
    /** The card was refused, or the payment was given up. */
    failed: (escrow: Escrow, failure: string): Escrow => move(escrow, {
      operation: 'lock', state: 'failed', providerId: null, failure, status: null, entries: [],
    }),
    released: (escrow: Escrow): Escrow => move(escrow, {
      operation: 'release', state: 'released', providerId: escrow.providerId, failure: null, status: 'completed',
      entries: [['escrow', -escrow.totalCents], ['creator', escrow.amountCents], ['platform_fee', escrow.feeCents]],
    }),
    /** The buyer has everything back. */
    refunded(escrow: Escrow): Escrow {
      const { amountCents, feeCents, totalCents, providerId } = escrow;
      const from: Entry[] = wasReleased(escrow.intentId)
        ? [['creator', -amountCents], ['platform_fee', -feeCents]] : [['escrow', -totalCents]];
      return move(escrow, {
        operation: 'refund', state: 'refunded', providerId, failure: null, status: 'refunded',
        entries: [...from, [buyer(escrow), totalCents]],
      });
    },

    /** A refund begins or is put back: no money has moved. Inside the caller's transaction. */
    mark({ intentId, state }: Escrow, to: Escrow['state']): boolean {
      return db.run('escrows.mark', 'UPDATE escrows SET state = ?, updated_ms = ? WHERE intent_id = ? AND state = ?',
        to, Date.now(), intentId, state) === 1;
    },
    noteKeyConflict(intentId: string): void {
      db.run('escrows.key_conflict', 'UPDATE escrows SET key_conflicts = key_conflicts + 1 WHERE intent_id = ?',
        intentId);
    },
    /** The provider holds money for a payment that was given up: it has to let it go. */
    orphaned({ intentId }: Escrow, providerId: string): void {
      db.transaction(() => {
        const nowMs = Date.now();
        db.run('escrows.orphaned', `UPDATE escrows SET provider_id = ?, updated_ms = ?
          WHERE intent_id = ? AND state = 'failed'`, providerId, nowMs, intentId);
        outbox.add(intentId, 'void', nowMs);
      });
    },
  };
}
