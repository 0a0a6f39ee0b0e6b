import { BUDGET_RUNBOOK, BURN_ALERTS, SPENT_ALERTS_PERCENT, runbookOf } from '../../model/index.ts';
import type { ErrorBudgetRule, Gate, Kpi, LearnedKpi, Slo, Thresholds } from '../../model/index.ts';
import { exact } from '../text.ts';
import { budgetWindowMs, duration, errorRatio, errorRatioRecording, kpiRecording } from './promql.ts';
import type { Alert, RuleGroup } from './rule.ts';
import { runAlerts } from './run-alerts.ts';

type Severity = 'page' | 'ticket';
type KpiGate = Extract<Gate, { metric: 'kpi' }>;
type GrowthGate = Extract<Gate, { metric: 'kpi_growth' }>;

/** Long enough that one odd scrape is no alert. */
const LASTING = '5m';
const LEARNED_LASTING = '15m';
const LEARNED_AVERAGE = '10m';

/** Returns all alerts. Those that wake somebody (`page`) are burns of an error budget; all others are tickets. */
export function alertGroups(slo: Slo, thresholds: Thresholds): RuleGroup[] {
  const limits = slo.gates.flatMap((gate) => {
    if (gate.metric === 'kpi') return overKpi(gate.kpi, slo, (kpi) => limitAlert(gate, kpi));
    return gate.metric === 'kpi_growth' ? overKpi(gate.kpi, slo, (kpi) => growthAlert(gate, kpi)) : [];
  });
  const learned = thresholds.kpis.flatMap((one) => overKpi(one.kpi, slo, (kpi) => learnedAlert(one, kpi, slo)));
  return [
    { name: 'openshow-limits', rules: limits },
    { name: 'openshow-learned', rules: learned },
    { name: 'openshow-capacity', rules: capacityAlerts(slo, thresholds) },
    { name: 'openshow-budgets', rules: slo.error_budgets.flatMap(budgetAlerts) },
    { name: 'openshow-runs', rules: runAlerts(slo) },
  ];
}

function overKpi(id: string, { kpis }: Slo, alert: (kpi: Kpi) => Alert | null): Alert[] {
  const kpi = kpis.find((one) => one.id === id);
  const made = kpi === undefined ? null : alert(kpi);
  return made === null ? [] : [made];
}

/** A limit of slo.yml, over ten minutes of production what the gate's statistic is over a run. */
function limitAlert(gate: KpiGate, kpi: Kpi): Alert {
  const { record } = kpiRecording(kpi);
  const over = {
    mean: `avg_over_time(${record}[10m])`, p95: `quantile_over_time(0.95, ${record}[10m])`,
    max: `max_over_time(${record}[10m])`, min: `min_over_time(${record}[10m])`,
  }[gate.stat];
  const [sign, limit] = 'max' in gate ? ['>', gate.max] : ['<', gate.min];
  const kept = `${sign === '>' ? '≤' : '≥'} ${exact(limit, kpi.unit)}`;
  return {
    alert: named(gate.id),
    expr: `${over} ${sign} ${limit}`,
    for: LASTING,
    labels: { severity: 'ticket' satisfies Severity, gate: gate.id, kpi: kpi.id },
    annotations: {
      summary: `${kpi.title}: ${value(kpi.unit)} (${gate.stat} of ten minutes), limit ${kept}`,
      description: `Gate ${gate.id} of slo.yml. ${gate.source}`,
      runbook: runbookOf('kpi'),
    },
  };
}

function growthAlert(gate: GrowthGate, kpi: Kpi): Alert {
  return {
    alert: named(gate.id),
    expr: `deriv(${kpiRecording(kpi).record}[6h]) * 3600 > ${gate.max}`,
    for: '1h',
    labels: { severity: 'ticket' satisfies Severity, gate: gate.id, kpi: kpi.id },
    annotations: {
      summary: `${kpi.title} grows by ${value(`${kpi.unit} an hour`)}, limit ≤ ${exact(gate.max, kpi.unit)}`,
      description: `Gate ${gate.id} of slo.yml. ${gate.source}`,
      runbook: runbookOf('kpi_growth'),
    },
  };
}

