import { scheduleOf } from '../model/index.ts';
import type { JourneyObservation, Lateness, Observation, Phase, PhaseArrivals, Plan, Schedule } from '../model/index.ts';
import { nearestRank } from './order-bounds.ts';

/**
 * Fewer users than this share of those due: the load was not the plan's. A steady rate leaves none out (scheduleOf), so 5 %
 * missing is no chance; of random arrivals as many may be missing by chance besides as three standard deviations.
 */
const LEAST_STARTED = 0.95;
/** More dropped than this: the users' number was held at its bound, which is a closed model. */
const MOST_DROPPED = 0.05;
/**
 * One in twenty users later than this: they came in bunches, when the generator found time for them. At a second, the order
 * of a page view, users that should have followed each other meet.
 */
const LATEST_P95_MS = 1_000;
/** A user due less than this before a run was cut may still have been on the way. */
const GRACE_MS = 1_000;

interface Gathered {
  journeys: number;
  dropped: number;
  interrupted: number;
  latenessMs: number[];
}

/** Gathers which users came, phase by phase, to hold them against those that should have come. */
export interface ArrivalsCollector {
  add(observation: Observation): void;
  /** `completed`: the run came to its own end, and so did every phase unless it was stopped. `lastMs`: its last observation. */
  finish(run: { completed: boolean; lastMs: number | null }): PhaseArrivals[];
}

export function createArrivals(plan: Plan): ArrivalsCollector {
  const phases = new Map<string, Gathered>();
  /** Users of whom anything was seen: of those whom a killed run left behind, it is all that tells of them. */
  const seen = new Map<string, string>();
  const startedAtMs = new Map<string, number>();
  /** When the run was told to end; nobody is due while its users are being closed. */
  const cutsMs: number[] = [];
  let resumedMs = -1;
  /** It ended before its phases did because it had found out what it was for: the phases after that are not owed. */
  let stopped = false;

  const addJourney = (one: JourneyObservation, phase: string): void => {
    const gathered = phases.get(phase) ?? { journeys: 0, dropped: 0, interrupted: 0, latenessMs: [] };
    phases.set(phase, gathered);
    gathered.journeys += 1;
    if (one.outcome === 'dropped') gathered.dropped += 1;
    else if (one.intendedMs !== null) gathered.latenessMs.push(Math.max(0, one.startedMs - one.intendedMs));
    if (one.outcome === 'interrupted') gathered.interrupted += 1;
  };

  return {
    add(one) {
      if (one.kind === 'run' && one.event === 'phase' && one.detail !== undefined) {
        // A run that was resumed in a phase begins it once more.
        startedAtMs.set(one.detail, Math.min(one.tMs, startedAtMs.get(one.detail) ?? Infinity));
      }
      if (one.kind === 'run' && one.event === 'resumed') resumedMs = Math.max(resumedMs, one.tMs);
      if (one.kind === 'run' && (one.event === 'interrupted' || one.event === 'stopped')) cutsMs.push(one.tMs);
      if (one.kind === 'run' && one.event === 'stopped') stopped = true;
      if (one.phase === null || one.vu === null) return;
      seen.set(one.vu, one.phase);
      if (one.kind === 'journey') addJourney(one, one.phase);
    },
    finish({ completed, lastMs }) {
      const users = new Map<string, number>();
      const cutAtMs = Math.min(Infinity, ...cutsMs.filter((tMs) => tMs > resumedMs));
      for (const phase of seen.values()) users.set(phase, (users.get(phase) ?? 0) + 1);
      return plan.phases.map((phase, index) => {
        const gathered = phases.get(phase.name) ?? { journeys: 0, dropped: 0, interrupted: 0, latenessMs: [] };
        const next = plan.phases[index + 1];
        const ran = (completed && !stopped) || (next !== undefined && startedAtMs.has(next.name))
          ? Infinity : elapsed(startedAtMs.get(phase.name), lastMs === null ? null : Math.min(lastMs, cutAtMs));
        return summary(phase, ran, users.get(phase.name) ?? 0, gathered, plan.validity.late_user_ms);
      });
    },
  };
}

/** How long a phase ran before the run was cut; null if it never began. */
function elapsed(startMs: number | undefined, lastMs: number | null): number | null {
  return startMs === undefined || lastMs === null ? null : Math.max(0, lastMs - startMs);
}

function summary(phase: Phase, ranMs: number | null, users: number, gathered: Gathered, toleranceMs: number): PhaseArrivals {
  const schedule = scheduleOf(phase);
  const whole = ranMs !== null && ranMs >= phase.durationS * 1_000;
  const scheduled = ranMs === null ? 0 : due(schedule, phase, ranMs);
  const { dropped, interrupted, journeys } = gathered;
  const started = users - dropped;
  const finished = journeys - dropped - interrupted;
  const counts = { scheduled, started, finished, unfinished: started - finished, dropped };
  const lateness = latenessOf(gathered.latenessMs, toleranceMs);
  const expected = ranMs === null ? 0 : whole ? scheduled : due(schedule, phase, ranMs - GRACE_MS);
  const about = `phase "${phase.name}":`;
  const off = offPlan(expected, schedule.random, counts, lateness);
  return {
    phase: phase.name,
    extent: ranMs === null && users === 0 ? 'never' : whole ? 'whole' : 'cut',
    ...counts,
    lateness,
    note: off !== null ? `${about} ${off}` : slightly(lateness, about),
    notAsPlanned: off !== null,
  };
}

/** Returns how many users were due in the first part of a phase. */
function due(schedule: Schedule, phase: Phase, ranMs: number): number {
  const lengthMs = phase.durationS * 1_000;
  if (ranMs >= lengthMs) return schedule.count;
  if (schedule.random) return Math.max(0, Math.round((schedule.count * ranMs) / lengthMs));
  // Users come in order: the first that is not due yet ends the search.
  let low = 0;
  let high = schedule.count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((schedule.offsetMs(middle) ?? Infinity) <= ranMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function latenessOf(values: readonly number[], toleranceMs: number): Lateness | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number): number => tenth(sorted[nearestRank(sorted.length, p) - 1] ?? 0);
  return {
    n: sorted.length,
    late: sorted.filter((ms) => ms > toleranceMs).length,
    toleranceMs,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    maxMs: tenth(sorted.at(-1) ?? 0),
  };
}

/** Returns why this was not the load of the plan, or null if it was. */
function offPlan(
  expected: number, random: boolean, { started, dropped }: { started: number; dropped: number }, lateness: Lateness | null,
): string | null {
  const chance = random ? 3 * Math.sqrt(expected) : 0;
  const arrived = started + dropped;
  if (dropped > MOST_DROPPED * arrived) return `${dropped} of ${arrived} users were dropped`;
  if (started < LEAST_STARTED * expected - chance) return `only ${started} of ${expected} users started`;
  if (lateness !== null && lateness.p95Ms > LATEST_P95_MS) return `users started late, p95 ${shown(lateness.p95Ms)}`;
  return null;
}

/** Returns what is a little off: late users, but no other load than planned. */
function slightly(lateness: Lateness | null, about: string): string | null {
  if (lateness === null || lateness.p95Ms <= lateness.toleranceMs) return null;
  return `${about} ${lateness.late} of ${lateness.n} users started late, p95 ${shown(lateness.p95Ms)}`;
}

function shown(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}
