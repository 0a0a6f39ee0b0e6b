import type { PartConfig } from '../shared/part.ts';
import { createBreaches } from './breaches.ts';
import type { Db } from './db.ts';
import { createLedger } from './ledger.ts';
import { createOutbox } from './outbox.ts';
import type { Provider } from './provider.ts';
import { createSettlement } from './settle.ts';

/** What moves money, as the workers and the primary both have it. */
export type Money = ReturnType<typeof createMoney>;

export function createMoney(
  { faults, paymentPendingMs: pendingLimitMs }: Pick<PartConfig, 'faults' | 'paymentPendingMs'>, db: Db,
  provider: Provider,
) {
  const outbox = createOutbox(db);
  const ledger = createLedger(db, outbox);
  const breaches = createBreaches(db, faults, ledger, outbox, provider);
  const settlement = createSettlement({ db, ledger, outbox, provider, breaches, pendingLimitMs });
  return { ledger, outbox, provider, breaches, settlement };
}
