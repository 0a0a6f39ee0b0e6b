import { BURN_ALERTS, type Kpi, type Slo, type Thresholds } from '../../model/index.ts';
import { layout, mapped, type PanelSpec, type Row } from './grafana-panels.ts';
import { budgetWindowMs, duration, errorRatio, errorRatioRecording, kpiRecording } from './promql.ts';

type Limits = NonNullable<PanelSpec['limits']>;

/** Runs of the chosen profiles and targets. */
const RUN = 'profile=~"$profile",target=~"$target"';
const WHO = '{{profile}} · {{target}}';
const ROUTE = '{{http_request_method}} {{http_route}}';
/** Units of slo.yml in Grafana's names; others stand in the panel's title. */
const UNITS: Record<string, string> = {
  ms: 'ms', s: 's', '%': 'percent', MiB: 'mbytes', '1/s': 'reqps', instances: 'short',
};
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** Returns ops/grafana/openshow-journeys.json: runs, users, API, payments, error budgets, the target's own figures. */
export function dashboard(slo: Slo, thresholds: Thresholds): string {
  const rows: Row[] = [
    { title: 'The newest runs', panels: runPanels(slo) },
    { title: 'What users perceive', panels: userPanels(slo) },
    { title: 'API, errors, payments', panels: apiPanels(slo) },
    { title: 'Synthetic checks', panels: checkPanels() },
    { title: 'Error budgets from real users’ requests', panels: budgetPanels(slo) },
    {
      title: 'The target’s own figures: limits of slo.yml red, learned from runs orange',
      panels: slo.kpis.map((kpi) => kpiPanel(kpi, slo, thresholds)),
    },
  ];
  const choice = (name: string): object => ({
    name, label: name, type: 'query', datasource: DATASOURCE, query: `label_values(journeys_run_info, ${name})`,
    refresh: 2, includeAll: true, multi: true, current: { text: 'All', value: '$__all' },
  });
  const json = {
    uid: 'openshow-journeys', title: 'OpenShow Journeys', tags: ['load', 'slo'], schemaVersion: 39, version: 1,
    description: 'Generated from slo.yml and ops/thresholds.yml by "npm run ops": change those.',
    editable: true, time: { from: 'now-7d', to: 'now' }, refresh: '1m', timezone: 'utc',
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        choice('profile'),
        choice('target'),
      ],
    },
    panels: layout(rows.filter(({ panels }) => panels.length > 0)),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

type Shown = [title: string, unit: string | null, expr: string, legend: string, more?: Partial<PanelSpec>];

/** Panels of one kind and width; no unit: a plain number. */
function panels(kind: PanelSpec['kind'], width: number, shown: readonly Shown[]): PanelSpec[] {
  return shown.map(([title, unit, expr, legend, more = {}]) => ({
    title, kind, width, expr, legend, ...(unit === null ? {} : { unit }), ...more,
  }));
}

function runPanels({ validity }: Slo): PanelSpec[] {
  const colors = [mapped('/: GO$/', 'green'), mapped('/: NO-GO$/', 'red'), mapped('/: INCONCLUSIVE$/', 'yellow')];
  const least: Limits = [{ value: validity.min_healthy_percent / 100, bound: 'min', color: 'red' }];
  const observed = `journeys_gate_duration_observed_seconds{${RUN}}`;
  return [
    ...panels('stat', 6, [
      ['Decision', null, `journeys_run_decision{${RUN}} == 1`, `${WHO}: {{decision}}`,
        { text: 'name', overrides: colors }],
      ['Age of the newest run', 's', `time() - journeys_run_end_time_seconds{${RUN}}`, WHO],
      ['Time in which observers were undisturbed', 'percentunit', `journeys_run_undisturbed_ratio{${RUN}}`, WHO,
        { limits: least }],
    ]),
    ...panels('bargauge', 6, [
      ['Gates by status', null, `sum by (status) (journeys_gate_status{${RUN}})`, '{{status}}'],
    ]),
    ...panels('table', 12, [
      ['Gates that did not pass', null, `journeys_gate_status{${RUN},status!="pass"} == 1`, '',
        { columns: ['profile', 'target', 'title', 'gate', 'status'] }],
    ]),
    ...panels('bargauge', 12, [
      ['How much of its limit each latency takes', 'percentunit',
        `${observed} / on (profile, target, gate) journeys_gate_duration_limit_seconds{bound="max"}`,
        '{{gate}} ({{profile}})', { limits: [{ value: 1, bound: 'max', color: 'red' }] }],
    ]),
  ];
}

