import type { RunRecord } from '../../model/index.ts';
import { harmless } from '../text.ts';
import { suiteOf } from './kinds.ts';

/** A measured value as Allure 3 reads it from a results folder (core-api, MetricSample): it draws these over the runs. */
export interface MetricSample {
  id: string;
  key: string;
  title: string;
  value: number;
  unit: string;
  better: 'lower' | 'higher';
  group: string;
  groupTitle: string;
  start: number;
  stop: number;
}

/** Name of the file inside the results folder: what Allure looks for by its end. */
export const METRICS_FILE = 'gates-perf.json';

/** Returns the observed value of every gate that has one. A gate without is left out: absence is never zero. */
export function metricsOf({ plan, verdict, totals }: RunRecord): MetricSample[] {
  return verdict.gates.flatMap(({ id, title, metric, stat, observed, unit, limit }): MetricSample[] => {
    if (observed === null) return [];
    const group = suiteOf(metric);
    return [{
      id: `${plan.runId}/${id}`, key: id,
      title: harmless(stat === 'rate' ? title : `${title} ${stat}`),
      // Fractions of a millisecond are below what such a percentile can tell from run to run; but less than one is not none.
      value: unit === 'ms' && Math.abs(observed) >= 1 ? Math.round(observed) : observed, unit,
      better: limit.kind === 'max' ? 'lower' : 'higher',
      group, groupTitle: group,
      start: plan.startedAtEpochMs, stop: plan.startedAtEpochMs + Math.round(totals.durationMs),
    }];
  });
}
