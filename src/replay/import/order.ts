import type { TrafficRow } from '../../model/index.ts';
import { Heap } from '../heap.ts';
import type { Tally } from './tally.ts';

/**
 * Rows held to be put in order: servers log a request when it ends, so that lines stand a little out of order. What
 * comes later than so many rows is counted and left out.
 */
export const ORDER_ROWS = 20_000;

/** A row without its time, written as text: many short strings would take several times the memory. */
export interface Waiting {
  timeMs: number;
  /** Of two at the same time the one that was read first comes first. */
  order: number;
  text: string;
  kind: TrafficRow['k'];
  playable: boolean;
}

/** What was put in order so far. */
export interface Ordered {
  tally: Tally;
  requests: number;
  /** From the first request to the last. */
  durationMs: number;
  kinds: Record<TrafficRow['k'], number>;
  /** Requests for pages that a pattern keeps. */
  playable: number;
}

const SECOND_MS = 1_000;
const BATCH = 1_000;

/**
 * Returns rows as lines of a fixture, in the order of time, in batches. Most logs know whole seconds only: requests of
 * one and the same second are spread evenly over it, or they would be played as a burst that never was.
 */
export async function* linesInOrder(
  rows: AsyncIterable<readonly Waiting[]>, ordered: Ordered,
): AsyncGenerator<string[]> {
  const waiting = new Heap<Waiting>((a, b) => a.timeMs < b.timeMs || a.timeMs === b.timeMs && a.order < b.order);
  let firstMs: number | null = null;
  let lastMs = -Infinity;
  const takeFirst = (lines: string[]): void => {
    const same = [waiting.pop() as Waiting];
    lastMs = (same[0] as Waiting).timeMs;
    firstMs ??= lastMs;
    if (lastMs % SECOND_MS === 0) while (waiting.peek()?.timeMs === lastMs) same.push(waiting.pop() as Waiting);
    for (const [index, { text, kind, playable }] of same.entries()) {
      const sinceMs = Math.floor(lastMs - firstMs + (index * SECOND_MS) / same.length);
      // In a log of finer times the next may be within this second.
      ordered.durationMs = Math.max(ordered.durationMs, sinceMs);
      ordered.requests += 1;
      ordered.kinds[kind] += 1;
      if (playable) ordered.playable += 1;
      lines.push(`{"t":${ordered.durationMs},${text}`);
    }
  };
  for await (const batch of rows) {
    const lines: string[] = [];
    for (const row of batch) {
      if (row.timeMs < lastMs) {
        ordered.tally.leaveOut('too far out of order');
        continue;
      }
      waiting.push(row);
      if (waiting.size > ORDER_ROWS) takeFirst(lines);
    }
    if (lines.length > 0) yield lines;
  }
  while (waiting.size > 0) {
    const lines: string[] = [];
    while (waiting.size > 0 && lines.length < BATCH) takeFirst(lines);
    yield lines;
  }
}
