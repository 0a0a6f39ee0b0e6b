import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { redaction } from '../../collect/redaction.ts';
import { asCodedError, type Fault } from '../../errors.ts';
import { TeardownPlan, TeardownReport, type Plan } from '../../model/index.ts';
import { GAME_DAYS } from '../drills/journal.ts';
import { isAlive, markOf } from '../liveness.ts';
import { RUN_ID, writeRunFile } from '../run-folder.ts';
import { readStateFile } from '../state-file.ts';

/** What a run owes its target, in the run's folder. */
export const TEARDOWN_FILE = 'teardown.json';

const State = z.strictObject({
  version: z.literal(1),
  // An empty one, or `..`, would be the address of all runs.
  runId: z.string().regex(RUN_ID),
  startedAtEpochMs: z.number(),
  /** The harness that owes it: while that lives, it is its own business. */
  pid: z.number().int(),
  born: z.string().nullable(),
  /** The machine it was written on; nobody here allowed what another one was to do. */
  host: z.string(),
  target: z.string(),
  /** The bundled platform: its data ends with it. */
  embedded: z.boolean(),
  teardown: TeardownPlan,
  /** `owed` until the target was counted empty. */
  state: z.enum(['owed', 'removed']),
  /** Of the last try; null before the first. */
  result: TeardownReport.nullable(),
});
export type TeardownState = z.infer<typeof State>;

/** Notes, before anything is made on the target, that it is to be removed. Throws J_REPORTS_UNWRITABLE. */
export function oweTeardown(
  runDir: string,
  { runId, startedAtEpochMs, target, teardown }: Pick<Plan, 'runId' | 'startedAtEpochMs' | 'target'> & { teardown: TeardownPlan },
): TeardownState {
  const state: TeardownState = {
    version: 1, runId, startedAtEpochMs, ...markOf(process.pid), host: hostname(),
    target: target.url, embedded: target.embedded, teardown, state: 'owed', result: null,
  };
  writeRunFile(join(runDir, TEARDOWN_FILE), state);
  return state;
}

/** Notes what became of it, without what a target or a command may have said of somebody. Throws J_REPORTS_UNWRITABLE. */
export function settleTeardown(runDir: string, state: TeardownState, result: TeardownReport): void {
  const settled: TeardownState = { ...state, state: result.outcome === 'removed' ? 'removed' : 'owed', result: redaction().value(result) };
  writeRunFile(join(runDir, TEARDOWN_FILE), settled);
}

/** Returns the state of a run folder; null where there is none. Throws J_RUN_UNREADABLE. */
export function readTeardown(runDir: string): TeardownState | null {
  return readStateFile(join(runDir, TEARDOWN_FILE), State, 'teardown');
}

/** Whether the harness that owes it still runs. */
export function isHeld(state: TeardownState): boolean {
  return isAlive(state);
}

/** Whether it was written on this machine. */
export function isOwn({ host }: TeardownState): boolean {
  return host === hostname();
}

export interface Owed {
  runDir: string;
  /** Null where it cannot be read: `fault` says why, and nobody knows what is owed. */
  state: TeardownState | null;
  fault: Fault | null;
}

/** Returns the folders below a reports folder in which there are folders of runs: its own, game days, campaigns. */
export function placesOfRuns(reports: string): string[] {
  const campaigns = namesIn(reports).filter((name) => name.startsWith('campaign-'));
  return [reports, ...[GAME_DAYS, ...campaigns].map((name) => join(reports, name))];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    // Nothing was ever run here.
    return [];
  }
}

/** Returns the folders of runs and game days that still owe their targets something, and whose harness is gone. */
export function owedTeardowns(reports: string): Owed[] {
  const folders = placesOfRuns(reports).flatMap((place) => namesIn(place).map((name) => join(place, name)));
  return folders.flatMap((runDir): Owed[] => {
    try {
      const state = readTeardown(runDir);
      // What the bundled platform had is gone with it.
      return state && state.state === 'owed' && !state.embedded && !isHeld(state) ? [{ runDir, state, fault: null }] : [];
    } catch (error) {
      return [{ runDir, state: null, fault: asCodedError(error).faults[0] ?? null }];
    }
  });
}
