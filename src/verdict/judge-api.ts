import type { ApiSeries } from '../analyze/api.ts';
import { samplesOver, sketchPercentileOf } from '../analyze/sketch-bounds.ts';
import type { ValidityRules } from '../model/index.ts';
import { plural } from './evidence.ts';
import { judgePercentile } from './judged.ts';
import type { Judged, PercentileGate } from './judged.ts';

/**
 * Judges a percentile of the API lane. Windows in which the lane itself was late are left out; with too many of them nothing
 * can be said, whatever the rest would give.
 */
export function judgeApiLatency(
  gate: PercentileGate, series: ApiSeries, lateSendMs: number, rules: ValidityRules, confidence: number,
): Judged {
  const { latency, failures, deadlineMs, leftOut, counts } = series;
  const judged = judgePercentile(gate, sketchPercentileOf(latency, gate.stat, confidence), {
    failures, deadlineMs, over: samplesOver(latency, gate.max), unmeasured: 'were not sent, had not ended when the run did, or were refused with status 429',
  }, confidence);
  if (leftOut === 0) return judged;
  const late = `the API lane was late: ${counts.late} of ${counts.sent} requests left after more than ${lateSendMs} ms`;
  const missing = counts.missing === 0 ? late : `${late}, and ${counts.missing} not at all`;
  if (100 * leftOut > (100 - rules.min_healthy_percent) * counts.scheduled) {
    return { ...judged, status: judged.status === 'no-data' ? 'no-data' : 'inconclusive', hint: missing };
  }
  return { ...judged, evidence: [...judged.evidence, `${plural(leftOut, 'request')} left out: ${missing}`] };
}
