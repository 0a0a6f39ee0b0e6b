import { z } from 'zod';

const words = z.string().trim().min(1);
const query = words.regex(/\$window/, 'a PromQL query with $window for its range');

/** Burn rates over two windows at once: Google's SRE workbook, chapter 5, "multiwindow, multi-burn-rate alerts". */
export const BURN_ALERTS = [
  { burnRate: 14.4, longMs: 3_600_000, shortMs: 300_000, severity: 'page' },
  { burnRate: 6, longMs: 21_600_000, shortMs: 1_800_000, severity: 'page' },
  { burnRate: 3, longMs: 86_400_000, shortMs: 7_200_000, severity: 'ticket' },
  { burnRate: 1, longMs: 259_200_000, shortMs: 21_600_000, severity: 'ticket' },
] as const;

/** Shares of the budget at whose use somebody is told, in per cent: perf-6. */
export const SPENT_ALERTS_PERCENT = [25, 50, 75] as const;

/** A service with an error budget, in slo.yml under `error_budgets`. */
export const ErrorBudgetRule = z.strictObject({
  service: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'lower-case letters, digits and dashes, 40 at most'),
  title: words,
  objective_percent: z.number().gt(0).lt(100),
  /** 30.4375 days, a month on average, unless said otherwise: 99.9 % are then 43.8 minutes. */
  window_days: z.number().positive().max(366).default(30.4375),
  /** Journeys whose checks speak for this service. */
  journeys: z.array(words).min(1),
  /** Queries for a Prometheus server, `$window` standing for the range: real users' requests beside the checks. */
  prometheus: z.strictObject({ bad: query, total: query }).optional(),
  source: words,
});
export type ErrorBudgetRule = z.infer<typeof ErrorBudgetRule>;

const ms = z.number().nonnegative();

/** Burn over one window: 1 uses up the budget exactly by the end of its window. Null where nothing is known. */
export const Burn = z.strictObject({
  windowMs: z.number().positive(),
  rate: z.number().nonnegative().nullable(),
  /** Of the window: time about which something is known. */
  knownMs: ms,
});
export type Burn = z.infer<typeof Burn>;

export const BudgetAlert = z.strictObject({
  service: z.string(),
  /** Stays the same while the alert lasts: `checkout/burn-14.4`, `checkout/spent-50`. */
  id: z.string(),
  kind: z.enum(['burn', 'spent']),
  severity: z.enum(['page', 'ticket', 'info']),
  /** One sentence: what, how much, since when. */
  message: z.string(),
  /** Path inside the project. */
  runbook: z.string(),
});
export type BudgetAlert = z.infer<typeof BudgetAlert>;

/** What is left of one service's error budget. */
export const ErrorBudget = z.strictObject({
  service: z.string(),
  title: z.string(),
  objectivePercent: z.number(),
  windowMs: z.number().positive(),
  source: z.enum(['checks', 'prometheus']),
  budgetMs: ms,
  /** Null where nothing is known of the window. */
  spentMs: ms.nullable(),
  leftPercent: z.number().nullable(),
  /** Of the window: time about which something is known. Unknown time neither spends nor saves. */
  knownMs: ms,
  /** Checks (or requests) in the window, and those that were bad. */
  n: z.number().nonnegative(),
  bad: z.number().nonnegative(),
  burns: z.array(Burn),
  alerts: z.array(BudgetAlert),
});
export type ErrorBudget = z.infer<typeof ErrorBudget>;
