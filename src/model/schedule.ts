import type { Phase } from './plan.ts';

/** When Artillery means to start the users of a phase. */
export interface Schedule {
  /** How many users; the expected number where they come at random. */
  count: number;
  /** Users come at random times (`mode: poisson`), so that no single one has a time to be late against. */
  random: boolean;
  /** A ramp's timers wait for one another, one a second, and so begin each second a little later than the one before. */
  ramp: boolean;
  /** Milliseconds from the phase's start to its user number `index` (from 0); null where nobody can know. */
  offsetMs(index: number): number | null;
}

const NONE: Schedule = { count: 0, random: false, ramp: false, offsetMs: () => null };

/**
 * Returns the schedule that Artillery makes of a phase, step by step as its own code does (lib/core/phases, and the package
 * `arrivals`): a test compares the two. A steady rate ticks in whole microseconds, and its first user comes one tick after
 * the start; a ramp is a row of one-second steps, each with a whole number of users.
 */
export function scheduleOf(phase: Phase): Schedule {
  const { durationS, arrivalRate, arrivalCount, rampTo } = phase;
  if (phase.pause) return NONE;
  if (arrivalCount !== null) return arrivalCount === 0 ? NONE : steady(durationS, (durationS * 1_000) / arrivalCount);
  if (arrivalRate === null || (arrivalRate === 0 && rampTo === null)) return NONE;
  if (rampTo !== null) return ramp(durationS, arrivalRate, rampTo);
  if (phase.poisson) return { ...NONE, count: Math.round(arrivalRate * durationS), random: true };
  return steady(durationS, 1_000 / arrivalRate);
}

function steady(durationS: number, intervalMs: number): Schedule {
  const tickUs = Math.floor(intervalMs * 1_000);
  const count = Math.floor((durationS * 1_000_000) / tickUs);
  return { ...NONE, count, offsetMs: (index) => ((index + 1) * tickUs) / 1_000 };
}

function ramp(durationS: number, from: number, to: number): Schedule {
  const offsets: number[] = [];
  for (let second = 0; second < durationS; second += 1) {
    const users = Math.round(durationS === 1 ? (from + to) / 2 : from + ((to - from) / (durationS - 1)) * second);
    // A ramp of one second sets no tick at all: its users come at once.
    const tickMs = durationS === 1 ? 0 : Math.min(1_000, Math.floor(1_000 / users));
    for (let user = 1; user <= users; user += 1) offsets.push(second * 1_000 + user * tickMs);
  }
  return { count: offsets.length, random: false, ramp: true, offsetMs: (index) => offsets[index] ?? null };
}
