import type { SampledGate } from '../../model/index.ts';

/** A change of less than this share of A's value matters to nobody, unless the caller says otherwise. */
export const MARGIN_PERCENT = 10;
/** As far as an observer's figures may be off in a window that counts as undisturbed (`max_canary_excess_ms` in slo.yml). */
const OBSERVER_MS = 10;
/** The API lane's own error: bench/api.ts, against a server of known delay. */
const LANE_MS = 1;
/** A tenth of what is good (0.1, web.dev/articles/cls). */
const SCORE = 0.01;
/** Of the room that a limit leaves: of an error rate's limit, of the failures that a success rate allows. */
const OF_ROOM = 10;

/** Returns the practical margin of a row, in its unit: a smaller change is `same`. */
export function marginOf(
  { metric, unit, limit }: Pick<SampledGate, 'metric' | 'unit'> & { limit: SampledGate['limit'] | null }, valueOfA: number | null, percent: number,
): number {
  if (metric === 'integrity' || metric === 'drill') return 0;
  if (unit === '%' && limit !== null && metric !== 'kpi' && metric !== 'latency_drift') {
    const room = limit.kind === 'max' ? limit.value : 100 - limit.value;
    return Number(((room * percent) / (OF_ROOM * MARGIN_PERCENT)).toPrecision(6));
  }
  const share = Math.abs(valueOfA ?? 0) * (percent / 100);
  const least = unit === 'ms' ? (metric.startsWith('api_') ? LANE_MS : OBSERVER_MS) : unit === 'score' ? SCORE : 0;
  return Number(Math.max(share, least).toPrecision(6));
}
