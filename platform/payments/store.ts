import { DatabaseSync } from 'node:sqlite';

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

export type Store = ReturnType<typeof openStore>;

/** Stripe prunes idempotency keys after at least 24 hours (docs.stripe.com/api/idempotent_requests). */
const KEY_LIFE_MS = 24 * 60 * 60 * 1000;

/** The provider's own database: it must outlive a crash, as a payment provider's books do. */
export function openStore(file: string) {
  const db = new DatabaseSync(file);
  // EXCLUSIVE: keys in flight live in this process, so a second one on the same books must not start.
  db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
      parent TEXT, body TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
    CREATE INDEX IF NOT EXISTS objects_parent ON objects (parent);
    CREATE INDEX IF NOT EXISTS objects_ours ON objects (json_extract(body, '$.metadata.intent_id'));
    CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, saved_ms INTEGER NOT NULL, fingerprint TEXT NOT NULL,
      status INTEGER NOT NULL, body TEXT NOT NULL);`);
  db.prepare('DELETE FROM replies WHERE saved_ms < ?').run(Date.now() - KEY_LIFE_MS);
  const put = db.prepare(`INSERT INTO objects (id, kind, parent, body) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET body = excluded.body`);
  const one = db.prepare('SELECT body FROM objects WHERE kind = ? AND id = ?');
  const many = db.prepare('SELECT body FROM objects WHERE kind = ? AND (? IS NULL OR parent = ?) ORDER BY seq DESC');
  const getReply = db.prepare('SELECT fingerprint, status, body FROM replies WHERE key = ? AND saved_ms >= ?');
  const putReply = db.prepare(
    'INSERT OR REPLACE INTO replies (key, saved_ms, fingerprint, status, body) VALUES (?, ?, ?, ?, ?)');
  const alsoCharged = db.prepare(`SELECT 1 FROM objects WHERE json_extract(body, '$.metadata.intent_id') = ?
    AND id <> ? AND json_extract(body, '$.status') IN ('requires_capture', 'succeeded') LIMIT 1`);
  let duplicates = 0;
  const parse = <T>(row: unknown): T => JSON.parse((row as { body: string }).body) as T;
  return {
    save(object: PaymentIntent | Refund): void {
      const parent = object.object === 'refund' ? object.payment_intent : null;
      put.run(object.id, object.object, parent, JSON.stringify(object));
    },
    /** Remembers whether money that was just held or taken already is for the caller's `metadata.intent_id`. */
    noteCharge({ id, metadata }: PaymentIntent): void {
      if (alsoCharged.get(metadata['intent_id'] ?? '', id) !== undefined) duplicates += 1;
    },
    /** Charges noted since the start that were for an intent charged already. */
    duplicates: (): number => duplicates,
    intent(id: string): PaymentIntent | null {
      const row = one.get('payment_intent', id);
      return row === undefined ? null : parse<PaymentIntent>(row);
    },
    /** Newest first. */
    intents: (): PaymentIntent[] => many.all('payment_intent', null, null).map((row) => parse<PaymentIntent>(row)),
    /** Newest first; of one intent, or all when null. */
    refunds: (intent: string | null): Refund[] =>
      many.all('refund', intent, intent).map((row) => parse<Refund>(row)),
    reply(key: string): SavedReply | null {
      return (getReply.get(key, Date.now() - KEY_LIFE_MS) as SavedReply | undefined) ?? null;
    },
    keepReply(key: string, reply: SavedReply): void {
      putReply.run(key, Date.now(), reply.fingerprint, reply.status, reply.body);
    },
    close: (): void => db.close(),
  };
}
