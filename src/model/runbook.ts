/** Where the runbooks are: one a metric of gates, and one an alert. */
const FOLDER = 'ops/runbooks';

/** Returns the path, inside the project, of the runbook of gates on this metric. */
export function runbookOf(metric: string): string {
  return `${FOLDER}/${metric.replaceAll('_', '-')}.md`;
}

/** The runbook of alerts on error budgets. */
export const BUDGET_RUNBOOK = `${FOLDER}/error-budget.md`;
