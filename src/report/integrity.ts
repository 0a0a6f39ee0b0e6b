import type { GateResult, RunRecord } from '../model/index.ts';
import type { GateLine } from './lines.ts';
import { count } from './text.ts';

/**
 * Returns the gates on payments as lines: one for each kind of breach that was found, and one for all others together, since ten
 * times nothing says no more than once. `lineOf` makes the line of a single gate.
 */
export function integrityLines({ plan, verdict, integrity }: RunRecord, lineOf: (gate: GateResult) => GateLine): GateLine[] {
  const kinds = new Map(plan.gates.flatMap((gate) => (gate.metric === 'integrity' ? [[gate.id, gate.breach]] : [])));
  const gates = verdict.gates.filter(({ metric }) => metric === 'integrity');
  const found = gates.filter(({ status }) => status === 'fail').map((gate) => ({
    ...lineOf(gate), observed: `${count(gate.observed ?? 0)} ${gate.observed === 1 ? 'breach' : 'breaches'}`,
  }));
  const others = Map.groupBy(gates.filter(({ status }) => status !== 'fail'), ({ status, hint }) => JSON.stringify([status, hint]));
  const together = [...others.values()].flatMap((alike): GateLine[] => {
    const [first] = alike;
    if (first === undefined) return [];
    const line = lineOf(first);
    if (alike.length === 1) return [line];
    const bound = first.status === 'pass' ? (integrity?.ruledOutPercent ?? null) : null;
    const rest = bound === null ? '' : ` (rules out > ${roundedUp(bound)} %)`;
    const named = found.length === 0 && ['duplicate_charge', 'charge_on_failure'].every((kind) => alike.some(({ id }) => kinds.get(id) === kind));
    const none = named ? '0 duplicates, 0 charged on failure' : `0 of ${alike.length} other kinds of breach`;
    const words = first.status === 'pass' ? none : `${alike.length} kinds of breach: –`;
    return [{ ...line, subject: 'payments', detail: '', words, n: `n ${count(first.n)}${rest}` }];
  });
  return [...found, ...together];
}

/** Rounded down, a bound would claim more than was shown: two digits that say something, upward. */
export function roundedUp(percent: number): string {
  const step = 10 ** (Math.floor(Math.log10(percent)) - 1);
  return String(Number((Math.ceil(Number((percent / step).toFixed(6))) * step).toPrecision(2)));
}
