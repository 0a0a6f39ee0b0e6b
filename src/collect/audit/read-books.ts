import type { AuditObservation } from '../../model/index.ts';
import { plainReason, type BookLine } from './entry.ts';
import type { PlatformBook, PlatformReading } from './platform-book.ts';
import type { ProviderBook } from './provider-book.ts';

export type BookEnd = Pick<AuditObservation, 'source' | 'state' | 'entries' | 'detail'>;

export interface ReadBooksOptions {
  platform: PlatformBook;
  provider: ProviderBook;
  /** How long payments may take to settle. */
  settleMs: number;
  /** How long to wait for that now; less where somebody wants the run to end. */
  waitMs: number;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  line: (source: 'platform' | 'provider', line: BookLine) => void;
  /** Tells a person what is waited for. */
  say: (what: string) => void;
}

const POLL_MS = 1_000;
/** The books are read again where the platform's moved meanwhile; what still moves then has a reason of its own. */
const MOST_ROUNDS = 3;

/**
 * Waits until payments have settled and reads both books. The provider's is read between two readings of the platform's: where
 * these differ, something moved, and all is read again, so that no payment is taken for wrong because it was caught in between.
 * Never throws: a book that cannot be read ends as failed, with the reason.
 */
export async function readBooks(options: ReadBooksOptions): Promise<BookEnd[]> {
  const { platform, provider, now, say } = options;
  const untilMs = now() + options.waitMs;
  let before = await settled(options, untilMs);
  for (let round = 1; ; round += 1) {
    const ofProvider = await ended('provider', () => provider.read((line) => options.line('provider', line)));
    let after: PlatformReading | null = null;
    const ofPlatform = await ended('platform', async () => {
      after = await platform.read((line) => options.line('platform', line));
      return after.entries;
    });
    const still = (after as PlatformReading | null)?.digest ?? null;
    if (round === MOST_ROUNDS || still === null || before === null || still === before.digest) return [ofPlatform, ofProvider];
    say('payments moved while the books were read: once more');
    before = after;
  }
}

/** Returns the platform's book once nothing in it moves any more, or the time is over; null where it cannot be read. */
async function settled({ platform, settleMs, now, sleep, say }: ReadBooksOptions, untilMs: number): Promise<PlatformReading | null> {
  let told = '';
  for (;;) {
    const reading = await platform.read(null).catch(() => null);
    const leftMs = untilMs - now();
    if (reading === null || leftMs <= 0 || !isMoving(reading, settleMs)) return reading;
    const what = `waiting for ${Math.max(reading.open, reading.waiting ?? 0)} of ${reading.entries} payments to settle, ${Math.ceil(leftMs / 1_000)} s at most`;
    // Once a change, not once a second.
    const key = `${reading.open}/${reading.waiting}`;
    if (key !== told) say(what);
    told = key;
    await sleep(Math.min(POLL_MS, leftMs));
  }
}

/** Something is still to come: the platform says so, or a payment is open that is younger than settling may take. */
function isMoving({ open, youngestOpenMs, waiting }: PlatformReading, settleMs: number): boolean {
  return (waiting ?? 0) > 0 || (open > 0 && (youngestOpenMs ?? 0) < settleMs);
}

async function ended(source: BookEnd['source'], read: () => Promise<number>): Promise<BookEnd> {
  try {
    return { source, state: 'complete', entries: await read() };
  } catch (error) {
    return { source, state: 'failed', entries: 0, detail: plainReason(error) };
  }
}
