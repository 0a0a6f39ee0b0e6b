import type { z } from 'zod';
import type { Fault } from '../errors.ts';
import * as model from '../model/index.ts';
import type { Gate } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { figureFaults, unitOf, type Figures } from './slo-figures.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

export interface SloContext {
  /** The profile of the run: gates of others are set aside. */
  profile: string;
  /** The journeys of the run, with their steps where known: a gate on another name is a fault. */
  journeys?: readonly { name: string; steps?: readonly string[] }[];
  /** All profiles there are, where known: a gate that none of them would judge is a fault. */
  knownProfiles?: readonly string[];
  /** All journeys there are, where known: a third party or an error budget that names another is a fault. */
  callers?: readonly string[];
  /** What the API lane of the run sends, where there is one: a gate of its profile on anything else is a fault. */
  api?: { routes: readonly string[]; scenarios: readonly string[] };
}

const [VitalMsGate, VitalScoreGate] = model.VitalGate.options;
const [KpiMaxGate, KpiMinGate] = model.KpiGate.options;

/** A union of all gates gives errors nobody can read; choosing by `metric` first lets each fault name its own key. */
const GATE_OF_METRIC = new Map<string, (raw: Record<string, unknown>) => z.ZodObject>([
  ['perceived_latency', () => model.PerceivedLatencyGate],
  ['vital', (raw) => (raw['vital'] === 'CLS' ? VitalScoreGate : VitalMsGate)],
  ['agent_completion', () => model.AgentCompletionGate],
  ['agent_first_progress', () => model.AgentFirstProgressGate],
  ['agent_success_rate', () => model.AgentSuccessGate],
  ['cold_start_incidence', () => model.ColdStartIncidenceGate],
  ['cold_start_penalty', () => model.ColdStartPenaltyGate],
  ['request_latency', () => model.RequestLatencyGate],
  ['request_error_rate', () => model.RequestErrorGate],
  ['journey_error_rate', () => model.JourneyErrorGate],
  ['api_latency', () => model.ApiLatencyGate],
  ['api_error_rate', () => model.ApiErrorGate],
  ['api_throughput', () => model.ApiRateGate],
  ['capacity_headroom', () => model.HeadroomGate],
  ['recovery_time', () => model.RecoveryGate],
  ['latency_drift', () => model.DriftGate],
  ['kpi', (raw) => ('min' in raw && !('max' in raw) ? KpiMinGate : KpiMaxGate)],
  ['kpi_growth', () => model.KpiGrowthGate],
  ['cost', () => model.CostGate],
  ['integrity', () => model.IntegrityGate],
  ['rate_limited', () => model.RateLimitedGate],
  ['replay_latency', () => model.ReplayLatencyGate],
  ['replay_generation', () => model.ReplayGenerationGate],
  ['replay_cache_hits', () => model.ReplayCacheGate],
  ['replay_error_rate', () => model.ReplayErrorGate],
]);

/** Every metric that a gate can name. */
export const METRICS: readonly string[] = [...GATE_OF_METRIC.keys()];

/** 0 % of errors or 100 % of successes can be refuted but never shown by a sample; a KPI is what its exporter says. */
function unreachable(gate: Gate): string | null {
  if (gate.unit !== '%' || gate.metric === 'kpi' || gate.metric === 'kpi_growth') return null;
  if ('max' in gate && gate.max === 0) return 'a limit of 0 % can never be shown by a sample; give one such as 0.1';
  if ('min' in gate && gate.min === 100)
    return 'a limit of 100 % can never be shown by a sample; give one such as 99.9';
  return null;
}

/** Looks at the raw gate, so that a wrong name is reported together with whatever else is wrong with it. */
function nameFaults(file: YamlFile, gate: Record<string, unknown>, index: number, context: SloContext): Fault[] {
  const faults: Fault[] = [];
  const { journeys, knownProfiles } = context;
  const { journey: name, step, profiles } = gate;
  if (journeys && typeof name === 'string') {
    const journey = journeys.find((one) => one.name === name);
    if (!journey) {
      faults.push({
        where: file.where(['gates', index, 'journey']),
        message: `no journey is named ${shown(name)}`,
        hint: didYouMean(
          name,
          journeys.map((one) => one.name),
        ),
      });
    } else if (journey.steps && typeof step === 'string' && !journey.steps.includes(step)) {
      faults.push({
        where: file.where(['gates', index, 'step']),
        message: `${shown(name)} has no step ${shown(step)}`,
        hint: didYouMean(step, journey.steps),
      });
    }
  }
  if (knownProfiles && Array.isArray(profiles) && !profiles.some((one) => knownProfiles.includes(one as string))) {
    faults.push({
      where: file.where(['gates', index, 'profiles']),
      message: 'no profile would ever judge this gate',
      hint: didYouMean(String(profiles[0] ?? ''), knownProfiles),
    });
  }
  return [...faults, ...laneFaults(file, gate, index, context)];
}

