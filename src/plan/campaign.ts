import { CodedError } from '../errors.ts';
import type { Fault } from '../errors.ts';
import { Campaign, CampaignGatePlan, CampaignRunPlan, Criterion, EVIDENCE_KEYS } from '../model/campaign.ts';
import { didYouMean } from '../nearest.ts';
import { parseYaml } from './yaml.ts';
import type { YamlFile, YamlPath } from './yaml.ts';
import { shown, zodFaults } from './zod-faults.ts';

export interface CampaignContext {
  /** Gates of slo.yml, with the profiles that judge them; in every profile where none are named. */
  gates: readonly { id: string; profiles?: readonly string[] | undefined }[];
  /** Ids of the KPIs of slo.yml. */
  kpis: readonly string[];
  /** By name of the file under artillery/profiles: the profile that it gives its run. */
  profiles: ReadonlyMap<string, string>;
  /** By the same names: the drills of profiles that have some. Their gates are among `gates`. */
  drills?: ReadonlyMap<string, readonly string[]>;
}

const KEYS = [Campaign, CampaignGatePlan, CampaignRunPlan, Criterion].flatMap((one) => Object.keys(one.shape));

/**
 * Reads campaigns/<name>.yml. Throws J_CAMPAIGN_INVALID with every fault at once, in the order of its lines: unknown
 * keys, profiles, gates and KPIs, gates that a run's profile does not judge, runs that come later than what they should
 * show, criteria without evidence, and ids that stand twice.
 */
export function readCampaign(text: string, fileName: string, context: CampaignContext): Campaign {
  const parsed = parseYaml(text, fileName);
  if ('faults' in parsed) throw new CodedError('J_CAMPAIGN_INVALID', parsed.faults);
  const { file } = parsed;
  const read = Campaign.safeParse(file.value);
  if (!read.success) throw new CodedError('J_CAMPAIGN_INVALID', zodFaults(file, read.error.issues, [], KEYS));
  const faults = crossFaults(file, read.data, context);
  if (faults.length > 0) throw new CodedError('J_CAMPAIGN_INVALID', faults);
  return read.data;
}

function crossFaults(file: YamlFile, campaign: Campaign, context: CampaignContext): Fault[] {
  const faults: Fault[] = [];
  const gatesSoFar: string[] = [];
  const runsSoFar: string[] = [];
  const criteriaSoFar: string[] = [];
  const allRuns = campaign.gates.flatMap((gate) => gate.runs.map((run) => run.profile));
  const twice = (seen: string[], id: string, path: YamlPath): void => {
    if (seen.includes(id)) faults.push({ where: file.where(path), message: `"${id}" stands twice` });
    seen.push(id);
  };
  for (const id of Object.keys(campaign.only_whole)) {
    if (context.gates.some((gate) => gate.id === id)) continue;
    const hint = didYouMean(
      id,
      context.gates.map((gate) => gate.id),
    );
    faults.push({ where: file.whereKey(['only_whole', id]), message: `slo.yml has no gate "${id}"`, hint });
  }
  campaign.gates.forEach((gate, index) => {
    const base = ['gates', index];
    // A gate may rest on the gates before it, not on itself.
    const before = [...gatesSoFar];
    twice(gatesSoFar, gate.id, [...base, 'id']);
    gate.runs.forEach(({ profile, compressed_drills: chosen = [] }, at) => {
      const path = [...base, 'runs', at, 'profile'];
      twice(runsSoFar, profile, path);
      if (!context.profiles.has(profile)) {
        const hint = didYouMean(profile, [...context.profiles.keys()]);
        faults.push({ where: file.where(path), message: `there is no artillery/profiles/${profile}.yml`, hint });
      }
      const drills = context.drills?.get(profile) ?? [];
      chosen.forEach((name, number) => {
        if (drills.includes(name)) return;
        const where = file.where([...base, 'runs', at, 'compressed_drills', number]);
        faults.push({ where, message: `the profile "${profile}" has no drill "${name}"`, hint: didYouMean(name, drills) });
      });
    });
    gate.criteria.forEach((criterion, at) => {
      const path = [...base, 'criteria', at];
      twice(criteriaSoFar, criterion.id, [...path, 'id']);
      faults.push(...criterionFaults(file, path, criterion, { context, runsSoFar, allRuns, gatesBefore: before }));
    });
  });
  return faults;
}

