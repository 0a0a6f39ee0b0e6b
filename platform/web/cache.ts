import { cacheRequests } from './metrics.ts';

/**
 * Keeps made values for a while, oldest out first, and counts hits and misses. Own code: a Map keeps insertion order,
 * which is all an eviction by age and count needs.
 */
export function createCache<T>(name: string, options: { maxEntries: number; lifeMs: number }) {
  const entries = new Map<string, { value: T; untilMs: number }>();
  for (const result of ['hit', 'miss']) cacheRequests.inc({ cache: name, result }, 0);
  return {
    get(key: string, make: () => T): T {
      const found = entries.get(key);
      if (found && found.untilMs > performance.now()) {
        cacheRequests.inc({ cache: name, result: 'hit' });
        return found.value;
      }
      cacheRequests.inc({ cache: name, result: 'miss' });
      const value = make();
      entries.delete(key);
      entries.set(key, { value, untilMs: performance.now() + options.lifeMs });
      if (entries.size > options.maxEntries) entries.delete(entries.keys().next().value ?? key);
      return value;
    },
  };
}
