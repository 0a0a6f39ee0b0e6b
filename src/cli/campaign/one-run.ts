import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../drive/liveness.ts';
import { CodedError } from '../../errors.ts';
import type {
  CampaignGatePlan,
  CampaignRecord,
  CampaignRun,
  CampaignRunPlan,
  CurrentRun,
} from '../../model/campaign.ts';
import { writeWhole } from '../../report/write-file.ts';
import { same } from './evaluate.ts';
import { endedRun } from './ended-run.ts';
import { sourcesOf } from './evidence.ts';
import type { LoadedCampaign } from './load.ts';
import { startRun } from './run-profile.ts';
import { compressProfile } from './scale.ts';
import { stamp } from './state.ts';

/** Ctrl-C and its like, as they come. */
export interface Interrupts {
  count: number;
  /** Called at each. */
  listener: (() => void) | null;
}

export interface RunOptions {
  root: string;
  /** The campaign's own folder, below the reports. */
  folder: string;
  loaded: LoadedCampaign;
  /** Program and arguments that end in Artillery's `run`. */
  command: readonly string[];
  /** File descriptor for the runs' output: 2 where standard output is kept for JSON. */
  output: 1 | 2;
  now: () => Date;
  interrupts: Interrupts;
}

/**
 * Makes one run of a gate and returns what it came to. `save` is called before it starts and once its process is known,
 * so that a campaign killed at any time knows what was under way.
 */
export async function runOne(
  record: CampaignRecord,
  gate: CampaignGatePlan,
  plan: CampaignRunPlan,
  options: RunOptions,
  save: (current: CurrentRun) => void,
): Promise<CampaignRun> {
  const { root, folder, loaded, command, output, interrupts, now } = options;
  const sources = sourcesOf(root, loaded.sloPath);
  const cutShort = plan.resumes ? lastCutShort(record, plan.profile) : null;
  const goesOn =
    cutShort !== null && same(cutShort.sources, sources) && existsSync(join(folder, cutShort.runId, 'plan.json'));
  const runId = goesOn ? cutShort.runId : freeRunId(record, `${gate.id}-${plan.profile}-${stamp(now())}`);
  const profile = await profileFor(plan, join(folder, `${runId}.profile.yml`), record.scale, options);
  const current: CurrentRun = {
    gate: gate.id,
    profile: plan.profile,
    runId,
    startedAt: goesOn ? cutShort.startedAt : now().toISOString(),
    sources,
    shortenedBy: profile.shortenedBy,
    pid: null,
    born: null,
  };
  save(current);
  const run = startRun({
    command,
    root,
    profilePath: profile.path,
    output,
    // Empty is "not set": what a shell still holds from another run must not be taken for this one's.
    env: {
      ...(goesOn ? { RESUME: join(folder, runId) } : { REPORTS_DIR: folder, RUN_ID: runId, RESUME: '' }),
      DRILLS: record.scale === null ? '' : (plan.compressed_drills ?? []).join(','),
      // Another length of the soak is for the whole one.
      ...(profile.shortenedBy === null ? {} : { SOAK_DURATION: '' }),
    },
  });
  // From here on a Ctrl-C is the run's: it judges what it saw.
  interrupts.listener = run.interrupt;
  if (interrupts.count > 0) run.interrupt();
  save({ ...current, pid: run.pid, born: run.born });
  try {
    const exitCode = await run.ended;
    return endedRun(current, { exitCode, endedAt: now(), folder, campaign: loaded.campaign });
  } finally {
    interrupts.listener = null;
  }
}

/**
 * Takes over what a killed campaign left: its run may have come to its end without it. Throws J_RUN_LOCKED where that
 * run is still under way.
 */
export function adoptCurrent(
  record: CampaignRecord,
  { folder, now, loaded }: Pick<RunOptions, 'folder' | 'now' | 'loaded'>,
): CampaignRecord {
  const { current } = record;
  if (current === null) return record;
  if (isAlive(current)) {
    const message = `the run ${current.runId} of this campaign goes on without it, as process ${current.pid}`;
    const hint = 'once it has ended, --resume takes its evidence over';
    throw new CodedError('J_RUN_LOCKED', [{ where: folder, message, hint }]);
  }
  const file = join(folder, current.runId, 'record.json');
  const endedAt = existsSync(file) ? statSync(file).mtime : now();
  return {
    ...record,
    current: null,
    runs: [...record.runs, endedRun(current, { exitCode: null, endedAt, folder, campaign: loaded.campaign })],
  };
}

/** Two attempts within a second must not share a folder. */
function freeRunId({ runs }: CampaignRecord, wanted: string): string {
  const taken = runs.filter((run) => run.runId === wanted || run.runId.startsWith(`${wanted}-`)).length;
  return taken === 0 ? wanted : `${wanted}-${taken + 1}`;
}

/** Returns the last attempt of a profile, where it was cut short by nothing of its own doing. */
function lastCutShort(record: CampaignRecord, profile: string): CampaignRun | null {
  const last = record.runs.findLast((run) => run.profile === profile) ?? null;
  return last !== null && !last.superseded && ['interrupted', 'lost'].includes(last.outcome) ? last : null;
}

async function profileFor(
  plan: CampaignRunPlan,
  path: string,
  scale: number | null,
  { root, loaded }: RunOptions,
): Promise<{ path: string; shortenedBy: number | null }> {
  const profile = loaded.profiles.get(plan.profile);
  if (!profile) throw new Error(`the profile ${plan.profile} was not loaded`);
  if (scale === null) return { path: profile.path, shortenedBy: null };
  const compressed = compressProfile(profile.value, profile.path, {
    scale,
    leastS: plan.least_seconds,
    processor: join(root, 'artillery/processor.mts'),
  });
  await writeWhole(path, compressed.text);
  return { path, shortenedBy: compressed.factor };
}
