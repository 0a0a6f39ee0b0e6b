import { maximumOf, percentileOf, rateOf } from '../analyze/findings.ts';
import type { Analysis } from '../analyze/analyze.ts';
import { minimumSamples, quantileOf } from '../analyze/order-bounds.ts';
import { seriesKey } from '../analyze/series.ts';
import type { LatencySeries, RateSeries } from '../analyze/series.ts';
import { heldBackHint } from '../analyze/validity-text.ts';
import { samplesToSettlePercentile, samplesToSettleRate } from '../analyze/settle.ts';
import type { Finding, Gate, GateResult, GateStatus } from '../model/index.ts';
import { nearest } from '../nearest.ts';
import { largestPart } from './attribution.ts';
import { about, failureEvidence, plural } from './evidence.ts';
import { targetOf } from './kinds.ts';

interface Judged {
  status: GateStatus;
  finding: Finding | null;
  /** A percentile that lies beyond this deadline. */
  observedAbove?: number | null;
  evidence: string[];
  hint: string | null;
}

/** Returns the result of one gate. A gate without samples is `no-data`: never passed, never failed. */
export function judgeGate(gate: Gate, analysis: Analysis, confidence: number): GateResult {
  const target = targetOf(gate);
  const key = seriesKey(target.metric, target.scope);
  const latency = analysis.latency.get(key);
  const rate = analysis.rates.get(key);
  const judged =
    rate !== undefined && gate.unit === '%'
      ? judgeRate(gate, rate, confidence)
      : latency !== undefined && 'max' in gate && 'stat' in gate
        ? heldBack(explained(judgeLatency(gate, latency, confidence), gate, analysis), gate, latency, analysis)
        : noData(gate, analysis);
  return {
    id: gate.id,
    title: gate.title ?? target.title,
    metric: gate.metric,
    stat: 'stat' in gate ? gate.stat : 'rate',
    status: judged.status,
    observed: judged.finding?.value ?? null,
    observedAbove: judged.observedAbove ?? null,
    interval: judged.finding?.interval ?? null,
    limit: 'max' in gate ? { kind: 'max', value: gate.max } : { kind: 'min', value: gate.min },
    unit: gate.unit,
    n: judged.finding?.n ?? 0,
    evidence: judged.evidence,
    hint: judged.hint,
  };
}

/** Names where the time goes, beside what else there is to say. */
function explained(judged: Judged, gate: Gate, { attributions }: Analysis): Judged {
  const part = largestPart(gate, judged.status, judged.finding, attributions);
  if (part === null) return judged;
  return { ...judged, hint: judged.hint === null ? part : `${judged.hint}; ${part}` };
}

/** A share of the run in which the observers were disturbed is left out; too large a share leaves nothing to say. */
function heldBack(judged: Judged, gate: Gate, series: LatencySeries, { validity, totals }: Analysis): Judged {
  if (gate.metric === 'cold_start_penalty') return judged;
  // The header and the hint say it all; each gate's evidence stays what was seen.
  if (validity.latencyHeldBack) return { ...judged, status: 'inconclusive', hint: heldBackHint(validity) };
  const evidence = [...judged.evidence];
  if (series.leftOut > 0) evidence.push(`${plural(series.leftOut, 'sample')} left out: the observers were disturbed`);
  if (totals.demoted > 0 && judged.status === 'inconclusive') {
    evidence.push(`${plural(totals.demoted, 'user')} would have observed, but joined the crowd: too many were observing`);
  }
  const hint = judged.status === 'no-data' && series.leftOut > 0 ? heldBackHint(validity) : judged.hint;
  return { ...judged, hint, evidence };
}

