import type { Finding, GateResult, Interval, RunRecord } from '../model/index.ts';
import { GateStatus, Decision } from '../model/verdict.ts';
import { harmless } from './text.ts';

/**
 * One figure of a run for systems that keep metrics: named as OpenTelemetry names them (dotted, without a unit), in base
 * units (seconds, shares of 1). A figure that is not known has no measure at all, never 0.
 */
export interface Measure {
  name: string;
  /** UCUM: `s`; `1` for a share; a count of things in braces; empty where the attribute `unit` says it. */
  unit: string;
  description: string;
  attributes: Readonly<Record<string, string>>;
  value: number;
}

/** Metrics whose figures have different units: the kind of unit becomes part of the name. */
const MIXED = new Set(['kpi', 'kpi_growth', 'drill', 'vital', 'gate']);
/** There is one of them for a metric and scope, so that its name tells nothing. */
const ONLY = new Set(['rate', 'count', 'total', 'value', 'slope']);

/** Returns everything that a record says in figures. Figures of a run that is over are gauges: none goes up. */
export function measuresOf(record: RunRecord): Measure[] {
  const { plan } = record;
  // On each one, since runs of several profiles and targets meet in one place.
  const common = { profile: harmless(plan.profile), target: targetOf(record) };
  return [...ofRun(record), ...record.verdict.gates.flatMap(ofGate), ...record.findings.flatMap(ofFinding)].map(
    (measure) => ({ ...measure, attributes: { ...common, ...measure.attributes } }),
  );
}

/** Returns what a run was against, in a word that is the same for each run: the host, or `embedded`. */
export function targetOf({ plan }: Pick<RunRecord, 'plan'>): string {
  return plan.target.embedded ? 'embedded' : hostOf(plan.target.url);
}

/** Returns the host of an address: short, and without credentials or ids. */
export function hostOf(address: string): string {
  return URL.parse(address)?.host || harmless(address);
}

function ofRun({ plan, totals, validity, verdict, environment, provenance }: RunRecord): Measure[] {
  const one = (
    name: string, unit: string, description: string, value: number | null, attributes: Record<string, string> = {},
  ): Measure[] => (value === null ? [] : [{ name: `journeys.${name}`, unit, description, attributes, value }]);
  const startS = plan.startedAtEpochMs / 1_000;
  const canaries = { observer: validity.observer, crowd: validity.crowd };
  return [
    ...one('run.info', '', 'The newest run: always 1.', 1, {
      run_id: harmless(plan.runId), script: harmless(plan.script), commit: environment?.commit ?? '',
      harness_version: provenance.harnessVersion,
    }),
    ...one('run.start_time', 's', 'When the run began, since the epoch.', startS),
    ...one('run.end_time', 's', 'When the run ended, since the epoch.', startS + totals.durationMs / 1_000),
    ...Decision.options.flatMap((decision) => {
      const is = Number(decision === verdict.decision);
      return one('run.decision', '', '1 for the decision that the run came to.', is, { decision });
    }),
    ...one('run.exit_code', '', '0 GO, 1 NO-GO, 2 INCONCLUSIVE, 4 fault, 130 interrupted.', verdict.exitCode),
    ...Object.entries(totals.byOutcome).flatMap(([outcome, users]) =>
      one('run.users', '{user}', 'Users of the run by how they ended, warm-up included.', users, { outcome })),
    ...one('run.observers', '{user}', 'Users whose latency counts.', totals.observed),
    ...one('run.undisturbed', '1', 'Share of the time in which observers were undisturbed.', validity.healthyShare),
    ...Object.entries(canaries).flatMap(([role, canary]) => {
      const excessS = inSeconds(canary?.medianExcessMs ?? null);
      return one('canary.excess', 's', 'What the busy generator adds to a click, median.', excessS, { role });
    }),
  ];
}

