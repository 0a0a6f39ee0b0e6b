import type { Gate, Kpi, LearnedKpi, RunRecord, Slo, Thresholds } from '../../model/index.ts';

/** With fewer readings the furthest one says little. */
const LEAST_READINGS = 10;
/** Longer is worse, whatever it is that takes time. */
const DURATIONS = new Set(['ms', 's']);

/** Returns which way a figure of the target gets worse; null where nothing says so. */
export function worseWhen(kpi: Kpi, gates: readonly Gate[]): 'max' | 'min' | null {
  const gate = gates.find((one) => one.metric === 'kpi' && one.kpi === kpi.id);
  if (gate) return 'max' in gate ? 'max' : 'min';
  return DURATIONS.has(kpi.unit) ? 'max' : null;
}

/**
 * Returns the thresholds with what a run teaches in place of what was known: how far the target's own figures went, if
 * it was a GO, and the rate it sustained, if the run went to find out. Null where the run teaches nothing.
 */
export function learn(record: RunRecord, slo: Slo, known: Thresholds): Thresholds | null {
  const { plan, verdict, totals, findings } = record;
  const date = new Date(plan.startedAtEpochMs).toISOString().slice(0, 10);
  const origin = { run: plan.runId, profile: plan.profile, date };
  const kpis = verdict.decision !== 'GO' ? [] : slo.kpis.flatMap((kpi): LearnedKpi[] => {
    const bound = worseWhen(kpi, slo.gates);
    if (bound === null) return [];
    const seen = findings.find((one) => one.metric === 'kpi' && one.scope['kpi'] === kpi.id && one.stat === bound);
    if (!seen || seen.value === null || seen.n < LEAST_READINGS || seen.unit !== kpi.unit) return [];
    return [{ kpi: kpi.id, bound, value: Number(seen.value.toPrecision(3)), unit: kpi.unit, ...origin, n: seen.n }];
  });
  const found = findings.find(({ metric, stat }) => metric === 'api_capacity' && stat === 'value');
  const capacity = found?.value && totals.ended === 'completed'
    ? { requestsPerSecond: Number(found.value.toPrecision(3)), ...origin, n: found.n }
    : null;
  if (kpis.length === 0 && capacity === null) return null;
  const isNew = new Set(kpis.map(({ kpi }) => kpi));
  const ids = slo.kpis.map(({ id }) => id);
  return {
    version: 1,
    capacity: capacity ?? known.capacity,
    // Figures that slo.yml no longer has are forgotten.
    kpis: [...known.kpis.filter(({ kpi }) => !isNew.has(kpi) && ids.includes(kpi)), ...kpis]
      .sort((a, b) => ids.indexOf(a.kpi) - ids.indexOf(b.kpi)),
  };
}
