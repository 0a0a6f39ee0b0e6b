import { CodedError } from '../errors.ts';
import type { Fault } from '../errors.ts';
import * as model from '../model/index.ts';
import type { Gate, Slo } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { thirdPartyFaults } from './budget-slo.ts';
import { byLine } from './by-line.ts';
import { errorBudgetFaults } from './error-budget-slo.ts';
import { readFigures } from './slo-figures.ts';
import { readGate, type SloContext } from './slo-gates.ts';
import { parseYaml } from './yaml.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

export { METRICS, type SloContext } from './slo-gates.ts';

/** Sections that are read by themselves, so that their faults name their own keys. */
const SECTIONS = { kpis: true, cost: true, third_parties: true, error_budgets: true } as const;

export interface ReadSlo {
  slo: Slo;
  /** The gates that decide in this profile. */
  gates: Gate[];
  /** Ids of the others. */
  gatesNotInProfile: string[];
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
  const frame = model.Slo.omit({ gates: true, ...SECTIONS }).strip().safeParse(file.value);
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
  const { figures, faults: ofFigures } = readFigures(file, raw['kpis'], raw['cost']);
  faults.push(...ofFigures, ...thirdPartyFaults(file, raw['third_parties'], context.callers));
  faults.push(...errorBudgetFaults(file, raw['error_budgets'], context.callers));
  const rawGates: readonly unknown[] = Array.isArray(raw['gates']) ? raw['gates'] : [];
  const read = rawGates.map((gate, index) => readGate(file, gate, index, context, figures));
  faults.push(...read.flatMap((one) => one.faults), ...duplicateIds(file, rawGates));
  if (faults.length > 0 || !frame.success) throw new CodedError('J_SLO_INVALID', faults.sort(byLine));
  // Without a fault above, these parse.
  const { kpis, cost, third_parties, error_budgets } = model.Slo.pick(SECTIONS).strip().parse(raw);
  const gates = read.flatMap((one) => (one.gate === null ? [] : [owned(titled(one.gate, kpis), frame.data.owner)]));
  const inProfile = (gate: Gate): boolean => gate.profiles === undefined || gate.profiles.includes(context.profile);
  return {
    slo: { ...frame.data, kpis, ...(cost ? { cost } : {}), third_parties, error_budgets, gates },
    gates: gates.filter(inProfile),
    gatesNotInProfile: gates.filter((gate) => !inProfile(gate)).map((gate) => gate.id),
  };
}

function owned(gate: Gate, owner: string | undefined): Gate {
  return gate.owner !== undefined || owner === undefined ? gate : { ...gate, owner };
}

/** A gate on a KPI is called as the KPI is, unless it has a title of its own. */
function titled(gate: Gate, kpis: Slo['kpis']): Gate {
  if ((gate.metric !== 'kpi' && gate.metric !== 'kpi_growth') || gate.title !== undefined) return gate;
  const title = kpis.find(({ id }) => id === gate.kpi)?.title;
  return title === undefined ? gate : { ...gate, title: gate.metric === 'kpi' ? title : `${title} › growth an hour` };
}
