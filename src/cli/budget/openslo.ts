import { stringify } from 'yaml';
import { windowMsOf } from '../../analyze/burn/budget.ts';
import { BURN_ALERTS, SPENT_ALERTS_PERCENT, type ErrorBudgetRule } from '../../model/index.ts';

/** OpenSLO v1: github.com/OpenSLO/OpenSLO. Its names are DNS labels, so a burn rate of 14.4 is written 14-4. */
const apiVersion = 'openslo/v1';
const TARGET = 'on-call';
/** Longer descriptions are refused by the specification. */
const LONGEST_DESCRIPTION = 1_050;

interface Condition {
  name: string;
  displayName: string;
  description: string;
  severity: string;
  threshold: number;
  lookbackMinutes: number;
}

const minutesOf = (ms: number): number => Math.max(1, Math.round(ms / 60_000));
const duration = (minutes: number): string => `${minutes}m`;

/** Returns the objectives as OpenSLO v1 documents: services, objectives by each source, and the policies of their alerts. */
export function openSlo(rules: readonly ErrorBudgetRule[]): string {
  const conditions = new Map(rules.flatMap(conditionsOf).map((condition) => [condition.name, condition]));
  const documents = [
    ...rules.map(({ service, title, source }) => ({
      apiVersion, kind: 'Service', metadata: { name: service, displayName: title }, spec: { description: cut(source) },
    })),
    ...rules.flatMap((rule) => [byChecks(rule), ...(rule.prometheus ? [byRequests(rule, rule.prometheus)] : [])]),
    ...[...conditions.values()].map(policy),
    {
      apiVersion, kind: 'AlertNotificationTarget', metadata: { name: TARGET },
      spec: { description: 'Where ALERT_WEBHOOK_URL posts to.', target: 'webhook' },
    },
  ];
  return documents.map((document) => `---\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
}

/** Checks come in regular rounds, so that the bad part of them is the bad part of the time. */
function byChecks(rule: ErrorBudgetRule): object {
  const spec = { journeys: rule.journeys, files: 'reports/checks/*.ndjson' };
  const metric = (status: string): object => ({ metricSource: { type: 'openshow-journeys', spec: { ...spec, status } } });
  const ratio = { counter: false, bad: metric('down'), total: metric('up, flaky, down') };
  return objective(rule, `${rule.service}-checks`, `${rule.title}, by checks`, ratio);
}

/** The queries keep `$window`, for which whoever reads them puts the range. */
function byRequests(rule: ErrorBudgetRule, { bad, total }: { bad: string; total: string }): object {
  const metric = (query: string): object => ({ metricSource: { type: 'Prometheus', spec: { query } } });
  const ratio = { counter: false, bad: metric(bad), total: metric(total) };
  return objective(rule, `${rule.service}-requests`, `${rule.title}, by requests`, ratio);
}

function objective(rule: ErrorBudgetRule, name: string, displayName: string, ratioMetric: object): object {
  const { service, source, objective_percent: percent } = rule;
  return {
    apiVersion, kind: 'SLO', metadata: { name, displayName },
    spec: {
      description: cut(source), service,
      indicator: { metadata: { name, displayName }, spec: { ratioMetric } },
      timeWindow: [{ duration: duration(minutesOf(windowMsOf(rule))), isRolling: true }],
      budgetingMethod: 'Occurrences',
      objectives: [{ displayName: `${percent} %`, target: Number((percent / 100).toPrecision(12)) }],
      alertPolicies: conditionsOf(rule).map((condition) => ({ alertPolicyRef: condition.name })),
    },
  };
}

/** A part of the budget is spent where the burn rate over its whole window is that part. */
function conditionsOf(rule: ErrorBudgetRule): Condition[] {
  const window = minutesOf(windowMsOf(rule));
  return [
    ...BURN_ALERTS.map(({ burnRate, longMs, shortMs, severity }) => ({
      name: `burn-${String(burnRate).replace('.', '-')}`, severity, threshold: burnRate, lookbackMinutes: minutesOf(longMs),
      displayName: `Error budget burns ${burnRate} times as fast as it lasts`,
      description: `Over ${minutesOf(longMs)} minutes; "npm run budget" wants the same of the last ` +
        `${minutesOf(shortMs)} minutes, which OpenSLO v1 has no words for.`,
    })),
    ...SPENT_ALERTS_PERCENT.map((percent) => ({
      name: `spent-${percent}-of-${duration(window)}`, severity: percent < 50 ? 'info' : 'ticket',
      displayName: `${percent} % of the error budget is spent`, threshold: percent / 100, lookbackMinutes: window,
      description: `A burn rate of ${percent / 100} over the whole window.`,
    })),
  ];
}

function policy({ name, displayName, description, severity, threshold, lookbackMinutes }: Condition): object {
  return {
    apiVersion, kind: 'AlertPolicy', metadata: { name, displayName },
    spec: {
      description, alertWhenNoData: false, alertWhenResolved: true, alertWhenBreaching: true,
      conditions: [{
        kind: 'AlertCondition', metadata: { name, displayName },
        spec: {
          description, severity,
          condition: { kind: 'burnrate', op: 'gte', threshold, lookbackWindow: duration(lookbackMinutes), alertAfter: '1m' },
        },
      }],
      notificationTargets: [{ targetRef: TARGET }],
    },
  };
}

function cut(text: string): string {
  return text.slice(0, LONGEST_DESCRIPTION);
}
