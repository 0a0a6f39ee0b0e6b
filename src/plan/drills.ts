import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { CodedError, type Fault } from '../errors.ts';
import type { Drill, DrillGate, DrillsPlan, Gate, JourneyExpectation } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { byLine } from './by-line.ts';
import { drillFaults, type DrillSurroundings } from './drill-checks.ts';
import { accessOf, DrillsConfig } from './drill-config.ts';
import { readDrill, type ReadDrill } from './drill-file.ts';
import { parseYaml } from './yaml.ts';

/** The drills of a script, as far as their files can be read. */
export interface ReadDrills {
  read: ReadDrill[];
  faults: Fault[];
  /** The files' texts, for the plan's hash. */
  texts: string[];
}

/** Returns the name of a drill: that of its file. */
export function drillName(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

/** Reads the files of a script's drills, each in full; `pathOf` finds a file as the script names it. */
export function readDrillFiles(files: readonly string[], pathOf: (file: string) => string): ReadDrills {
  const found: ReadDrills = { read: [], faults: [], texts: [] };
  files.forEach((file, index) => {
    const path = pathOf(file);
    const name = drillName(path);
    if (files.slice(0, index).some((one) => drillName(one) === name)) found.faults.push({ where: path, message: `two drills are named "${name}"` });
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) found.faults.push({ where: path, message: 'a drill is named as its file is: lower-case letters, digits and dashes' });
    const text = textOf(path);
    if (text instanceof Error) {
      const { code = text.message } = text as NodeJS.ErrnoException;
      found.faults.push({ where: path, message: code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})` });
      return;
    }
    found.texts.push(text);
    const parsed = parseYaml(text, path);
    if ('faults' in parsed) {
      found.faults.push(...parsed.faults);
      return;
    }
    const { read, faults } = readDrill(parsed.file, name);
    if (read) found.read.push(read);
    found.faults.push(...faults.sort(byLine));
  });
  return found;
}

function textOf(path: string): string | Error {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return error as Error;
  }
}

export interface BuiltDrills {
  plan: DrillsPlan;
  gates: DrillGate[];
  /** Where each action stands, by `<drill>/<index>`: what only the preflight can tell is reported there. */
  places: Map<string, string>;
}

/** Returns the files of drills that a script names, as far as its settings can be read. */
export function askedDrillFiles(drills: unknown): string[] {
  return DrillsConfig.pick({ files: true }).strip().safeParse(drills).data?.files ?? [];
}

/** Leaves the drills out that were not asked for; what is wrong with their files is told all the same. */
export function chosenDrills(drills: ReadDrills, chosen: readonly string[] | undefined): ReadDrills {
  return chosen === undefined ? drills : { ...drills, read: drills.read.filter(({ drill }) => chosen.includes(drill.name)) };
}

/**
 * Returns the drills' plan and gates; null for a script without drills, or with faults of its own that leave nothing to hold the
 * drills against. Throws J_DRILL_INVALID with the faults of all files at once.
 */
export function buildDrills(
  { read, faults }: ReadDrills, config: DrillsConfig | undefined, around: Omit<DrillSurroundings, 'dependencies' | 'flags'>,
): BuiltDrills | null {
  const dependencies = config ? accessOf(config) : {};
  const flags = config?.flags ?? null;
  // Without phases, of which a script with faults has none here, every drill would be told to lack its own.
  const checked = config && around.phases.length > 0 ? read.flatMap((one) => drillFaults(one, { ...around, dependencies, flags }).sort(byLine)) : [];
  const all = [...faults, ...checked];
  if (all.length > 0) throw new CodedError('J_DRILL_INVALID', all);
  if (!config || read.length === 0) return null;
  return {
    plan: { drills: read.map(({ drill }) => drill), dependencies, flags, watchEveryMs: config.watchEverySeconds * 1_000 },
    gates: read.flatMap(({ drill, file }) => drillGates(drill, file.fileName)),
    places: new Map(read.flatMap(({ drill, actions }) => actions.map((where, index) => [`${drill.name}/${index}`, where]))),
  };
}

/** Returns one gate for each expectation of a drill; its file is the source of each limit. */
export function drillGates({ name, source, expect }: Drill, file: string): DrillGate[] {
  const gate = (expects: DrillGate['expect'], unit: DrillGate['unit'], max: number | null): DrillGate[] => (max === null ? [] : [{
    id: `${name}-${expects.replaceAll(' ', '-')}`, source: `${file}: ${source}`, metric: 'drill', drill: name, expect: expects, unit, max,
  }]);
  const journeys = Object.entries(expect.journeys).filter(([, one]: [string, JourneyExpectation]) => one.kind !== 'may fail');
  return [
    ...gate('breaker opens', 's', expect.breakerOpensWithinS),
    ...gate('breaker closes', 's', expect.breakerClosesWithinS),
    ...gate('answers', 'requests', expect.answersWithinS === null ? null : 0),
    ...gate('recovers', 's', expect.recoversWithinS),
    ...gate('requests', '1/s', expect.requestsPerSecondAtMost),
    ...journeys.flatMap(([journey]) => gate('journey', 'users', 0).map((one) => ({ ...one, id: `${one.id}-${journey.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}`, journey }))),
  ];
}

/**
 * Returns the gates of a run with drills: their own, those of slo.yml that name its profile, and those on payments, which hold
 * whatever is broken. Of all else, while dependencies are broken on purpose, nothing is said: it is set aside. So it is where a
 * profile sends other users than the script does: what is meant for the script's would mostly find none of them.
 */
export function withDrillGates(
  { gates, gatesNotInProfile }: { gates: Gate[]; gatesNotInProfile: string[] }, profile: string, own: readonly DrillGate[],
): { gates: Gate[]; gatesNotInProfile: string[] } {
  const meant = gates.filter((gate) => (gate.profiles === undefined ? gate.metric === 'integrity' : gate.profiles.includes(profile)));
  const aside = gates.filter((gate) => !meant.includes(gate)).map(({ id }) => id);
  return { gates: [...own, ...meant], gatesNotInProfile: [...gatesNotInProfile, ...aside] };
}

/**
 * Returns whether each phase is kept where only some drills were asked for: those of other drills go, all else stays.
 * Throws J_DRILL_INVALID for names that are no drills of the script.
 */
export function keptPhases(phases: readonly { name: string }[], files: readonly string[], chosen: readonly string[] | undefined): boolean[] {
  if (chosen === undefined) return phases.map(() => true);
  const known = files.map(drillName);
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new CodedError('J_DRILL_INVALID', unknown.map((name) => ({
      where: 'DRILLS', message: `no drill is named "${name}"`, hint: known.length === 0 ? 'this profile has no drills' : didYouMean(name, known),
    })));
  }
  return phases.map(({ name }) => !known.includes(name) || chosen.includes(name));
}
