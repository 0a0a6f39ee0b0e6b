import { setImmediate as next } from 'node:timers/promises';
import { searchListings } from '../shared/search.ts';
import type { ListingQuery, ListingsFound } from '../shared/search.ts';
import { currentRunId } from './context.ts';
import type { Db } from './db.ts';
import type { ListingRow } from './listing-rows.ts';
import { listingRows } from './metrics.ts';
import type { Replica } from './replica.ts';

/** Rows in one transaction: a few ms, so that neither other writers nor this worker's other users wait for 1,000. */
const CHUNK_ROWS = 25;

/** What can become of a row that is taken. */
const KINDS = ['created', 'updated', 'unchanged'] as const;
type Kind = (typeof KINDS)[number];
export type SyncCounts = Record<Kind, number>;
export type Listings = ReturnType<typeof createListings>;

const SAME = 'title = ? AND description = ? AND skill = ? AND price_cents = ? AND status = ?';

/** Listings of provider accounts: kept in step with the provider's own list, and found by everybody. */
export function createListings(db: Db, replica: Replica) {
  for (const outcome of KINDS) listingRows.inc({ outcome }, 0);

  function write(userId: string, row: ListingRow): Kind {
    const { externalId, title, description, skill, priceCents, status } = row;
    const content = [title, description, skill, priceCents, status] as const;
    const known = db.one<{ id: number; same: number }>('listings.by_external',
      `SELECT id, ${SAME} AS same FROM listings WHERE user_id = ? AND external_id = ?`, ...content, userId, externalId);
    if (known?.same === 1) return 'unchanged';
    if (known) {
      db.run('listings.update', `UPDATE listings SET title = ?, description = ?, skill = ?, price_cents = ?, status = ?,
        updated_ms = ? WHERE id = ?`, ...content, Date.now(), known.id);
      return 'updated';
    }
    db.run('listings.insert', `INSERT INTO listings (title, description, skill, price_cents, status, user_id, external_id,
      run_id, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, ...content, userId, externalId, currentRunId(), Date.now());
    return 'created';
  }

  return {
    /**
     * Brings the user's listings in step with the rows, by externalId. The same rows again change nothing, so that a
     * sync that was cut off, between two chunks, is made whole by sending it again.
     */
    async sync(userId: string, rows: ListingRow[]): Promise<SyncCounts> {
      const counts: SyncCounts = { created: 0, updated: 0, unchanged: 0 };
      for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
        if (from > 0) await next();
        const kinds = db.transaction(() => rows.slice(from, from + CHUNK_ROWS).map((row) => write(userId, row)));
        for (const kind of kinds) counts[kind] += 1;
      }
      for (const outcome of KINDS) listingRows.inc({ outcome }, counts[outcome]);
      return counts;
    },
    /** A user's own listings come from the primary: whoever has just synced finds what was synced. */
    search(query: ListingQuery): ListingsFound | Promise<ListingsFound> {
      const fromPrimary = (): ListingsFound => searchListings(db, query);
      return query.userId === null ? replica.read('listings', query, fromPrimary) : fromPrimary();
    },
  };
}
