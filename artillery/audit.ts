import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { plainReason } from '../src/collect/audit/entry.ts';
import { platformBook, type PlatformBook } from '../src/collect/audit/platform-book.ts';
import { providerBook, type ProviderBook } from '../src/collect/audit/provider-book.ts';
import { readBooks } from '../src/collect/audit/read-books.ts';
import { Recorder } from '../src/collect/recorder.ts';
import type { RunningPlatform } from '../src/drive/platform.ts';
import { CodedError, type Fault } from '../src/errors.ts';
import { OBSERVATION_VERSION, type AuditPlan, type Plan } from '../src/model/index.ts';
import type { HarnessSettings } from '../src/plan/settings.ts';
import { say } from './artillery-global.ts';

/** What it takes to read the books, and must not stand in plan.json. */
export interface AuditKeys {
  platformHeaders: Record<string, string>;
  providerKey: string;
  /** Of a local stand-in's control API; null where there is none. */
  controlToken: string | null;
}

/** The bundled provider takes any test key. */
const EMBEDDED_KEY = 'sk_test_openshow';
/** Somebody who pressed Ctrl-C waits no longer than this for payments to settle. */
const HURRIED_WAIT_MS = 5_000;
/** Nor for a book that does not answer. */
const HURRIED_TIMEOUT_MS = 5_000;
const HURRIED_RETRY_MS = [250];

/** Returns the keys for the books of a run; `auth` are the headers that the target wants of everybody. */
export function auditKeys(
  { runId, audit }: Pick<Plan, 'runId' | 'audit'>, settings: Pick<HarnessSettings, 'AUDIT_PROVIDER_KEY' | 'AUDIT_PLATFORM_TOKEN'>,
  auth: Record<string, string>, platform: Pick<RunningPlatform, 'operationsToken' | 'paymentsUrl'> | null,
): AuditKeys {
  const token = settings.AUDIT_PLATFORM_TOKEN;
  return {
    platformHeaders: { 'x-test-run-id': runId, ...auth, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    providerKey: settings.AUDIT_PROVIDER_KEY ?? EMBEDDED_KEY,
    // Not to be sent to anybody else.
    controlToken: platform !== null && platform.paymentsUrl === audit?.provider ? platform.operationsToken : null,
  };
}

export interface AuditOptions {
  plan: Plan;
  /** Null in a run without an audit. */
  keys: AuditKeys | null;
  runDir: string;
  /** Milliseconds since the run's start. */
  now: () => number;
  /** Somebody, or something, wants the run to end. */
  hurried: boolean;
}

/**
 * Reads both books of a run that is over into its folder, while what keeps them still runs. A book that cannot be read is noted;
 * never throws, since a run without its audit is still to be judged, and the gates on payments then say why they are open.
 */
export async function auditPayments(options: AuditOptions): Promise<void> {
  try {
    await readInto(options);
  } catch (error) {
    say(`audit    not held: ${(error as Error).message}`);
  }
}

/** Reads the books of another target once before its run: a mistyped address is found now, and not after hours of load. Throws J_AUDIT. */
export async function checkBooks(plan: Plan, keys: AuditKeys): Promise<void> {
  if (plan.audit === undefined) return;
  const { platform, provider } = booksOf(plan, plan.audit, keys);
  const failed = (where: string) => (error: unknown): Fault[] => [{ where, message: plainReason(error) }];
  const faults = await Promise.all([
    platform.read(null).then(() => [], failed(`audit.platform ${plan.audit.platform}`)),
    provider.read(() => {}).then(() => [], failed(`audit.provider ${plan.audit.provider}`)),
  ]);
  if (faults.flat().length > 0) throw new CodedError('J_AUDIT', faults.flat());
}

function booksOf(
  plan: Plan, audit: AuditPlan, { platformHeaders, providerKey, controlToken }: AuditKeys, hurried = false,
): { platform: PlatformBook; provider: ProviderBook } {
  const timeout = hurried ? { timeoutMs: HURRIED_TIMEOUT_MS } : {};
  return {
    platform: platformBook({ url: audit.platform, headers: platformHeaders, ...timeout, ...(hurried ? { retryMs: HURRIED_RETRY_MS } : {}) }),
    provider: providerBook({
      url: audit.provider, key: providerKey, runId: plan.runId, startedAtEpochMs: plan.startedAtEpochMs,
      ...timeout, ...(hurried ? { retries: HURRIED_RETRY_MS.length } : {}),
      conflicts: controlToken === null ? null : { url: `${audit.provider}/control/key-conflicts`, token: controlToken },
    }),
  };
}

async function readInto({ plan, keys, runDir, now, hurried }: AuditOptions): Promise<void> {
  const { audit, runId } = plan;
  if (audit === undefined || keys === null) return;
  // Of a run that was resumed, what the books said before stays: what they say now is later, and counts.
  const recorder = new Recorder(join(runDir, 'observations.ledger.ndjson'), (error) => say(`audit    not written: ${error.message}`));
  const base = { v: OBSERVATION_VERSION, runId, phase: null, vu: null, journey: null } as const;
  try {
    const ends = await readBooks({
      ...booksOf(plan, audit, keys, hurried),
      settleMs: audit.settleMs,
      waitMs: hurried ? Math.min(HURRIED_WAIT_MS, audit.settleMs) : audit.settleMs,
      now,
      sleep: (ms) => after(ms),
      line: (source, line) => recorder.record({ ...base, kind: 'ledger', tMs: now(), source, ...line }),
      say: (what) => say(`audit    ${what}`),
    });
    for (const end of ends) recorder.record({ ...base, kind: 'audit', tMs: now(), ...end });
    const told = ends.map(({ source, state, entries, detail }) => `${source} ${state === 'complete' ? `${entries} payments` : `not read: ${detail}`}`);
    say(`audit    ${told.join(', ')}`);
  } finally {
    recorder.close();
  }
}
