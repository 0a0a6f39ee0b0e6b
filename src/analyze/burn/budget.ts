import { BURN_ALERTS, type Burn, type ErrorBudget, type ErrorBudgetRule } from '../../model/index.ts';
import { burnAlerts, spentAlerts } from './alerts.ts';
import type { Evidence } from './evidence.ts';

const MS_PER_DAY = 86_400_000;
/** Every window of a burn alert, the shortest first. */
export const BURN_WINDOWS_MS: readonly number[] = [
  ...new Set(BURN_ALERTS.flatMap(({ longMs, shortMs }) => [longMs, shortMs] as number[])),
].sort((a, b) => a - b);

/** Returns the length of a rule's window. */
export function windowMsOf({ window_days }: ErrorBudgetRule): number {
  return window_days * MS_PER_DAY;
}

/**
 * Returns what is left of a service's error budget by one source, and which of its alerts are on. The budget is the part of the
 * window that may be bad: (100 − objective) %, so 43.8 minutes for 99.9 % of a month. Unknown time neither spends nor saves: the
 * bad share of what is known counts for that time alone, and a burn rate is that share over the share that may be bad.
 */
export function errorBudget(rule: ErrorBudgetRule, evidence: Evidence): ErrorBudget {
  const windowMs = windowMsOf(rule);
  // 100 - 99.9 is 0.09999999999999432 in binary.
  const allowedShare = Number((100 - rule.objective_percent).toPrecision(10)) / 100;
  const budgetMs = windowMs * allowedShare;
  const whole = evidence.tally(windowMs);
  const spentMs = whole.badShare === null ? null : whole.badShare * whole.knownMs;
  const burns: Burn[] = BURN_WINDOWS_MS.map((length) => {
    const { badShare, knownMs } = evidence.tally(length);
    return { windowMs: length, rate: badShare === null ? null : badShare / allowedShare, knownMs };
  });
  return {
    service: rule.service, title: rule.title, objectivePercent: rule.objective_percent, windowMs, source: evidence.source,
    budgetMs, spentMs, leftPercent: spentMs === null ? null : 100 * (1 - spentMs / budgetMs),
    knownMs: whole.knownMs, ...evidence.count(windowMs), burns,
    alerts: [...burnAlerts(rule, evidence, burns), ...spentAlerts(rule, evidence, { spentMs, budgetMs, windowMs })],
  };
}
