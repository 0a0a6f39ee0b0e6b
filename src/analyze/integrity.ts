import { BREACHES, type Breach, type BreachKind, type Finding, type IntegrityReport, type Observation, type Plan } from '../model/index.ts';
import { percent } from './findings.ts';
import { createBooks, type Books, type Entry, type Payment } from './integrity-books.ts';
import { isLive, judgePayment, type Rules } from './integrity-rules.ts';
import { rateBounds } from './rate-bounds.ts';
import type { Scalar } from './scalar.ts';

/** How many breaches the record keeps, and how many a gate shows: enough to look them up, whatever went wrong. */
const KEPT_BREACHES = 100;
const SHOWN_BREACHES = 3;

/** The standard fee of a plan without an audit, whose payments are only counted. */
const NO_AUDIT = { settleMs: 0, feeBasisPoints: 300 };

export interface IntegrityAnalysis {
  /** Null where nothing of a payment was recorded and no book was read. */
  report: IntegrityReport | null;
  /** One figure a kind of breach; none in a run that asks for none. */
  scalars: Scalar[];
}

/** Holds what browsers, platform and provider say of payments against each other; the order of observations does not matter. */
export interface Integrity {
  add(one: Observation): void;
  finish(): IntegrityAnalysis;
}

export function createIntegrity(plan: Pick<Plan, 'audit' | 'gates' | 'target' | 'confidence'>): Integrity {
  const books = createBooks();
  let seen = false;
  const resumedMs: number[] = [];
  return {
    add(one) {
      if (one.kind === 'run' && one.event === 'resumed') resumedMs.push(one.tMs);
      if (one.kind !== 'payment' && one.kind !== 'ledger' && one.kind !== 'audit') return;
      seen = true;
      books.add(one);
    },
    finish() {
      const asked = plan.audit !== undefined || plan.gates.some(({ metric }) => metric === 'integrity');
      if (!seen && !asked) return { report: null, scalars: [] };
      // The bundled platform ends with each part of a run that was resumed, and its books with it.
      const parts = plan.target.embedded ? [0, ...resumedMs.sort((a, b) => a - b)] : [0];
      const [platform, provider] = [readingOf(books, 'platform', parts), readingOf(books, 'provider', parts)];
      const rules: Rules = {
        ...(plan.audit ?? NO_AUDIT), platformComplete: platform.state === 'complete', providerComplete: provider.state === 'complete',
        providerReadMs: books.firstReadMs('provider', parts.at(-1) ?? 0),
      };
      const payments = books.payments();
      const { breaches, underWay } = findBreaches(payments, rules);
      const report = reportOf(payments, breaches, underWay, { platform: platform.state, provider: provider.state }, plan.confidence);
      const unread = [
        ...(platform.why === null ? [] : [`the platform's book: ${platform.why}`]),
        ...(provider.why === null ? [] : [`the provider's book: ${provider.why}`]),
      ];
      const why = plan.audit === undefined ? 'payments are not audited in this run' : unread.join('; ');
      return { report, scalars: asked ? BREACHES.map((kind) => scalarOf(kind, payments, breaches, report, why)) : [] };
    },
  };
}

interface Reading {
  state: 'complete' | 'failed' | null;
  /** Why it is not complete; null where it is. */
  why: string | null;
}

/** `parts` are the times at which new books were begun. */
function readingOf(books: Books, source: 'platform' | 'provider', parts: readonly number[]): Reading {
  const reads = parts.map((fromMs, index) => books.readOf(source, fromMs, parts[index + 1] ?? Infinity));
  const done = reads.filter((read) => read !== null);
  if (done.length === 0) return { state: null, why: 'never read' };
  const failed = done.find(({ state }) => state === 'failed');
  if (failed) return { state: 'failed', why: failed.detail ?? 'it could not be read' };
  if (done.length < parts.length) return { state: 'failed', why: 'of a part of the run that was cut short it was never read' };
  const told = done.reduce((sum, { entries }) => sum + entries, 0);
  const lost = told - books.entriesOf(source);
  return lost > 0 ? { state: 'failed', why: `${lost} of its ${told} entries are not on file` } : { state: 'complete', why: null };
}

interface Found {
  breaches: Breach[];
  underWay: number;
}

function findBreaches(payments: readonly Payment[], rules: Rules): Found {
  const breaches: Breach[] = [];
  /** Charges that are in order by themselves, by what they are for. */
  const sound = new Map<string, Payment[]>();
  let underWay = 0;
  for (const payment of payments) {
    const judged = judgePayment(payment, rules);
    if (judged.underWay) underWay += 1;
    breaches.push(...judged.breaches.map(({ kind, why }) => breachOf(payment, kind, why)));
    const subject = subjectOf(payment);
    const isSound = !judged.underWay && !judged.breaches.some(({ kind }) => OF_MONEY.has(kind));
    if (subject === null || !isSound || !payment.provider.some(isLive)) continue;
    sound.set(subject, [...(sound.get(subject) ?? []), payment]);
  }
  for (const [, [first, ...others]] of sound) {
    const why = `the same is paid for by ${first?.intentId ?? 'another payment'}`;
    for (const other of others) breaches.push(breachOf(other, 'duplicate_charge', why));
  }
  return { breaches: breaches.sort(inOrder), underWay };
}

