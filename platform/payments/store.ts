import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { createTestData } from './test-data.ts';

export interface PaymentIntent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_capturable: number;
  amount_received: number;
  capture_method: 'automatic' | 'manual';
  currency: string;
  created: number;
  livemode: false;
  metadata: Record<string, string>;
  payment_method: string | null;
  status: 'requires_payment_method' | 'requires_confirmation' | 'requires_capture' | 'succeeded' | 'canceled';
  last_payment_error: object | null;
  canceled_at: number | null;
}

export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  currency: string;
  created: number;
  metadata: Record<string, string>;
  payment_intent: string;
  status: 'succeeded';
}

export interface SavedReply {
  fingerprint: string;
  status: number;
  body: string;
}

/** Where webhooks go, and what they are signed with. */
export interface Endpoint {
  url: string;
  secret: string;
}
/** A webhook that has not been delivered yet. */
export interface Webhook {
  seq: number;
  body: string;
  attempts: number;
  dueMs: number;
}
export const WEBHOOK_OUTCOMES = ['delivered', 'failed', 'withheld'] as const;
export type WebhookOutcome = (typeof WEBHOOK_OUTCOMES)[number];

/** A request that came with a key already used for another one; ids are those of its payment, null when not known. */
export interface KeyConflict {
  key: string;
  runId: string | null;
  intentId: string | null;
}

/** A part of a WHERE, with the values of its question marks. */
export interface Condition {
  sql: string;
  values: (string | number)[];
}

export type Store = ReturnType<typeof openStore>;

/** Stripe prunes idempotency keys after at least 24 hours (docs.stripe.com/api/idempotent_requests). */
const KEY_LIFE_MS = 24 * 60 * 60 * 1000;

// EXCLUSIVE: keys in flight live in this process, so a second one on the same books must not start. A killed process
// loses nothing that was committed: what is in the write-ahead log is read when the file is opened again.
const SCHEMA = `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    parent TEXT, body TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
  CREATE INDEX IF NOT EXISTS objects_parent ON objects (parent);
  CREATE INDEX IF NOT EXISTS objects_ours ON objects (json_extract(body, '$.metadata.intent_id'));
  CREATE INDEX IF NOT EXISTS objects_run ON objects (json_extract(body, '$.metadata.run_id'), kind, seq);
  CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, saved_ms INTEGER NOT NULL, fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS conflicts (key TEXT PRIMARY KEY, run_id TEXT, intent_id TEXT);
  CREATE INDEX IF NOT EXISTS conflicts_run ON conflicts (run_id);
  CREATE TABLE IF NOT EXISTS webhooks (seq INTEGER PRIMARY KEY, body TEXT NOT NULL, attempts INTEGER NOT NULL,
    due_ms INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due_ms);
  CREATE TABLE IF NOT EXISTS endpoint (one INTEGER PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL,
    secret TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);`;

