import { stringify } from 'yaml';
import { BURN_ALERTS, type ErrorBudgetRule, type Slo, type Thresholds } from '../../model/index.ts';
import { alertGroups } from './alerts.ts';
import { budgetWindowMs, errorRatioRecording, kpiRecording } from './promql.ts';
import type { RuleGroup } from './rule.ts';

const HEADER = `# Generated from slo.yml and ops/thresholds.yml by "npm run ops": change those, not this file.
# documentation/metrics.md explains it.
`;

/** Returns ops/prometheus/recording.rules.yml: the target's own figures, and each service's share of bad requests. */
export function recordingRules(slo: Slo): string {
  const kpis = slo.kpis.map((kpi) => ({ ...kpiRecording(kpi), labels: { kpi: kpi.id, unit: kpi.unit } }));
  const windows = [...new Set(BURN_ALERTS.flatMap(({ longMs, shortMs }) => [longMs, shortMs]))].sort((a, b) => a - b);
  const burns = slo.error_budgets.flatMap((budget) => windows.flatMap((windowMs) => ratio(budget, windowMs)));
  const whole = slo.error_budgets.flatMap((budget) => ratio(budget, budgetWindowMs(budget)));
  return file([
    { name: 'openshow-target', interval: '30s', rules: kpis },
    { name: 'openshow-error-ratios', interval: '30s', rules: burns },
    // A month of samples is read each time.
    { name: 'openshow-error-budgets', interval: '5m', rules: whole },
  ]);
}

/** Returns ops/prometheus/alert.rules.yml: limits of slo.yml, thresholds learned from runs, error budgets, runs. */
export function alertRules(slo: Slo, thresholds: Thresholds): string {
  return file(alertGroups(slo, thresholds));
}

function ratio(budget: ErrorBudgetRule, windowMs: number): object[] {
  const recording = errorRatioRecording(budget, windowMs);
  return recording === null ? [] : [{ ...recording, labels: { service: budget.service } }];
}

/** A group without rules is one that promtool objects to. */
function file(groups: RuleGroup[]): string {
  const filled = groups.filter(({ rules }) => rules.length > 0);
  return HEADER + stringify({ groups: filled }, { lineWidth: 0, aliasDuplicateObjects: false });
}
