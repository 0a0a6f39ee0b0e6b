import type { Fault } from '../errors.ts';
import { ThirdParty, type ThirdPartyBudget } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import type { YamlFile } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

const KEYS = Object.keys(ThirdParty.shape);

/** Returns every fault of the section `third_parties`. `journeys` are those there are, where known. */
export function thirdPartyFaults(file: YamlFile, raw: unknown, journeys: readonly string[] | undefined): Fault[] {
  if (raw === undefined) return [];
  if (!Array.isArray(raw)) return [{ where: file.where(['third_parties']), message: `must be a list, not ${shown(raw)}` }];
  const entries: readonly unknown[] = raw;
  return [...entries.flatMap((entry, index) => entryFaults(file, entry, index, journeys)), ...doubles(file, entries)];
}

function entryFaults(file: YamlFile, raw: unknown, index: number, journeys: readonly string[] | undefined): Fault[] {
  const path = ['third_parties', index];
  if (!isObject(raw)) return [{ where: file.where(path), message: `must be a third party ("name:", "calls_per_second:" and so on), not ${shown(raw)}` }];
  const parsed = ThirdParty.safeParse(raw);
  const faults = parsed.success ? [] : zodFaults(file, parsed.error.issues, path, KEYS);
  const { journeys: callers, routes } = raw;
  if (isObject(callers) && journeys) {
    for (const name of Object.keys(callers).filter((one) => !journeys.includes(one))) {
      faults.push({ where: file.whereKey([...path, 'journeys', name]), message: `no journey is named ${shown(name)}`, hint: didYouMean(name, journeys) });
    }
  }
  const named = [callers, routes].some((one) => isObject(one) && Object.keys(one).length > 0);
  if (!named) faults.push({ where: file.where(path), message: 'names no journey and no route, so nothing would be held to it' });
  return faults;
}

/** Which of two entries of one name holds must be clear in every profile. */
function doubles(file: YamlFile, entries: readonly unknown[]): Fault[] {
  const taken = new Map<string, number>();
  return entries.flatMap((raw, index) => {
    if (!isObject(raw) || typeof raw['name'] !== 'string') return [];
    const { name, profiles } = raw;
    const places: readonly unknown[] = Array.isArray(profiles) ? profiles : [''];
    return places.flatMap((profile) => {
      const key = JSON.stringify([name, profile]);
      const first = taken.get(key);
      if (first === undefined) {
        taken.set(key, index);
        return [];
      }
      const where = file.where(['third_parties', index, 'name']);
      const which = profile === '' ? 'without profiles' : `for the profile ${shown(profile)}`;
      return [{ where, message: `${shown(name)} stands twice ${which}: also at ${file.position(['third_parties', first, 'name'])}` }];
    });
  });
}

/** Returns the budgets of a profile: of the entries of one name the one that names it, else the one without profiles. */
export function budgetsOf(parties: readonly ThirdParty[], profile: string): ThirdPartyBudget[] {
  const named = new Set(parties.filter(({ profiles }) => profiles?.includes(profile)).map(({ name }) => name));
  return parties.filter(({ name, profiles }) => profiles?.includes(profile) ?? !named.has(name)).map((one) => ({
    name: one.name, callsPerSecond: one.calls_per_second, journeys: one.journeys, routes: one.routes, maxWaitMs: one.max_wait_seconds * 1_000,
  }));
}