interface Around {
  context: CampaignContext;
  /** Profiles of the runs up to and with the criterion's gate. */
  runsSoFar: readonly string[];
  allRuns: readonly string[];
  gatesBefore: readonly string[];
}

function criterionFaults(file: YamlFile, path: YamlPath, criterion: Criterion, around: Around): Fault[] {
  const at = (...rest: (string | number)[]): string => file.where([...path, ...rest]);
  const faults: Fault[] = [];
  const evidence = EVIDENCE_KEYS.filter((key) => criterion[key] !== undefined);
  const ways = [
    evidence.length > 0 ? evidence.join(' and ') : null,
    criterion.manual && 'manual',
    criterion.open && 'open',
  ];
  const given = ways.filter((way) => typeof way === 'string');
  if (given.length === 0) {
    const hint = `give one of ${EVIDENCE_KEYS.join(', ')}; or "manual: …" for a person's word; or "open: …" with why`;
    faults.push({ where: at(), message: `"${criterion.id}" has no evidence`, hint });
  }
  if (given.length > 1) {
    const message = `"${criterion.id}" is ${given.join(', ')} at once`;
    faults.push({ where: at(), message, hint: 'split it: what evidence ticks, what a person ticks, what is open' });
  }
  const runFault = (key: string, run: string): void => {
    if (around.runsSoFar.includes(run)) return;
    const later = around.allRuns.includes(run);
    const message = later
      ? `the run ${shown(run)} comes later than this gate`
      : `no run of this campaign is ${shown(run)}`;
    faults.push({ where: at(key, run), message, ...(later ? {} : { hint: didYouMean(run, around.allRuns) }) });
  };
  for (const [run, gates] of Object.entries(criterion.passed ?? {})) {
    runFault('passed', run);
    gates.forEach((id, index) => faults.push(...gateFault(at('passed', run, index), id, run, around.context)));
  }
  for (const [run, kpis] of Object.entries(criterion.measured ?? {})) {
    runFault('measured', run);
    kpis.forEach((id, index) => {
      if (around.context.kpis.includes(id)) return;
      const where = at('measured', run, index);
      faults.push({ where, message: `slo.yml has no KPI "${id}"`, hint: didYouMean(id, around.context.kpis) });
    });
  }
  for (const run of Object.keys(criterion.lasted_hours ?? {})) runFault('lasted_hours', run);
  (criterion.gates_met ?? []).forEach((id, index) => {
    if (around.gatesBefore.includes(id)) return;
    const where = at('gates_met', index);
    faults.push({ where, message: `no gate before this one is "${id}"`, hint: didYouMean(id, around.gatesBefore) });
  });
  (criterion.files ?? []).forEach((name, index) => {
    if (!/^\/|^[a-z]:|(?:^|[\\/])\.\.(?:[\\/]|$)/i.test(name)) return;
    faults.push({ where: at('files', index), message: `${shown(name)} must be a path below the repository's root` });
  });
  return faults;
}

function gateFault(where: string, id: string, run: string, { gates, profiles }: CampaignContext): Fault[] {
  const gate = gates.find((one) => one.id === id);
  const profile = profiles.get(run);
  if (!gate) {
    const known = gates.filter((one) => profile === undefined || judges(one, profile)).map((one) => one.id);
    return [{ where, message: `slo.yml has no gate "${id}"`, hint: didYouMean(id, known) }];
  }
  if (profile === undefined || judges(gate, profile)) return [];
  const message = `the profile "${profile}" does not judge the gate "${id}"`;
  return [{ where, message, hint: `slo.yml judges it in ${(gate.profiles ?? []).join(', ')}` }];
}

function judges(gate: CampaignContext['gates'][number], profile: string): boolean {
  return gate.profiles === undefined || gate.profiles.includes(profile);
}