/** A charge that is wrong by itself has its breach already: what was then paid instead is no second fault. */
const OF_MONEY: ReadonlySet<BreachKind> = new Set<BreachKind>([
  'duplicate_charge', 'charge_on_failure', 'lost_payment', 'unsettled_escrow', 'stuck_refund', 'false_receipt',
]);

function inOrder(a: Breach, b: Breach): number {
  const text = ({ intentId, subject, detail }: Breach): string => JSON.stringify([intentId, subject, detail]);
  const rank = BREACHES.indexOf(a.kind) - BREACHES.indexOf(b.kind);
  return rank !== 0 ? rank : text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0;
}

function subjectOf({ browser, platform, provider }: Payment): string | null {
  return platform[0]?.subject ?? browser?.subject ?? provider[0]?.subject ?? null;
}

function breachOf(payment: Payment, kind: BreachKind, why: string): Breach {
  const { intentId, browser, platform, provider } = payment;
  const last = browser?.shown?.what ?? 'left';
  const saw = browser === null ? [] : [`browser ${browser.receipt && last !== 'receipt' ? `receipt, then ${last}` : last}`];
  const said = [...saw, `platform ${wordsOf(platform)}`, `provider ${wordsOf(provider, true)}`].join('; ');
  return { kind, intentId, subject: subjectOf(payment), phase: browser?.phase ?? null, detail: `${why} (${said})` };
}

/** Amounts are minor units, as in the books. */
function wordsOf(entries: readonly Entry[], named = false): string {
  if (entries.length === 0) return 'none';
  return entries.map(({ state, amountMinor, currency, id }) => `${state} ${currency} ${amountMinor}${named ? ` ${id}` : ''}`).join(' + ');
}

function reportOf(
  payments: readonly Payment[], breaches: readonly Breach[], underWay: number, read: IntegrityReport['books'], confidence: number,
): IntegrityReport {
  const states = Map.groupBy(payments.flatMap(({ platform }) => platform), ({ state }) => state);
  const counts = Object.fromEntries(BREACHES.map((kind) => [kind, breaches.filter((one) => one.kind === kind).length]));
  return {
    payments: payments.length,
    fromBrowsers: payments.filter(({ browser }) => browser !== null).length,
    inPlatform: payments.filter(({ platform }) => platform.length > 0).length,
    atProvider: payments.filter(({ provider }) => provider.length > 0).length,
    books: read,
    underWay,
    ruledOutPercent: payments.length === 0 ? null : percent(rateBounds(0, payments.length, confidence).high),
    states: Object.fromEntries([...states].map(([state, entries]): [string, number] => [state, entries.length]).sort(([a], [b]) => (a < b ? -1 : 1))),
    counts: counts as IntegrityReport['counts'],
    breaches: breaches.slice(0, KEPT_BREACHES),
  };
}

/** Books that tell nothing of a kind cannot show that there is none of it. */
function untold(kind: BreachKind, payments: readonly Payment[]): string | null {
  const none = (tells: (entry: Entry) => boolean): boolean =>
    !payments.some(({ platform, provider }) => platform.some(tells) || provider.some(tells));
  if (kind === 'wrong_fee' && none(({ feeMinor }) => feeMinor !== null)) return "the platform's book tells no fee";
  if (kind === 'key_reuse' && none(({ keyConflicts }) => keyConflicts !== null)) return 'neither book tells of keys that came with another body';
  return null;
}

function scalarOf(kind: BreachKind, payments: readonly Payment[], breaches: readonly Breach[], report: IntegrityReport, why: string): Scalar {
  const events = report.counts[kind] ?? 0;
  const n = payments.length;
  const unknown = why !== '' ? why : n === 0 ? 'no payment was seen' : untold(kind, payments);
  const finding: Finding = {
    metric: 'integrity', scope: { breach: kind }, stat: 'count', value: events === 0 && unknown !== null ? null : events, interval: null,
    unit: 'breaches', n, censored: 0, unmeasured: 0, events: events === 0 && unknown !== null ? null : events, window: 'whole run',
  };
  const waiting = report.underWay === 0 ? null : `${report.underWay} of the payments were still under way when the books were read`;
  // A breach is one, however much of the books is missing.
  return { finding, doubt: events > 0 ? null : (unknown ?? waiting), evidence: evidenceOf(kind, breaches) };
}

function evidenceOf(kind: BreachKind, breaches: readonly Breach[]): string[] {
  return breaches.filter((one) => one.kind === kind).slice(0, SHOWN_BREACHES)
    .map(({ intentId, subject, detail }) => `${intentId ?? subject ?? 'a payment without an intent'}: ${detail}`);
}
