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
  /** For a third party's budget. */
  turnedAway: number;
  interrupted: number;
  latenessMs: number[];
  /** Of those who waited for a budget. */
  waitsMs: number[];
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
    const gathered = phases.get(phase) ?? nobody();
    phases.set(phase, gathered);
    gathered.journeys += 1;
    const waitMs = one.shaped?.waitMs ?? 0;
    if (waitMs > 0) gathered.waitsMs.push(waitMs);
    if (one.budget !== undefined) gathered.turnedAway += 1;
    else if (one.outcome === 'dropped') gathered.dropped += 1;
    else if (one.intendedMs !== null) gathered.latenessMs.push(Math.max(0, one.startedMs - waitMs - one.intendedMs));
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
        const gathered = phases.get(phase.name) ?? nobody();
        const next = plan.phases[index + 1];
        const ran = (completed && !stopped) || (next !== undefined && startedAtMs.has(next.name))
          ? Infinity : elapsed(startedAtMs.get(phase.name), lastMs === null ? null : Math.min(lastMs, cutAtMs));
        const visits = plan.replay?.load.find((one) => one.phase === phase.name)?.visits ?? 0;
        return summary(phase, visits, ran, users.get(phase.name) ?? 0, gathered, plan.validity.late_user_ms);
      });
    },
  };
}

function nobody(): Gathered {
  return { journeys: 0, dropped: 0, turnedAway: 0, interrupted: 0, latenessMs: [], waitsMs: [] };
}

/** How long a phase ran before the run was cut; null if it never began. */
function elapsed(startMs: number | undefined, lastMs: number | null): number | null {
  return startMs === undefined || lastMs === null ? null : Math.max(0, lastMs - startMs);
}

function summary(
  phase: Phase, visits: number, ranMs: number | null, users: number, gathered: Gathered, toleranceMs: number,
): PhaseArrivals {
  const schedule = withVisits(scheduleOf(phase), phase, visits);
  const whole = ranMs !== null && ranMs >= phase.durationS * 1_000;
  const scheduled = ranMs === null ? 0 : due(schedule, phase, ranMs);
  const { dropped, turnedAway, interrupted, journeys } = gathered;
  const started = users - dropped - turnedAway;
  const finished = journeys - dropped - turnedAway - interrupted;
  const counts = { scheduled, started, finished, unfinished: started - finished, dropped };
  const lateness = latenessOf(gathered.latenessMs, toleranceMs);
  const expected = ranMs === null ? 0 : whole ? scheduled : due(schedule, phase, ranMs - GRACE_MS);
  const about = `phase "${phase.name}":`;
  const shaping = shapingOf(gathered, started);
  const off = offPlan(expected, schedule.random || (visits > 0 && !whole), { ...counts, turnedAway }, lateness) ?? shapedAway(gathered, started + dropped);
  return {
    phase: phase.name,
    extent: ranMs === null && users === 0 ? 'never' : whole ? 'whole' : 'cut',
    ...counts,
    ...(shaping ? { shaped: shaping } : {}),
    lateness,
    note: off !== null ? `${about} ${off}` : slightly(lateness, shaping, about),
    notAsPlanned: off !== null,
  };
}

/** People of replayed traffic come as they were recorded: of a part of a phase only about so many are due. */
function withVisits(schedule: Schedule, { durationS }: Phase, visits: number): Schedule {
  if (visits === 0) return schedule;
  const all = { ...schedule, count: schedule.count + visits };
  return { ...all, offsetMs: (index) => (durationS * 1_000 * (index + 1)) / all.count };
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

/** Returns how late something came, beyond the tolerance counted; null where nothing did. */
export function latenessOf(values: readonly number[], toleranceMs: number): Lateness | null {
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
  expected: number, random: boolean, { started, dropped, turnedAway }: { started: number; dropped: number; turnedAway: number },
  lateness: Lateness | null,
): string | null {
  const chance = random ? 3 * Math.sqrt(expected) : 0;
  const arrived = started + dropped + turnedAway;
  if (dropped > MOST_DROPPED * arrived) return `${dropped} of ${arrived} users were dropped`;
  // Whom a budget turned away has come; a rule of its own says how many may be.
  if (started + turnedAway < LEAST_STARTED * expected - chance) return `only ${started} of ${expected} users started`;
  if (lateness !== null && lateness.p95Ms > LATEST_P95_MS) return `users started late, p95 ${shown(lateness.p95Ms)}`;
  return null;
}

/**
 * Returns why third parties' budgets made another load of the plan's, or null: more than one in twenty users waited longer than
 * users may be late, or were turned away. Users who come when there is room are a closed model.
 */
function shapedAway({ waitsMs, turnedAway }: Gathered, others: number): string | null {
  const long = waitsMs.filter((ms) => ms > LATEST_P95_MS).length;
  const arrived = others + turnedAway;
  if (long + turnedAway <= MOST_DROPPED * arrived) return null;
  const away = turnedAway === 0 ? '' : `, ${turnedAway} were turned away`;
  return `for a third party's budget ${long} of ${arrived} users waited more than ${shown(LATEST_P95_MS)}${away}`;
}

function shapingOf({ waitsMs, turnedAway }: Gathered, started: number): PhaseArrivals['shaped'] {
  if (waitsMs.length === 0 && turnedAway === 0) return undefined;
  const sorted = waitsMs.toSorted((a, b) => a - b);
  // Those who did not wait come first.
  const rank = nearestRank(Math.max(started, sorted.length), 0.95) - (started - sorted.length);
  return {
    waited: sorted.length, turnedAway, p95WaitMs: tenth(sorted[rank - 1] ?? 0), longestWaitMs: tenth(sorted.at(-1) ?? 0),
  };
}

/** Returns what is a little off, but no other load than planned: users who were late, or waited for a budget. */
function slightly(lateness: Lateness | null, shaping: PhaseArrivals['shaped'], about: string): string | null {
  const late = lateness !== null && lateness.p95Ms > lateness.toleranceMs
    ? [`${lateness.late} of ${lateness.n} users started late, p95 ${shown(lateness.p95Ms)}`] : [];
  const away = shaping === undefined || shaping.turnedAway === 0 ? '' : `, ${shaping.turnedAway} were turned away`;
  const waited = shaping === undefined ? []
    : [`${shaping.waited} users waited for a third party's budget, ${shown(shaping.longestWaitMs)} at most${away}`];
  const notes = [...late, ...waited];
  return notes.length === 0 ? null : `${about} ${notes.join('; ')}`;
}

function shown(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}
