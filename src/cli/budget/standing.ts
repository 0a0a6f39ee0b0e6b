import type { ErrorBudget } from '../../model/index.ts';

export type Standing = 'fine' | 'alert' | 'unknown';

/**
 * Returns how one budget stands: `alert` where it is spent or somebody is to be woken, `unknown` where nothing is known of it, or
 * only of what is long past: checks that stopped a week ago say nothing of today.
 */
export function standing({ leftPercent, burns, alerts }: ErrorBudget): Standing {
  if ((leftPercent !== null && leftPercent <= 0) || alerts.some(({ severity }) => severity === 'page')) return 'alert';
  return leftPercent === null || burns.every(({ rate }) => rate === null) ? 'unknown' : 'fine';
}

/** Returns the exit code: 1 where any budget is in alert, 2 where all that is known of some service is unknown now, else 0. */
export function exitCodeOf(budgets: readonly ErrorBudget[]): 0 | 1 | 2 {
  const bySource = budgets.map((budget) => ({ service: budget.service, standing: standing(budget) }));
  if (bySource.some((one) => one.standing === 'alert')) return 1;
  const known = new Set(bySource.filter((one) => one.standing === 'fine').map(({ service }) => service));
  return bySource.every(({ service }) => known.has(service)) ? 0 : 2;
}
