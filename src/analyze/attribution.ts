import type { Attribution, Observation, Plan, StepAttribution } from '../model/index.ts';
import { median as middleOf } from './robust.ts';
import { seriesKey } from './series.ts';
import type { Span } from './windowed.ts';

/** Of all samples: those that decide a high percentile. Fewer would hang on a single one in a run of minutes. */
const SLOWEST_SHARE = 0.25;

interface Sample extends Attribution {
  span: Span;
  perceivedMs: number;
}

/** Gathers where the time of the judged steps went. */
export interface Attributions {
  add(observation: Observation): void;
  /** `counts` tells the healthy parts of the run; `generatorMs` what the canary says the generator added, null if unknown. */
  finish(counts: (span: Span) => boolean, generatorMs: number | null): StepAttribution[];
  /** Returns the medians of the parts over all of a step's samples that count, by `seriesKey('step', { journey, step })`. */
  parts(counts: (span: Span) => boolean): Map<string, StepParts>;
}

export interface StepParts {
  n: number;
  serverMs: number;
  networkMs: number;
  renderMs: number;
}

export function createAttributions(plan: Plan): Attributions {
  const warmUp = new Set(plan.warmUpPhases);
  const steps = new Map<string, { journey: string; step: string; samples: Sample[] }>();
  return {
    add(one) {
      if (one.kind !== 'step' || one.role !== 'observer' || one.journey === null || one.outcome !== 'passed') return;
      if (one.attribution === undefined || !one.perceivedMs || (one.phase !== null && warmUp.has(one.phase))) return;
      const key = JSON.stringify([one.journey, one.name]);
      const found = steps.get(key) ?? { journey: one.journey, step: one.name, samples: [] };
      steps.set(key, found);
      const span = { fromMs: Math.max(0, one.tMs - one.driverMs), toMs: one.tMs };
      found.samples.push({ ...one.attribution, perceivedMs: one.perceivedMs, span });
    },
    finish: (counts, generatorMs) =>
      [...steps].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, { journey, step, samples }]) => {
        const counting = samples.filter(({ span }) => counts(span));
        return counting.length === 0 ? [] : [{ journey, step, ...summary(counting, generatorMs) }];
      }),
    parts: (counts) => new Map([...steps.values()].flatMap(({ journey, step, samples }) => {
      const counting = samples.filter(({ span }) => counts(span));
      const part = (of: (sample: Sample) => number): number => Math.round(10 * (middleOf(counting.map(of)) ?? 0)) / 10;
      return counting.length === 0 ? [] : [[seriesKey('step', { journey, step }), {
        n: counting.length, serverMs: part((one) => one.serverMs), networkMs: part((one) => one.networkMs), renderMs: part((one) => one.renderMs),
      }] as const];
    })),
  };
}

function summary(samples: Sample[], generatorMs: number | null): Omit<StepAttribution, 'journey' | 'step'> {
  const slowest = samples.toSorted((a, b) => b.perceivedMs - a.perceivedMs || a.span.toMs - b.span.toMs)
    .slice(0, Math.ceil(samples.length * SLOWEST_SHARE));
  const share = (part: (sample: Sample) => number): number => median(slowest.map((one) => part(one) / one.perceivedMs));
  // The canary's own server and network are constant: what the generator adds, it adds in the page.
  const ofGenerator = ({ renderMs }: Sample): number => Math.min(renderMs, Math.max(0, generatorMs ?? 0));
  return {
    n: samples.length,
    slowest: slowest.length,
    serverShare: share((one) => one.serverMs),
    networkShare: share((one) => one.networkMs),
    renderShare: share((one) => one.renderMs - ofGenerator(one)),
    generatorShare: generatorMs === null ? null : share(ofGenerator),
    request: mostFrequent(slowest.flatMap((one) => one.slowestRequest ?? [])),
  };
}

/**
 * Returns the median, between the two in the middle (else the shares of two samples would hardly sum to anything), to a
 * ten-thousandth: no machine's last bit may change a record.
 */
function median(shares: number[]): number {
  const sorted = shares.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  const value = middle.reduce((sum, one) => sum + one, 0) / middle.length;
  return Math.min(1, Math.round(value * 1e4) / 1e4);
}

function mostFrequent(names: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1))[0]?.[0] ?? null;
}
