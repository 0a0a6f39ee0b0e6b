import type { Db } from './db.ts';
import type { Escrow } from './ledger.ts';
import type { Outbox } from './outbox.ts';

export interface AuditEntry {
  operation: string;
  account: string;
  amountCents: number;
}
type Audited = Pick<Escrow, 'intentId' | 'projectId' | 'state' | 'amountCents' | 'feeCents' | 'totalCents' | 'currency'
  | 'providerId' | 'failure' | 'keyConflicts' | 'createdMs' | 'updatedMs'>;

/** A page of the escrows of one load test, for its audit. */
export interface AuditPage {
  runId: string;
  escrows: (Audited & { refundedCents: number; entries: AuditEntry[] })[];
  /** `after` of the next page; null on the last one. */
  next: string | null;
  /** Operations of the run that the provider has not answered yet: the book is not final before this is 0. */
  outbox: { waiting: number };
  nowMs: number;
}

/** Pages by row number, in the order of the payments, so that neither side ever holds more than one page. */
export function auditPage(db: Db, outbox: Outbox, runId: string, after: number, limit: number): AuditPage {
  const page = 'SELECT rowid FROM escrows WHERE run_id = ? AND rowid > ? ORDER BY rowid LIMIT ?';
  const rows = db.all<Audited & { number: number }>('escrows.of_run', `SELECT rowid AS number, intent_id AS intentId,
    project_id AS projectId, state, amount_cents AS amountCents, fee_cents AS feeCents, total_cents AS totalCents,
    currency, provider_id AS providerId, failure, key_conflicts AS keyConflicts, created_ms AS createdMs,
    updated_ms AS updatedMs FROM escrows WHERE rowid IN (${page}) ORDER BY rowid`, runId, after, limit);
  const entries = db.all<AuditEntry & { intentId: string }>('ledger.of_run', `SELECT l.intent_id AS intentId,
    l.operation, l.account, l.amount_cents AS amountCents FROM ledger_entries l JOIN escrows e USING (intent_id)
    WHERE e.rowid IN (${page}) ORDER BY l.id`, runId, after, limit);
  const byIntent = Map.groupBy(entries, ({ intentId }) => intentId);
  const escrows = rows.map(({ number: _, ...escrow }) => ({
    ...escrow, refundedCents: escrow.state === 'refunded' ? escrow.totalCents : 0,
    entries: (byIntent.get(escrow.intentId) ?? []).map(({ intentId: __, ...entry }) => entry),
  }));
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    runId, escrows, next: last === undefined ? null : String(last.number),
    outbox: { waiting: outbox.waitingOf(runId) }, nowMs: Date.now(),
  };
}