function noData(gate: Gate, analysis: Analysis): Judged {
  const { metric, scope, sample } = targetOf(gate);
  if (analysis.driverSteps.has(seriesKey(metric, scope))) {
    return {
      status: 'no-data',
      finding: null,
      evidence: [],
      hint: 'this step awaits no element, so only the driver timed it: give it "until"',
    };
  }
  if (
    gate.metric === 'perceived_latency' &&
    analysis.rates.has(seriesKey('journey_error_rate', { journey: gate.journey }))
  ) {
    return { status: 'no-data', finding: null, evidence: [], hint: 'no observed user came to this step' };
  }
  const others = [...analysis.latency.values(), ...analysis.rates.values()].filter((one) => one.metric === metric);
  const known = others.flatMap((one) => Object.values(one.scope).slice(-1));
  const wanted = Object.values(scope).at(-1);
  const near = wanted === undefined ? null : nearest(wanted, known);
  const hint = `no ${sample} was seen${near === null ? '' : `; did you mean "${near}"?`}`;
  return { status: 'no-data', finding: null, evidence: [], hint };
}

function unmeasuredEvidence(count: number, n: number, what: string): string[] {
  return count === 0 ? [] : [`${count} of ${n + count} ${what}: to both bounds they could be anything`];
}

function judgeLatency(gate: Gate & { max: number; stat: string }, series: LatencySeries, confidence: number): Judged {
  if (gate.stat === 'max') return judgeMaximum(gate, series);
  const { finding, beyondDeadline } = percentileOf(series, gate.stat, confidence);
  const { value, interval, n, unmeasured } = finding;
  const all = n + unmeasured;
  const evidence = [...failureEvidence(series.failures, all), ...unmeasuredEvidence(unmeasured, n, 'passed but could not be measured')];
  if (n === 0) return { status: 'no-data', finding, evidence, hint: 'not one of them could be measured' };
  const observedAbove = value === null ? series.deadlineMs : null;
  const low = interval?.low ?? -Infinity;
  const high = interval?.high ?? Infinity;
  if (beyondDeadline || low > gate.max) return { status: 'fail', finding, observedAbove, evidence, hint: null };
  if (high <= gate.max) return { status: 'pass', finding, evidence, hint: null };
  const over = series.values.filter((one) => one > gate.max).length + series.censored + unmeasured;
  const p = quantileOf(gate.stat);
  const more = samplesToSettlePercentile(all, over, p, confidence);
  const hint = over === 0 ? needs(minimumSamples(p, confidence) - all, '') : moreHint(more);
  return { status: 'inconclusive', finding, observedAbove, evidence, hint };
}

function judgeMaximum(gate: Gate & { max: number }, series: LatencySeries): Judged {
  const finding = maximumOf(series);
  const evidence = failureEvidence(series.failures, finding.n);
  if (finding.value === null) return { status: 'no-data', finding, evidence, hint: 'none was measured' };
  return { status: finding.value <= gate.max ? 'pass' : 'fail', finding, evidence, hint: null };
}

function judgeRate(gate: Gate & { unit: '%' }, series: RateSeries, confidence: number): Judged {
  const finding = rateOf(series, confidence);
  const { n, interval } = finding;
  const evidence = [
    ...failureEvidence(series.failures, n),
    ...unmeasuredEvidence(series.unknown, n, 'could not be told apart'),
    ...series.notes,
  ];
  if (n === 0 || interval === null)
    return { status: 'no-data', finding, evidence, hint: 'not one of them could be told apart' };
  const [kind, limit] = 'max' in gate ? (['max', gate.max] as const) : (['min', gate.min] as const);
  const low = interval.low ?? 0;
  const high = interval.high ?? 100;
  const passes = kind === 'max' ? high <= limit : low >= limit;
  const fails = kind === 'max' ? low > limit : high < limit;
  if (passes || fails) return { status: passes ? 'pass' : 'fail', finding, evidence, hint: null };
  const worst = series.events + (kind === 'max' ? series.unknown : 0);
  const more = samplesToSettleRate(n + series.unknown, worst, limit / 100, kind, confidence);
  return { status: 'inconclusive', finding, evidence, hint: moreHint(more) };
}

function needs(more: number, hedge: string): string {
  return `needs ${hedge}${about(more)} more ${more === 1 ? 'sample' : 'samples'}`;
}

function moreHint(more: number | null): string {
  return more === null ? 'too near to the limit: more samples may never settle it' : needs(more, 'about ');
}
