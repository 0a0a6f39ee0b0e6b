import type { GameDayDecision } from '../../model/game-day.ts';

/** How decisions are written, by people and in files. */
export const DECISION_FORMS = '"roll-back", "fail-over <flag> on" or "fail-over <flag> off", or "wait"';

const FAIL_OVER = /^fail-over ([a-z0-9][a-z0-9-]*) (on|off)$/;

/** Returns the decision that a text says, or null where it says none. */
export function decisionOf(text: string): GameDayDecision | null {
  const said = text.trim().replace(/\s+/g, ' ').toLowerCase();
  if (said === 'roll-back' || said === 'wait') return { kind: said };
  const [, flag, state] = FAIL_OVER.exec(said) ?? [];
  return flag === undefined ? null : { kind: 'fail-over', flag, enabled: state === 'on' };
}

/** Returns a decision as people write it. */
export function decisionText(decision: GameDayDecision): string {
  return decision.kind === 'fail-over'
    ? `fail-over ${decision.flag} ${decision.enabled ? 'on' : 'off'}`
    : decision.kind;
}
