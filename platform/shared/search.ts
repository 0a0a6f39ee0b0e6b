// The hot reads of the marketplace. The primary and the read replica answer them alike, each from its own database.
import type { SQLInputValue } from 'node:sqlite';

export interface Creator {
  id: number;
  name: string;
  headline: string;
  skill: string;
  useCase: string;
  city: string;
  rateCents: number;
  verified: boolean;
  rating: number;
  jobs: number;
}
/** A creator as stored: SQLite has no booleans. */
export type CreatorRow = Omit<Creator, 'verified'> & { verified: number };
export interface CreatorQuery {
  q: string;
  skill: string | null;
  verified: boolean | null;
  limit: number;
  offset: number;
}
export interface CreatorsFound {
  creators: Creator[];
  total: number;
}

export interface Listing {
  id: number;
  externalId: string;
  title: string;
  description: string;
  skill: string;
  priceCents: number;
  status: 'active' | 'withdrawn';
  updatedMs: number;
}
export interface ListingQuery {
  q: string;
  skill: string | null;
  /** All of this user's listings, withdrawn ones too; null for the active ones of everybody. */
  userId: string | null;
  limit: number;
  /** Listings before this id only: where the page before this one ended. */
  before: number | null;
}
export interface ListingsFound {
  listings: Listing[];
  /** `before` of the next page; null on the last one. */
  next: number | null;
}

/** A database to read from; `query` names what is asked, for its figures. */
export interface Reader {
  all<T>(query: string, sql: string, ...values: SQLInputValue[]): T[];
  one<T>(query: string, sql: string, ...values: SQLInputValue[]): T | null;
}

export const CREATOR_COLUMNS = `c.id, c.name, c.headline, c.skill, c.use_case AS useCase, c.city,
  c.rate_cents AS rateCents, c.verified, c.rating, c.jobs`;
export const BEST_FIRST = 'ORDER BY c.verified DESC, c.rating DESC, c.jobs DESC, c.id';
const LISTING_COLUMNS = `l.id, l.external_id AS externalId, l.title, l.description, l.skill,
  l.price_cents AS priceCents, l.status, l.updated_ms AS updatedMs`;

export const creatorOf = (row: CreatorRow): Creator => ({ ...row, verified: row.verified === 1 });

/** Turns what people type into an FTS5 query of word prefixes; null when it has no words. Nothing of it is syntax. */
export function matchQuery(text: string): string | null {
  const words = text.slice(0, 100).toLowerCase().match(/[\p{L}\p{N}]+/gu)?.slice(0, 6);
  return words ? words.map((word) => `"${word}"*`).join(' ') : null;
}

/** A user's id as one word of the full-text index, so that a user's own listings are found without reading all. */
export const ownerWord = (userId: string): string => userId.replace(/[-_]/g, '');

/** Conditions of a WHERE that are there only when asked for. */
function createConditions() {
  const texts: string[] = [];
  const values: SQLInputValue[] = [];
  return {
    add: (condition: string, value: SQLInputValue): void => {
      texts.push(condition);
      values.push(value);
    },
    where: (): string => texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`,
    values,
  };
}

/** Creators, the best first, and how many there are. */
export function searchCreators(store: Reader, query: CreatorQuery): CreatorsFound {
  const match = matchQuery(query.q);
  const from = match === null ? 'creators c' : 'creators_text t JOIN creators c ON c.id = t.rowid';
  const { add, where, values } = createConditions();
  if (match !== null) add('creators_text MATCH ?', match);
  if (query.skill !== null) add('c.skill = ?', query.skill);
  if (query.verified !== null) add('c.verified = ?', query.verified ? 1 : 0);
  const sql = `SELECT ${CREATOR_COLUMNS} FROM ${from} ${where()} ${BEST_FIRST} LIMIT ? OFFSET ?`;
  const rows = store.all<CreatorRow>('creators.search', sql, ...values, query.limit, query.offset);
  const count = store.one<{ n: number }>('creators.count', `SELECT count(*) AS n FROM ${from} ${where()}`, ...values);
  return { creators: rows.map(creatorOf), total: count?.n ?? 0 };
}

/** Listings, the newest first. Pages by id: however many there are, no page costs more than the first. */
export function searchListings(store: Reader, query: ListingQuery): ListingsFound {
  const { q, skill, userId, limit, before } = query;
  const words = matchQuery(q);
  const { add, where, values } = createConditions();
  if (words !== null) {
    const owner = userId === null ? '' : `owner : "${ownerWord(userId)}" AND `;
    add('listings_text MATCH ?', `${owner}{title description skill} : (${words})`);
  }
  // The full-text index gives its rows in the order of their ids too.
  const id = words === null ? 'l.id' : 't.rowid';
  const from = words === null ? 'listings l' : 'listings_text t JOIN listings l ON l.id = t.rowid';
  if (userId === null) add('l.status = ?', 'active');
  else add('l.user_id = ?', userId);
  if (skill !== null) add('l.skill = ?', skill);
  if (before !== null) add(`${id} < ?`, before);
  const sql = `SELECT ${LISTING_COLUMNS} FROM ${from} ${where()} ORDER BY ${id} DESC LIMIT ?`;
  const rows = store.all<Listing>('listings.search', sql, ...values, limit + 1);
  const listings = rows.slice(0, limit);
  return { listings, next: rows.length > limit ? listings.at(-1)?.id ?? null : null };
}
