import type { Check, CheckRound } from '../../model/index.ts';

/** What an error budget takes from a round of checks. */
export interface RoundView extends Pick<CheckRound, 'dueAtEpochMs' | 'startedAtEpochMs' | 'endedAtEpochMs' | 'everyMs'> {
  /** Empty unless it ran. */
  checks: readonly Pick<Check, 'journey' | 'status'>[];
}

/** A stretch of time about which something is known. */
export interface Span {
  fromMs: number;
  toMs: number;
  down: boolean;
}

/** One check of a journey, and for which time it speaks. */
export interface Probe {
  /** The time before this one, from `fromMs` on. */
  atMs: number;
  fromMs: number;
  /** And from when it began until this one, where no other check speaks for it. */
  startMs: number;
  endMs: number;
  down: boolean;
}

/**
 * Returns the checks of one journey in the order of their times. A check speaks for one period before it was due (before it
 * began, where nobody scheduled it), so that what it finds is known at once, and for as long as it took: not for the time by
 * which it came late, of which the next one tells. Whatever the checker itself failed to find out is no check.
 */
export function probesOf(rounds: readonly RoundView[], journey: string): Probe[] {
  return rounds.flatMap(({ dueAtEpochMs, startedAtEpochMs, endedAtEpochMs, everyMs, checks }) => {
    const periodMs = everyMs ?? 0;
    // Later by more than a period, it is not the round that was due then.
    const inTime = dueAtEpochMs !== null && startedAtEpochMs - dueAtEpochMs <= periodMs;
    const atMs = inTime ? dueAtEpochMs : startedAtEpochMs;
    return checks.filter((check) => check.journey === journey && check.status !== 'unknown').map(({ status }) => ({
      atMs, fromMs: atMs - periodMs, startMs: startedAtEpochMs, endMs: endedAtEpochMs, down: status === 'down',
    }));
  }).sort((a, b) => a.atMs - b.atMs || Number(b.down) - Number(a.down) || b.fromMs - a.fromMs ||
    a.endMs - b.endMs || a.startMs - b.startMs);
}

/**
 * Returns the time that a journey's checks speak for, without overlaps. For a moment between two checks the next one that
 * reaches back to it holds; where none does, the one before, until its end.
 */
export function spansOf(probes: readonly Probe[]): Span[] {
  const spans: Span[] = [];
  const add = (fromMs: number, toMs: number, down: boolean): void => {
    if (toMs > fromMs) spans.push({ fromMs, toMs, down });
  };
  const longestMs = probes.reduce((longest, { atMs, fromMs }) => Math.max(longest, atMs - fromMs), 0);
  for (let index = 0; index <= probes.length; index += 1) {
    const before = probes[index - 1];
    const openMs = before?.atMs ?? -Infinity;
    // From here on back to the check before, nobody has spoken yet.
    let toMs = probes[index]?.atMs ?? Infinity;
    for (let next = index; next < probes.length && toMs > openMs; next += 1) {
      const { atMs, fromMs, down } = probes[next] as Probe;
      if (atMs - longestMs >= toMs) break;
      const startMs = Math.max(openMs, fromMs);
      add(startMs, toMs, down);
      toMs = Math.min(toMs, startMs);
    }
    if (before) add(Math.max(openMs, before.startMs), Math.min(toMs, before.endMs), before.down);
  }
  return spans.sort((a, b) => a.fromMs - b.fromMs);
}

/** Returns the spans of a service from those of its journeys: it is down while any of them is known to be. */
export function together(journeys: readonly (readonly Span[])[]): Span[] {
  const edges = journeys.flat().flatMap(({ fromMs, toMs, down }) => [
    { atMs: fromMs, step: 1, down }, { atMs: toMs, step: -1, down },
  ]).sort((a, b) => a.atMs - b.atMs);
  const spans: Span[] = [];
  const known = { up: 0, down: 0 };
  let fromMs = -Infinity;
  for (const { atMs, step, down } of edges) {
    if (atMs > fromMs && known.up + known.down > 0) {
      const last = spans.at(-1);
      const isDown = known.down > 0;
      if (last?.toMs === fromMs && last.down === isDown) last.toMs = atMs;
      else spans.push({ fromMs, toMs: atMs, down: isDown });
    }
    known[down ? 'down' : 'up'] += step;
    fromMs = atMs;
  }
  return spans;
}
