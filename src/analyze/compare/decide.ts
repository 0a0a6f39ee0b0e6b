import type { ComparedRow, Comparison, SampledGate } from '../../model/index.ts';
import { byChance, shifted, size } from './words.ts';

type Result = ComparedRow['result'];

/** Two rates as different as chance makes them in fewer than one of five comparisons are not called alike. */
const LEAST_ALIKE = 0.2;

/** A row before the chances of all rows are weighed against each other. */
export interface OpenRow extends Omit<ComparedRow, 'result' | 'reason' | 'pAdjusted'> {
  limit: SampledGate['limit'] | null;
  /** Whether both runs held the gate against the same limit: only then do their verdicts compare. */
  sameLimit: boolean;
  /** The smaller p of the tests, corrected for having had two; null without a test. */
  evidence: number | null;
  /** Why nothing can be said, whatever the figures; null where something can. */
  obstacle: string | null;
}

/** Returns p-values corrected for their number (Holm 1979): the chance of any false alarm among all stays what it is of one. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted: number[] = ps.map(() => 1);
  let most = 0;
  order.forEach(({ p, index }, rank) => {
    most = Math.max(most, Math.min(1, (ps.length - rank) * p));
    adjusted[index] = most;
  });
  return adjusted;
}

/** Returns the rows with their results. Rows of a kind share one chance of a false alarm. */
export function decideRows(rows: readonly OpenRow[], confidence: number): ComparedRow[] {
  const adjusted = new Map<OpenRow, number>();
  for (const kind of ['gate', 'step'] as const) {
    const tested = rows.filter((row) => row.kind === kind && row.evidence !== null);
    holm(tested.map(({ evidence }) => evidence ?? 1)).forEach((p, index) => {
      const row = tested[index];
      if (row) adjusted.set(row, p);
    });
  }
  return rows.map((row) => {
    const pAdjusted = adjusted.get(row) ?? null;
    const { limit, sameLimit, evidence: _evidence, obstacle: _obstacle, ...known } = row;
    return { ...known, pAdjusted, ...decide(row, pAdjusted, 1 - confidence, limit, sameLimit) };
  });
}

interface Decided {
  result: Result;
  reason: string;
}

function decide(row: OpenRow, pAdjusted: number | null, alpha: number, limit: OpenRow['limit'], sameLimit: boolean): Decided {
  const turned = turn(row, sameLimit);
  if (turned !== null) return turned;
  if (row.obstacle !== null) return { result: "can't tell", reason: row.obstacle };
  const { shift, unit, margin } = row;
  if (shift === null) return { result: "can't tell", reason: 'nothing is known of the shift' };
  const sign = limit?.kind === 'min' ? -1 : 1;
  // From here on, a loss is above zero.
  const loss = sign * shift.value;
  const [lossLow, lossHigh] = sign === 1 ? [shift.low, shift.high] : [negated(shift.high), negated(shift.low)];
  const isSure = row.method === 'values' ? lossLow !== null || lossHigh !== null : pAdjusted !== null && pAdjusted < alpha;
  const chance = pAdjusted === null ? 'their intervals lie apart' : byChance(pAdjusted);
  if (isSure && loss > margin && (lossLow === null ? row.method !== 'values' : lossLow > 0)) {
    return { result: 'worse', reason: `${shifted(shift.value, unit)}, more than the margin of ${size(margin, unit)}; ${chance}` };
  }
  if (isSure && -loss > margin && (lossHigh === null ? row.method !== 'values' : lossHigh < 0)) {
    return { result: 'better', reason: `${shifted(shift.value, unit)}, more than the margin of ${size(margin, unit)}; ${chance}` };
  }
  if (lossHigh !== null && lossHigh <= margin) {
    const most = lossHigh <= 0 ? 'not worse' : `at most ${shifted(sign * lossHigh, unit)}`;
    return { result: 'same', reason: `${most}, within the margin of ${size(margin, unit)}` };
  }
  if (metInBoth(row, sameLimit)) return { result: 'same', reason: `${shifted(shift.value, unit)} as seen, met its limit in both, and no test tells them apart` };
  return undecided(row, sign, lossHigh);
}

/**
 * Rare events need thousands of trials for an interval as narrow as a margin. Where both runs kept them below their limit, each with
 * its whole interval, and the test sees no difference, they are the same for all that anybody asked for.
 */
function metInBoth({ method, a, b, p }: OpenRow, sameLimit: boolean): boolean {
  return method === 'rates' && sameLimit && a.status === 'pass' && b.status === 'pass' && p !== null && p > LEAST_ALIKE;
}

function undecided({ shift, unit, margin, method }: OpenRow, sign: number, lossHigh: number | null): Decided {
  if (method === 'values' && shift !== null && shift.low === null && shift.high === null) return alike(shift.value, unit, margin);
  const seen = `${shifted(shift?.value ?? 0, unit)} as seen`;
  const could = lossHigh === null ? 'how much worse it could be is not known' : `could be ${shifted(sign * lossHigh, unit)}`;
  return { result: "can't tell", reason: `${seen}, ${could}; the margin is ${size(margin, unit)}: more samples would tell` };
}

function alike(value: number, unit: string, margin: number): Decided {
  if (Math.abs(value) <= margin) return { result: 'same', reason: value === 0 ? 'the same value' : `${shifted(value, unit)}, within the margin of ${size(margin, unit)}` };
  return { result: "can't tell", reason: `${shifted(value, unit)}, but it is one value a run: nothing tells it from chance` };
}

/** A gate that was met and then missed: two settled verdicts, each at the plan's confidence, need no other test. */
function turn({ kind, a, b }: OpenRow, sameLimit: boolean): Decided | null {
  if (kind !== 'gate' || !sameLimit) return null;
  if (a.status === 'pass' && b.status === 'fail') return { result: 'worse', reason: 'met its limit in A, missed it in B' };
  if (a.status === 'fail' && b.status === 'pass') return { result: 'better', reason: 'missed its limit in A, met it in B' };
  return null;
}

function negated(value: number | null): number | null {
  return value === null ? null : -value;
}

/**
 * Returns what all rows come to. Gates decide, the worst of them. What has one value a run and no test, or no data in either run,
 * is no reason for doubt: it could never be told.
 */
export function overall(rows: readonly ComparedRow[]): Comparison['result'] {
  const gates = rows.filter(({ kind }) => kind === 'gate');
  if (gates.some(({ result }) => result === 'worse')) return 'worse';
  const decisive = gates.filter(({ method, a, b, result }) =>
    result !== "can't tell" || (method === 'values' ? (a.n > 0) !== (b.n > 0) : a.n + b.n > 0));
  if (decisive.length === 0 || decisive.some(({ result }) => result === "can't tell")) return "can't tell";
  return decisive.some(({ result }) => result === 'better') ? 'better' : 'same';
}
