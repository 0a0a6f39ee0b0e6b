import { createBreaker } from '../shared/breaker.ts';
import type { PartConfig } from '../shared/part.ts';
import { AS_OF_HEADER } from '../shared/replication.ts';
import { isFault } from '../shared/retry.ts';
import { requestContext } from './context.ts';
import type { Flags } from './flags.ts';

/** A search takes the replica a few ms; whoever waits longer is better served by the primary's own database. */
const TIME_LIMIT_MS = 400;
/** Beyond this a copy is too old to be shown as the marketplace of now. */
const MAX_AGE_MS = 5000;

/** It answers, but what it has is too old, or not complete yet. */
class StaleReplica extends Error {}

export interface Replica {
  /** What the replica finds; what the primary's database has where the replica is cut off, late or out of date. */
  read<T>(search: 'creators' | 'listings', query: object, fromPrimary: () => T): Promise<T>;
}

/** Reads from the replica, through a breaker. Only for what everybody may see: a user's own data is the primary's. */
export function createReplica({ replicaUrl }: Pick<PartConfig, 'replicaUrl'>, flags: Flags): Replica {
  const breaker = createBreaker('replica', {
    timeoutMs: TIME_LIMIT_MS,
    probe: async (signal) => {
      const answer = await fetch(`${replicaUrl}/healthz`, { signal });
      await answer.body?.cancel();
    },
  });

  async function ask<T>(search: string, query: object, signal: AbortSignal): Promise<T> {
    const answer = await fetch(`${replicaUrl}/${search}?query=${encodeURIComponent(JSON.stringify(query))}`, { signal });
    const ageMs = Date.now() - Number(answer.headers.get(AS_OF_HEADER) ?? NaN);
    if (!answer.ok || !(ageMs <= MAX_AGE_MS)) {
      await answer.body?.cancel();
      if (answer.status >= 500 && answer.status !== 503) throw new Error(`the replica answered ${answer.status}`);
      throw new StaleReplica(`status ${answer.status}, ${ageMs} ms old`);
    }
    return await answer.json() as T;
  }

  return {
    async read<T>(search: 'creators' | 'listings', query: object, fromPrimary: () => T): Promise<T> {
      if (!flags.isEnabled('replica-reads')) return fromPrimary();
      const context = requestContext.getStore();
      const startedMs = performance.now();
      try {
        return await breaker.run((signal) => ask<T>(search, query, signal), {
          isFailure: (error) => !(error instanceof StaleReplica) && isFault(error),
        });
      } catch {
        breaker.fellBack();
        return fromPrimary();
      } finally {
        if (context) context.dbMs += performance.now() - startedMs;
      }
    },
  };
}
