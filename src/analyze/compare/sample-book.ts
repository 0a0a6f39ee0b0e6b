import type { SampledLatency } from '../../model/index.ts';
import { seriesKey } from '../series.ts';
import type { Span } from '../windowed.ts';

/** A series while it is being filled. */
export interface OpenSeries {
  /** A sample that passed; null where its time is not known. */
  measure(vu: string | null, span: Span, value: number | null): void;
  /** A sample known only to have exceeded its deadline. */
  censor(vu: string | null, span: Span, deadlineMs: number): void;
  /** Many samples of one value and of one stretch of time, which stands for their user. */
  weigh(stretch: string, value: number, times: number): void;
  censorMany(stretch: string, times: number, deadlineMs: number): void;
  unmeasured(times: number): void;
}

export interface SampleBook {
  series(metric: string, scope: Record<string, string>, unit?: string): OpenSeries;
  /** A step's samples: with an element that it awaits, or timed by the driver alone. */
  step(scope: { journey: string; step: string }, awaited: boolean): OpenSeries;
  /** Returns all series; those of whose samples none counts are not among them. */
  finish(): SampledLatency[];
}

interface Filled {
  sampled: SampledLatency;
  /** Whether anything was seen of it at all, counting or not. */
  seen: { measured: number; others: number };
}

/** Returns an empty book. `counts` says of each sample's time whether the observers were undisturbed in it. */
export function sampleBook(counts: (span: Span) => boolean): SampleBook {
  const numbers = new Map<string, number>();
  let nobodies = 0;
  const numberOf = (name: string | null): number => {
    const key = name ?? `\0${nobodies += 1}`;
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  };
  const all = new Map<string, Filled & { open: OpenSeries }>();
  const open = (key: string, metric: string, scope: Record<string, string>, unit = 'ms'): OpenSeries => {
    const found = all.get(key);
    if (found) return found.open;
    const filled: Filled = {
      sampled: { metric, scope, unit, values: [], users: [], censored: [], unmeasured: 0, deadlineMs: null },
      seen: { measured: 0, others: 0 },
    };
    const one = { ...filled, open: openSeries(filled, counts, numberOf) };
    all.set(key, one);
    return one.open;
  };
  const steps = new Map<string, { journey: string; step: string }>();
  const bareKey = (scope: Record<string, string>): string => seriesKey('driver_latency', scope);
  const awaitedKey = (scope: Record<string, string>): string => seriesKey('perceived_latency', scope);
  return {
    series: (metric, scope, unit) => open(seriesKey(metric, scope), metric, scope, unit),
    step(scope, awaited) {
      steps.set(seriesKey('step', scope), scope);
      return awaited ? open(awaitedKey(scope), 'perceived_latency', scope) : open(bareKey(scope), 'driver_latency', scope);
    },
    finish() {
      for (const scope of steps.values()) settleStep(all, awaitedKey(scope), bareKey(scope), () => open(awaitedKey(scope), 'perceived_latency', scope));
      return [...all.values()].map(({ sampled }) => sampled).filter(({ values, censored, unmeasured }) => values.length + censored.length + unmeasured > 0);
    },
  };
}

/**
 * A step seen by the driver's clock alone is a series of its own. Beside samples of the page's clock, what failed of it failed
 * all the same, and what passed is unmeasured: its times are of another clock.
 */
function settleStep(all: Map<string, Filled>, awaitedKey: string, bareKey: string, make: () => void): void {
  const bare = all.get(bareKey);
  if (bare === undefined) return;
  if (!all.has(awaitedKey)) {
    if (bare.seen.measured > 0) return;
    make();
  }
  const awaited = all.get(awaitedKey);
  if (awaited === undefined) return;
  awaited.sampled.censored.push(...bare.sampled.censored);
  awaited.sampled.unmeasured += bare.sampled.values.length + bare.sampled.unmeasured;
  awaited.sampled.deadlineMs = least(awaited.sampled.deadlineMs, bare.sampled.deadlineMs);
  all.delete(bareKey);
}

function openSeries({ sampled, seen }: Filled, counts: (span: Span) => boolean, numberOf: (name: string | null) => number): OpenSeries {
  return {
    measure(vu, span, value) {
      if (value === null) seen.others += 1;
      else seen.measured += 1;
      if (!counts(span)) return;
      if (value === null) sampled.unmeasured += 1;
      else {
        sampled.values.push(value);
        sampled.users.push(numberOf(vu));
      }
    },
    censor(vu, span, deadlineMs) {
      seen.others += 1;
      if (!counts(span)) return;
      sampled.censored.push([numberOf(vu), 1]);
      sampled.deadlineMs = least(sampled.deadlineMs, deadlineMs);
    },
    weigh(stretch, value, times) {
      (sampled.weights ??= []).push(times);
      sampled.values.push(value);
      sampled.users.push(numberOf(stretch));
    },
    censorMany(stretch, times, deadlineMs) {
      sampled.censored.push([numberOf(stretch), times]);
      sampled.deadlineMs = least(sampled.deadlineMs, deadlineMs);
    },
    unmeasured: (times) => void (sampled.unmeasured += times),
  };
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
