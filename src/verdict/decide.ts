import type { Analysis } from '../analyze/analyze.ts';
import type { GateResult, Plan, Totals, Verdict } from '../model/index.ts';
import { arrivalsDoubt, underDoubt } from './arrivals.ts';
import { plural } from './evidence.ts';
import { judgeGate } from './judge-gate.ts';

/** Returns the verdict on a run: every gate of its plan, the decision, the reason and the exit code. */
export function judge(plan: Plan, analysis: Analysis): Verdict {
  const unplanned = arrivalsDoubt(plan, analysis.arrivals);
  const gates = plan.gates.map((gate) => underDoubt(judgeGate(gate, analysis, plan), unplanned));
  return decide(gates, analysis.totals);
}

/** Returns why a run is no ground for GO whatever its gates say, or null. */
function doubt(totals: Totals): string | null {
  if (totals.ended === null) return 'the run is INCOMPLETE, it never recorded its end';
  if (totals.ended === 'interrupted') return 'the run was interrupted';
  if (totals.ended === 'fault') return 'the harness itself failed';
  if (totals.unreadableLines > 0) return `${plural(totals.unreadableLines, 'recorded line')} could not be read`;
  const lost = totals.artilleryDifference ?? 0;
  if (lost > 0) return `of ${plural(lost, 'user')} that Artillery started nothing was recorded`;
  return null;
}

function names(gates: readonly GateResult[]): string {
  const shown = gates
    .slice(0, 3)
    .map((gate) => gate.id)
    .join(', ');
  return gates.length > 3 ? `${shown} and ${gates.length - 3} more` : shown;
}

/**
 * Returns the decision. Any failed gate: NO-GO. Else anything open, any doubt about the run, or nothing judged at all:
 * INCONCLUSIVE. GO only when every gate passed in a run that completed.
 */
export function decide(gates: GateResult[], totals: Totals): Verdict {
  const failed = gates.filter((gate) => gate.status === 'fail');
  const open = gates.filter((gate) => gate.status !== 'fail' && gate.status !== 'pass');
  const doubts = doubt(totals);
  const because = doubts === null ? '' : `, and ${doubts}`;
  const [decision, reason, code] = ((): [Verdict['decision'], string, Verdict['exitCode']] => {
    if (failed.length > 0) {
      return ['NO-GO', `${failed.length} of ${plural(gates.length, 'gate')} failed (${names(failed)})${because}.`, 1];
    }
    if (gates.length === 0) return ['INCONCLUSIVE', `No gate is judged in this profile${because}.`, 2];
    if (open.length > 0) {
      return [
        'INCONCLUSIVE',
        `${open.length} of ${plural(gates.length, 'gate')} could not be settled (${names(open)})${because}.`,
        2,
      ];
    }
    if (doubts !== null) return ['INCONCLUSIVE', `Every gate passed, but ${doubts}.`, 2];
    return ['GO', gates.length === 1 ? 'The one gate passed.' : `All ${gates.length} gates passed.`, 0];
  })();
  const exitCode = totals.ended === 'interrupted' ? 130 : totals.ended === 'fault' ? 4 : code;
  return { decision, reason, gates, exitCode };
}