/** Ten minutes on average further than a single reading ever went under test; left out where slo.yml is stricter. */
function learnedAlert(learned: LearnedKpi, kpi: Kpi, { gates }: Slo): Alert | null {
  const isMax = learned.bound === 'max';
  const stricter = gates.some((gate) => gate.metric === 'kpi' && gate.kpi === kpi.id &&
    ('max' in gate ? isMax && gate.max <= learned.value : !isMax && gate.min >= learned.value));
  if (stricter) return null;
  const never = `${isMax ? 'more' : 'less'} than ever under test (${exact(learned.value, kpi.unit)})`;
  return {
    alert: named(`${kpi.id}-unusual`),
    expr: `avg_over_time(${kpiRecording(kpi).record}[${LEARNED_AVERAGE}]) ${isMax ? '>' : '<'} ${learned.value}`,
    for: LEARNED_LASTING,
    labels: { severity: 'ticket' satisfies Severity, kpi: kpi.id, threshold: 'learned' },
    annotations: {
      summary: `${kpi.title}: ${value(kpi.unit)}, ${never}`,
      description: `Learned from run ${learned.run} (${learned.profile}, ${learned.date}, n ${learned.n}).`,
      runbook: runbookOf('kpi'),
    },
  };
}

/** The first service of `cost` whose requests a figure counts is the one that users meet. */
function capacityAlerts({ cost, kpis, gates }: Slo, { capacity }: Thresholds): Alert[] {
  const rateKpi = cost?.services.find(({ rate_kpi: id }) => id !== undefined)?.rate_kpi;
  const kpi = kpis.find(({ id }) => id === rateKpi);
  const headroom = gates.find((gate) => gate.metric === 'capacity_headroom');
  if (!kpi || !headroom || !capacity || headroom.metric !== 'capacity_headroom') return [];
  const { requestsPerSecond, run, date } = capacity;
  const most = Number((requestsPerSecond / headroom.min).toPrecision(3));
  return [{
    alert: 'CapacityHeadroom',
    expr: `avg_over_time(${kpiRecording(kpi).record}[10m]) > ${most}`,
    for: LEARNED_LASTING,
    labels: { severity: 'ticket' satisfies Severity, kpi: kpi.id, threshold: 'learned' },
    annotations: {
      summary: `${kpi.title}: ${value(kpi.unit)} leaves less than ${headroom.min} times headroom`,
      description: `Sustained in run ${run} (${date}): ${requestsPerSecond} requests a second. ${headroom.source}`,
      runbook: runbookOf('capacity_headroom'),
    },
  }];
}

/** Google's SRE workbook, chapter 5: a rate is believed where a long and a short window both show it. */
function budgetAlerts(budget: ErrorBudgetRule): Alert[] {
  const wholeMs = budgetWindowMs(budget);
  if (errorRatioRecording(budget, wholeMs) === null) return [];
  const { service, title, objective_percent: objective } = budget;
  const allowed = (100 - objective) / 100;
  const series = (ms: number): string => `${errorRatio(ms)}{service="${service}"}`;
  const share = (times: number): number => Number((times * allowed).toPrecision(6));
  const description = `Objective ${objective} % over ${budget.window_days} days. ${budget.source}`;
  const burns = BURN_ALERTS.map(({ burnRate, longMs, shortMs, severity }): Alert => ({
    alert: 'ErrorBudgetBurn',
    expr: `${series(longMs)} > ${share(burnRate)} and ${series(shortMs)} > ${share(burnRate)}`,
    labels: { severity: severity satisfies Severity, service, burn_rate: String(burnRate), window: duration(longMs) },
    annotations: {
      summary: `${title}: errors use up the error budget ${burnRate} times as fast as it lasts, for ${duration(longMs)}`,
      description, runbook: BUDGET_RUNBOOK,
    },
  }));
  const spent = SPENT_ALERTS_PERCENT.map((percent, index): Alert => {
    const next = SPENT_ALERTS_PERCENT[index + 1];
    // Only the highest one that holds: three alerts for one thing would be two too many.
    const below = next === undefined ? '' : ` <= ${share(next / 100)}`;
    return {
      alert: 'ErrorBudgetSpent',
      expr: `${series(wholeMs)} > ${share(percent / 100)}${below}`,
      labels: { severity: 'ticket' satisfies Severity, service, spent_percent: String(percent) },
      annotations: {
        summary: `${title}: more than ${percent} % of the error budget is spent`, description, runbook: BUDGET_RUNBOOK,
      },
    };
  });
  return [...burns, ...spent];
}

/** `api-cpu` becomes `ApiCpu`, as alerts are named. */
function named(id: string): string {
  return id.split('-').map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
}

function value(unit: string): string {
  return `{{ $value | printf "%.3g" }} ${unit}`;
}
