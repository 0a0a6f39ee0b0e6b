import type {
  BreakerTrack, DrillObservation, Observation, Plan, RunObservation, Story, Stretch,
} from '../../model/index.ts';
import { LeastNames } from './least.ts';

/** More phases, faults, or changes of one breaker than this are no run that a person planned. */
const MOST = 1_000;
const POINTS: ReadonlySet<DrillObservation['event']> = new Set(['fault-in', 'fault-out', 'ended']);

/** Gathers what happened when: phases, faults of drills, breakers. */
export interface Course {
  add(one: Observation): void;
  finish(lastMs: number | null): Pick<Story, 'phases' | 'faults' | 'breakers'>;
}

export function createCourse(plan: Plan): Course {
  const phases = kept<RunObservation>();
  const points = kept<DrillObservation>();
  const breakers = new LeastNames(MOST, () => kept<DrillObservation>());
  return {
    add(one) {
      if (one.kind === 'run' && one.event === 'phase') keep(phases, one, one.detail ?? '');
      if (one.kind !== 'drill') return;
      if (POINTS.has(one.event)) keep(points, one, nameOf(one));
      if (one.event === 'breaker' && one.dependency !== null) {
        const seen = breakers.at(one.dependency);
        if (seen) keep(seen, one, one.state ?? '');
      }
    },
    finish(lastMs) {
      const endMs = lastMs ?? 0;
      return {
        phases: phasesOf(plan, inOrder(phases), endMs),
        faults: faultsOf(inOrder(points), endMs),
        breakers: breakers.entries().map(([dependency, seen]) => ({ dependency, changes: changesOf(inOrder(seen)) })),
      };
    },
  };
}

type Kept<T> = LeastNames<{ one: T | null }>;

function kept<T>(): Kept<T> {
  return new LeastNames<{ one: T | null }>(MOST, () => ({ one: null }));
}

/** By time, then by what it says; what several files tell of the same moment is kept once. */
function keep<T extends { tMs: number }>(all: Kept<T>, one: T, name: string): void {
  const entry = all.at(`${one.tMs.toFixed(3).padStart(20, '0')} ${name}`);
  if (entry) entry.one = one;
}

function inOrder<T>(all: Kept<T>): T[] {
  return all.entries().flatMap(([, { one }]) => one ?? []);
}

/** As they happened: each until the next one, or for as long as it was planned. Runs that never said go by the plan. */
function phasesOf(plan: Plan, events: readonly RunObservation[], endMs: number): Stretch[] {
  if (events.length > 0) {
    return events.map(({ tMs, detail }, index) => {
      const name = detail ?? `phase ${index + 1}`;
      const planned = plan.phases.find((phase) => phase.name === name)?.durationS;
      const toMs = Math.min(events[index + 1]?.tMs ?? endMs, planned === undefined ? Infinity : tMs + planned * 1_000);
      return { name, fromMs: tMs, toMs: Math.max(tMs, toMs) };
    });
  }
  let fromMs = 0;
  return plan.phases.flatMap(({ name, durationS }) => {
    const stretch = { name, fromMs, toMs: Math.min(endMs, fromMs + durationS * 1_000) };
    fromMs += durationS * 1_000;
    return stretch.toMs > stretch.fromMs ? [stretch] : [];
  });
}

function nameOf({ event, drill, dependency, detail }: DrillObservation): string {
  return JSON.stringify([event, drill, dependency, detail]);
}

/** Each fault until it came out, or until the end of its drill where it was never seen to. */
function faultsOf(points: readonly DrillObservation[], endMs: number): Stretch[] {
  const isOut = (fault: DrillObservation, { event, dependency, detail }: DrillObservation): boolean =>
    event === 'fault-out' && dependency === fault.dependency && detail === fault.detail;
  return points.filter(({ event }) => event === 'fault-in').map((fault) => {
    const { drill, detail, tMs } = fault;
    const end = points.find((one) =>
      one.drill === drill && one.tMs >= tMs && (one.event === 'ended' || isOut(fault, one)));
    return { name: detail ?? drill, fromMs: tMs, toMs: Math.max(tMs, end?.tMs ?? endMs) };
  });
}

/** Without the looks that saw what the one before had seen. */
function changesOf(seen: readonly DrillObservation[]): BreakerTrack['changes'] {
  const states = seen.map(({ tMs, state }) => ({ tMs, state: state ?? 'unknown' as const }));
  return states.filter(({ state }, index) => state !== states[index - 1]?.state);
}
