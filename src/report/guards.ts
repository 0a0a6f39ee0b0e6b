import type { RunRecord } from '../model/index.ts';
import { harmless } from './text.ts';

/** Returns a sentence for each guard that was passed all the same: which, what it would have refused, why. */
export function overrideLines({ plan }: Pick<RunRecord, 'plan'>): string[] {
  return (plan.overrides ?? []).map(({ guard, what, reason }) =>
    harmless(`guard overridden: ${guard} · ${what} · reason: ${reason}`));
}

/** Returns how the environment compared with what the plan expects, an expectation each; none where it expects nothing. */
export function parityParts({ plan }: Pick<RunRecord, 'plan'>): string[] {
  return (plan.parity?.findings ?? []).map(({ what, expected, actual, matches }) =>
    harmless(matches ? `${what} ${actual ?? ''}` : `${what} ${actual ?? 'unknown'} instead of ${expected}`));
}
