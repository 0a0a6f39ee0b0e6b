import { setTimeout as sleep } from 'node:timers/promises';

export interface OfferOptions {
  ratePerSecond: number;
  durationMs: number;
  /** Users under way at the same time beyond which nothing more is started: the machine no longer keeps up. */
  maxUnderWay: number;
  /** Time after the last arrival in which a user still counts as having kept up. */
  graceMs: number;
}

export interface Offered {
  offered: number;
  /** Ended well before the grace was over. */
  inTime: number;
  failed: number;
  /** Median length of the users that ended well, whenever they did. */
  medianMs: number | null;
  /** True when the offer was broken off because too many were under way. */
  overrun: boolean;
}

/**
 * Starts users at a rate, whether those before have ended or not, and waits until all have. `user` resolves to whether
 * it ended well; it must end by itself, and what it throws counts as a failure.
 */
export async function offer(options: OfferOptions, user: (number: number) => Promise<boolean>): Promise<Offered> {
  const { ratePerSecond, durationMs, maxUnderWay, graceMs } = options;
  const total = Math.max(1, Math.round((ratePerSecond * durationMs) / 1_000));
  const startedMs = performance.now();
  const countsUntilMs = startedMs + durationMs + graceMs;
  const seen: Offered = { offered: 0, inTime: 0, failed: 0, medianMs: null, overrun: false };
  const lengthsMs: number[] = [];
  const under = new Set<Promise<void>>();
  for (let number = 0; number < total && !seen.overrun; number += 1) {
    const waitMs = startedMs + (1_000 * number) / ratePerSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    if (under.size >= maxUnderWay) {
      seen.overrun = true;
      break;
    }
    seen.offered += 1;
    const bornMs = performance.now();
    const life = user(number)
      .catch(() => false)
      .then((well) => {
        const endedMs = performance.now();
        if (!well) seen.failed += 1;
        else lengthsMs.push(endedMs - bornMs);
        if (well && endedMs <= countsUntilMs) seen.inTime += 1;
        under.delete(life);
      });
    under.add(life);
  }
  await Promise.all(under);
  lengthsMs.sort((a, b) => a - b);
  seen.medianMs = lengthsMs[Math.floor((lengthsMs.length - 1) / 2)] ?? null;
  return seen;
}
