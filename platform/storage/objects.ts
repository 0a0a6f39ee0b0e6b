import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Upload } from './body.ts';

/** What S3 keeps of a request's headers and gives back with the object. */
export type Kept = Record<string, string>;
export interface ObjectHead {
  key: string;
  sizeBytes: number;
  /** MD5, quoted, as S3's of an object that came in one piece. */
  etag: string;
  modifiedMs: number;
  headers: Kept;
}
export interface Listing {
  /** Keys, and groups of keys that begin in the same way, in the order of their bytes. */
  entries: ({ head: ObjectHead } | { prefix: string })[];
  /** Where the next page begins; null on the last one. */
  next: string | null;
}

export type Objects = ReturnType<typeof openObjects>;

interface Row {
  key: string;
  size: number;
  etag: string;
  modified_ms: number;
  headers: string;
}
const headOf = ({ key, size, etag, modified_ms: modifiedMs, headers }: Row): ObjectHead =>
  ({ key, sizeBytes: size, etag, modifiedMs, headers: JSON.parse(headers) as Kept });

/** Above every key that begins with `prefix`: no text in UTF-8 holds the byte 0xff. */
const END = Buffer.from([0xff]);

/**
 * Objects by bucket and key, on disk. In one SQLite file: a key is never a path, an object is there whole or not at
 * all, also after a crash, and lists are in order.
 */
export function openObjects(file: string) {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS objects (bucket TEXT NOT NULL, key BLOB NOT NULL, size INTEGER NOT NULL,
      etag TEXT NOT NULL, modified_ms INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
      PRIMARY KEY (bucket, key));`);
  // Keys are kept as bytes: S3 lists them in the order of their UTF-8, which is not that of every text comparison.
  const fields = 'CAST(key AS TEXT) AS key, size, etag, modified_ms, headers';
  const put = db.prepare(`INSERT OR REPLACE INTO objects (bucket, key, size, etag, modified_ms, headers, body)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const head = db.prepare(`SELECT ${fields} FROM objects WHERE bucket = ? AND key = ?`);
  const body = db.prepare('SELECT body FROM objects WHERE bucket = ? AND key = ?');
  const remove = db.prepare('DELETE FROM objects WHERE bucket = ? AND key = ?');
  const from = db.prepare(`SELECT ${fields} FROM objects WHERE bucket = ? AND key >= ? AND key < ?
    ORDER BY key LIMIT 1`);

  return {
    put(bucket: string, key: string, { bytes }: Upload, headers: Kept): ObjectHead {
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      const modifiedMs = Date.now();
      put.run(bucket, Buffer.from(key), bytes.length, etag, modifiedMs, JSON.stringify(headers), bytes);
      return { key, sizeBytes: bytes.length, etag, modifiedMs, headers };
    },
    head(bucket: string, key: string): ObjectHead | null {
      const row = head.get(bucket, Buffer.from(key)) as Row | undefined;
      return row === undefined ? null : headOf(row);
    },
    body(bucket: string, key: string): Uint8Array | null {
      return (body.get(bucket, Buffer.from(key)) as { body: Uint8Array } | undefined)?.body ?? null;
    },
    remove: (bucket: string, key: string): void => void remove.run(bucket, Buffer.from(key)),
    /** The first entries at or after `start`; with a delimiter, keys are put together up to it. */
    list(bucket: string, ask: { prefix: string; delimiter: string; start: Buffer; limit: number }): Listing {
      const { prefix, delimiter, limit } = ask;
      const first = Buffer.from(prefix);
      const end = Buffer.concat([first, END]);
      const entries: Listing['entries'] = [];
      let at: Uint8Array = Buffer.compare(ask.start, first) > 0 ? ask.start : first;
      for (;;) {
        const row = from.get(bucket, at, end) as Row | undefined;
        if (row === undefined) return { entries, next: null };
        if (entries.length >= limit) return { entries, next: Buffer.from(at).toString('base64url') };
        const cut = delimiter === '' ? -1 : row.key.indexOf(delimiter, prefix.length);
        if (cut < 0) {
          entries.push({ head: headOf(row) });
          at = Buffer.concat([Buffer.from(row.key), Buffer.from([0])]);
        } else {
          const group = row.key.slice(0, cut + delimiter.length);
          entries.push({ prefix: group });
          at = Buffer.concat([Buffer.from(group), END]);
        }
      }
    },
    close: (): void => db.close(),
  };
}
