import type { Percentile } from '../analyze/findings.ts';
import { minimumSamples, quantileOf } from '../analyze/order-bounds.ts';
import type { Failures } from '../analyze/series.ts';
import { samplesToSettlePercentile } from '../analyze/settle.ts';
import type { Finding, Gate, GateStatus } from '../model/index.ts';
import { about, failureEvidence } from './evidence.ts';

/** What became of a gate, before it is put into words for the record. */
export interface Judged {
  status: GateStatus;
  finding: Finding | null;
  /** A value known only to lie beyond this. */
  observedAbove?: number | null;
  evidence: string[];
  hint: string | null;
}

export type PercentileGate = Gate & { max: number; stat: string };

/** What a percentile rests on, beside itself. */
export interface PercentileBasis {
  failures: Failures;
  deadlineMs: number | null;
  /** Measured samples that may be above the limit. */
  over: number;
  /** What its unmeasured samples are, in words: `passed but could not be measured`. */
  unmeasured: string;
}

/** Judges a percentile by its interval. Beyond a deadline it fails: nobody knows how far. */
export function judgePercentile(gate: PercentileGate, percentile: Percentile, basis: PercentileBasis, confidence: number): Judged {
  const { finding, beyondDeadline } = percentile;
  const { value, interval, n, censored, unmeasured } = finding;
  const all = n + unmeasured;
  const evidence = [...failureEvidence(basis.failures, all), ...unmeasuredEvidence(unmeasured, n, basis.unmeasured)];
  if (n === 0) return { status: 'no-data', finding, evidence, hint: 'not one of them could be measured' };
  const observedAbove = value === null ? basis.deadlineMs : null;
  const low = interval?.low ?? -Infinity;
  const high = interval?.high ?? Infinity;
  if (beyondDeadline || low > gate.max) return { status: 'fail', finding, observedAbove, evidence, hint: null };
  if (high <= gate.max) return { status: 'pass', finding, evidence, hint: null };
  const over = basis.over + censored + unmeasured;
  const p = quantileOf(gate.stat);
  const more = samplesToSettlePercentile(all, over, p, confidence);
  const hint = over === 0 ? needs(minimumSamples(p, confidence) - all, '') : moreHint(more);
  return { status: 'inconclusive', finding, observedAbove, evidence, hint };
}

/** Says how many samples are unknown to both bounds. */
export function unmeasuredEvidence(count: number, n: number, what: string): string[] {
  return count === 0 ? [] : [`${count} of ${n + count} ${what}: to both bounds they could be anything`];
}

export function moreHint(more: number | null): string {
  return more === null ? 'too near to the limit: more samples may never settle it' : needs(more, 'about ');
}

function needs(more: number, hedge: string): string {
  return `needs ${hedge}${about(more)} more ${more === 1 ? 'sample' : 'samples'}`;
}
