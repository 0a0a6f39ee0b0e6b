import { BURN_ALERTS, type ErrorBudget } from '../../model/index.ts';

export type Standing = 'fine' | 'alert' | 'unknown';

/**
 * Returns how one budget stands: `alert` where it is spent or somebody is to be woken, `unknown` where nothing is known of it, or
 * only of what is long past: checks that stopped a week ago say nothing of today. Also where the little that is known would page
 * somebody, were it more: one round that failed is no page, but nothing is fine.
 */
export function standing({ leftPercent, burns, alerts }: ErrorBudget): Standing {
  if ((leftPercent !== null && leftPercent <= 0) || alerts.some(({ severity }) => severity === 'page')) return 'alert';
  const rateOf = (windowMs: number): number | null => burns.find((burn) => burn.windowMs === windowMs)?.rate ?? null;
  const mayBurn = BURN_ALERTS.some(({ burnRate, longMs, shortMs, severity }) =>
    severity === 'page' && (rateOf(longMs) ?? 0) >= burnRate && (rateOf(shortMs) ?? burnRate) >= burnRate);
  return leftPercent === null || mayBurn || burns.every(({ rate }) => rate === null) ? 'unknown' : 'fine';
}

/** Returns the exit code: 1 where any budget is in alert, 2 where all that is known of some service is unknown now, else 0. */
export function exitCodeOf(budgets: readonly ErrorBudget[]): 0 | 1 | 2 {
  const bySource = budgets.map((budget) => ({ service: budget.service, standing: standing(budget) }));
  if (bySource.some((one) => one.standing === 'alert')) return 1;
  const known = new Set(bySource.filter((one) => one.standing === 'fine').map(({ service }) => service));
  return bySource.every(({ service }) => known.has(service)) ? 0 : 2;
}
