import type { Observation, Plan, Waterfall, WaterfallStep } from '../../model/index.ts';
import type { Analysis } from '../analyze.ts';
import { nearestRank } from '../order-bounds.ts';
import { seriesKey } from '../series.ts';
import { LeastNames } from './least.ts';
import { tidy } from './slots.ts';

/** So many users of a journey tell in which order its steps are taken. */
const GUIDES = 50;
/** A journey whose step names hold an id has as many as users; a person reads no more than this. */
const MOST_STEPS = 40;
/** No journey is so long that a guide's steps would be more. */
const MOST_GUIDE_STEPS = 200;
const CLOCKS = new Map<string, WaterfallStep['clock']>([['perceived_latency', 'page'], ['driver_latency', 'driver']]);

export interface Waterfalls {
  add(one: Observation): void;
  finish(analysis: Analysis): Waterfall[];
}

type Guide = Map<string, number>;

/** Gathers in which order users take the steps; the figures are those of the analysis. */
export function createWaterfalls(plan: Plan): Waterfalls {
  const guides = new Map(plan.journeys.map(({ name }) => [name, new LeastNames<Guide>(GUIDES, () => new Map())]));
  return {
    add(one) {
      if (one.kind !== 'step' || one.journey === null || one.vu === null) return;
      const guide = guides.get(one.journey)?.at(one.vu);
      if (!guide || (guide.size >= MOST_GUIDE_STEPS && !guide.has(one.name))) return;
      guide.set(one.name, Math.min(guide.get(one.name) ?? Infinity, one.tMs));
    },
    finish: (analysis) => plan.journeys.flatMap(({ name: journey }) => {
      const places = placesOf((guides.get(journey)?.entries() ?? []).map(([, guide]) => guide));
      // A step that no guide took comes last.
      const place = ({ step }: WaterfallStep): number => places.get(step) ?? MOST_GUIDE_STEPS;
      const steps = stepsOf(analysis, journey)
        .sort((a, b) => place(a) - place(b) || (a.step < b.step ? -1 : 1)).slice(0, MOST_STEPS);
      const users = analysis.rates.get(seriesKey('journey_error_rate', { journey }));
      return steps.length === 0 ? [] : [{ journey, users: users?.n ?? 0, failed: users?.events ?? 0, steps }];
    }),
  };
}

/** Returns the mean place of each step among those of its users. */
function placesOf(guides: readonly Guide[]): Map<string, number> {
  const sums = new Map<string, { places: number; n: number }>();
  for (const guide of guides) {
    const taken = [...guide].sort(([nameA, a], [nameB, b]) => a - b || (nameA < nameB ? -1 : 1));
    for (const [place, [step]] of taken.entries()) {
      const sum = sums.get(step) ?? { places: 0, n: 0 };
      sums.set(step, sum);
      sum.places += place;
      sum.n += 1;
    }
  }
  return new Map([...sums].map(([step, { places, n }]) => [step, places / n]));
}

function stepsOf({ latency, attributions, parts }: Analysis, journey: string): WaterfallStep[] {
  return [...latency.values()].flatMap(({ metric, scope, values, censored }): WaterfallStep[] => {
    const { step } = scope;
    const clock = CLOCKS.get(metric);
    if (clock === undefined || scope['journey'] !== journey || step === undefined) return [];
    const at = (p: number): number | null => tidy(values[nearestRank(values.length, p) - 1] ?? null);
    return [{
      step, clock, n: values.length, failed: censored, p50Ms: at(0.5), p95Ms: at(0.95),
      parts: parts.get(seriesKey('step', { journey, step })) ?? null,
      slowest: attributions.find((one) => one.journey === journey && one.step === step) ?? null,
    }];
  });
}