/** The provider's own database: it must outlive a crash, as a payment provider's books do. */
export function openStore(file: string) {
  const db = new DatabaseSync(file);
  db.exec(SCHEMA);
  // Books of before replies knew their load test.
  if (db.prepare("SELECT 1 FROM pragma_table_info('replies') WHERE name = 'run_id'").get() === undefined) {
    db.exec('ALTER TABLE replies ADD COLUMN run_id TEXT');
  }
  db.exec('CREATE INDEX IF NOT EXISTS replies_run ON replies (run_id) WHERE run_id IS NOT NULL');
  db.prepare('DELETE FROM replies WHERE saved_ms < ?').run(Date.now() - KEY_LIFE_MS);
  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const statement = statements.get(text) ?? db.prepare(text);
    statements.set(text, statement);
    return statement;
  };
  const parse = <T>(row: unknown): T => JSON.parse((row as { body: string }).body) as T;
  const count = (name: string): void => void sql(
    'INSERT INTO counts (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1').run(name);
  const counted = (name: string): number =>
    (sql('SELECT value FROM counts WHERE name = ?').get(name) as { value: number } | undefined)?.value ?? 0;

  function atomically<T>(work: () => T): T {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }

  return {
    /** Everything that `work` writes is kept, or, when it throws, nothing of it: also after a crash in its middle. */
    atomically,
    testData: createTestData(sql, atomically),
    save(object: PaymentIntent | Refund): void {
      const parent = object.object === 'refund' ? object.payment_intent : null;
      sql(`INSERT INTO objects (id, kind, parent, body) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET body = excluded.body`)
        .run(object.id, object.object, parent, JSON.stringify(object));
    },
    /** Counts money that was just held or taken if there was some already for the caller's `metadata.intent_id`. */
    noteCharge({ id, metadata }: PaymentIntent): void {
      const also = sql(`SELECT 1 FROM objects WHERE json_extract(body, '$.metadata.intent_id') = ?
        AND id <> ? AND json_extract(body, '$.status') IN ('requires_capture', 'succeeded') LIMIT 1`);
      if (also.get(metadata['intent_id'] ?? '', id) !== undefined) count('duplicates');
    },
    /** Charges that were for an intent charged already, in all the life of these books. */
    duplicates: (): number => counted('duplicates'),
    intent(id: string): PaymentIntent | null {
      const row = sql("SELECT body FROM objects WHERE kind = 'payment_intent' AND id = ?").get(id);
      return row === undefined ? null : parse<PaymentIntent>(row);
    },
    refundsOf: (intent: string): Refund[] =>
      sql("SELECT body FROM objects WHERE kind = 'refund' AND parent = ?").all(intent).map((row) => parse<Refund>(row)),
    /** Where an object stands in the order in which they were made; null when there is none. */
    position(id: string): number | null {
      return (sql('SELECT seq FROM objects WHERE id = ?').get(id) as { seq: number } | undefined)?.seq ?? null;
    },
    /** The newest or oldest objects of a kind for which all conditions hold, with their positions. */
    select<T>(
      kind: string, conditions: Condition[], order: 'newest' | 'oldest', limit: number,
    ): { position: number; object: T }[] {
      const where = ['kind = ?', ...conditions.map((condition) => condition.sql)].join(' AND ');
      const direction = order === 'newest' ? 'DESC' : 'ASC';
      const text = `SELECT seq, body FROM objects WHERE ${where} ORDER BY seq ${direction} LIMIT ?`;
      const rows = sql(text).all(kind, ...conditions.flatMap(({ values }) => values), limit);
      return rows.map((row) => ({ position: row['seq'] as number, object: parse<T>(row) }));
    },
    reply(key: string): SavedReply | null {
      const row = sql('SELECT fingerprint, status, body FROM replies WHERE key = ? AND saved_ms >= ?')
        .get(key, Date.now() - KEY_LIFE_MS);
      return (row as SavedReply | undefined) ?? null;
    },
    /** `runId` is the load test that its payment belongs to. */
    keepReply(key: string, reply: SavedReply, runId: string | null): void {
      sql('INSERT OR REPLACE INTO replies (key, saved_ms, fingerprint, status, body, run_id) VALUES (?, ?, ?, ?, ?, ?)')
        .run(key, Date.now(), reply.fingerprint, reply.status, reply.body, runId);
    },
    /** Once a key, however often it is used wrongly. */
    keepConflict({ key, runId, intentId }: KeyConflict): void {
      sql('INSERT OR IGNORE INTO conflicts (key, run_id, intent_id) VALUES (?, ?, ?)').run(key, runId, intentId);
    },
    conflicts: (runId: string): { key: string; intentId: string | null }[] =>
      sql('SELECT key, intent_id AS intentId FROM conflicts WHERE run_id = ? ORDER BY rowid').all(runId)
        .map((row) => ({ ...row }) as { key: string; intentId: string | null }),

    endpoint(): Endpoint | null {
      return (sql('SELECT url, secret FROM endpoint').get() as Endpoint | undefined) ?? null;
    },
    setEndpoint({ url, secret }: Endpoint): void {
      sql('INSERT OR REPLACE INTO endpoint (one, url, secret) VALUES (1, ?, ?)').run(url, secret);
    },
    addWebhook(body: string): void {
      sql('INSERT INTO webhooks (body, attempts, due_ms) VALUES (?, 0, ?)').run(body, Date.now());
    },
    /** Those that are due first. */
    webhooks: (limit: number): Webhook[] =>
      sql('SELECT seq, body, attempts, due_ms AS dueMs FROM webhooks ORDER BY due_ms LIMIT ?').all(limit)
        .map((row) => ({ ...row }) as unknown as Webhook),
    postpone(seq: number, attempts: number, dueMs: number): void {
      sql('UPDATE webhooks SET attempts = ?, due_ms = ? WHERE seq = ?').run(attempts, dueMs, seq);
    },
    /** What became of a webhook, and that it is over; `seq` is null for one that never waited. */
    endWebhook(seq: number | null, outcome: WebhookOutcome): void {
      if (seq !== null) sql('DELETE FROM webhooks WHERE seq = ?').run(seq);
      count(`webhooks ${outcome}`);
    },
    webhookCounts(): { waiting: number; ended: Record<WebhookOutcome, number> } {
      const { waiting } = sql('SELECT count(*) AS waiting FROM webhooks').get() as { waiting: number };
      const ended = Object.fromEntries(WEBHOOK_OUTCOMES.map((outcome) => [outcome, counted(`webhooks ${outcome}`)]));
      return { waiting, ended: ended as Record<WebhookOutcome, number> };
    },
    close: (): void => db.close(),
  };
}
