import type { Flags } from './flags.ts';
import { cacheEntries, cacheEvictions, cacheRequests } from './metrics.ts';

/**
 * Keeps made values for a while; when full, the one that was not asked for the longest goes. Counts hits, misses and
 * evictions; with the flag `page-cache` off everything is a miss. A promise that fails is not kept. Own code: a Map
 * keeps insertion order, which is all this needs.
 */
export function createCache<T>(
  name: string, options: { maxEntries: number; lifeMs: number }, flags: Pick<Flags, 'isEnabled'>,
) {
  const entries = new Map<string, { value: T; untilMs: number }>();
  for (const result of ['hit', 'miss']) cacheRequests.inc({ cache: name, result }, 0);
  cacheEvictions.inc({ cache: name }, 0);

  function forget(key: string, value: T): void {
    if (entries.get(key)?.value === value) entries.delete(key);
  }

  return {
    get(key: string, make: () => T): T {
      if (!flags.isEnabled('page-cache')) {
        cacheRequests.inc({ cache: name, result: 'miss' });
        // What was kept before it was switched off would be out of date when it is switched on again.
        entries.clear();
        cacheEntries.set({ cache: name }, 0);
        return make();
      }
      const found = entries.get(key);
      const fresh = found !== undefined && found.untilMs > performance.now();
      cacheRequests.inc({ cache: name, result: fresh ? 'hit' : 'miss' });
      const entry = fresh ? found : { value: make(), untilMs: performance.now() + options.lifeMs };
      const { value } = entry;
      if (!fresh && value instanceof Promise) value.catch(() => forget(key, value));
      entries.delete(key);
      entries.set(key, entry);
      const [oldest = key] = entries.keys();
      if (entries.size > options.maxEntries) {
        entries.delete(oldest);
        cacheEvictions.inc({ cache: name });
      }
      cacheEntries.set({ cache: name }, entries.size);
      return value;
    },
  };
}
