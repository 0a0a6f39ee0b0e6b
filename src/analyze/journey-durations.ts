import type { JourneyObservation } from '../model/index.ts';
import { isSample } from './series.ts';
import type { Failure } from './series.ts';
import type { Span, WindowedSeries } from './windowed.ts';

/**
 * Adds how long an observer's whole journey took: from its start, and from when it was meant to start. The two drift apart
 * where users had to wait for the generator; only the second one tells what they would have met under the planned load.
 */
export function addJourneyDuration(
  one: JourneyObservation,
  seriesOf: (metric: string, scope: Record<string, string>) => WindowedSeries,
  deadlineMs: number,
  failure: Failure,
): void {
  if (!isSample(one.outcome) || one.journey === null) return;
  const scope = { journey: one.journey };
  const endMs = one.startedMs + one.durationMs;
  // A wait for a third party's budget is the plan's own.
  const intendedMs = one.intendedMs === null ? null : one.intendedMs + (one.shaped?.waitMs ?? 0);
  const from = { journey_duration: one.startedMs, journey_duration_from_intended: intendedMs };
  for (const [metric, startMs] of Object.entries(from)) {
    if (startMs === null) continue;
    const span: Span = { fromMs: one.startedMs, toMs: endMs };
    if (one.outcome === 'passed') seriesOf(metric, scope).measure(span, Math.max(0, endMs - startMs));
    else seriesOf(metric, scope).censor(span, deadlineMs, failure);
  }
}
