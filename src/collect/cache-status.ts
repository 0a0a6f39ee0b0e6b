import { parseServerTiming } from './routes.ts';

/** Answers from a cache, in the words of the caches that are common in front of websites. */
const HITS = /^(?:hit|tcp_(?:\w+_)?hit|refreshhit|stale|updating|revalidated)\b/i;
const MISSES = /^(?:miss|tcp_(?:\w+_)?miss|expired|bypass|dynamic|pass|none)\b/i;

/** Headers of an answer, by their names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** What an answer says of how it was made. */
export interface Making {
  /** Milliseconds that the target took for it; null where it does not say. */
  generationMs: number | null;
  /** Whether a cache had it; null where nothing says so. */
  cache: 'hit' | 'miss' | null;
}

/**
 * Returns what the headers of a page say of its making. Time: `generation` in Server-Timing, else `total`. Cache: `cache` or
 * `cdn-cache` in Server-Timing, else Cache-Status (RFC 9211), CF-Cache-Status, X-Cache. An answer that names several caches
 * was a hit where the one nearest to the user had it.
 */
export function makingOf(headers: AnswerHeaders): Making {
  const timing = parseServerTiming(headers['server-timing'] ?? '');
  const durationMs = (name: string): number | null => timing.find((one) => one.name === name)?.durationMs ?? null;
  const said = timing.find(({ name }) => name === 'cache' || name === 'cdn-cache')?.description ?? null;
  return {
    generationMs: durationMs('generation') ?? durationMs('total'),
    cache: wordOf(said) ?? cacheStatus(headers['cache-status']) ?? wordOf(headers['cf-cache-status']) ?? wordOf(lastOf(headers['x-cache'])),
  };
}

function wordOf(word: string | null | undefined): Making['cache'] {
  const trimmed = word?.trim() ?? '';
  return HITS.test(trimmed) ? 'hit' : MISSES.test(trimmed) ? 'miss' : null;
}

/** The cache nearest to the user adds its word last. */
function lastOf(list: string | undefined): string | undefined {
  return list?.split(',').at(-1);
}

function cacheStatus(header: string | undefined): Making['cache'] {
  // A name or detail in quotes may hold a comma, or a semicolon, of its own.
  const nearest = lastOf(header?.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
  if (nearest === undefined) return null;
  const [, ...params] = nearest.split(';').map((part) => part.trim().toLowerCase());
  if (params.includes('hit')) return 'hit';
  return params.some((param) => param.startsWith('fwd=')) ? 'miss' : null;
}
