import type { Analysis } from '../analyze/analyze.ts';
import type { DrillFacts } from '../analyze/drills.ts';
import type { DrillReport, GateResult, IntegrityReport, Plan } from '../model/index.ts';
import { plural } from './evidence.ts';

/** Returns what became of each drill of a run: its facts, and what its gates make of them. */
export function drillReports(plan: Plan, analysis: Pick<Analysis, 'drills' | 'integrity'>, results: readonly GateResult[]): DrillReport[] {
  return analysis.drills.map((facts) => {
    const ids = plan.gates.flatMap((gate) => (gate.metric === 'drill' && gate.drill === facts.name ? [gate.id] : []));
    const { phase, notJudged: _notJudged, ...rest } = facts;
    const integrityBreaches = breachesIn(phase, analysis.integrity);
    const { verdict, reason } = verdictOf(facts, results.filter(({ id }) => ids.includes(id)), integrityBreaches);
    const stray = integrityBreaches === null ? strayBreaches(analysis.integrity) : 0;
    const unknown = stray === 0 ? '' : `; ${plural(stray, 'integrity breach', 'integrity breaches')} may be of its payments: their phase is not known`;
    return { ...rest, integrityBreaches, verdict, reason: `${reason}${unknown}` };
  });
}

/** A drill whose steady state did not hold, or whose fault never went in, is never passed; nor one that lost money. */
function verdictOf({ notJudged }: DrillFacts, gates: readonly GateResult[], breaches: number | null): Pick<DrillReport, 'verdict' | 'reason'> {
  const named = (some: readonly GateResult[]): string => some.map(({ title }) => title.split(' › ').slice(1).join(' › ') || title).join(', ');
  if (breaches !== null && breaches > 0) return { verdict: 'fail', reason: `${plural(breaches, 'integrity breach', 'integrity breaches')} among its payments` };
  if (notJudged !== null) return { verdict: 'not judged', reason: notJudged };
  const failed = gates.filter(({ status }) => status === 'fail');
  if (failed.length > 0) return { verdict: 'fail', reason: `not as expected: ${named(failed)}` };
  const open = gates.filter(({ status }) => status !== 'pass');
  if (open.length > 0) return { verdict: 'inconclusive', reason: `not settled: ${named(open)}` };
  if (gates.length === 0) return { verdict: 'not judged', reason: 'none of its expectations is a gate of this run' };
  return { verdict: 'pass', reason: `${plural(gates.length, 'expectation')} met` };
}

/**
 * Returns the breaches among the payments intended in a phase; null where the books could not both be read, or where there are none
 * of its own but some of payments of which nobody knows when they were intended: they may be its own.
 */
function breachesIn(phase: string, integrity: IntegrityReport | null): number | null {
  if (integrity === null || integrity.books.platform !== 'complete' || integrity.books.provider !== 'complete') return null;
  const own = integrity.breaches.filter((breach) => breach.phase === phase).length;
  return own === 0 && strayBreaches(integrity) > 0 ? null : own;
}

/** Breaches of payments that belong to no known phase, such as those of the API lane. */
function strayBreaches(integrity: IntegrityReport | null): number {
  return integrity?.breaches.filter((breach) => breach.phase === null).length ?? 0;
}
