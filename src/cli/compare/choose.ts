import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError } from '../../errors.ts';
import { goesBefore, pastRuns } from '../../history/read.ts';
import { readHistory } from '../../history/update.ts';
import type { PastRun, SampledRun } from '../../model/index.ts';
import { typed } from './sampled-run.ts';

/** Runs looked through for the newest one that was judged. */
const LOOKED_THROUGH = 100;

/** Returns the folder of a run: a path, or the name of a folder among the reports. Throws J_RUN_NOT_FOUND. */
export function folderOf(reportsDir: string, name: string): string {
  const places = [resolve(name), join(reportsDir, name)];
  const found = places.find((place) => existsSync(join(place, 'plan.json')));
  if (found !== undefined) return found;
  throw new CodedError('J_RUN_NOT_FOUND', [{ where: name, message: `no run: neither ${typed(places[0] ?? '')} nor ${typed(places[1] ?? '')} holds a plan.json` }]);
}

/** Returns the folder of the newest judged run. Throws J_RUN_NOT_FOUND. */
export function newestRun(reportsDir: string, warn: (text: string) => void): string {
  const found = withHistory(reportsDir, warn, (history) => pastRuns(history, { last: LOOKED_THROUGH }))
    .find((run) => run.decision !== null && isThere(reportsDir, run));
  if (found !== undefined) return join(reportsDir, found.folder);
  throw new CodedError('J_RUN_NOT_FOUND', [{ where: typed(reportsDir), message: 'no judged run is in it' }]);
}

/** Returns the folder of the last GO before a run, of the same profile and target. Throws J_NOTHING_TO_COMPARE. */
export function lastGo(reportsDir: string, { run, conditions }: SampledRun, warn: (text: string) => void): string {
  const goes = withHistory(reportsDir, warn, (history) => goesBefore(history, { ...run, embedded: conditions.embedded }));
  const found = goes.find((one) => isThere(reportsDir, one));
  if (found !== undefined) return join(reportsDir, found.folder);
  const target = conditions.embedded ? 'the bundled platform' : run.target;
  const gone = goes.length === 0 ? '' : `; the history knows ${goes.length}, but their folders are gone`;
  throw new CodedError('J_NOTHING_TO_COMPARE', [{ where: run.runId, message: `no GO of profile "${run.profile}" on ${target} before it${gone}` }]);
}

function withHistory(reportsDir: string, warn: (text: string) => void, ask: (database: ReturnType<typeof readHistory>['database']) => PastRun[]): PastRun[] {
  if (!existsSync(reportsDir)) return [];
  const { database, fault } = readHistory(reportsDir);
  try {
    if (fault !== null) warn(`${fault}; the files were asked instead`);
    return ask(database);
  } finally {
    database.close();
  }
}

function isThere(reportsDir: string, { folder }: PastRun): boolean {
  return existsSync(join(reportsDir, folder, 'record.json'));
}
