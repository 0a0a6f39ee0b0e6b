import { join, relative, resolve } from 'node:path';
import { RunLock, makeRunFolder } from '../../drive/run-folder.ts';
import { CodedError } from '../../errors.ts';
import { CAMPAIGN_VERSION } from '../../model/campaign.ts';
import type { CampaignRecord } from '../../model/campaign.ts';
import { didYouMean } from '../../nearest.ts';
import { readSettings } from '../../plan/settings.ts';
import { campaignJson } from '../../report/campaign-json.ts';
import { signOff } from '../../report/campaign-markdown.ts';
import { campaignBlock } from '../../report/campaign-text.ts';
import { writeWhole } from '../../report/write-file.ts';
import { wantsColor } from '../color.ts';
import { HELP, USAGE, readArguments, usage } from './arguments.ts';
import type { Action, CampaignArguments } from './arguments.ts';
import { dryRun } from './dry-run.ts';
import { decisionCode, driveCampaign, standingNow } from './drive.ts';
import { campaignNames, loadCampaign } from './load.ts';
import type { LoadedCampaign } from './load.ts';
import { watchInterrupts } from './interrupts.ts';
import { appendTick, campaignFolderName, newestCampaign, readCampaignRecord, writeCampaignRecord } from './state.ts';

export interface CommandSurroundings {
  /** The checkout: campaigns/, artillery/profiles/, slo.yml and journeys.yml lie there. */
  root: string;
  /** Program and arguments that end in Artillery's `run`. */
  command: readonly string[];
  environment: NodeJS.ProcessEnv;
  /** Takes what is said on standard output, and on standard error. */
  out: (text: string) => void;
  err: (text: string) => void;
  /** Width of the terminal; undefined where there is none. */
  columns: number | undefined;
}

interface Around extends CommandSurroundings {
  reports: string;
  loaded: LoadedCampaign;
  asked: CampaignArguments;
}

type RunAction = Extract<Action, { kind: 'run' }>;

const now = (): Date => new Date();

/** Does what `npm run campaign -- …` says and returns the exit code. Throws coded errors. */
export async function campaignCommand(args: string[], surroundings: CommandSurroundings): Promise<number> {
  const asked = readArguments(args);
  const { root, out, environment } = surroundings;
  if (asked.action.kind === 'help') {
    out(`${USAGE}\n\n${HELP}\ncampaigns: ${campaignNames(root).join(', ') || 'none'}\n`);
    return 0;
  }
  const reports = resolve(root, readSettings(root, environment).REPORTS_DIR);
  const around: Around = { ...surroundings, reports, loaded: loadCampaign(root, asked.name), asked };
  switch (asked.action.kind) {
    case 'dry-run':
      knownGate(around, asked.action.from);
      out(dryRun(around.loaded, asked.action));
      return 0;
    case 'status':
      return status(around);
    case 'tick':
      return tick(around, asked.action);
    case 'run':
      return run(around, asked.action);
  }
}

async function run(around: Around, action: RunAction): Promise<number> {
  knownGate(around, action.from);
  const startedAt = now();
  const folder = action.resume
    ? existingFolder(around)
    : makeRunFolder(around.reports, campaignFolderName(around.loaded.name, startedAt));
  // Before anything is read: another process may be about to write it.
  const lock = RunLock.take(around.loaded.name, join(folder, 'campaign.lock'));
  const interrupts = watchInterrupts();
  try {
    const record = action.resume ? resumed(folder, around, action) : begun(around, action, startedAt);
    const driven = await driveCampaign(record, {
      root: around.root,
      folder,
      loaded: around.loaded,
      command: around.command,
      output: around.asked.json ? 2 : 1,
      say: (text) => (around.asked.json ? around.err : around.out)(`${text}\n`),
      now,
      interrupts,
    });
    await writeWhole(join(folder, 'sign-off.md'), signOff(driven.record));
    show({ folder, record: driven.record }, around);
    return driven.exitCode;
  } finally {
    interrupts.stop();
    lock.release();
  }
}

interface Standing {
  folder: string;
  record: CampaignRecord;
}

