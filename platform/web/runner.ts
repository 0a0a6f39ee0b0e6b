import { queueLength } from './metrics.ts';
import type { Money } from './money-parts.ts';
import type { OutboxRow } from './outbox.ts';

/** Often enough for a user who waits; an idle outbox costs one short query each time. */
const TICK_MS = 250;
/** At the provider at once: what a recovery lets loose must not be the next outage. */
const CONCURRENCY = 4;

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The database is busy beyond its limit: the next tick is soon.
  }
}

/**
 * Settles what the inline attempts left in the outbox: in the primary, of which there is one, so that it goes on when a
 * worker dies; and from the database, so that it goes on when everything has died. While the breaker is not closed it
 * takes nothing up; afterwards rows come back at their own jittered times, a few at once.
 */
export function startOutboxRunner({ ledger, outbox, settlement, provider }: Money): { stop: () => void } {
  const running = new Set<string>();
  let stopped = false;

  async function settle(row: OutboxRow): Promise<void> {
    const escrow = ledger.find(row.intentId);
    if (escrow !== null) await settlement.attempt(escrow, false);
  }

  /** Takes up as many as may run; the end of each makes room for the next. */
  function fill(): void {
    if (stopped || !provider.available()) return;
    for (const row of outbox.due(Date.now(), CONCURRENCY - running.size)) {
      if (running.has(row.intentId) || !outbox.claim(row)) continue;
      running.add(row.intentId);
      // Only the database can fail here: the row's lease runs out, and it comes back.
      settle(row).catch(() => undefined).finally(() => {
        running.delete(row.intentId);
        attempt(fill);
      });
    }
  }

  function tick(): void {
    const waiting = outbox.lengths();
    queueLength.set({ queue: 'outbox' }, waiting.outbox);
    queueLength.set({ queue: 'refunds' }, waiting.refunds);
    if (waiting.outbox + waiting.refunds > 0) fill();
  }

  // At once: what a platform that was killed left behind has waited long enough, and is no empty queue.
  attempt(tick);
  const timer = setInterval(() => attempt(tick), TICK_MS).unref();
  return {
    stop(): void {
      stopped = true;
      clearInterval(timer);
    },
  };
}
