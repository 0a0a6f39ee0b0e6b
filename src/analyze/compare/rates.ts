import { rateBounds } from '../rate-bounds.ts';

/** Events of so many trials, by independent trials: divided by the design effect. `unknown` trials could be either. */
export interface Rate {
  events: number;
  n: number;
  unknown: number;
}

/** Returns a rate by as many independent trials as its trials are worth. */
export function effective({ events, n, unknown }: Rate, designEffect: number): Rate {
  return { events: events / designEffect, n: n / designEffect, unknown: unknown / designEffect };
}

/**
 * Returns the bounds of the difference of two shares, B less A, each at `confidence`: Newcombe's hybrid of Wilson intervals
 * (Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10). Unknown trials widen it.
 */
export function rateShift(a: Rate, b: Rate, confidence: number): { low: number; high: number } {
  const [shareA, shareB] = [a.events / a.n, b.events / b.n];
  const [inA, inB] = [bounds(a, confidence), bounds(b, confidence)];
  const shift = shareB - shareA;
  return {
    low: shift - Math.hypot(shareB - inB.low, inA.high - shareA),
    high: shift + Math.hypot(inB.high - shareB, shareA - inA.low),
  };
}

function bounds({ events, n, unknown }: Rate, confidence: number): { low: number; high: number } {
  const all = n + unknown;
  return { low: rateBounds(events, all, confidence).low, high: rateBounds(events + unknown, all, confidence).high };
}

/** A tail's terms may differ from the observed one in their last bits only. */
const AS_LIKELY = 1 + 1e-7;

/**
 * Returns the two-sided p of Fisher's exact test, counts rounded to whole trials: the probability of all splits of the events that
 * are no more likely than this one. Own code: tables of factorials overflow with the n of requests; ratios do not.
 */
export function fisherP(a: Rate, b: Rate): number {
  const [eventsA, nA, eventsB, nB] = [a.events, a.n, b.events, b.n].map(Math.round) as [number, number, number, number];
  const events = Math.min(nA + nB, eventsA + eventsB);
  const first = Math.max(0, events - nB);
  const last = Math.min(nA, events);
  // In logarithms, relative to the first term.
  const logs: number[] = [0];
  for (let x = first; x < last; x += 1) {
    logs.push((logs.at(-1) ?? 0) + Math.log(((nA - x) * (events - x)) / ((x + 1) * (nB - events + x + 1))));
  }
  const largest = logs.reduce((most, one) => Math.max(most, one), -Infinity);
  const weights = logs.map((one) => Math.exp(one - largest));
  const own = weights[Math.min(last, Math.max(first, eventsA)) - first] ?? 0;
  const sum = (some: readonly number[]): number => some.reduce((all, one) => all + one, 0);
  return Math.min(1, sum(weights.filter((one) => one <= own * AS_LIKELY)) / sum(weights));
}
