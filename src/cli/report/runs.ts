import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Plan, RunRecord } from '../../model/index.ts';
import { MOST_RUNS } from '../../report/allure/config.ts';
import { seriesOf } from '../../report/allure/tests.ts';

const Begun = Plan.pick({ runId: true, startedAtEpochMs: true, script: true, profile: true, target: true }).strip();

export interface Run {
  runDir: string;
  startedAtEpochMs: number;
  series: string;
  /** Not yet where it is under way, or was killed. */
  isJudged: boolean;
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** Returns the runs of a reports folder, the newest first. What is none, or of another version, is passed over. */
export async function runsOf(reports: string): Promise<Run[]> {
  const entries = await readdir(reports, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(entries.filter((one) => one.isDirectory()).map(async ({ name }): Promise<Run[]> => {
    const runDir = join(reports, name);
    const plan = Begun.safeParse(parsed(await readText(join(runDir, 'plan.json'))));
    if (!plan.success) return [];
    const isJudged = (await readdir(runDir)).includes('record.json');
    return [{ runDir, startedAtEpochMs: plan.data.startedAtEpochMs, series: seriesOf(plan.data), isJudged }];
  }));
  return found.flat().toSorted((a, b) => b.startedAtEpochMs - a.startedAtEpochMs);
}

/** Returns a run's record, or null for one that is missing or cannot be read by this version. */
export async function readRecord(runDir: string): Promise<RunRecord | null> {
  const record = RunRecord.safeParse(parsed(await readText(join(runDir, 'record.json'))));
  return record.success ? record.data : null;
}

/** Returns the records of runs of the same series that began before this one, the oldest first, as many as a chart has room for. */
export async function recordsBefore(record: RunRecord, runs: readonly Run[]): Promise<RunRecord[]> {
  const series = seriesOf(record.plan);
  const earlier = runs.filter((one) => one.isJudged && one.series === series && one.startedAtEpochMs < record.plan.startedAtEpochMs);
  const read = await Promise.all(earlier.slice(0, MOST_RUNS).map(({ runDir }) => readRecord(runDir)));
  return read.filter((one) => one !== null).toReversed();
}