const ON_ROUTES: ReadonlySet<unknown> = new Set(['api_latency', 'api_error_rate', 'latency_drift']);
/** All routes together. */
const ALL = 'all';

/** A name that the API lane never sends would end as "no data", after the whole run. Other profiles may send other scenarios. */
function laneFaults(file: YamlFile, gate: Record<string, unknown>, index: number, { api, profile }: SloContext): Fault[] {
  const { metric, profiles, route, scenario } = gate;
  if (!api || (Array.isArray(profiles) && !profiles.includes(profile))) return [];
  const unknown = (key: string, name: unknown, known: readonly string[]): Fault[] =>
    typeof name !== 'string' || known.includes(name) ? []
      : [{ where: file.where(['gates', index, key]), message: `the scenarios file has no ${key} ${shown(name)}`, hint: didYouMean(name, known) }];
  if (ON_ROUTES.has(metric)) return unknown('route', route, metric === 'api_latency' ? [...api.routes, ALL] : api.routes);
  return metric === 'api_throughput' ? unknown('scenario', scenario, api.scenarios) : [];
}

/** Returns one gate of slo.yml, or null with its faults. `figures` are the KPIs and the cost that the file has. */
export function readGate(
  file: YamlFile, raw: unknown, index: number, context: SloContext, figures: Figures,
): { gate: Gate | null; faults: Fault[] } {
  const base = ['gates', index];
  if (!isObject(raw)) {
    return {
      gate: null,
      faults: [{ where: file.where(base), message: `must be a gate ("id:", "metric:" and so on), not ${shown(raw)}` }],
    };
  }
  const metric = raw['metric'];
  const schema = typeof metric === 'string' ? GATE_OF_METRIC.get(metric)?.(raw) : undefined;
  if (typeof metric !== 'string' || schema === undefined) {
    const missing = metric === undefined || metric === null;
    const message = missing ? 'is missing' : `${shown(metric)} is not a metric`;
    const hint = typeof metric === 'string' ? didYouMean(metric, METRICS) : `known: ${METRICS.join(', ')}`;
    return { gate: null, faults: [{ where: file.where([...base, 'metric']), message, hint }] };
  }
  const names = [...nameFaults(file, raw, index, context), ...figureFaults(file, raw, index, figures)];
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const faults = zodFaults(file, parsed.error.issues, base, Object.keys(schema.shape));
    // The unit of a vital that is not known is not known either.
    const noVital = faults.some((fault) => fault.where.endsWith('.vital'));
    const told = faults.filter((fault) => !noVital || !fault.where.endsWith('.unit'));
    return { gate: null, faults: [...told.map((fault) => withHint(fault, schema, raw, figures)), ...names] };
  }
  const gate = parsed.data as Gate;
  const never = unreachable(gate);
  const key = 'max' in gate ? 'max' : 'min';
  const faults = never === null ? [] : [{ where: file.where([...base, key]), message: never }];
  return { gate, faults: [...faults, ...names] };
}

function withHint(fault: Fault, schema: z.ZodObject, raw: Record<string, unknown>, figures: Figures): Fault {
  const { vital } = raw;
  if (fault.where.endsWith('.vital') && typeof vital === 'string') {
    return { ...fault, message: `${shown(vital)} is not a vital`, hint: didYouMean(vital, model.VitalName.options) };
  }
  if (raw['metric'] === 'kpi' && fault.where.endsWith('.max') && fault.message === 'is missing') {
    return { ...fault, hint: 'or min' };
  }
  if (!fault.where.endsWith('.unit')) return fault;
  const unit = (schema.shape['unit'] as { value?: unknown } | undefined)?.value ?? unitOf(raw, figures);
  return typeof unit === 'string' ? { ...fault, hint: `write unit: "${unit}"` } : fault;
}
