import { cacheEntries, cacheEvictions, cacheRequests } from './metrics.ts';

/**
 * Keeps made values for a while; when full, the one that was not asked for the longest goes. Counts hits, misses and
 * evictions. Own code: a Map keeps insertion order, which is all this needs.
 */
export function createCache<T>(name: string, options: { maxEntries: number; lifeMs: number }) {
  const entries = new Map<string, { value: T; untilMs: number }>();
  for (const result of ['hit', 'miss']) cacheRequests.inc({ cache: name, result }, 0);
  cacheEvictions.inc({ cache: name }, 0);
  return {
    get(key: string, make: () => T): T {
      const found = entries.get(key);
      const fresh = found !== undefined && found.untilMs > performance.now();
      cacheRequests.inc({ cache: name, result: fresh ? 'hit' : 'miss' });
      const entry = fresh ? found : { value: make(), untilMs: performance.now() + options.lifeMs };
      entries.delete(key);
      entries.set(key, entry);
      const [oldest = key] = entries.keys();
      if (entries.size > options.maxEntries) {
        entries.delete(oldest);
        cacheEvictions.inc({ cache: name });
      }
      cacheEntries.set({ cache: name }, entries.size);
      return entry.value;
    },
  };
}
