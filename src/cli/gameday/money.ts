import { setTimeout as after } from 'node:timers/promises';
import { createIntegrity } from '../../analyze/integrity.ts';
import { plainReason } from '../../collect/audit/entry.ts';
import { platformBook } from '../../collect/audit/platform-book.ts';
import { providerBook } from '../../collect/audit/provider-book.ts';
import { readBooks } from '../../collect/audit/read-books.ts';
import type { GameDay } from '../../model/game-day.ts';
import {
  OBSERVATION_VERSION,
  type AuditPlan,
  type IntegrityReport,
  type PaymentObservation,
} from '../../model/index.ts';
import { EMBEDDED as EMBEDDED_BOOK, placedAudit } from '../../plan/audit.ts';
import { EMBEDDED } from '../synthetic/targets.ts';
import type { HoldOptions } from './hold-options.ts';
import type { Stage } from './stage.ts';
import { targetHeaders } from './tags.ts';

interface MoneyOptions {
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
type Money = { report: IntegrityReport; unread: string | null } | { report: null; unread: string };

/** The bundled provider takes any test key. */
const EMBEDDED_KEY = 'sk_test_openshow';
/** As of a run without other wishes: one-sided 95 %. */
const CONFIDENCE = 0.95;

/** Waits until payments have settled, reads both books and holds them against what browsers saw. Never throws. */
async function auditMoney(options: MoneyOptions): Promise<Money> {
  const { id, audit, payments, now, say } = options;
  if (audit === null) return { report: null, unread: 'the profile does not say where the books of payments are' };
  const integrity = createIntegrity({
    audit,
    gates: [],
    target: { url: audit.platform, embedded: false },
    confidence: CONFIDENCE,
  });
  for (const payment of payments) integrity.add(payment);
  const base = { v: OBSERVATION_VERSION, runId: id, phase: null, vu: null, journey: null } as const;
  try {
    const ends = await readBooks({
      platform: platformBook({ url: audit.platform, headers: options.platformHeaders }),
      provider: providerBook({
        url: audit.provider,
        key: options.providerKey,
        runId: id,
        startedAtEpochMs: options.startedAtEpochMs,
        conflicts:
          options.controlToken === null
            ? null
            : { url: `${audit.provider}/control/key-conflicts`, token: options.controlToken },
      }),
      settleMs: audit.settleMs,
      waitMs: audit.settleMs,
      now,
      sleep: (ms) => after(ms),
      line: (source, line) => integrity.add({ ...base, kind: 'ledger', tMs: now(), source, ...line }),
      say,
    });
    for (const end of ends) integrity.add({ ...base, kind: 'audit', tMs: now(), ...end });
    const { report } = integrity.finish();
    if (!report) return { report: null, unread: 'no payment was made' };
    const failed = ends
      .filter(({ state }) => state === 'failed')
      .map(({ source, detail }) => `the ${source}'s book: ${detail ?? 'not read'}`);
    return { report, unread: failed.length > 0 ? failed.join('; ') : null };
  } catch (error) {
    return { report: null, unread: plainReason(error) };
  }
}

/** "Without revenue impact": what the books say, once everything is out again. */
export async function askBooks(
  { plan, settings, id, ending, target }: HoldOptions,
  { platform }: Stage,
  day: GameDay,
  payments: readonly PaymentObservation[],
  say: (text: string) => void,
): Promise<void> {
  if (ending.signal.aborted) {
    day.moneyUnread = 'interrupted before the books were read';
    return;
  }
  const { audit } = plan;
  const own = target === EMBEDDED && audit?.provider === EMBEDDED_BOOK;
  const key = settings.AUDIT_PROVIDER_KEY ?? (own ? EMBEDDED_KEY : undefined);
  const { audit: placed = audit } = placedAudit(audit === null ? {} : { audit }, platform);
  const token = settings.AUDIT_PLATFORM_TOKEN;
  const { report, unread } =
    placed !== null && key === undefined
      ? { report: null, unread: 'AUDIT_PROVIDER_KEY is not set' }
      : await auditMoney({
          id,
          startedAtEpochMs: day.startedAtEpochMs,
          audit: placed,
          payments,
          now: () => performance.now(),
          say: (text) => say(`audit: ${text}`),
          platformHeaders: {
            ...targetHeaders(id, 'audit', settings),
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          providerKey: key ?? EMBEDDED_KEY,
          controlToken: own ? (platform?.operationsToken ?? null) : null,
        });
  day.money = report;
  day.moneyUnread = unread;
}
