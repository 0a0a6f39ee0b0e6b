import type { AuditObservation, LedgerObservation, PaymentObservation, PaymentShown } from '../model/index.ts';

/** One payment in one book: what the rules need of it and no more, so that many fit into memory. */
export interface Entry extends Pick<
  LedgerObservation,
  'id' | 'intentId' | 'subject' | 'state' | 'amountMinor' | 'netMinor' | 'feeMinor' | 'refundedMinor' | 'currency' | 'keyConflicts' | 'ageMs'
> {
  /** When it was read. */
  readMs: number;
  autoCaptured: boolean;
  /** What is wrong with its double-entry bookings; null for nothing. */
  bookingFault: string | null;
}

/** What a page said of a payment at one time. */
interface Said {
  tMs: number;
  amountMinor: number | null;
  currency: string | null;
}

/** A payment as its user's browser knew it. */
export interface BrowserSide {
  subject: string | null;
  /** Of the first intention. */
  phase: string | null;
  intended: Said | null;
  /** The last thing that the user was shown. */
  shown: (Said & { what: PaymentShown }) | null;
  /** The last receipt, whatever was shown after it: another tab that says something else does not take it back. */
  receipt: Said | null;
}

/** One payment with everything that each source says of it. */
export interface Payment {
  /** Null for an entry of the run that names no intent. */
  intentId: string | null;
  browser: BrowserSide | null;
  platform: readonly Entry[];
  provider: readonly Entry[];
}

type Source = LedgerObservation['source'];
export type Read = Pick<AuditObservation, 'state' | 'entries' | 'detail' | 'tMs'>;

export interface Books {
  add(one: PaymentObservation | LedgerObservation | AuditObservation): void;
  /** How the last reading of a book ended from one time to another; null for one that was not read then. */
  readOf(source: Source, fromMs: number, toMs: number): Read | null;
  /** Distinct entries of a book. */
  entriesOf(source: Source): number;
  /** When the first of a book's entries was read, of those from a time on; null without any. */
  firstReadMs(source: Source, fromMs: number): number | null;
  /** In the order of their intents' ids, those without one at the end. */
  payments(): Payment[];
}

/** Returns what gathers the three sources of a run, in any order. A book that was read again replaces what it said before. */
export function createBooks(): Books {
  const browsers = new Map<string, { side: BrowserSide; firstMs: number }>();
  const entries = { platform: new Map<string, Dated>(), provider: new Map<string, Dated>() };
  const reads: AuditObservation[] = [];
  return {
    add(one) {
      if (one.kind === 'payment') addBrowser(browsers, one);
      else if (one.kind === 'audit') reads.push(one);
      else {
        const dated = { tMs: one.tMs, entry: entryOf(one) };
        const before = entries[one.source].get(one.id);
        if (before === undefined || isLater(dated, before)) entries[one.source].set(one.id, dated);
      }
    },
    readOf: (source, fromMs, toMs) => reads.filter((one) => one.source === source && one.tMs >= fromMs && one.tMs < toMs)
      .reduce<Read | null>((last, one) => (last === null || isLater(one, last) ? one : last), null),
    entriesOf: (source) => entries[source].size,
    firstReadMs: (source, fromMs) => {
      let first = Infinity;
      for (const { tMs } of entries[source].values()) if (tMs >= fromMs) first = Math.min(first, tMs);
      return first === Infinity ? null : first;
    },
    payments: () => joined(browsers, entries),
  };
}

interface Dated {
  tMs: number;
  entry: Entry;
}

/** Of two at the same time one wins whichever file was read first. */
function isLater<T extends { tMs: number }>(one: T, other: T): boolean {
  return one.tMs > other.tMs || (one.tMs === other.tMs && JSON.stringify(one) > JSON.stringify(other));
}