function ofGate(gate: GateResult): Measure[] {
  const attributes = { gate: harmless(gate.id), metric: gate.metric };
  const as = (what: string, description: string, value: number | null, more: Record<string, string> = {}): Measure[] =>
    quantity('gate', what, gate.unit, description, value, { ...attributes, ...more });
  return [
    ...GateStatus.options.map((status) => ({
      name: 'journeys.gate.status', unit: '', description: '1 for the status that the gate has.',
      attributes: { ...attributes, title: harmless(gate.title), status }, value: Number(status === gate.status),
    })),
    ...as('observed', 'What the gate is on, as observed.', gate.observed),
    ...as('observed_above', 'The figure lies above this deadline.', gate.observedAbove),
    ...bounds(gate.interval, (what, description, value) => as(what, description, value)),
    ...as('limit', 'The limit: observed values may be at most (max) or must be at least (min) this.', gate.limit.value,
      { bound: gate.limit.kind }),
    {
      name: 'journeys.gate.samples', unit: '{sample}', description: 'Samples behind the gate.', attributes,
      value: gate.n,
    },
  ];
}

function ofFinding(finding: Finding): Measure[] {
  const { metric, stat, unit, value, interval, n } = finding;
  const name = unit === '%' ? metric.replace(/_rate$/, '') : metric;
  const attributes = { ...scopeOf(finding), ...(ONLY.has(stat) ? {} : { stat }) };
  const about = `Finding ${metric} of the run (documentation/slo.md)`;
  return [
    ...quantity(name, '', unit, `${about}.`, value, attributes),
    ...bounds(interval, (what, words, end) => quantity(name, what, unit, `${about}: ${words}`, end, attributes)),
    {
      name: `journeys.${name}.samples`, unit: '{sample}', description: `${about}: samples behind it.`, attributes,
      value: n,
    },
  ];
}

type Bound = (what: string, description: string, value: number | null) => Measure[];

function bounds(interval: Interval | null, measure: Bound): Measure[] {
  if (interval === null) return [];
  return [
    ...measure('lower_bound', 'lower end of its one-sided interval.', interval.low),
    ...measure('upper_bound', 'upper end of its one-sided interval.', interval.high),
  ];
}

/** A figure in its base unit; one whose unit is nobody's base unit keeps it, and says so in an attribute. */
function quantity(
  metric: string, what: string, unit: string, description: string, value: number | null,
  attributes: Record<string, string>,
): Measure[] {
  if (value === null) return [];
  const base = BASE[unit] ?? { kind: 'value', unit: '', factor: 1 };
  const kind = MIXED.has(metric) ? [base.kind] : [];
  const name = ['journeys', metric, ...kind, ...(what === '' ? [] : [what])].join('.');
  const told = base.unit === '' ? { ...attributes, unit: harmless(unit) } : attributes;
  return [{ name, unit: base.unit, description, attributes: told, value: scaled(value, base.factor) }];
}

const BASE: Record<string, { kind: string; unit: string; factor: number }> = {
  ms: { kind: 'duration', unit: 's', factor: 1e-3 },
  s: { kind: 'duration', unit: 's', factor: 1 },
  '%': { kind: 'share', unit: '1', factor: 1e-2 },
  x: { kind: 'share', unit: '1', factor: 1 },
  '/s': { kind: 'rate', unit: '{request}/s', factor: 1 },
  '1/s': { kind: 'rate', unit: '{request}/s', factor: 1 },
  breaches: { kind: 'count', unit: '{breach}', factor: 1 },
};

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : scaled(ms, 1e-3);
}

/** Without the digits that a division by 100 adds: 99.9 % are 0.999. */
function scaled(value: number, factor: number): number {
  return factor === 1 ? value : Number((value * factor).toPrecision(12));
}

/** A route becomes what OpenTelemetry calls method and route; a group of routes stays a group. */
function scopeOf({ scope }: Finding): Record<string, string> {
  const { route, ...others } = scope;
  const named = Object.fromEntries(Object.entries(others).map(([key, value]) => [key, harmless(value)]));
  if (route === undefined) return named;
  const [, method, path] = /^([A-Z]+) (\S.*)$/.exec(harmless(route)) ?? [];
  if (method === undefined || path === undefined) return { ...named, 'http.route': harmless(route) };
  return { ...named, 'http.request.method': method, 'http.route': path };
}
