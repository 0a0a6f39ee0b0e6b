import { setTimeout as after } from 'node:timers/promises';
import { createIntegrity } from '../../analyze/integrity.ts';
import { plainReason } from '../../collect/audit/entry.ts';
import { platformBook } from '../../collect/audit/platform-book.ts';
import { providerBook } from '../../collect/audit/provider-book.ts';
import { readBooks } from '../../collect/audit/read-books.ts';
import { OBSERVATION_VERSION, type AuditPlan, type IntegrityReport, type PaymentObservation } from '../../model/index.ts';

export interface MoneyOptions {
  id: string;
  startedAtEpochMs: number;
  /** Where the books are; null where nobody said. */
  audit: AuditPlan | null;
  platformHeaders: Record<string, string>;
  providerKey: string;
  /** Of the bundled provider's control API; null for another one. */
  controlToken: string | null;
  /** What the browsers of all rounds saw come of their payments. */
  payments: readonly PaymentObservation[];
  /** Monotonic milliseconds, on the clock of `payments`. */
  now: () => number;
  say: (text: string) => void;
}

/** What the books say; `report` null, with the reason, where they could not be read. */
export type Money = { report: IntegrityReport; unread: string | null } | { report: null; unread: string };

/** As of a run without other wishes: one-sided 95 %. */
const CONFIDENCE = 0.95;

/** Waits until payments have settled, reads both books and holds them against what browsers saw. Never throws. */
export async function auditMoney(options: MoneyOptions): Promise<Money> {
  const { id, audit, payments, now, say } = options;
  if (audit === null) return { report: null, unread: 'the profile does not say where the books of payments are' };
  const integrity = createIntegrity({ audit, gates: [], target: { url: audit.platform, embedded: false }, confidence: CONFIDENCE });
  for (const payment of payments) integrity.add(payment);
  const base = { v: OBSERVATION_VERSION, runId: id, phase: null, vu: null, journey: null } as const;
  try {
    const ends = await readBooks({
      platform: platformBook({ url: audit.platform, headers: options.platformHeaders }),
      provider: providerBook({
        url: audit.provider, key: options.providerKey, runId: id, startedAtEpochMs: options.startedAtEpochMs,
        conflicts: options.controlToken === null ? null : { url: `${audit.provider}/control/key-conflicts`, token: options.controlToken },
      }),
      settleMs: audit.settleMs, waitMs: audit.settleMs, now, sleep: (ms) => after(ms),
      line: (source, line) => integrity.add({ ...base, kind: 'ledger', tMs: now(), source, ...line }),
      say,
    });
    for (const end of ends) integrity.add({ ...base, kind: 'audit', tMs: now(), ...end });
    const { report } = integrity.finish();
    if (!report) return { report: null, unread: 'no payment was made' };
    const failed = ends.filter(({ state }) => state === 'failed').map(({ source, detail }) => `the ${source}'s book: ${detail ?? 'not read'}`);
    return { report, unread: failed.length > 0 ? failed.join('; ') : null };
  } catch (error) {
    return { report: null, unread: plainReason(error) };
  }
}
