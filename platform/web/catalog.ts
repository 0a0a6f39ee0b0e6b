import { createCache } from './cache.ts';
import type { Db } from './db.ts';

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
export interface Suggestion {
  term: string;
  kind: 'skill' | 'page' | 'creator';
  href: string;
}
export interface LandingPage {
  slug: string;
  skill: string;
  useCase: string;
  title: string;
  creators: Creator[];
}
export interface CreatorQuery {
  q: string;
  skill: string | null;
  verified: boolean | null;
  limit: number;
  offset: number;
}

export type Catalog = ReturnType<typeof createCatalog>;

const COLUMNS = `c.id, c.name, c.headline, c.skill, c.use_case AS useCase, c.city, c.rate_cents AS rateCents,
  c.verified, c.rating, c.jobs`;
const BEST_FIRST = 'ORDER BY c.verified DESC, c.rating DESC, c.jobs DESC, c.id';
/** A creator as stored: SQLite has no booleans. */
type Row = Omit<Creator, 'verified'> & { verified: number };
/** Creators change rarely; half a minute of staleness is invisible in a marketplace. */
const CACHE = { maxEntries: 1000, lifeMs: 30_000 };

/** Turns what people type into an FTS5 query of word prefixes; null when it has no words. Nothing of it is syntax. */
export function matchQuery(text: string): string | null {
  const words = text.slice(0, 100).toLowerCase().match(/[\p{L}\p{N}]+/gu)?.slice(0, 6);
  return words ? words.map((word) => `"${word}"*`).join(' ') : null;
}

const creatorOf = (row: Row): Creator => ({ ...row, verified: row.verified === 1 });

/** Reads of the marketplace, all cached. */
export function createCatalog(db: Db) {
  const results = createCache<{ creators: Creator[]; total: number }>('creators', CACHE);
  const terms = createCache<Suggestion[]>('suggestions', CACHE);
  const pages = createCache<LandingPage | null>('landing_pages', CACHE);
  const single = createCache<Creator | null>('creator', CACHE);

  function search(query: CreatorQuery): { creators: Creator[]; total: number } {
    const match = matchQuery(query.q);
    const from = match === null ? 'creators c' : 'creators_text t JOIN creators c ON c.id = t.rowid';
    const where: string[] = [];
    const values: (string | number)[] = [];
    const add = (condition: string, value: string | number): void => {
      where.push(condition);
      values.push(value);
    };
    if (match !== null) add('creators_text MATCH ?', match);
    if (query.skill !== null) add('c.skill = ?', query.skill);
    if (query.verified !== null) add('c.verified = ?', query.verified ? 1 : 0);
    const filter = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const sql = `SELECT ${COLUMNS} FROM ${from} ${filter} ${BEST_FIRST} LIMIT ? OFFSET ?`;
    const rows = db.all<Row>('creators.search', sql, ...values, query.limit, query.offset);
    const count = db.one<{ n: number }>('creators.count', `SELECT count(*) AS n FROM ${from} ${filter}`, ...values);
    return { creators: rows.map(creatorOf), total: count?.n ?? 0 };
  }

  return {
    search: (query: CreatorQuery) => results.get(JSON.stringify(query), () => search(query)),
    suggestions: (q: string): Suggestion[] => terms.get(q.trim().toLowerCase(), () => {
      const match = matchQuery(q);
      if (match === null) return [];
      return db.all<Suggestion>('terms.suggest', `SELECT term, kind, href FROM terms WHERE terms MATCH ?
        ORDER BY CASE kind WHEN 'skill' THEN 0 WHEN 'page' THEN 1 ELSE 2 END, term LIMIT 8`, match);
    }),
    creator: (id: number): Creator | null => single.get(String(id), () => {
      const row = db.one<Row>('creators.by_id', `SELECT ${COLUMNS} FROM creators c WHERE id = ?`, id);
      return row && creatorOf(row);
    }),
    landing: (slug: string): LandingPage | null => pages.get(slug, () => {
      const page = db.one<Omit<LandingPage, 'creators'>>('landing.by_slug',
        'SELECT slug, skill, use_case AS useCase, title FROM landing_pages WHERE slug = ?', slug);
      if (!page) return null;
      const rows = db.all<Row>('landing.creators', `SELECT ${COLUMNS} FROM creators c
        WHERE skill = ? AND use_case = ? ${BEST_FIRST} LIMIT 12`, page.skill, page.useCase);
      return { ...page, creators: rows.map(creatorOf) };
    }),
  };
}
