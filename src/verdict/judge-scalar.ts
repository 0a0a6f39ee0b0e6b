import type { Scalar } from '../analyze/scalar.ts';
import type { Gate } from '../model/index.ts';
import { about } from './evidence.ts';
import type { Judged } from './judged.ts';

/** Trends get narrower with every window; more than this many times as many are no advice. */
const MOST_TIMES = 100;
/** Their intervals come from many windows, so that more of them settle a gate. */
const TRENDS = new Set(['latency_drift', 'kpi_growth']);

/**
 * Judges a figure that was worked out as a whole: by its interval where it has one, else as it is. A doubt leaves it open
 * whatever it says; without a value and without bounds there is nothing to judge.
 */
export function judgeScalar(gate: Gate, { finding, doubt, evidence, hint }: Scalar): Judged {
  const { value, interval } = finding;
  if (value === null && interval === null) return { status: 'no-data', finding, evidence, hint: doubt ?? 'it has no value' };
  const low = interval === null ? value : interval.low;
  const high = interval === null ? value : interval.high;
  // What is known of a value that is not: it lies above the lower end.
  const observedAbove = value === null && low !== null && low > 0 ? low : null;
  if (doubt !== null) return { status: 'inconclusive', finding, observedAbove, evidence, hint: doubt };
  const passes = 'max' in gate ? high !== null && high <= gate.max : low !== null && low >= gate.min;
  // The upper end of a headroom is the level that broke: at the limit it is broken.
  const fails = 'max' in gate ? low !== null && low > gate.max : high !== null && high <= gate.min;
  if (passes || fails) return { status: passes ? 'pass' : 'fail', finding, observedAbove, evidence, hint: null };
  return { status: 'inconclusive', finding, observedAbove, evidence, hint: hint ?? narrower(gate, value, { low, high }, finding.n) };
}

/** Returns what would settle it: a trend's bounds come nearer to it as the square root of the number of windows. */
function narrower(gate: Gate, value: number | null, { low, high }: { low: number | null; high: number | null }, n: number): string {
  if (value === null || !TRENDS.has(gate.metric)) return 'the limit lies inside its interval';
  const limit = 'max' in gate ? gate.max : gate.min;
  const bound = value <= limit ? high : low;
  const times = bound === null ? Infinity : ((bound - value) / (limit - value)) ** 2;
  if (!(times < MOST_TIMES)) return 'too near to the limit: a longer run may never settle it';
  return `needs about ${about(Math.ceil(n * (times - 1)))} more windows: a longer run`;
}
