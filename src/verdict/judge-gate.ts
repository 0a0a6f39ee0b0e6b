import type { Analysis } from '../analyze/analyze.ts';
import { maximumOf, percentileOf, rateOf } from '../analyze/findings.ts';
import { seriesKey } from '../analyze/series.ts';
import type { LatencySeries, RateSeries } from '../analyze/series.ts';
import { heldBackHint } from '../analyze/validity-text.ts';
import { samplesToSettleRate } from '../analyze/settle.ts';
import type { Gate, GateResult, Interval, Plan } from '../model/index.ts';
import { nearest } from '../nearest.ts';
import { largestPart } from './attribution.ts';
import { failureEvidence, plural } from './evidence.ts';
import { judgeApiLatency } from './judge-api.ts';
import { judgePercentile, moreHint, unmeasuredEvidence } from './judged.ts';
import type { Judged, PercentileGate } from './judged.ts';
import { judgeScalar } from './judge-scalar.ts';
import { targetOf } from './kinds.ts';

/** Returns the result of one gate. A gate without samples is `no-data`: never passed, never failed. */
export function judgeGate(gate: Gate, analysis: Analysis, plan: Plan): GateResult {
  const target = targetOf(gate);
  const judged = judgedBy(gate, seriesKey(target.metric, target.scope), analysis, plan);
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
    // A growth says what it is per.
    unit: judged.finding?.unit ?? gate.unit,
    n: judged.finding?.n ?? 0,
    evidence: judged.evidence,
    hint: judged.hint,
  };
}

/** Finds what a gate looks at and judges it the way of its kind. */
function judgedBy(gate: Gate, key: string, analysis: Analysis, plan: Plan): Judged {
  const { confidence } = plan;
  const scalar = analysis.scalars.get('stat' in gate ? seriesKey(gate.metric, { ...targetOf(gate).scope, stat: gate.stat }) : key);
  if (scalar !== undefined) return judgeScalar(gate, scalar);
  const rate = analysis.rates.get(key);
  if (rate !== undefined && gate.unit === '%') return judgeRate(gate, rate, confidence);
  if (!('max' in gate) || !('stat' in gate)) return noData(gate, analysis);
  const api = analysis.api.get(key);
  if (api !== undefined) return judgeApiLatency(gate, api, plan.api?.lateSendMs ?? 0, plan.validity, confidence);
  const latency = analysis.latency.get(key);
  if (latency === undefined) return noData(gate, analysis);
  return heldBack(explained(judgeLatency(gate, latency, confidence), gate, analysis), gate, latency, analysis);
}

/** Names where the time goes, beside what else there is to say. */
function explained(judged: Judged, gate: Gate, { attributions }: Analysis): Judged {
  const part = largestPart(gate, judged.status, judged.finding, attributions);
  if (part === null) return judged;
  return { ...judged, hint: judged.hint === null ? part : `${judged.hint}; ${part}` };
}

/** A share of the run in which the observers were disturbed is left out; too large a share leaves nothing to say. */
function heldBack(judged: Judged, gate: Gate, series: LatencySeries, { validity, totals }: Analysis): Judged {
  // The target itself says it, or a thread measures it that no observer shares.
  if (gate.metric === 'cold_start_penalty' || gate.metric === 'replay_generation') return judged;
  if (gate.metric === 'replay_latency' && gate.by === 'crawler') return judged;
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
  const lane = [...analysis.api.values()].map(({ latency }) => latency);
  const figures = [...analysis.scalars.values()].map(({ finding }) => finding);
  const others = [...analysis.latency.values(), ...analysis.rates.values(), ...lane, ...figures].filter((one) => one.metric === metric);
  const known = others.flatMap((one) => Object.values(one.scope).slice(-1));
  const wanted = Object.values(scope).at(-1);
  const near = wanted === undefined ? null : nearest(wanted, known);
  const hint = `no ${sample} was seen${near === null ? '' : `; did you mean "${near}"?`}`;
  return { status: 'no-data', finding: null, evidence: [], hint };
}

/** What unmeasured samples are, in words. */
const UNMEASURED: Partial<Record<Gate['metric'], string>> = {
  request_latency: 'were not timed, or refused with status 429',
  replay_latency: 'left far too late or never, were under way at the end, redirected, or refused with status 429',
  replay_generation: 'did not say how long they took to make',
};

function judgeLatency(gate: PercentileGate, series: LatencySeries, confidence: number): Judged {
  if (gate.stat === 'max') return judgeMaximum(gate, series);
  const { failures, deadlineMs } = series;
  const over = series.values.filter((one) => one > gate.max).length;
  const unmeasured = UNMEASURED[gate.metric] ?? 'passed but could not be measured';
  const basis = { failures, deadlineMs, over, unmeasured };
  return judgePercentile(gate, percentileOf(series, gate.stat, confidence), basis, confidence);
}

function judgeMaximum(gate: Gate & { max: number }, series: LatencySeries): Judged {
  const finding = maximumOf(series);
  const evidence = failureEvidence(series.failures, finding.n);
  if (finding.value === null) return { status: 'no-data', finding, evidence, hint: 'none was measured' };
  return { status: finding.value <= gate.max ? 'pass' : 'fail', finding, evidence, hint: null };
}

/** Returns what an interval of a rate says of its limit; null where it says nothing. */
function settles(interval: Interval, kind: 'max' | 'min', limit: number): 'pass' | 'fail' | null {
  const low = interval.low ?? 0;
  const high = interval.high ?? 100;
  if (kind === 'max' ? high <= limit : low >= limit) return 'pass';
  return (kind === 'max' ? low > limit : high < limit) ? 'fail' : null;
}

/** What the trials are, in words, of which nobody knows what they would have been. */
const UNKNOWN: Partial<Record<Gate['metric'], string>> = {
  request_error_rate: 'were refused with status 429',
  api_error_rate: 'were never sent, or refused with status 429',
  api_throughput: 'were never sent',
  replay_cache_hits: 'did not say whether they came from a cache',
  replay_error_rate: 'were never sent, were under way at the end, redirected, or refused with status 429',
};

function judgeRate(gate: Gate, series: RateSeries, confidence: number): Judged {
  const finding = rateOf(series, confidence);
  const { n, interval } = finding;
  const ofLane = gate.metric.startsWith('api_');
  const unknown = UNKNOWN[gate.metric] ?? 'could not be told apart';
  const evidence = [
    ...failureEvidence(series.failures, n),
    ...unmeasuredEvidence(series.unknown, n, unknown),
    ...series.notes,
  ];
  if (n === 0 || interval === null)
    return { status: 'no-data', finding, evidence, hint: `not one of them ${ofLane ? 'came to an end' : 'could be told apart'}` };
  const [kind, limit] = 'max' in gate ? (['max', gate.max] as const) : (['min', gate.min] as const);
  const settled = settles(interval, kind, limit);
  if (settled !== null) return { status: settled, finding, evidence, hint: null };
  const known = rateOf({ ...series, unknown: 0 }, confidence).interval;
  const hint = known !== null && settles(known, kind, limit) !== null
    ? `settled but for the ${series.unknown} that ${unknown}`
    // Supposing that no more of them come to be unknown.
    : moreHint(samplesToSettleRate(n, series.events, limit / 100, kind, confidence));
  return { status: 'inconclusive', finding, evidence, hint };
}
