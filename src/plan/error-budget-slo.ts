import type { Fault } from '../errors.ts';
import { ErrorBudgetRule } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

const KEYS = [...Object.keys(ErrorBudgetRule.shape), 'bad', 'total'];

/** Returns every fault of the section `error_budgets`. `journeys` are those there are, where known. */
export function errorBudgetFaults(file: YamlFile, raw: unknown, journeys: readonly string[] | undefined): Fault[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) return [{ where: file.where(['error_budgets']), message: `must be a list, not ${shown(raw)}` }];
  const entries: readonly unknown[] = raw;
  return [...entries.flatMap((entry, index) => entryFaults(file, entry, index, journeys)), ...doubles(file, entries)];
}

function entryFaults(file: YamlFile, raw: unknown, index: number, journeys: readonly string[] | undefined): Fault[] {
  const path = ['error_budgets', index];
  if (!isObject(raw)) {
    return [{ where: file.where(path), message: `must be an error budget ("service:", "objective_percent:" and so on), not ${shown(raw)}` }];
  }
  const parsed = ErrorBudgetRule.safeParse(raw);
  const faults = parsed.success ? [] : zodFaults(file, parsed.error.issues, path, KEYS);
  const named: readonly unknown[] = Array.isArray(raw['journeys']) ? raw['journeys'] : [];
  named.forEach((name, at) => {
    if (typeof name !== 'string' || !journeys || journeys.includes(name)) return;
    faults.push({
      where: file.where([...path, 'journeys', at]), message: `no journey is named ${shown(name)}`, hint: didYouMean(name, journeys),
    });
  });
  return faults;
}

/** Alerts are told apart by their service. */
function doubles(file: YamlFile, entries: readonly unknown[]): Fault[] {
  const taken = new Map<string, number>();
  return entries.flatMap((raw, index) => {
    if (!isObject(raw) || typeof raw['service'] !== 'string') return [];
    const { service } = raw;
    const first = taken.get(service);
    if (first === undefined) {
      taken.set(service, index);
      return [];
    }
    const other = file.position(['error_budgets', first, 'service']);
    return [{ where: file.where(['error_budgets', index, 'service']), message: `${shown(service)} stands twice, also at ${other}` }];
  });
}
