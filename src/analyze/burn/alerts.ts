import {
  BUDGET_RUNBOOK, BURN_ALERTS, SPENT_ALERTS_PERCENT,
  type BudgetAlert, type Burn, type ErrorBudget, type ErrorBudgetRule,
} from '../../model/index.ts';
import type { Evidence } from './evidence.ts';

type Source = ErrorBudget['source'];

/** Checks are what an alert is called by; requests, a second source for the same service, have names of their own. */
function idOf(service: string, what: string, source: Source): string {
  return `${service}/${what}${source === 'checks' ? '' : `/${source}`}`;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));

/** Returns a length of time for people: `5 min`, `1 h`, `30.4 days`. */
export function lengthText(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 1) return `${Math.round(ms / 1_000)} s`;
  if (minutes < 60) return `${digits(minutes)} min`;
  if (minutes < 48 * 60) return `${digits(minutes / 60)} h`;
  return `${digits(minutes / 60 / 24)} days`;
}

function burnOf(burns: readonly Burn[], windowMs: number): Burn | undefined {
  return burns.find((burn) => burn.windowMs === windowMs);
}

/** A sum of floating-point shares may fall short of its limit by less than this. */
const ROUNDING = 1e-9;

/**
 * Both of its windows burn at the alert's rate: the long one says that it matters, the short one that it still goes on. That it
 * matters takes as much of the budget as the rate spends in the whole long window: half a minute that is all somebody knows of
 * an hour, and bad, is a blip.
 */
export function burnAlerts({ service, title }: ErrorBudgetRule, evidence: Evidence, burns: readonly Burn[]): BudgetAlert[] {
  return BURN_ALERTS.flatMap(({ burnRate, longMs, shortMs, severity }) => {
    const { rate: long = null, knownMs = 0 } = burnOf(burns, longMs) ?? {};
    const short = burnOf(burns, shortMs)?.rate ?? null;
    if (long === null || short === null || long < burnRate || short < burnRate) return [];
    if ((long * knownMs) / longMs < burnRate * (1 - ROUNDING)) return [];
    const percent = (windowMs: number): string => `${digits(100 * (evidence.tally(windowMs).badShare ?? 0))} %`;
    const { badSinceMs } = evidence.tally(longMs);
    const what = evidence.source === 'checks' ? 'of what is known of' : 'of the requests of';
    const verb = evidence.source === 'checks' ? 'was down' : 'failed';
    return [{
      service, id: idOf(service, `burn-${burnRate}`, evidence.source), kind: 'burn' as const, severity, runbook: BUDGET_RUNBOOK,
      message: `${title}: the error budget burns ${digits(long)} times as fast as it lasts (limit ${burnRate}): ` +
        `${percent(longMs)} ${what} the last ${lengthText(longMs)} ${verb}, ` +
        `${percent(shortMs)} of the last ${lengthText(shortMs)}; first ${lengthText(badSinceMs ?? 0)} ago.`,
    }];
  });
}

interface Spent {
  spentMs: number | null;
  budgetMs: number;
  windowMs: number;
}

/** Somebody should look well before the budget is gone, but a slow loss wakes nobody: fast ones burn. */
export function spentAlerts(
  { service, title }: ErrorBudgetRule, evidence: Evidence, { spentMs, budgetMs, windowMs }: Spent,
): BudgetAlert[] {
  if (spentMs === null) return [];
  const { badSinceMs } = evidence.tally(windowMs);
  return SPENT_ALERTS_PERCENT.filter((percent) => (100 * spentMs) / budgetMs >= percent).map((percent) => ({
    service, id: idOf(service, `spent-${percent}`, evidence.source), kind: 'spent', runbook: BUDGET_RUNBOOK,
    severity: percent < 50 ? 'info' : 'ticket',
    message: `${title}: ${digits((100 * spentMs) / budgetMs)} % of the error budget is spent, ` +
      `${lengthText(spentMs)} of ${lengthText(budgetMs)} in ${lengthText(windowMs)}; first ${lengthText(badSinceMs ?? 0)} ago.`,
  }));
}

/**
 * Returns whether an alert that is not among the budgets' alerts is over. It is not where its own figure is unknown now: checks
 * that have stopped, or a Prometheus that does not answer, do not mean that all is well. Nor is it where the little that is known
 * burns as it did.
 */
export function isOver(id: string, budgets: readonly ErrorBudget[]): boolean {
  return !budgets.some(({ service, source, spentMs, burns }) => {
    const rateOf = (windowMs: number): number | null => burnOf(burns, windowMs)?.rate ?? null;
    const burning = BURN_ALERTS.some(({ burnRate, longMs, shortMs }) => {
      if (id !== idOf(service, `burn-${burnRate}`, source)) return false;
      const [long, short] = [rateOf(longMs), rateOf(shortMs)];
      return long === null || short === null || (long >= burnRate && short >= burnRate);
    });
    return burning || (spentMs === null && SPENT_ALERTS_PERCENT.some((percent) => id === idOf(service, `spent-${percent}`, source)));
  });
}
