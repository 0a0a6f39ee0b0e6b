import type { BudgetAlert, ErrorBudget } from '../../model/index.ts';

/** What a round of error budgets needs to know. */
export interface BudgetRoundOptions {
  /** The checkout, for .env and slo.yml. */
  root: string;
  /** Settings: REPORTS_DIR, PROMETHEUS_URL, ALERT_WEBHOOK_URL, ALERT_WEBHOOK_FORM; GITHUB_ACTIONS switches annotations on. */
  environment: NodeJS.ProcessEnv;
  /** The system whose rounds count, as CheckRound.target names it. */
  target: string;
  /** Read from this file in place of slo.yml. */
  sloPath?: string;
  /** Now. */
  nowEpochMs: number;
  /** Whole lines for people: alerts that begin and end, and GitHub's annotations. With --json, standard error. */
  out: (text: string) => void;
  /** Ends waiting for Prometheus and the webhook. */
  signal?: AbortSignal;
}

/** An alert that a channel was told of in this round. */
export interface SentAlert {
  channel: 'terminal' | 'github' | 'webhook';
  event: 'began' | 'ended';
  alert: BudgetAlert;
}

export interface BudgetRound {
  /** In the order of slo.yml; a service with queries has a second one, of source `prometheus`. */
  budgets: ErrorBudget[];
  sent: SentAlert[];
  /** What could not be read or sent, each as one sentence for people. None of them is the target's. */
  faults: string[];
}

/**
 * `budgetRound(options): Promise<BudgetRound>` in round.ts reads the rounds under <reports>/checks, computes the budgets, and
 * sends each alert once when it begins and once when it ends. It never rejects: whatever fails stands in `faults`.
 */
export type BudgetRoundFunction = (options: BudgetRoundOptions) => Promise<BudgetRound>;
