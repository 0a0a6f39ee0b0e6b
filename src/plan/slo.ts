import type { z } from 'zod';
import { CodedError } from '../errors.ts';
import type { Fault } from '../errors.ts';
import * as model from '../model/index.ts';
import type { Gate, Slo } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { parseYaml } from './yaml.ts';
import type { YamlFile } from './yaml.ts';
import { shown, zodFaults } from './zod-faults.ts';

export interface SloContext {
  /** The profile of the run: gates of others are set aside. */
  profile: string;
  /** The journeys of the run, with their steps where known: a gate on another name is a fault. */
  journeys?: readonly { name: string; steps?: readonly string[] }[];
  /** All profiles there are, where known: a gate that none of them would judge is a fault. */
  knownProfiles?: readonly string[];
}

export interface ReadSlo {
  slo: Slo;
  /** The gates that decide in this profile. */
  gates: Gate[];
  /** Ids of the others. */
  gatesNotInProfile: string[];
}

const [VitalMsGate, VitalScoreGate] = model.VitalGate.options;

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
]);

/** Every metric that a gate can name. */
export const METRICS: readonly string[] = [...GATE_OF_METRIC.keys()];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** 0 % of errors or 100 % of successes can be refuted but never shown: such a gate could not ever pass. */
function unreachable(gate: Gate): string | null {
  if (gate.unit !== '%') return null;
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
  return faults;
}

function readGate(
  file: YamlFile,
  raw: unknown,
  index: number,
  context: SloContext,
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
  const names = nameFaults(file, raw, index, context);
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const faults = zodFaults(file, parsed.error.issues, base, Object.keys(schema.shape));
    // The unit of a vital that is not known is not known either.
    const noVital = faults.some((fault) => fault.where.endsWith('.vital'));
    const told = faults.filter((fault) => !noVital || !fault.where.endsWith('.unit'));
    return { gate: null, faults: [...told.map((fault) => withHint(fault, schema, raw)), ...names] };
  }
  const gate = parsed.data as Gate;
  const never = unreachable(gate);
  const key = 'max' in gate ? 'max' : 'min';
  const faults = never === null ? [] : [{ where: file.where([...base, key]), message: never }];
  return { gate, faults: [...faults, ...names] };
}

function withHint(fault: Fault, schema: z.ZodObject, raw: Record<string, unknown>): Fault {
  const { vital } = raw;
  if (fault.where.endsWith('.vital') && typeof vital === 'string') {
    return { ...fault, message: `${shown(vital)} is not a vital`, hint: didYouMean(vital, model.VitalName.options) };
  }
  if (!fault.where.endsWith('.unit')) return fault;
  const unit = schema.shape['unit'] as { value?: unknown } | undefined;
  return { ...fault, hint: `write unit: "${String(unit?.value)}"` };
}

function duplicateIds(file: YamlFile, gates: readonly unknown[]): Fault[] {
  const firstOf = new Map<string, number>();
  const faults: Fault[] = [];
  gates.forEach((gate, index) => {
    const id = isObject(gate) ? gate['id'] : undefined;
    if (typeof id !== 'string') return;
    const first = firstOf.get(id);
    if (first === undefined) firstOf.set(id, index);
    else {
      faults.push({
        where: file.where(['gates', index, 'id']),
        message: `${shown(id)} is taken already, by the gate at ${file.position(['gates', first, 'id'])}`,
      });
    }
  });
  return faults;
}

/**
 * Reads slo.yml and returns it with the gates that decide in the profile.
 * Throws J_SLO_INVALID with every fault of the file at once, in the order of its lines.
 */
export function readSlo(text: string, fileName: string, context: SloContext): ReadSlo {
  const parsed = parseYaml(text, fileName);
  if ('faults' in parsed) throw new CodedError('J_SLO_INVALID', parsed.faults);
  const { file } = parsed;
  const faults: Fault[] = [];
  const frame = model.Slo.omit({ gates: true }).strip().safeParse(file.value);
  // Only inside of `validity` can a key be unknown here.
  if (!frame.success) faults.push(...zodFaults(file, frame.error.issues, [], Object.keys(model.ValidityRules.shape)));
  const raw = isObject(file.value) ? file.value : {};
  if (isObject(file.value)) {
    const known = Object.keys(model.Slo.shape);
    for (const key of Object.keys(raw).filter((one) => !known.includes(one))) {
      faults.push({ where: file.whereKey([key]), message: 'is not a key here', hint: didYouMean(key, known) });
    }
    if (!Array.isArray(raw['gates']) || raw['gates'].length === 0) {
      faults.push({ where: file.where(['gates']), message: 'must be a list of at least one gate' });
    }
  }
  const rawGates: readonly unknown[] = Array.isArray(raw['gates']) ? raw['gates'] : [];
  const read = rawGates.map((gate, index) => readGate(file, gate, index, context));
  faults.push(...read.flatMap((one) => one.faults), ...duplicateIds(file, rawGates));
  if (faults.length > 0 || !frame.success) throw new CodedError('J_SLO_INVALID', faults.sort(byLine));
  const gates = read.flatMap((one) => (one.gate === null ? [] : [one.gate]));
  const inProfile = (gate: Gate): boolean => gate.profiles === undefined || gate.profiles.includes(context.profile);
  return {
    slo: { ...frame.data, gates },
    gates: gates.filter(inProfile),
    gatesNotInProfile: gates.filter((gate) => !inProfile(gate)).map((gate) => gate.id),
  };
}

function byLine(a: Fault, b: Fault): number {
  const place = (fault: Fault): number[] => /:(\d+):(\d+)/.exec(fault.where)?.slice(1).map(Number) ?? [0, 0];
  const [lineA = 0, columnA = 0] = place(a);
  const [lineB = 0, columnB = 0] = place(b);
  return lineA - lineB || columnA - columnB;
}
