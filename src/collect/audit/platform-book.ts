import { createHash } from 'node:crypto';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { LedgerState } from '../../model/index.ts';
import type { BookLine, TakeLine } from './entry.ts';

const cents = z.number().int();

/** One page of the platform's ledger of a run; documentation/integrity.md describes it for other platforms. */
const LedgerPage = z.object({
  escrows: z.array(z.object({
    intentId: z.string().min(1),
    projectId: z.string().min(1).nullish(),
    state: LedgerState,
    totalCents: cents,
    amountCents: cents.nullish(),
    feeCents: cents.nullish(),
    refundedCents: cents.nullish(),
    currency: z.string().min(1),
    keyConflicts: z.number().int().nonnegative().nullish(),
    updatedMs: z.number().nullish(),
    entries: z.array(z.object({ operation: z.string(), account: z.string(), amountCents: cents })).nullish(),
  })),
  next: z.union([z.string().min(1), z.number()]).nullish(),
  outbox: z.object({ waiting: z.number().int().nonnegative() }).nullish(),
  nowMs: z.number().nullish(),
});
type LedgerPage = z.infer<typeof LedgerPage>;

export interface PlatformReading {
  entries: number;
  /** Payments that are not settled; the time for which the youngest has been so, null where there is none or nobody knows. */
  open: number;
  youngestOpenMs: number | null;
  /** What the platform itself still has to do; null where it does not say. */
  waiting: number | null;
  /** The same while nothing in the book moves. */
  digest: string;
}

export interface PlatformBook {
  /** Reads the whole book. Throws with the reason where it cannot. */
  read(take: TakeLine | null): Promise<PlatformReading>;
}

export interface PlatformBookOptions {
  url: string;
  headers: Record<string, string>;
  timeoutMs?: number;
  /** Between tries of one page. */
  retryMs?: readonly number[];
}

const PAGE = 1_000;
const TIMEOUT_MS = 15_000;
const RETRY_MS = [250, 1_000, 3_000];
const OPEN: ReadonlySet<LedgerState> = new Set(['pending', 'refunding']);

/** Returns the platform's book of one run: its headers name the run. */
export function platformBook({ url, headers, timeoutMs = TIMEOUT_MS, retryMs = RETRY_MS }: PlatformBookOptions): PlatformBook {
  async function page(after: string | null): Promise<LedgerPage> {
    const address = new URL(url);
    address.searchParams.set('limit', String(PAGE));
    if (after !== null) address.searchParams.set('after', after);
    const parsed = LedgerPage.safeParse(await getJson(address, headers, timeoutMs, retryMs));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Error(`not a ledger: ${issue?.path.map(String).join('.') || 'the answer'}: ${issue?.message ?? ''}`);
  }

  return {
    async read(take) {
      const digest = createHash('sha256');
      const reading = { entries: 0, open: 0, youngestOpenMs: null as number | null, waiting: null as number | null };
      const cursors = new Set<string>();
      const timesListed = new Map<string, number>();
      for (let next: string | null = null; ;) {
        const { escrows, next: following, outbox, nowMs } = await page(next);
        for (const escrow of escrows) {
          const nth = (timesListed.get(escrow.intentId) ?? 0) + 1;
          timesListed.set(escrow.intentId, nth);
          const line = lineOf(escrow, nth, nowMs ?? null);
          reading.entries += 1;
          if (OPEN.has(line.state)) {
            reading.open += 1;
            if (line.ageMs !== null) reading.youngestOpenMs = Math.min(reading.youngestOpenMs ?? Infinity, line.ageMs);
          }
          digest.update(JSON.stringify([line.id, line.state, line.amountMinor, line.refundedMinor, escrow.updatedMs]));
          take?.(line);
        }
        reading.waiting = outbox?.waiting ?? reading.waiting;
        if (following === null || following === undefined) return { ...reading, digest: digest.digest('hex') };
        next = String(following);
        if (cursors.has(next)) throw new Error(`the ledger does not end: it gave the cursor ${next} twice`);
        cursors.add(next);
      }
    },
  };
}

/** `nth`: how often the book has listed the intent, this time included. What is booked twice must stay two entries, to be found. */
function lineOf(escrow: LedgerPage['escrows'][number], nth: number, nowMs: number | null): BookLine {
  const { intentId, totalCents, updatedMs } = escrow;
  return {
    id: nth === 1 ? intentId : `${intentId} #${nth}`,
    intentId,
    subject: escrow.projectId ?? null,
    state: escrow.state,
    amountMinor: totalCents,
    netMinor: escrow.amountCents ?? null,
    feeMinor: escrow.feeCents ?? null,
    // What is left out is not zero: an escrow that was refunded gave all of it back, as far as anybody says.
    refundedMinor: escrow.refundedCents ?? (escrow.state === 'refunded' ? totalCents : 0),
    currency: escrow.currency,
    bookings: (escrow.entries ?? []).map(({ operation, account, amountCents }) => ({ operation, account, amountMinor: amountCents })),
    keyConflicts: escrow.keyConflicts ?? null,
    ageMs: nowMs === null || updatedMs === null || updatedMs === undefined ? null : Math.max(0, nowMs - updatedMs),
  };
}

/** Tries again where that may help: no answer, a server error, too many requests. Throws with the last reason. */
async function getJson(url: URL, headers: Record<string, string>, timeoutMs: number, retryMs: readonly number[]): Promise<unknown> {
  for (let tried = 0; ; tried += 1) {
    const waitMs = retryMs[tried];
    const problem = await attempt(url, headers, timeoutMs);
    if ('json' in problem) return problem.json;
    if (waitMs === undefined || !problem.mayPass) throw new Error(problem.reason);
    await after(waitMs);
  }
}

async function attempt(url: URL, headers: Record<string, string>, timeoutMs: number): Promise<{ json: unknown } | { reason: string; mayPass: boolean }> {
  try {
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const text = await response.text();
    if (response.ok) return { json: JSON.parse(text) as unknown };
    const said = text.replace(/\s+/g, ' ').slice(0, 120);
    return { reason: `answered ${response.status}${said === '' ? '' : `: ${said}`}`, mayPass: response.status >= 500 || response.status === 429 };
  } catch (error) {
    if (error instanceof SyntaxError) return { reason: 'answered with something that is not JSON', mayPass: false };
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    return { reason: name === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : (cause?.code ?? cause?.message ?? message), mayPass: true };
  }
}
