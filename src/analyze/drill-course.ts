import type { Drill, DrillObservation, Plan } from '../model/index.ts';
import type { Span } from './windowed.ts';

/** What happened in one drill, by its own turning points. */
export interface Course {
  drill: Drill;
  /** In the order of time. */
  events: DrillObservation[];
  begunMs: number | null;
  endedMs: number | null;
  /** From the first fault that went in to the last that came out; null without either. */
  fault: Span | null;
  /** Why nothing can be said of it, as far as its own events tell; null where they tell of none. */
  flaw: string | null;
}

/** A drill that was cut this much short was not held as it was meant. */
const CUT_MS = 1_000;

/** Returns the courses of a plan's drills, in its order. */
export function coursesOf(plan: Plan, observations: readonly DrillObservation[]): Course[] {
  return (plan.drills?.drills ?? []).map((drill) => {
    const events = observations.filter((one) => one.drill === drill.name)
      // Of one moment, in an order that does not depend on which file was read first.
      .toSorted((a, b) => a.tMs - b.tMs || (keyOf(a) < keyOf(b) ? -1 : 1));
    const timesOf = (event: DrillObservation['event']): number[] => events.filter((one) => one.event === event).map(({ tMs }) => tMs);
    const [begunMs = null] = timesOf('begun');
    const endedMs = timesOf('ended').at(-1) ?? null;
    const [inMs] = timesOf('fault-in');
    const outMs = timesOf('fault-out').at(-1);
    const fault = inMs === undefined || outMs === undefined || outMs <= inMs ? null : { fromMs: inMs, toMs: outMs };
    return { drill, events, begunMs, endedMs, fault, flaw: flawOf(plan, drill, events, { begunMs, endedMs, fault }) };
  });
}

function keyOf({ event, dependency, state, detail }: DrillObservation): string {
  return JSON.stringify([event, dependency, state, detail]);
}

function flawOf(
  plan: Plan, drill: Drill, events: readonly DrillObservation[], { begunMs, endedMs, fault }: Pick<Course, 'begunMs' | 'endedMs' | 'fault'>,
): string | null {
  if (begunMs === null) return 'it was not held: the run ended before its phase';
  const failed = events.find(({ event }) => event === 'action-failed');
  if (failed) return `the fault never went in: ${failed.detail ?? 'no reason given'}`;
  const stuck = events.find(({ event }) => event === 'rollback-failed');
  if (stuck) return `a fault could not be taken out again: ${stuck.detail ?? 'no reason given'}`;
  const durationMs = 1_000 * (plan.phases.find(({ name }) => name === drill.phase)?.durationS ?? 0);
  if (endedMs === null || endedMs < begunMs + durationMs - CUT_MS) return 'the run ended before the drill did';
  const wentIn = events.filter(({ event }) => event === 'fault-in').length;
  if (wentIn < drill.actions.length || fault === null) return `only ${wentIn} of ${drill.actions.length} faults went in`;
  return null;
}

/** Returns the dependency whose breaker the drill is about: the one it names, else the first that it breaks. */
export function breakerOf({ drill: { expect, actions } }: Pick<Course, 'drill'>): string | null {
  return expect.breaker ?? actions.flatMap((action) => ('dependency' in action ? [action.dependency] : []))[0] ?? null;
}

/** Returns what was seen of a breaker, in the order of time. */
export function breakerEvents({ events }: Course, dependency: string | null): DrillObservation[] {
  return events.filter(({ event, dependency: whose }) => event === 'breaker' && dependency !== null && whose === dependency);
}
