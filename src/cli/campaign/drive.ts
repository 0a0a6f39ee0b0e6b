import { dirname } from 'node:path';
import type {
  CampaignGatePlan,
  CampaignRecord,
  CampaignRun,
  CampaignRunPlan,
  RunOutcome,
} from '../../model/campaign.ts';
import type { Decision } from '../../model/index.ts';
import { clockText } from '../../report/campaign-lines.ts';
import { countingRun, judgeCampaign, same } from './evaluate.ts';
import { brokenRecords, namedFiles, newestGameDay, sourcesOf } from './evidence.ts';
import type { LoadedCampaign } from './load.ts';
import { adoptCurrent, runOne } from './one-run.ts';
import type { RunOptions } from './one-run.ts';
import { compressProfile, onlyDrills } from './scale.ts';
import { readTicks, writeCampaignRecord } from './state.ts';

export interface DriveOptions extends RunOptions {
  say: (text: string) => void;
}

export interface Driven {
  record: CampaignRecord;
  exitCode: number;
}

const DECISION_CODE: Record<Decision, number> = { GO: 0, 'NO-GO': 1, INCONCLUSIVE: 2 };
const STOP_CODE: Record<Exclude<RunOutcome, 'completed'>, number> = { interrupted: 130, fault: 4, lost: 4, refused: 3 };
/** What a run takes beside its phases: its start, its last users, its judgement. */
const AROUND_S = 20;

/** Returns the exit code of a decision. */
export function decisionCode(decision: Decision): number {
  return DECISION_CODE[decision];
}

/** Returns a record as it stands now: by the campaign's file, the runs' own records and the ticks of this moment. */
export function standingNow(
  record: CampaignRecord,
  { root, folder, loaded, now }: Pick<DriveOptions, 'root' | 'folder' | 'loaded' | 'now'>,
): CampaignRecord {
  const ticks = readTicks(folder);
  const { gates, decision, reason } = judgeCampaign(loaded.campaign, {
    runs: record.runs,
    ticks,
    broken: brokenRecords(folder, record.runs),
    files: namedFiles(root, loaded.campaign),
    gameDay: newestGameDay(dirname(folder), Date.parse(record.startedAt)),
    compressed: record.scale !== null,
    sources: sourcesOf(root, loaded.sloPath),
  });
  const { title } = loaded.campaign;
  return {
    ...record,
    title,
    definitionSha256: loaded.definitionSha256,
    updatedAt: now().toISOString(),
    ticks,
    gates,
    decision,
    reason,
  };
}

/**
 * Runs what is left of a campaign, gate by gate, and keeps campaign.json whole after every step. Ends at once at a
 * NO-GO and where a run was refused, interrupted or failed, and after a gate that leaves something unsettled (unless
 * compressed). Throws J_RUN_LOCKED while a run of an earlier, killed campaign is still under way.
 */
export async function driveCampaign(started: CampaignRecord, options: DriveOptions): Promise<Driven> {
  const {
    loaded: { campaign },
    folder,
    interrupts,
  } = options;
  let record = started;
  const save = (next: CampaignRecord): void => {
    record = standingNow(next, options);
    writeCampaignRecord(folder, record);
  };
  save(adoptCurrent(started, options));
  const from = campaign.gates.findIndex((gate) => gate.id === record.startedFrom);
  for (const [index, gate] of campaign.gates.entries()) {
    if (index < from || record.gates[index]?.passed) continue;
    for (const run of gate.runs) {
      if (interrupts.count > 0) return { record, exitCode: STOP_CODE.interrupted };
      if (!needed(record, gate, run, options)) continue;
      options.say(announcement(record, index, run, options));
      const ended: CampaignRun = await runOne(record, gate, run, options, (current) => save({ ...record, current }));
      save({ ...record, current: null, runs: [...record.runs, ended] });
      if (ended.outcome !== 'completed') return { record, exitCode: STOP_CODE[ended.outcome] };
      if (ended.decision === 'NO-GO') return { record, exitCode: DECISION_CODE['NO-GO'] };
    }
    if (!record.gates[index]?.passed) break;
  }
  return { record, exitCode: DECISION_CODE[record.decision] };
}

/** Whether a run of a gate that has not passed must be made, or made again. */
function needed(
  record: CampaignRecord,
  gate: CampaignGatePlan,
  { profile }: CampaignRunPlan,
  options: DriveOptions,
): boolean {
  const run = countingRun(record.runs, profile);
  if (run === null || run.decision === 'NO-GO') return true;
  const whole = record.scale === null;
  if (run.decision !== 'GO' && whole) return true;
  if (brokenRecords(options.folder, [run]).size > 0) return true;
  // After a fix the whole gate rests on the same sources.
  if (!same(run.sources, sourcesOf(options.root, options.loaded.sloPath))) return true;
  const results = record.gates.find((one) => one.id === gate.id)?.criteria ?? [];
  const lacking = gate.criteria
    .filter((one) =>
      [one.passed, one.measured, one.lasted_hours].some((byRun) => byRun !== undefined && profile in byRun),
    )
    .map((one) => results.find(({ id }) => id === one.id)?.status);
  return lacking.includes('not-met') || (whole && lacking.includes('unsettled'));
}

/** Returns which run comes, how long it takes, and what comes after it. */
function announcement(
  record: CampaignRecord,
  gateIndex: number,
  { profile }: CampaignRunPlan,
  options: DriveOptions,
): string {
  const { gates } = options.loaded.campaign;
  const gate = gates[gateIndex];
  const at = gate?.runs.findIndex((run) => run.profile === profile) ?? 0;
  const after = [...(gate?.runs.slice(at + 1) ?? []), ...gates.slice(gateIndex + 1).flatMap((one) => one.runs)];
  const seconds = (runs: readonly CampaignRunPlan[]): number =>
    runs.reduce((sum, run) => sum + runSeconds(options.loaded, run, record.scale), 0);
  const own = seconds(gate?.runs.slice(at, at + 1) ?? []);
  const rest =
    after.length === 0
      ? 'then the sign-off'
      : `then ${after.map((run) => run.profile).join(', ')}: about ${clockText(seconds(after))}`;
  const run = `run ${at + 1} of ${gate?.runs.length}: ${profile}, about ${clockText(own)}`;
  return `\n── ${gate?.id} ${gate?.title} · ${run} · ${rest}\n`;
}

/** Returns about how long a run takes with its start and its end, in seconds. */
export function runSeconds(loaded: LoadedCampaign, run: CampaignRunPlan, scale: number | null): number {
  const profile = loaded.profiles.get(run.profile);
  if (!profile) return 0;
  if (scale === null) return profile.seconds + AROUND_S;
  const { durationS } = compressProfile(onlyDrills(profile.value, run.compressed_drills), profile.path, {
    scale,
    leastS: run.least_seconds,
    processor: '',
  });
  return durationS + AROUND_S;
}
