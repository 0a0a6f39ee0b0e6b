import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeRunId } from '../../drive/run-folder.ts';
import { RunRecord } from '../../model/index.ts';
import { readSettings } from '../../plan/settings.ts';
import { drillAims, drillTable, drillsJson } from '../../report/drill-table.ts';
import { watchInterrupts } from '../campaign/interrupts.ts';
import { startRun } from '../campaign/run-profile.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import { listDrills } from './list.ts';
import { rollBackRun } from './roll-back.ts';

export interface DrillsSurroundings {
  /** The checkout. */
  root: string;
  /** Program and arguments that end in Artillery's `run`. */
  command: readonly string[];
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  /** Width of the terminal; undefined where there is none. */
  columns: number | undefined;
}

const PROFILE = 'artillery/profiles/drills.yml';
const WIDTH = 120;

/** Does what `npm run drills -- …` says and returns the exit code. Throws coded errors. */
export async function drillsCommand(args: string[], around: DrillsSurroundings): Promise<number> {
  const action = readArguments(args);
  switch (action.kind) {
    case 'help':
      around.out(`${USAGE}\n\n${HELP}\n`);
      return 0;
    case 'list':
      around.out(`${listDrills(around.root, PROFILE)}\n`);
      return 0;
    case 'rollback':
      await rollBackRun(action.runDir, around.environment, around.out);
      return 0;
    case 'run':
      return run(action.drills, action.json, around);
  }
}

async function run(drills: readonly string[], json: boolean, { root, command, environment, out, columns }: DrillsSurroundings): Promise<number> {
  const settings = readSettings(root, environment);
  const runId = makeRunId(settings.RUN_ID, new Date(), 'drills', (settings.TARGET_URL ?? 'embedded') !== 'embedded');
  const recordPath = join(resolve(root, settings.REPORTS_DIR), runId, 'record.json');
  // A run with an id that is taken is refused, and what lies there is another one's.
  const taken = existsSync(recordPath);
  const started = startRun({
    command, root, profilePath: PROFILE, output: json ? 2 : 1,
    env: { RUN_ID: runId, ...(drills.length > 0 ? { DRILLS: drills.join(',') } : {}) },
  });
  const interrupts = watchInterrupts();
  interrupts.listener = started.interrupt;
  const exitCode = (await started.ended) ?? 4;
  interrupts.stop();
  const record = taken ? null : readRecord(recordPath);
  // Refused, or ended without a verdict: the run's own words have said why.
  if (!record) return exitCode;
  if (json) out(`${JSON.stringify(drillsJson(record))}\n`);
  else {
    const aims = drillAims(record).map(({ id, unit, limit, observed, met }) => ` ${met ? '✓' : '✗'} ${id}: ${observed ?? 'not measured'} ${unit}, aim ≤ ${limit} ${unit}`);
    out(`\n${drillTable(record, columns ?? WIDTH)}\n\n${aims.join('\n')}\n`);
  }
  return exitCode;
}

function readRecord(path: string): RunRecord | null {
  return existsSync(path) ? RunRecord.parse(JSON.parse(readFileSync(path, 'utf8'))) : null;
}
