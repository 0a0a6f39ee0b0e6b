import type { StepObservation } from '../model/index.ts';
import { seriesKey, type LatencySeries, type RateSeries } from './series.ts';

/** How many traces are named with a series. */
const KEPT_TRACES = 2;

/**
 * Gathers the traces of failed steps. Only users of the crowd are recorded, so a trace stands for all failures of its step
 * and of its journey, observers' included.
 */
export function createTraces() {
  const seen: { tMs: number; journey: string; step: string; file: string }[] = [];
  return {
    add({ tMs, journey, name, trace }: StepObservation): void {
      if (trace !== undefined && journey !== null) seen.push({ tMs, journey, step: name, file: trace });
    },
    /** Names the first ones with the series that failed. */
    settle(latency: ReadonlyMap<string, LatencySeries>, rates: ReadonlyMap<string, RateSeries>): void {
      for (const { journey, step, file } of seen.sort((a, b) => a.tMs - b.tMs || (a.file < b.file ? -1 : 1))) {
        for (const series of [
          latency.get(seriesKey('perceived_latency', { journey, step })),
          rates.get(seriesKey('journey_error_rate', {})),
          rates.get(seriesKey('journey_error_rate', { journey })),
        ]) {
          if (series && series.failures.traces.length < KEPT_TRACES) series.failures.traces.push(file);
        }
      }
    },
  };
}
