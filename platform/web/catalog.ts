import { BEST_FIRST, CREATOR_COLUMNS, creatorOf, matchQuery, searchCreators } from '../shared/search.ts';
import type { Creator, CreatorQuery, CreatorRow, CreatorsFound } from '../shared/search.ts';
import { createCache } from './cache.ts';
import type { Db } from './db.ts';
import type { Flags } from './flags.ts';
import type { Replica } from './replica.ts';

export type { Creator, CreatorQuery };

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
export type Catalog = ReturnType<typeof createCatalog>;

/** Creators change rarely; half a minute of staleness is invisible in a marketplace. */
const CACHE = { maxEntries: 1000, lifeMs: 30_000 };

/** Reads of the marketplace, all cached; searches for creators come from the read replica. */
export function createCatalog(db: Db, flags: Flags, replica: Replica) {
  const results = createCache<Promise<CreatorsFound>>('creators', CACHE, flags);
  const terms = createCache<Suggestion[]>('suggestions', CACHE, flags);
  const pages = createCache<LandingPage | null>('landing_pages', CACHE, flags);
  const single = createCache<Creator | null>('creator', CACHE, flags);

  return {
    search: (query: CreatorQuery): Promise<CreatorsFound> => results.get(JSON.stringify(query), () =>
      replica.read('creators', query, () => searchCreators(db, query))),
    suggestions: (q: string): Suggestion[] => terms.get(q.trim().toLowerCase(), () => {
      const match = matchQuery(q);
      if (match === null) return [];
      return db.all<Suggestion>('terms.suggest', `SELECT term, kind, href FROM terms WHERE terms MATCH ?
        ORDER BY CASE kind WHEN 'skill' THEN 0 WHEN 'page' THEN 1 ELSE 2 END, term LIMIT 8`, match);
    }),
    creator: (id: number): Creator | null => single.get(String(id), () => {
      const row = db.one<CreatorRow>('creators.by_id', `SELECT ${CREATOR_COLUMNS} FROM creators c WHERE id = ?`, id);
      return row && creatorOf(row);
    }),
    landing: (slug: string): LandingPage | null => pages.get(slug, () => {
      const page = db.one<Omit<LandingPage, 'creators'>>('landing.by_slug',
        'SELECT slug, skill, use_case AS useCase, title FROM landing_pages WHERE slug = ?', slug);
      if (!page) return null;
      const rows = db.all<CreatorRow>('landing.creators', `SELECT ${CREATOR_COLUMNS} FROM creators c
        WHERE skill = ? AND use_case = ? ${BEST_FIRST} LIMIT 12`, page.skill, page.useCase);
      return { ...page, creators: rows.map(creatorOf) };
    }),
  };
}
