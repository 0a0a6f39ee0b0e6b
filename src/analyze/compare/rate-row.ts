import type { Finding, SampledRun } from '../../model/index.ts';
import { percent } from '../findings.ts';
import { seriesKey } from '../series.ts';
import type { Looked, RowOptions } from './compare.ts';
import type { OpenRow } from './decide.ts';
import { marginOf } from './margins.ts';
import { effective, fisherP, rateShift } from './rates.ts';
import type { Rate } from './rates.ts';

/** Returns the row of a rate; null where the runs know no such rate by its counts. */
export function rateRow(looked: Looked, { confidence, marginPercent }: RowOptions): OpenRow | null {
  const { gate, gateOfA, gateOfB } = looked;
  const key = seriesKey(gate.metric, gate.scope);
  const [a, b] = [looked.a, looked.b].map((run) => rateOf(run, key)) as [Rate | null, Rate | null];
  if (a === null && b === null) return null;
  // The larger of the two: where a run saw no event, nothing in it tells how they come together.
  const design = Math.max(...[looked.a, looked.b].map((run) => run.designEffects.find((one) => seriesKey(one.metric, one.scope) === key)?.value ?? 1));
  const known = a !== null && b !== null && a.n > 0 && b.n > 0 ? ([effective(a, design), effective(b, design)] as const) : null;
  const bounds = known === null ? null : rateShift(known[0], known[1], confidence);
  const share = (rate: Rate | null): number | null => (rate === null || rate.n === 0 ? null : percent(rate.events / rate.n));
  const shift = bounds === null ? null : { value: percent((share(b) ?? 0) / 100 - (share(a) ?? 0) / 100), low: percent(bounds.low), high: percent(bounds.high) };
  const p = known === null ? null : fisherP(known[0], known[1]);
  const empty = [['A', a], ['B', b]].flatMap(([name, rate]) => (rate === null || (rate as Rate).n === 0 ? [name as string] : []));
  return {
    kind: looked.kind, id: gate.id, title: gate.title, stat: gate.stat, unit: gate.unit,
    a: { value: share(a), above: null, status: gateOfA?.status ?? null, n: a?.n ?? 0, censored: 0 },
    b: { value: share(b), above: null, status: gateOfB?.status ?? null, n: b?.n ?? 0, censored: 0 },
    shift,
    p: p === null ? null : Number(p.toPrecision(6)),
    pShift: null,
    superiority: null,
    method: 'rates',
    margin: marginOf(gate, share(a), marginPercent),
    limit: gate.limit,
    sameLimit: gateOfA !== null && gateOfA.limit.kind === gate.limit?.kind && gateOfA.limit.value === gate.limit.value,
    evidence: p,
    obstacle: empty.length > 0 ? `no trials in ${empty.join(' and ')}` : null,
  };
}

function rateOf(run: SampledRun, key: string): Rate | null {
  const found = run.findings.find((one: Finding) => one.stat === 'rate' && one.events !== null && seriesKey(one.metric, one.scope) === key);
  return found === undefined ? null : { events: found.events ?? 0, n: found.n, unknown: found.unmeasured };
}
