import type { ApiPlan, Plan } from '../model/index.ts';
import { expectedArrivals } from './script.ts';

/** What a plan asks of its machine, at most. */
export interface Load {
  /** Arrivals a second in the busiest phase. */
  journeysPerSecond: number;
  /** Users at the same time: bounded by maxUsers, by how long a journey may last, and by how many come at all. */
  concurrentUsers: number;
  /** Requests a second of each thread that sends plain ones, in its busiest phase. */
  apiPerSecond: number;
}

/** What a machine was found to make undisturbed; null where that was not measured. */
export type Capacity = { [Key in keyof Load]: Load[Key] | null };

export interface CapacityCheck {
  /** `unknown`: nothing is known of this machine. `over`: it may distort. `far-over`: it will. */
  state: 'unknown' | 'within' | 'over' | 'far-over';
  /** For people: what is asked for against what was found; empty where nothing is over. */
  text: string;
}

/** The calibration counts in a small journey, on the machine as it was then: only far beyond it is a plan wrong. */
const FAR_OVER = 1.5;

/** What the calibration's small journey costs is two page loads and a click; a replayed visit has as many as were recorded. */
const PAGES_A_JOURNEY = 2;

/** Returns the most that a plan asks for. */
export function askedLoad({ phases, settings, api, replay }: Pick<Plan, 'phases' | 'settings' | 'api' | 'replay'>): Load {
  const replayed = replay?.load ?? [];
  const rates = phases.map(({ pause, durationS, arrivalCount, arrivalRate, rampTo }) => {
    if (pause) return 0;
    if (arrivalCount !== null) return durationS > 0 ? arrivalCount / durationS : 0;
    return Math.max(arrivalRate ?? 0, rampTo ?? 0);
  });
  const withReplay = phases.map(({ name }, index) => {
    const views = replayed.find(({ phase }) => phase === name)?.viewsPerSecond ?? 0;
    return (rates[index] ?? 0) + views / PAGES_A_JOURNEY;
  });
  const longest = Math.ceil((Math.max(0, ...rates) * settings.journeyDeadlineMs) / 1_000);
  const atOnce = Math.min(longest, expectedArrivals(phases)) + Math.max(0, ...replayed.map((one) => one.atOnce));
  return {
    journeysPerSecond: Math.max(0, ...withReplay),
    concurrentUsers: Math.min(settings.maxUsers, atOnce),
    // Each has threads of its own.
    apiPerSecond: Math.max(api ? requestsPerSecond(api) / api.threads : 0, ...replayed.map((one) => one.crawlersPerSecond)),
  };
}

/** Requests of all scenarios: a flow may be several, one after the other. */
function requestsPerSecond({ scenarios, loads }: ApiPlan): number {
  const atFullRate = scenarios.reduce((sum, { ratePerSecond, flows }) => {
    const weights = flows.reduce((all, { weight }) => all + weight, 0);
    const each = flows.reduce((all, { weight, requests }) => all + (weight / weights) * requests.length, 0);
    return sum + ratePerSecond * each;
  }, 0);
  return atFullRate * Math.max(0, ...loads.map(({ share, to }) => Math.max(share, to ?? 0)));
}

/** Returns how what is asked for stands to what the machine was found to make. */
export function checkCapacity(asked: Load, found: Capacity | null): CapacityCheck {
  const parts = [
    part(asked.journeysPerSecond, found?.journeysPerSecond ?? null, 'journeys a second'),
    part(asked.concurrentUsers, found?.concurrentUsers ?? null, 'users at once'),
    part(asked.apiPerSecond, found?.apiPerSecond ?? null, 'API requests a second a thread'),
  ];
  const known = parts.filter((one) => one !== null);
  if (known.length === 0) return { state: 'unknown', text: '' };
  const over = known.filter((one) => one.ratio > 1);
  const far = over.some((one) => one.ratio > FAR_OVER);
  return {
    state: far ? 'far-over' : over.length > 0 ? 'over' : 'within',
    text: over.map((one) => one.text).join('; '),
  };
}

function part(asked: number, found: number | null, what: string): { ratio: number; text: string } | null {
  if (found === null) return null;
  return {
    ratio: asked / found,
    text: `asks for ${shown(asked)} ${what}, and this machine makes ${shown(found)} undisturbed`,
  };
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
