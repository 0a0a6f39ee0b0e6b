import type { GameDay, GameDayAim } from '../../model/game-day.ts';
import type { GameDayTargets } from './script.ts';

/**
 * Returns the aims of a game day that has ended. What did not come before the time was up is missed; what nobody knows
 * is not told.
 */
export function aimsOf(day: GameDay, targets: GameDayTargets): GameDayAim[] {
  const { times, drill } = day;
  const from = times.faultIn;
  const timed = (id: GameDayAim['id'], limitMs: number, atEpochMs: number | null, what: string): GameDayAim => {
    const observed =
      from === null || atEpochMs === null ? null : Math.max(0, Math.round((atEpochMs - from) / 100) / 10);
    const limit = limitMs / 1_000;
    const known = { id, unit: 's', limit, observed, n: observed === null ? 0 : 1 } as const;
    if (observed !== null) return { ...known, state: observed <= limit ? 'met' : 'missed', why: null };
    // Nobody had the time to do it, or there was nothing to be seen: that says nothing of the team.
    if (day.outcome !== 'not recovered') return { ...known, state: 'not told', why: day.outcome };
    return { ...known, state: 'missed', why: what };
  };
  return [
    timed('detection', targets.detectionMs, times.detected, 'nobody said that something was wrong'),
    timed('decision', targets.decisionMs, times.decision, 'nothing was decided'),
    timed('recovery', targets.recoveryMs, times.recovered, 'the target was not well again'),
    runbookAim(day.runbook, drill, day.outcome),
    moneyAim(day),
  ];
}

function runbookAim(runbook: string | null, drill: GameDay['drill'], outcome: GameDay['outcome']): GameDayAim {
  const base = { id: 'runbook', unit: 'wrong runbooks', limit: 0 } as const;
  const fits = drill?.runbooks.join(' or ') ?? '';
  if (runbook === null || drill === null) {
    const missed = outcome === 'not recovered';
    return {
      ...base,
      observed: null,
      n: 0,
      state: missed ? 'missed' : 'not told',
      why: missed ? `none was chosen; ${fits} fits` : outcome,
    };
  }
  const wrong = drill.runbooks.includes(runbook) ? 0 : 1;
  return {
    ...base,
    observed: wrong,
    n: 1,
    state: wrong === 0 ? 'met' : 'missed',
    why: wrong === 0 ? null : `${runbook} was chosen; ${fits} fits`,
  };
}

/**
 * "Without revenue impact" (perf-6): no payment lost, none taken twice or wrongly. Books that were not read as a whole
 * show no zero.
 */
function moneyAim({ money, moneyUnread, drill }: GameDay): GameDayAim {
  const base = { id: 'money', unit: 'breaches', limit: 0, n: money?.payments ?? 0 } as const;
  const untold = (why: string): GameDayAim => ({ ...base, observed: null, state: 'not told', why });
  const breaches = Object.values(money?.counts ?? {}).reduce((sum, count) => sum + count, 0);
  // One is one, whatever else could not be read.
  if (breaches > 0) return { ...base, observed: breaches, state: 'missed', why: money?.breaches[0]?.detail ?? null };
  if (money === null || moneyUnread !== null) return untold(moneyUnread ?? 'the books were not read');
  if (drill === null) return untold('nothing was broken');
  if (money.payments === 0) return untold('no payment was made');
  if (money.underWay > 0) return untold(`${money.underWay} of ${money.payments} payments were still under way`);
  return {
    ...base,
    observed: 0,
    state: 'met',
    why: money.ruledOutPercent === null ? null : `rules out > ${money.ruledOutPercent.toPrecision(2)} %`,
  };
}

/**
 * Returns what a game day ends with: 130 interrupted, 4 something is still in, or left, 1 an aim was missed, 2 one was
 * not told, 0 all met.
 */
export function exitCodeOf({
  outcome,
  notUndone,
  teardown,
  aims,
}: Pick<GameDay, 'outcome' | 'notUndone' | 'teardown' | 'aims'>): number {
  if (notUndone.length > 0 || (teardown !== null && teardown.outcome !== 'removed')) return 4;
  if (outcome === 'interrupted') return 130;
  if (aims.some(({ state }) => state === 'missed')) return 1;
  return aims.length === 0 || aims.some(({ state }) => state === 'not told') ? 2 : 0;
}
