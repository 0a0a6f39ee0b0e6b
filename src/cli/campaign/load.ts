import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../errors.ts';
import type { Fault } from '../../errors.ts';
import type { Campaign } from '../../model/campaign.ts';
import { didYouMean } from '../../nearest.ts';
import { readCampaign } from '../../plan/campaign.ts';
import { askedDrillFiles, drillGates, readDrillFiles, type ReadDrills } from '../../plan/drills.ts';
import { readSlo } from '../../plan/slo.ts';
import { parseYaml } from '../../plan/yaml.ts';
import { sha256 } from './evidence.ts';
import { profileSeconds } from './scale.ts';

/** A profile of the campaign, as its file has it. */
export interface LoadedProfile {
  /** From the repository's root. */
  path: string;
  value: unknown;
  seconds: number;
}

export interface LoadedCampaign {
  name: string;
  campaign: Campaign;
  definitionSha256: string;
  sloPath: string;
  /** Those that the campaign runs. */
  profiles: ReadonlyMap<string, LoadedProfile>;
}

const PROFILES = 'artillery/profiles';
const SCRIPT = 'journeys.yml';

/** Returns the names of the campaigns that there are. */
export function campaignNames(root: string): string[] {
  return ymlNames(join(root, 'campaigns'));
}

/**
 * Reads campaigns/<name>.yml with everything that it names. Throws J_CAMPAIGN_NOT_FOUND, J_CAMPAIGN_INVALID, or
 * J_SLO_INVALID and J_SCRIPT_INVALID for the files that it rests on.
 */
export function loadCampaign(root: string, name: string): LoadedCampaign {
  const known = campaignNames(root);
  if (!known.includes(name)) {
    const hint = known.length === 0 ? 'there are none' : didYouMean(name, known);
    throw new CodedError('J_CAMPAIGN_NOT_FOUND', [
      { where: 'campaigns/', message: `holds no ${JSON.stringify(`${name}.yml`)}`, hint },
    ]);
  }
  const path = `campaigns/${name}.yml`;
  const text = readFileSync(join(root, path), 'utf8');
  const sloPath = sloPathOf(root);
  const { slo } = readSlo(readText(root, sloPath, 'J_SLO_INVALID'), sloPath, { profile: '' });
  const profiles = new Map(ymlNames(join(root, PROFILES)).map((one) => [one, readProfile(root, one)]));
  const drills = new Map([...profiles].map(([one, { value }]) => [one, drillsOf(root, value)]));
  const campaign = readCampaign(text, path, {
    gates: [...slo.gates, ...[...drills].flatMap(([one, read]) => gatesOf(read, profiles.get(one)?.profile ?? one))],
    drills: new Map([...drills].map(([one, { read }]) => [one, read.map(({ drill }) => drill.name)])),
    kpis: slo.kpis.map((kpi) => kpi.id),
    profiles: new Map([...profiles].map(([one, { profile }]) => [one, profile])),
  });
  const runs = campaign.gates.flatMap((gate) => gate.runs.map((run) => run.profile));
  const faults = runs.flatMap((run) => [...(profiles.get(run)?.faults ?? []), ...(drills.get(run)?.faults ?? [])]);
  if (faults.length > 0) throw new CodedError('J_SCRIPT_INVALID', faults);
  return {
    name,
    campaign,
    definitionSha256: sha256(text),
    sloPath: join(root, sloPath),
    profiles: new Map(
      runs.map((run) => {
        const file = `${PROFILES}/${run}.yml`;
        const value = profiles.get(run)?.value;
        return [run, { path: file, value, seconds: profileSeconds(value, file) }];
      }),
    ),
  };
}

function ymlNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.yml'))
      .map((file) => file.slice(0, -'.yml'.length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The drills that a profile holds: their files give their gates, not slo.yml. */
function drillsOf(root: string, profile: unknown): ReadDrills {
  return readDrillFiles(askedDrillFiles(pluginOf(profile)?.['drills']), (file) => join(root, file));
}

function gatesOf({ read }: ReadDrills, profile: string): { id: string; profiles: string[] }[] {
  return read.flatMap(({ drill, file }) => drillGates(drill, file.fileName)).map(({ id }) => ({ id, profiles: [profile] }));
}

/** The profile that slo.yml knows a file's runs by, which need not be the file's name. */
function readProfile(root: string, name: string): { profile: string; value: unknown; faults: Fault[] } {
  const path = `${PROFILES}/${name}.yml`;
  const read = parseYaml(readFileSync(join(root, path), 'utf8'), path);
  if ('faults' in read) return { profile: name, value: null, faults: read.faults };
  const profile = settingOf(read.file.value, 'profile');
  return { profile: profile ?? 'smoke', value: read.file.value, faults: [] };
}

function sloPathOf(root: string): string {
  const read = parseYaml(readText(root, SCRIPT, 'J_SCRIPT_INVALID'), SCRIPT);
  if ('faults' in read) throw new CodedError('J_SCRIPT_INVALID', read.faults);
  return settingOf(read.file.value, 'slo') ?? 'slo.yml';
}

function settingOf(script: unknown, key: 'slo' | 'profile'): string | null {
  const value = pluginOf(script)?.[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

function pluginOf(script: unknown): Record<string, unknown> | undefined {
  return (script as { config?: { plugins?: { journeys?: Record<string, unknown> } } } | null)?.config?.plugins?.journeys;
}

function readText(root: string, path: string, code: 'J_SLO_INVALID' | 'J_SCRIPT_INVALID'): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch (error) {
    throw new CodedError(code, [{ where: path, message: (error as NodeJS.ErrnoException).code ?? 'cannot be read' }], {
      cause: error,
    });
  }
}
