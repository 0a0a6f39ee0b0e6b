import type { BlockedHost, BlockedObservation } from '../model/index.ts';

/** A page may make up names without end; what is beyond is told as one. */
const MOST_HOSTS = 200;
export const OTHER_HOSTS = 'other hosts';

/** Counts by host what browsers were kept from sending, over the whole run. */
export function createBlocked(): { add(one: BlockedObservation): void; finish(): BlockedHost[] } {
  const byHost = new Map<string, number>();
  return {
    add: ({ host, requests }) => void byHost.set(host, (byHost.get(host) ?? 0) + requests),
    finish() {
      // By name where the counts are the same: files may be read in any order.
      const all = [...byHost].map(([host, requests]) => ({ host, requests }))
        .sort((a, b) => b.requests - a.requests || (a.host < b.host ? -1 : 1));
      const rest = all.slice(MOST_HOSTS).reduce((sum, { requests }) => sum + requests, 0);
      return [...all.slice(0, MOST_HOSTS), ...(rest === 0 ? [] : [{ host: OTHER_HOSTS, requests: rest }])];
    },
  };
}
