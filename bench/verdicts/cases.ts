import type { Decision } from '../../src/model/index.ts';
import { atLeast, atMost, table, type Aim } from '../shell.ts';
import type { Fault } from './site.ts';

export interface VerdictCase {
  id: string;
  /** What is true of the site. */
  truth: string;
  fault: Omit<Fault, 'seed'>;
  profile?: 'few.yml';
  /** Programs that take every processor from a few seconds into the run. */
  starved?: true;
  /** Stated beforehand: what may be said without being wrong. */
  allowed: readonly Decision[];
  /** The answer that settles it; null where nothing can be settled. */
  right: Decision | null;
}

export const CASES: readonly VerdictCase[] = [
  { id: 'nothing wrong', truth: 'good', fault: {}, allowed: ['GO', 'INCONCLUSIVE'], right: 'GO' },
  {
    id: '+50 ms in one step',
    truth: 'too slow',
    fault: { slowMs: 50 },
    allowed: ['NO-GO', 'INCONCLUSIVE'],
    right: 'NO-GO',
  },
  {
    id: '2 % errors in one step',
    truth: 'errors',
    fault: { errorShare: 0.02 },
    allowed: ['NO-GO', 'INCONCLUSIVE'],
    right: 'NO-GO',
  },
  { id: 'generator starved', truth: 'good', fault: {}, starved: true, allowed: ['GO', 'INCONCLUSIVE'], right: null },
  { id: 'too few arrivals', truth: 'good', fault: {}, profile: 'few.yml', allowed: ['INCONCLUSIVE'], right: null },
  { id: 'hung dependency', truth: 'broken', fault: { hung: true }, allowed: ['NO-GO', 'INCONCLUSIVE'], right: 'NO-GO' },
];

export interface Outcome {
  id: string;
  /** Null where the run gave none: a fault of the harness. */
  decision: Decision | null;
  exitCode: number | null;
  seconds: number;
  seed: number;
  /** The gates that decided, for what needs an explanation. */
  because: string[];
}

export interface CaseResult {
  id: string;
  truth: string;
  allowed: readonly Decision[];
  counts: Record<Decision, number>;
  faults: number;
  wrong: number;
  n: number;
}

const DECISIONS: readonly Decision[] = ['GO', 'NO-GO', 'INCONCLUSIVE'];
/** A harness that never settles anything is never wrong either. Decided here: most runs should settle it. */
const LEAST_SETTLED_PERCENT = 50;

export function summarize(cases: readonly VerdictCase[], outcomes: readonly Outcome[]): CaseResult[] {
  return cases.map(({ id, truth, allowed }) => {
    const own = outcomes.filter((one) => one.id === id);
    const count = (decision: Decision): number => own.filter((one) => one.decision === decision).length;
    return {
      id,
      truth,
      allowed,
      counts: { GO: count('GO'), 'NO-GO': count('NO-GO'), INCONCLUSIVE: count('INCONCLUSIVE') },
      faults: own.filter((one) => one.decision === null).length,
      wrong: own.filter((one) => one.decision !== null && !allowed.includes(one.decision)).length,
      n: own.length,
    };
  });
}

/** Returns the aims; a run without a verdict is no answer, and meets none of them. */
export function aimsOf(cases: readonly VerdictCase[], results: readonly CaseResult[]): Aim[] {
  const n = results.reduce((sum, one) => sum + one.n, 0);
  const wrong = (decision: Decision): number =>
    results.filter((one) => !one.allowed.includes(decision)).reduce((sum, one) => sum + one.counts[decision], 0);
  const decidable = results.flatMap((one) => {
    const right = cases.find((known) => known.id === one.id)?.right ?? null;
    return right === null ? [] : [{ settled: one.counts[right], n: one.n }];
  });
  const of = decidable.reduce((sum, one) => sum + one.n, 0);
  const settled = decidable.reduce((sum, one) => sum + one.settled, 0);
  const seen = (value: number): number | null => (n === 0 ? null : value);
  return [
    atMost('wrong-go', 'runs', 0, seen(wrong('GO')), n),
    atMost('wrong-no-go', 'runs', 0, seen(wrong('NO-GO')), n),
    atMost('without-verdict', 'runs', 0, seen(results.reduce((sum, one) => sum + one.faults, 0)), n),
    atLeast('settled', '%', LEAST_SETTLED_PERCENT, of === 0 ? null : (100 * settled) / of, of),
  ];
}

export function caseTable(results: readonly CaseResult[]): string {
  return table([
    ['case', 'truth', ...DECISIONS, 'no verdict', 'allowed', 'wrong'],
    ...results.map((one) => [
      one.id,
      one.truth,
      ...DECISIONS.map((decision) => String(one.counts[decision])),
      String(one.faults),
      one.allowed.join(' or '),
      String(one.wrong),
    ]),
  ]);
}
