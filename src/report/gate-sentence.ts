import type { GateResult, RunRecord } from '../model/index.ts';
import { gateLine } from './lines.ts';

/** Returns a gate's figures in one line: `p95 912 ms [840, 990], limit ≤ 800 ms, n 12`. Control characters are gone. */
export function gateFigures(gate: GateResult): string {
  const { stat, observed, interval, limit, n } = gateLine(gate);
  const one = observed.replace(/^1 breaches$/, '1 breach');
  return `${[stat, one, interval].filter((part) => part !== '').join(' ')}, limit ${limit}, ${n}`;
}

/**
 * Returns why a run is no ground for GO whatever its gates say, or null: it was cut short, the harness failed, part of
 * what was recorded is missing, or nothing was judged.
 */
export function runDoubt({ verdict, totals }: RunRecord): string | null {
  const whole = totals.ended === 'completed' && totals.unreadableLines === 0 && (totals.artilleryDifference ?? 0) <= 0;
  return whole && verdict.gates.length > 0 ? null : verdict.reason;
}
