import type { Finding, Interval, SampledGate, SampledRun } from '../../model/index.ts';
import { seriesKey } from '../series.ts';
import type { Looked, RowOptions } from './compare.ts';
import type { OpenRow } from './decide.ts';
import { marginOf } from './margins.ts';

interface Value {
  value: number | null;
  above: number | null;
  interval: Interval | null;
  n: number;
  censored: number;
}

/** Returns the row of a figure of which each run has one value: by the distance of their intervals, where they have any. */
export function valueRow(looked: Looked, { marginPercent }: RowOptions): OpenRow {
  const { gate, gateOfA, gateOfB } = looked;
  const [a, b] = [valueOf(looked.a, looked, gateOfA), valueOf(looked.b, looked, gateOfB)];
  const empty = [['A', a.value] as const, ['B', b.value] as const].filter(([, value]) => value === null).map(([name]) => name);
  const value = a.value === null || b.value === null ? null : b.value - a.value;
  return {
    kind: looked.kind, id: gate.id, title: gate.title, stat: gate.stat, unit: gate.unit,
    a: { value: a.value, above: a.above, status: gateOfA?.status ?? null, n: a.n, censored: a.censored },
    b: { value: b.value, above: b.above, status: gateOfB?.status ?? null, n: b.n, censored: b.censored },
    shift: value === null ? null : {
      value: Number(value.toPrecision(6)),
      low: apart(b.interval?.low, a.interval?.high),
      high: apart(b.interval?.high, a.interval?.low),
    },
    p: null, pShift: null, superiority: null,
    method: 'values',
    margin: marginOf(gate, a.value, marginPercent),
    limit: gate.limit,
    sameLimit: gateOfA !== null && gateOfA.limit.kind === gate.limit?.kind && gateOfA.limit.value === gate.limit.value && gateOfA.stat === gate.stat,
    evidence: null,
    obstacle: empty.length > 0 ? `no value in ${empty.join(' and ')}` : null,
  };
}

function apart(one: number | null | undefined, other: number | null | undefined): number | null {
  return one === null || one === undefined || other === null || other === undefined ? null : Number((one - other).toPrecision(6));
}

/** A gate's own figures, where it has the same statistic; else what the findings say of it. */
function valueOf(run: SampledRun, { gate }: Looked, own: SampledGate | null): Value {
  if (own !== null && own.stat === gate.stat) {
    return { value: own.observed, above: own.observedAbove, interval: own.interval, n: own.n, censored: 0 };
  }
  const key = seriesKey(gate.metric, gate.scope);
  const found = run.findings.find((one: Finding) => one.stat === gate.stat && seriesKey(one.metric, one.scope) === key);
  return found === undefined
    ? { value: null, above: null, interval: null, n: 0, censored: 0 }
    : { value: found.value, above: null, interval: found.interval, n: found.n, censored: found.censored };
}
