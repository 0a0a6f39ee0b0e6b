import type { ApiPlan, ColdStartObservation, Observation, Plan } from '../model/index.ts';
import type { ApiAnalysis } from './api.ts';
import { capacityOf } from './capacity.ts';
import { driftOf, steadySlices } from './drift.ts';
import { createKpiSeries } from './kpi-series.ts';
import type { Scalar } from './scalar.ts';
import { seriesKey } from './series.ts';
import { recoveryOf } from './spike.ts';

/** What a run's profile finds out with the API lane: capacity, recovery, drift. */
export interface Profiles {
  add(one: Observation): void;
  /** Returns what the plan's gates ask for; nothing in a run without the lane. */
  finish(api: ApiAnalysis): Scalar[];
}

export function createProfiles(plan: Plan): Profiles {
  const kpis = createKpiSeries(plan);
  const coldStarts: ColdStartObservation[] = [];
  const startedAtMs = new Map<string, number>();
  const asks = (metric: string): boolean => plan.gates.some((gate) => gate.metric === metric);
  return {
    add(one) {
      if (one.kind === 'server') kpis.add(one);
      if (one.kind === 'coldStart') coldStarts.push(one);
      if (one.kind === 'run' && one.event === 'phase' && one.detail !== undefined) startedAtMs.set(one.detail, one.tMs);
    },
    finish({ slices }) {
      if (!hasLane(plan)) return [];
      // The lane cuts its windows where it began a phase; the run's own events say the same to a few milliseconds.
      for (const { phase, fromMs } of slices.toReversed()) startedAtMs.set(phase, fromMs);
      const steady = steadySlices(plan, slices);
      const routes = [null, ...new Set(slices.flatMap((slice) => [...slice.routes.keys()]))];
      const stats = new Set(plan.gates.flatMap((gate) => (gate.metric === 'latency_drift' ? [gate.stat] : [])));
      return [
        ...(asks('capacity_headroom') || plan.api.stopPastKnee ? capacityOf(plan, slices, kpis) : []),
        ...(asks('recovery_time') ? [recoveryOf(plan, slices, kpis, coldStarts, startedAtMs)] : []),
        ...[...stats].flatMap((stat) => routes.map((route) => driftOf(steady, route, stat, plan.confidence))),
      ];
    },
  };
}

function hasLane(plan: Plan): plan is Plan & { api: ApiPlan } {
  return plan.api !== undefined;
}

/** Metrics whose gates name a statistic, so that there may be several of one scope. */
const BY_STAT = new Set(['latency_drift', 'kpi']);

/** Returns the key under which a figure is found: its scope, and its statistic where gates ask for one. */
export function scalarKey({ finding: { metric, scope, stat } }: Scalar): string {
  return seriesKey(metric, BY_STAT.has(metric) ? { ...scope, stat } : scope);
}
