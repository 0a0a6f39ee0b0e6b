import { setTimeout as after } from 'node:timers/promises';
import { heldRows, type HeldCounts, type TeardownReport } from '../../model/index.ts';
import { monotonicMs } from '../run-clock.ts';
import { TeardownProblem, type TeardownTarget } from './target.ts';

export interface RemovalOptions {
  target: TeardownTarget;
  /** From the first question to the last answer. */
  timeoutMs: number;
  /** Told how much is still there, every few seconds. */
  onProgress?: (left: number) => void;
}

/** A call that takes longer will not be answered. */
const CALL_LIMIT_MS = 30_000;
const PAUSE_MS = 500;
const PROGRESS_EVERY_MS = 5_000;
/** Counting is worth waiting for, also where the time is nearly over: without it nobody knows. */
const LAST_COUNT_MS = 3_000;
/** One that does not say what it holds for so long is gone, or out of order: there is a command for later. */
const COUNT_PATIENCE_MS = 10_000;
/** A target that says so often that all is gone, while its own count does not move, will not do better. */
const MOST_EMPTY_ROUNDS = 4;

/**
 * Removes what a run made, until the target itself counts nothing, or the time is over. Never throws: what could not be counted
 * is null, not 0.
 */
export async function removeRun({ target, timeoutMs, onProgress }: RemovalOptions): Promise<TeardownReport> {
  const startedMs = monotonicMs();
  const leftMs = (): number => startedMs + timeoutMs - monotonicMs();
  const callMs = (): number => Math.max(1, Math.min(CALL_LIMIT_MS, leftMs()));
  const countMs = (): number => Math.max(LAST_COUNT_MS, callMs());
  type Counted = HeldCounts | null;
  const report = (outcome: TeardownReport['outcome'], before: Counted, now: Counted, message?: string): TeardownReport =>
    ({ outcome, before, after: now, durationMs: monotonicMs() - startedMs, ...(message === undefined ? {} : { message }) });
  const counted = async (): Promise<HeldCounts> => {
    for (const sinceMs = monotonicMs(); ; ) {
      try {
        return await target.count(countMs());
      } catch (error) {
        const waitMs = waitFor(error);
        if (waitMs === null || waitMs > leftMs() || monotonicMs() - sinceMs > COUNT_PATIENCE_MS) throw error;
        await after(waitMs);
      }
    }
  };
  const lastly = async (before: HeldCounts, why: string): Promise<TeardownReport> => {
    try {
      const now = await target.count(LAST_COUNT_MS);
      return heldRows(now) === 0 ? report('removed', before, now) : report('left', before, now, why);
    } catch (error) {
      return report('failed', before, null, `${why}; then: ${messageOf(error)}`);
    }
  };

  let before: HeldCounts;
  try {
    before = await counted();
  } catch (error) {
    return report('failed', null, null, messageOf(error));
  }
  let now = before;
  let why = 'the time was over';
  let toldMs = startedMs;
  for (let emptyRounds = 0; heldRows(now) > 0; ) {
    if (leftMs() <= 0) return lastly(before, why);
    const askedMs = monotonicMs();
    let waitMs: number;
    try {
      if ((await target.remove(callMs())) === 'more') {
        // Who works on it meanwhile, and says so at once, is not to be asked a thousand times a second.
        waitMs = Math.max(0, PAUSE_MS - (monotonicMs() - askedMs));
      } else {
        const last = heldRows(now);
        now = await counted();
        emptyRounds = heldRows(now) < last ? 0 : emptyRounds + 1;
        if (emptyRounds >= MOST_EMPTY_ROUNDS) return report('left', before, now, 'it says that all is gone, and counts otherwise');
        waitMs = heldRows(now) > 0 ? PAUSE_MS : 0;
      }
    } catch (error) {
      why = messageOf(error);
      const asked = waitFor(error);
      if (asked === null || asked > leftMs()) return lastly(before, why);
      waitMs = asked;
      if (error instanceof TeardownProblem && error.unanswered) {
        try {
          now = await counted();
        } catch (gone) {
          return report('failed', before, null, messageOf(gone));
        }
      }
    }
    if (onProgress && monotonicMs() - toldMs > PROGRESS_EVERY_MS && leftMs() > 0) {
      toldMs = monotonicMs();
      await target.count(countMs()).then((held) => onProgress(heldRows(held)), () => {});
    }
    if (waitMs > 0) await after(waitMs);
  }
  return report('removed', before, now);
}

/** How long to wait before the next try; null where none would help. */
function waitFor(error: unknown): number | null {
  return error instanceof TeardownProblem && error.mayPass ? Math.max(PAUSE_MS, error.retryAfterMs ?? 0) : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