function addBrowser(browsers: Map<string, { side: BrowserSide; firstMs: number }>, one: PaymentObservation): void {
  const { intentId, tMs, amountMinor, shown, subject } = one;
  const known = browsers.get(intentId) ?? { side: { subject: null, phase: null, intended: null, shown: null, receipt: null }, firstMs: Infinity };
  browsers.set(intentId, known);
  const { side } = known;
  const said: Said = { tMs, amountMinor, currency: one.currency?.toLowerCase() ?? null };
  // The smaller of two phases at the same moment: any choice will do that does not hang on the order of files.
  if (tMs < known.firstMs || (tMs === known.firstMs && (one.phase ?? '') < (side.phase ?? ''))) {
    known.firstMs = tMs;
    side.phase = one.phase;
  }
  if (subject !== null && (side.subject === null || subject < side.subject)) side.subject = subject;
  if (one.event === 'intended') {
    if (side.intended === null || isLater(said, side.intended)) side.intended = said;
  } else if (shown !== null) {
    const saw = { ...said, what: shown };
    if (side.shown === null || isLater(saw, side.shown)) side.shown = saw;
    if (shown === 'receipt' && (side.receipt === null || isLater(said, side.receipt))) side.receipt = said;
  }
}

function entryOf(one: LedgerObservation): Entry {
  return {
    id: one.id, intentId: one.intentId, subject: one.subject, state: one.state, amountMinor: one.amountMinor, netMinor: one.netMinor,
    feeMinor: one.feeMinor, refundedMinor: one.refundedMinor, currency: one.currency.toLowerCase(), keyConflicts: one.keyConflicts,
    ageMs: one.ageMs, readMs: one.tMs, autoCaptured: one.autoCaptured === true, bookingFault: bookingFaultOf(one),
  };
}

/**
 * Double entry: what an operation takes from one account it gives to others, so that it sums to zero; and where it splits the
 * whole in two, these are the net amount and the fee.
 */
function bookingFaultOf({ bookings, amountMinor, netMinor, feeMinor }: LedgerObservation): string | null {
  for (const [operation, entries] of Map.groupBy(bookings, (one) => one.operation)) {
    const amounts = entries.map((one) => one.amountMinor);
    const sum = amounts.reduce((a, b) => a + b, 0);
    if (sum !== 0) return `the bookings of "${operation}" sum to ${sum}, not to 0`;
    if (netMinor === null || feeMinor === null || amounts.length !== 3 || !amounts.some((one) => Math.abs(one) === amountMinor)) continue;
    const parts = amounts.map(Math.abs).sort((a, b) => a - b).slice(0, 2);
    if (parts[0] !== Math.min(netMinor, feeMinor) || parts[1] !== Math.max(netMinor, feeMinor)) {
      return `"${operation}" books ${parts[1]} and ${parts[0]} in place of ${netMinor} and the fee ${feeMinor}`;
    }
  }
  return null;
}

function joined(
  browsers: ReadonlyMap<string, { side: BrowserSide }>, entries: Readonly<Record<Source, ReadonlyMap<string, Dated>>>,
): Payment[] {
  const byIntent = new Map<string, { platform: Entry[]; provider: Entry[] }>();
  const unnamed: Payment[] = [];
  const of = (intentId: string): { platform: Entry[]; provider: Entry[] } => {
    const known = byIntent.get(intentId) ?? { platform: [], provider: [] };
    byIntent.set(intentId, known);
    return known;
  };
  for (const intentId of browsers.keys()) of(intentId);
  for (const source of ['platform', 'provider'] as const) {
    for (const { entry } of entries[source].values()) {
      if (entry.intentId !== null) of(entry.intentId)[source].push(entry);
      else unnamed.push({ intentId: null, browser: null, platform: [], provider: [], [source]: [entry] });
    }
  }
  const idOf = ({ platform, provider }: Payment): string => (platform[0] ?? provider[0])?.id ?? '';
  const named = [...byIntent].sort(([a], [b]) => (a < b ? -1 : 1)).map(([intentId, { platform, provider }]): Payment => ({
    intentId, browser: browsers.get(intentId)?.side ?? null, platform: platform.sort(byId), provider: provider.sort(byId),
  }));
  return [...named, ...unnamed.sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))];
}

function byId(a: Entry, b: Entry): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
