import type { ReplayPlan } from '../model/index.ts';

type Spike = NonNullable<ReplayPlan['spike']>;

/** One request that a spike adds. */
export interface SpikeArrival {
  /** From the start of its phase. */
  offsetMs: number;
  /** Into the pages that the spike falls on, the most wanted first. */
  rank: number;
  person: boolean;
}

/** Of the phase, at its beginning and again at its end: a search term takes off within minutes, and lets go as fast. */
const EDGE = 0.1;
/** Part of the golden ratio: its multiples modulo 1 fill the unit interval evenly, so that no seed is needed. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Returns the requests of a spike: a rate that rises evenly over the first tenth of the phase, stays, and falls over the
 * last. A burst goes to few pages, each by 1 over its rank, as searches do (Zipf); a crawl takes its pages in turn.
 */
export function spikeArrivals(spike: Spike, durationMs: number, pages: number): SpikeArrival[] {
  if (pages === 0) return [];
  const weights = Array.from({ length: pages }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let people = 0;
  return times(spike.requestsPerSecond / 1_000, durationMs).map((offsetMs, index) => {
    people += spike.people;
    const person = people >= 0.5;
    if (person) people -= 1;
    return { offsetMs, rank: spike.kind === 'crawl' ? index % pages : ranked(((index * GOLDEN) % 1) * total, weights), person };
  });
}

function ranked(point: number, weights: readonly number[]): number {
  let left = point;
  const rank = weights.findIndex((weight) => (left -= weight) < 0);
  return rank === -1 ? weights.length - 1 : rank;
}

/** Returns when i + ½ requests are due, for i from 0: the inverse of the area under a trapezoid. */
function times(perMs: number, durationMs: number): number[] {
  const edgeMs = durationMs * EDGE;
  const edge = (perMs * edgeMs) / 2;
  const total = perMs * (durationMs - edgeMs);
  return Array.from({ length: Math.round(total) }, (_, index) => {
    const due = Math.min(total, index + 0.5);
    if (due < edge) return Math.sqrt((2 * due * edgeMs) / perMs);
    if (due > total - edge) return durationMs - Math.sqrt((2 * (total - due) * edgeMs) / perMs);
    return edgeMs / 2 + due / perMs;
  });
}
