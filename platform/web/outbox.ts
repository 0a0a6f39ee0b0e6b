import { fullJitterMs } from '../shared/retry.ts';
import type { Db } from './db.ts';

/**
 * What has to be asked of the payment provider. `cancel` lets a hold go, `refund` gives back what was taken, `void`
 * lets go of a hold that came to be although its payment was given up.
 */
export type Operation = 'lock' | 'release' | 'cancel' | 'refund' | 'void';

export interface OutboxRow {
  intentId: string;
  operation: Operation;
  attempts: number;
  /** Nobody takes it up before. */
  nextMs: number;
  triedMs: number;
  createdMs: number;
}

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Whoever writes a row tries it at once, and has this long to; call and look-up: 6.4 s at most (provider.ts). If its
 * process dies, the runner takes the row up then. Two at once would do no harm: they use the same key.
 */
export const LEASE_MS = 8000;
/** Waits between attempts: the breaker keeps a provider that is down from being asked, so that they may stay short. */
const BASE_MS = 250;
const LONGEST_MS = 5000;
/** Farther away than any clock: a row that is never taken up. */
export const NEVER_MS = 8.64e15;

const COLUMNS = `intent_id AS intentId, operation, attempts, next_ms AS nextMs, tried_ms AS triedMs,
  created_ms AS createdMs`;

/**
 * Operations on money that are not known to be done: at most one for each payment, written in the transaction that
 * begins it and removed in the one that books its end.
 */
export function createOutbox(db: Db) {
  return {
    of: (intentId: string): OutboxRow | null =>
      db.one<OutboxRow>('outbox.by_intent', `SELECT ${COLUMNS} FROM outbox WHERE intent_id = ?`, intentId),
    /** Adds an operation, leased to the caller; false when one of this payment is under way. */
    add(intentId: string, operation: Operation, nextMs = Date.now() + LEASE_MS): boolean {
      const nowMs = Date.now();
      return db.run('outbox.insert', 'INSERT INTO outbox VALUES (?, ?, 0, ?, ?, ?, NULL) ON CONFLICT DO NOTHING',
        intentId, operation, nextMs, nowMs, nowMs) === 1;
    },
    /** Not done yet: to be tried again after a jittered wait, not before `atLeastMs`. */
    defer({ intentId, operation, attempts }: OutboxRow, failure: string, atLeastMs = 0): void {
      const nowMs = Date.now();
      const waitMs = Math.max(atLeastMs, 50 + fullJitterMs(attempts + 1, BASE_MS, LONGEST_MS));
      db.run('outbox.defer', `UPDATE outbox SET attempts = attempts + 1, next_ms = ?, tried_ms = ?, last_failure = ?
        WHERE intent_id = ? AND operation = ?`, nowMs + waitMs, nowMs, failure.slice(0, 500), intentId, operation);
    },
    /** Puts off the next look at a row without counting an attempt. */
    wait({ intentId, operation }: OutboxRow, untilMs: number): void {
      db.run('outbox.wait', 'UPDATE outbox SET next_ms = ? WHERE intent_id = ? AND operation = ?',
        untilMs, intentId, operation);
    },
    remove(intentId: string): void {
      db.run('outbox.delete', 'DELETE FROM outbox WHERE intent_id = ?', intentId);
    },
    /** Removes this operation, and not one that was begun for the payment since it was read. */
    removeOnly({ intentId, operation }: OutboxRow): void {
      db.run('outbox.delete_only', 'DELETE FROM outbox WHERE intent_id = ? AND operation = ?', intentId, operation);
    },
    due: (nowMs: number, limit: number): OutboxRow[] => db.all<OutboxRow>('outbox.due',
      `SELECT ${COLUMNS} FROM outbox WHERE next_ms <= ? ORDER BY next_ms LIMIT ?`, nowMs, limit),
    /** Takes a row that is due; false when somebody else has taken it since it was read. */
    claim: ({ intentId, operation, nextMs }: OutboxRow): boolean => db.run('outbox.claim',
      'UPDATE outbox SET next_ms = ? WHERE intent_id = ? AND operation = ? AND next_ms = ?',
      Date.now() + LEASE_MS, intentId, operation, nextMs) === 1,
    /** Rows that wait or are being tried, refunds (and holds let go) apart. */
    lengths(): { outbox: number; refunds: number } {
      const rows = db.all<{ operation: Operation; n: number }>('outbox.lengths',
        'SELECT operation, count(*) AS n FROM outbox GROUP BY operation');
      const count = (back: boolean): number => rows.filter(({ operation }) =>
        back === ['cancel', 'refund', 'void'].includes(operation)).reduce((sum, { n }) => sum + n, 0);
      return { outbox: count(false), refunds: count(true) };
    },
    /** Rows of one load test. */
    waitingOf: (runId: string): number => db.one<{ n: number }>('outbox.of_run',
      'SELECT count(*) AS n FROM outbox JOIN escrows USING (intent_id) WHERE run_id = ?', runId)?.n ?? 0,
  };
}
