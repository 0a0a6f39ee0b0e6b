import { queueLength } from './metrics.ts';
import type { Money } from './money-parts.ts';
import type { OutboxRow } from './outbox.ts';

/** Often enough for a user who waits; an idle outbox costs one short query each time. */
const TICK_MS = 250;
/** At the provider at once. */
const CONCURRENCY = 4;
/**
 * From the start of one to that of the next, so that what a recovery lets loose is not the next outage: eight a second,
 * up to three requests each, and the provider allows 25 a second to a test account, those of users who pay now included.
 */
const SPACING_MS = 125;

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
 * takes nothing up; afterwards rows come back at their own jittered times, in an even row.
 */
export function startOutboxRunner({ ledger, outbox, settlement, provider }: Money): { stop: () => void } {
  const running = new Set<string>();
  let stopped = false;
  let pause: NodeJS.Timeout | null = null;

  async function settle(row: OutboxRow): Promise<void> {
    const escrow = ledger.find(row.intentId);
    if (escrow !== null) await settlement.attempt(escrow, false);
  }

  /** Takes up the next that may run; the time to the one after it, and the end of each, make room for another. */
  function fill(): void {
    if (stopped || pause !== null || running.size >= CONCURRENCY || !provider.available()) return;
    const row = outbox.due(Date.now(), CONCURRENCY).find((one) => !running.has(one.intentId) && outbox.claim(one));
    if (row === undefined) return;
    running.add(row.intentId);
    pause = setTimeout(() => {
      pause = null;
      attempt(fill);
    }, SPACING_MS).unref();
    // Only the database can fail here: the row's lease runs out, and it comes back.
    settle(row).catch(() => undefined).finally(() => {
      running.delete(row.intentId);
      attempt(fill);
    });
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
      if (pause !== null) clearTimeout(pause);
    },
  };
}