function begun({ loaded }: Around, { scale, from }: RunAction, startedAt: Date): CampaignRecord {
  return {
    schemaVersion: CAMPAIGN_VERSION,
    name: loaded.name,
    title: loaded.campaign.title,
    definitionSha256: loaded.definitionSha256,
    startedAt: startedAt.toISOString(),
    updatedAt: startedAt.toISOString(),
    scale,
    startedFrom: from,
    current: null,
    runs: [],
    gates: [],
    ticks: [],
    decision: 'INCONCLUSIVE',
    reason: 'not begun',
  };
}

/** The newest campaign, with what `--from` makes count no more set aside. */
function resumed(folder: string, around: Around, { scale, from }: RunAction): CampaignRecord {
  const record = readCampaignRecord(folder);
  if (scale !== null && scale !== record.scale) {
    const was = record.scale === null ? 'the whole campaign' : `--scale ${record.scale}`;
    throw usage(`${typed(folder)} was begun as ${was}: leave --scale out, or begin anew without --resume`);
  }
  if (from === null) return record;
  const ids = around.loaded.campaign.gates.map((gate) => gate.id);
  const again = ids.slice(ids.indexOf(from));
  const startedFrom = ids.indexOf(from) < ids.indexOf(record.startedFrom ?? '') ? from : record.startedFrom;
  const runs = record.runs.map((one) => (again.includes(one.gate) ? { ...one, superseded: true } : one));
  return { ...record, startedFrom, runs };
}

async function tick(around: Around, action: Extract<Action, { kind: 'tick' }>): Promise<number> {
  const criteria = around.loaded.campaign.gates.flatMap((gate) => gate.criteria);
  const manual = criteria.filter((one) => one.manual !== undefined).map((one) => one.id);
  const found = criteria.find((one) => one.id === action.criterion);
  if (!found)
    throw usage(`no criterion is ${JSON.stringify(action.criterion)} (${didYouMean(action.criterion, manual)})`);
  if (found.open !== undefined) throw usage(`"${found.id}" cannot be ticked yet: ${found.open}`);
  if (found.manual === undefined) throw usage(`"${found.id}" is ticked by the evidence of its runs, not by a person`);
  const folder = existingFolder(around);
  appendTick(folder, { criterion: found.id, by: action.by, note: action.note, at: now().toISOString() });
  const lock = freeLock(around.loaded.name, folder);
  if (lock === null) {
    around.out(`${found.id} is ticked; the campaign is under way and takes it up with its next step\n`);
    return 0;
  }
  try {
    const after = standing(around, { folder, record: readCampaignRecord(folder) });
    writeCampaignRecord(folder, after.record);
    await writeWhole(join(folder, 'sign-off.md'), signOff(after.record));
    return show(after, around);
  } finally {
    lock.release();
  }
}

/** Returns null where a campaign is under way in this folder, which writes its record itself. */
function freeLock(name: string, folder: string): RunLock | null {
  try {
    return RunLock.take(name, join(folder, 'campaign.lock'));
  } catch (error) {
    if (error instanceof CodedError && error.code === 'J_RUN_LOCKED') return null;
    throw error;
  }
}

function status(around: Around): number {
  const folder = existingFolder(around);
  return show(standing(around, { folder, record: readCampaignRecord(folder) }), around);
}

function existingFolder({ reports, loaded }: Around): string {
  const folder = newestCampaign(reports, loaded.name);
  if (folder === null) {
    const message = `holds no campaign ${loaded.name} that was begun`;
    throw new CodedError('J_CAMPAIGN_NOT_FOUND', [
      { where: typed(reports), message, hint: `npm run campaign -- ${loaded.name} begins one` },
    ]);
  }
  return folder;
}

function standing({ root, loaded }: Around, { folder, record }: Standing): Standing {
  return { folder, record: standingNow(record, { root, folder, loaded, now }) };
}

function show({ folder, record }: Standing, { asked, out, environment, columns }: Around): number {
  const color = wantsColor(environment, columns !== undefined);
  const block = campaignBlock(record, { folderPath: typed(folder), width: columns ?? 120, color });
  out(asked.json ? `${JSON.stringify(campaignJson(record))}\n` : `\n${block}\n`);
  return decisionCode(record.decision);
}

function knownGate({ loaded }: Around, from: string | null): void {
  const ids = loaded.campaign.gates.map((gate) => gate.id);
  if (from !== null && !ids.includes(from))
    throw usage(`no gate is ${JSON.stringify(from)} (${didYouMean(from, ids)})`);
}

/** Returns a path inside the working folder relative to it, as a person would type it. */
function typed(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