function userPanels({ gates }: Slo): PanelSpec[] {
  const limitsOf = (vital: string, factor: number): Limits => gates.flatMap((gate): Limits =>
    // Those of a page group are in profiles that send other users.
    (gate.metric === 'vital' && gate.vital === vital && gate.page === undefined ? [{ value: gate.max * factor, bound: 'max', color: 'red' }] : []));
  const vital = (name: string, kind: string): string => `journeys_vital_${kind}{${RUN},vital="${name}",stat="p75"}`;
  const perceived = (stat: string): string => `journeys_perceived_latency_seconds{${RUN},stat="${stat}"}`;
  const agent = `{__name__=~"journeys_agent_(first_progress|completion)_seconds",${RUN},stat="p75"}`;
  return [
    ...panels('timeseries', 12, [
      ['Perceived latency of steps, p75', 's', perceived('p75'), '{{journey}} › {{step}}'],
      ['Perceived latency of steps, p95', 's', perceived('p95'), '{{journey}} › {{step}}'],
    ]),
    ...panels('timeseries', 6, [
      ['LCP, p75', 's', vital('LCP', 'duration_seconds'), '{{page}}', { limits: limitsOf('LCP', 1e-3) }],
      ['INP, p75', 's', vital('INP', 'duration_seconds'), '{{page}}', { limits: limitsOf('INP', 1e-3) }],
      ['CLS, p75', null, vital('CLS', 'value'), '{{page}}', { limits: limitsOf('CLS', 1) }],
      ['Agent: first progress and completion, p75', 's', agent, '{{__name__}}'],
    ]),
    ...panels('timeseries', 12, [
      ['Users by how they ended', null, `sum by (outcome) (journeys_run_users{${RUN}})`, '{{outcome}}'],
      ['Users who failed', 'percentunit', `journeys_journey_error_ratio{${RUN}}`, '{{journey}}'],
    ]),
  ];
}

function apiPanels({ gates }: Slo): PanelSpec[] {
  const headroom = gates.flatMap((gate): Limits =>
    (gate.metric === 'capacity_headroom' ? [{ value: gate.min, bound: 'min', color: 'red' }] : []));
  const latency = (stat: string): string => `journeys_api_latency_seconds{${RUN},stat="${stat}"}`;
  const errors = `{__name__=~"journeys_(api|request)_error_ratio",${RUN}}`;
  return [
    ...panels('timeseries', 8, [
      ['API latency from when requests were due, p95', 's', latency('p95'), ROUTE],
      ['API latency from when requests were due, p99', 's', latency('p99'), ROUTE],
      ['Errors of API and browser requests', 'percentunit', errors, `{{__name__}} ${ROUTE}`],
    ]),
    ...panels('stat', 6, [
      ['Capacity sustained', 'reqps', `journeys_api_capacity_per_second{${RUN}}`, '{{target}}'],
      ['Headroom over the expected peak', null, `journeys_capacity_headroom_ratio{${RUN}}`, '{{target}}',
        { limits: headroom }],
      ['Breaches among payments', null, `journeys_integrity{${RUN}}`, '{{breach}}',
        { limits: [{ value: 1, bound: 'max', color: 'red' }] }],
      ['Cost', null, `journeys_cost{${RUN}}`, '{{unit}} a {{per}} · {{profile}}'],
    ]),
  ];
}

function checkPanels(): PanelSpec[] {
  const colors = [mapped('/: up$/', 'green'), mapped('/: down$/', 'red'), mapped('/: (?:flaky|unknown)$/', 'yellow')];
  const least: Limits = [{ value: 0.25, bound: 'min', color: 'red' }];
  const who = 'target=~"$target"';
  return [
    ...panels('stat', 8, [
      ['Newest round', null, `journeys_check_status{${who}} == 1`, '{{journey}}: {{status}}',
        { text: 'name', overrides: colors }],
    ]),
    ...panels('timeseries', 8, [
      ['Time that a journey takes', 's', `journeys_check_duration_seconds{${who}}`, '{{journey}}'],
    ]),
    ...panels('stat', 8, [
      ['Error budget left, by checks', 'percentunit', `journeys_error_budget_left_ratio{${who},source="checks"}`,
        '{{service}}', { limits: least }],
    ]),
  ];
}

function budgetPanels({ error_budgets: budgets }: Slo): PanelSpec[] {
  const known = budgets.filter((budget) => errorRatioRecording(budget, 1_000) !== null);
  return known.flatMap((budget): PanelSpec[] => {
    const { service, title, objective_percent: objective } = budget;
    const allowed = Number(((100 - objective) / 100).toPrecision(6));
    const rate = (ms: number): string => `${errorRatio(ms)}{service="${service}"} / ${allowed}`;
    const targets = BURN_ALERTS.map(({ longMs, burnRate }) => ({
      expr: rate(longMs), legend: `over ${duration(longMs)}, alert at ${burnRate}`,
    }));
    return [
      ...panels('stat', 6, [
        [`${title}: error budget left (${objective} %)`, 'percentunit', `1 - ${rate(budgetWindowMs(budget))}`, service,
          { limits: [{ value: 0.25, bound: 'min', color: 'red' }] }],
      ]),
      {
        title: `${title}: burn rate (1 lasts to the end)`, kind: 'timeseries', width: 6, targets,
        limits: [{ value: 1, bound: 'max', color: 'orange' }],
      },
    ];
  });
}

function kpiPanel(kpi: Kpi, { gates }: Slo, thresholds: Thresholds): PanelSpec {
  const unit = UNITS[kpi.unit];
  const limits = gates.flatMap((gate): Limits => {
    if (gate.metric !== 'kpi' || gate.kpi !== kpi.id) return [];
    const color = 'red';
    return ['max' in gate ? { value: gate.max, bound: 'max', color } : { value: gate.min, bound: 'min', color }];
  });
  const learned = thresholds.kpis.filter((one) => one.kpi === kpi.id);
  return {
    title: unit === undefined ? `${kpi.title} (${kpi.unit})` : kpi.title, description: kpi.source,
    kind: 'timeseries', width: 6, legend: kpi.id, expr: kpiRecording(kpi).record,
    limits: [...limits, ...learned.map(({ value, bound }) => ({ value, bound, color: 'orange' }))],
    ...(unit === undefined ? {} : { unit }),
  };
}
