import { minimumSamples, quantileOf } from '../order-bounds.ts';
import type { Looked, RowOptions } from './compare.ts';
import type { OpenRow } from './decide.ts';
import { LEAST_USERS, mannWhitney } from './mann-whitney.ts';
import { marginOf } from './margins.ts';
import { bootstrapShift, permutationP } from './resample.ts';
import { quantile } from './samples.ts';
import type { Samples } from './samples.ts';

/** With more samples unmeasured than this, a percentile of the rest is no percentile of all. */
const MOST_UNMEASURED = 0.1;
/** The shift has six digits: no machine's last bit may change a report. */
const DIGITS = 6;

/** Returns the row of a percentile of times: Mann–Whitney on the whole of the samples, a permutation test and a bootstrap on it. */
export function latencyRow(looked: Looked, a: Samples | null, b: Samples | null, options: RowOptions): OpenRow {
  const { gate, gateOfA, gateOfB } = looked;
  const p = quantileOf(gate.stat);
  const [valueA, valueB] = [valueOf(a, p), valueOf(b, p)];
  const test = a !== null && b !== null ? mannWhitney(a, b) : null;
  const shift = shiftOf(valueA, valueB);
  const tested = a !== null && b !== null && test !== null && shift !== null;
  const bounds = tested ? bootstrapShift(a, b, p, options.confidence, options.random) : { low: null, high: null };
  const pShift = tested ? permutationP(a, b, p, agreedP(test.p, test.superiority, shift), options.random) : null;
  const enough = (side: Samples): boolean => side.n >= minimumSamples(p, options.confidence);
  const told = tested && enough(a) && enough(b) && valueA.above === null && valueB.above === null;
  return {
    kind: looked.kind, id: gate.id, title: gate.title, stat: gate.stat, unit: gate.unit,
    a: { ...sideOf(a, valueA), status: gateOfA?.status ?? null },
    b: { ...sideOf(b, valueB), status: gateOfB?.status ?? null },
    shift: shift === null ? null : { value: shift, low: told ? rounded(bounds.low) : null, high: told ? rounded(bounds.high) : null },
    p: test === null ? null : rounded(test.p),
    pShift: rounded(pShift),
    superiority: test === null ? null : rounded(test.superiority),
    method: 'mann-whitney',
    margin: marginOf({ ...gate }, valueA.value ?? valueA.above, options.marginPercent),
    limit: gate.limit,
    sameLimit: gateOfA !== null && gateOfA.limit.kind === gate.limit?.kind && gateOfA.limit.value === gate.limit.value && gateOfA.stat === gate.stat,
    evidence: test === null || pShift === null || shift === null ? null : Math.min(1, 2 * Math.min(agreedP(test.p, test.superiority, shift), pShift)),
    obstacle: obstacleOf(looked, a, b, valueA, valueB),
  };
}

interface Value {
  value: number | null;
  /** The deadline that it lies beyond. */
  above: number | null;
}

function valueOf(side: Samples | null, p: number): Value {
  const value = side === null ? null : quantile(side, p);
  return value === null || Number.isFinite(value) ? { value, above: null } : { value: null, above: side?.deadlineMs ?? null };
}

/** Beyond a deadline the deadline itself is what is known: the shift is at least (or at most) that. */
function shiftOf(a: Value, b: Value): number | null {
  if (a.above !== null && b.above !== null) return null;
  const [from, to] = [a.value ?? a.above, b.value ?? b.above];
  return from === null || to === null ? null : rounded(to - from);
}

/** Mann–Whitney speaks for a shift only in its own direction. */
function agreedP(p: number, superiority: number, shift: number): number {
  return Math.sign(superiority - 0.5) === Math.sign(shift) ? p : 1;
}

function sideOf(side: Samples | null, { value, above }: Value): { value: number | null; above: number | null; n: number; censored: number } {
  return { value: rounded(value), above, n: side?.n ?? 0, censored: side?.censored ?? 0 };
}

function obstacleOf({ a: runA, b: runB, gate }: Looked, a: Samples | null, b: Samples | null, valueA: Value, valueB: Value): string | null {
  const sides = [['A', a, runA], ['B', b, runB]] as const;
  const empty = sides.filter(([, side]) => (side?.n ?? 0) === 0).map(([name]) => name);
  if (empty.length > 0) return `no samples in ${empty.join(' and ')}`;
  const ofLane = gate.metric.startsWith('api_');
  const heldBack = ofLane ? [] : sides.filter(([, , run]) => run.conditions.validity.latencyHeldBack).map(([name]) => name);
  if (heldBack.length > 0) return `the observers of ${heldBack.join(' and ')} were disturbed for too long`;
  const unmeasured = sides.filter(([, side]) => side !== null && side.unmeasured > MOST_UNMEASURED * (side.n + side.unmeasured)).map(([name]) => name);
  if (unmeasured.length > 0) return `too many samples of ${unmeasured.join(' and ')} could not be measured`;
  const few = sides.filter(([, side]) => side !== null && side.userCount < LEAST_USERS)
    .map(([name, side]) => `${side?.userCount ?? 0} in ${name}`);
  if (few.length > 0) return `too few ${ofLane ? 'stretches of time' : 'users'} to tell (${few.join(', ')}; ${LEAST_USERS} needed)`;
  if (valueA.above !== null && valueB.above !== null) return 'beyond the deadline in both';
  return null;
}

function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Number(value.toPrecision(DIGITS))) as T;
}
