import type { ApiLoad, ApiPlan, Plan } from '../model/index.ts';
import { addCounts, noCounts, peakPerSecond } from './api-timeline.ts';
import type { ApiCounts, Slice } from './api-timeline.ts';

/** A stretch of one load: a step, or a slice of a ramp. */
export interface Level extends ApiCounts {
  /** Requests that were due a second. */
  offeredPerSecond: number;
  fromMs: number;
  toMs: number;
  slices: Slice[];
}

/** Returns the load of a phase; null where the lane has none in it. */
export function loadOf(api: ApiPlan, phase: string): ApiLoad | null {
  return api.loads.find((load) => load.phase === phase) ?? null;
}

export function isSteady({ share, to }: ApiLoad): boolean {
  return to === null || to === share;
}

/**
 * Returns the levels of a load that goes up in steps or ramps, up to its highest one: each phase of a steady load is one, of a
 * ramp each slice. Warm-up and phases without load are none.
 */
export function risingLevels(plan: Plan & { api: ApiPlan }, slices: readonly Slice[]): Level[] {
  const warmUp = new Set(plan.warmUpPhases);
  const peak = peakPerSecond(plan.api);
  const levels: Level[] = [];
  let before: string | null = null;
  for (const slice of slices) {
    const load = loadOf(plan.api, slice.phase);
    if (load === null || warmUp.has(slice.phase) || slice.scheduled === 0) continue;
    const open = isSteady(load) && before === slice.phase ? levels.at(-1) : undefined;
    before = slice.phase;
    if (open) {
      addCounts(open, slice);
      open.toMs = slice.toMs;
      open.slices.push(slice);
      continue;
    }
    const { fromMs, toMs } = slice;
    const level: Level = { ...noCounts(), offeredPerSecond: 0, fromMs, toMs, slices: [slice] };
    addCounts(level, slice);
    levels.push(level);
  }
  for (const level of levels) level.offeredPerSecond = offered(level, plan.api, peak);
  const highest = Math.max(0, ...levels.map(({ offeredPerSecond }) => offeredPerSecond));
  return levels.slice(0, levels.findIndex(({ offeredPerSecond }) => offeredPerSecond === highest) + 1);
}

/**
 * Returns the rate that was offered. Of a steady load it is the plan's, times the number of machines that sent it: what was
 * counted is less at a level that was stopped, or whose flows broke off.
 */
function offered({ scheduled, fromMs, toMs, slices }: Level, api: ApiPlan, peak: number): number {
  const measured = scheduled / (Math.max(1, toMs - fromMs) / 1_000);
  const load = loadOf(api, slices[0]?.phase ?? '');
  if (load === null || !isSteady(load) || load.share === 0) return measured;
  const planned = load.share * peak;
  return planned * Math.max(1, Math.round(measured / planned));
}
