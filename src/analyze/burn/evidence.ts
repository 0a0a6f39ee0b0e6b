import type { ErrorBudget } from '../../model/index.ts';
import { probesOf, spansOf, together, type RoundView } from './spans.ts';

/** What is known of the last so many milliseconds. */
export interface Tally {
  knownMs: number;
  /** Bad part of what is known, 0 to 1; null where nothing is. */
  badShare: number | null;
  /** How long ago the first bad moment was; null without one. */
  badSinceMs: number | null;
}

/** All that an error budget rests on, from one source. */
export interface Evidence {
  source: ErrorBudget['source'];
  tally(windowMs: number): Tally;
  /** Checks or requests of the last so many milliseconds. */
  count(windowMs: number): { n: number; bad: number };
}

/** Returns what checks of these journeys say about the time before `nowMs`. */
export function checkEvidence(rounds: readonly RoundView[], journeys: readonly string[], nowMs: number): Evidence {
  const probes = journeys.map((journey) => probesOf(rounds, journey));
  const spans = together(probes.map(spansOf));
  return {
    source: 'checks',
    tally: (windowMs) => {
      const startMs = nowMs - windowMs;
      let [knownMs, downMs, badSinceMs] = [0, 0, null as number | null];
      for (const { fromMs, toMs, down } of spans) {
        const beganMs = Math.max(fromMs, startMs);
        const lengthMs = Math.min(toMs, nowMs) - beganMs;
        if (lengthMs <= 0) continue;
        knownMs += lengthMs;
        if (!down) continue;
        downMs += lengthMs;
        badSinceMs ??= nowMs - beganMs;
      }
      return { knownMs, badShare: knownMs > 0 ? downMs / knownMs : null, badSinceMs };
    },
    count: (windowMs) => {
      const inside = probes.flat().filter(({ atMs }) => atMs > nowMs - windowMs && atMs <= nowMs);
      return { n: inside.length, bad: inside.filter(({ down }) => down).length };
    },
  };
}

/** Requests of a stretch of time, as Prometheus counted them. */
export interface RequestStep {
  fromMs: number;
  toMs: number;
  total: number;
  bad: number;
}

/** Times come from Prometheus as seconds with a fraction. */
const ROUNDING_MS = 1;

/** Returns what users' requests say about the time before `nowMs`. Time without a request says nothing. */
export function requestEvidence(steps: readonly RequestStep[], nowMs: number): Evidence {
  const known = steps.filter(({ total }) => total > 0).toSorted((a, b) => a.fromMs - b.fromMs);
  const within = (windowMs: number): RequestStep[] =>
    known.filter(({ fromMs, toMs }) => fromMs >= nowMs - windowMs - ROUNDING_MS && toMs <= nowMs + ROUNDING_MS);
  const sum = (list: readonly RequestStep[], of: (step: RequestStep) => number): number =>
    list.reduce((all, step) => all + of(step), 0);
  // Prometheus extrapolates both, each by itself.
  const badOf = ({ bad, total }: RequestStep): number => Math.min(total, Math.max(0, bad));
  return {
    source: 'prometheus',
    tally: (windowMs) => {
      const inside = within(windowMs);
      const firstBad = inside.find((step) => badOf(step) > 0);
      return {
        knownMs: Math.min(windowMs, sum(inside, ({ fromMs, toMs }) => toMs - fromMs)),
        badShare: inside.length > 0 ? sum(inside, badOf) / sum(inside, ({ total }) => total) : null,
        badSinceMs: firstBad ? nowMs - firstBad.fromMs : null,
      };
    },
    count: (windowMs) => {
      const inside = within(windowMs);
      return { n: Math.round(sum(inside, ({ total }) => total)), bad: Math.round(sum(inside, badOf)) };
    },
  };
}
