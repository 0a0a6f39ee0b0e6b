import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { RUN_ID } from '../../drive/run-folder.ts';
import { isHeld, isOwn, owedTeardowns, placesOfRuns, readTeardown, type TeardownState } from '../../drive/teardown/state.ts';
import { CodedError, type Fault } from '../../errors.ts';
import type { TeardownPlan } from '../../model/index.ts';
import { TeardownConfig } from '../../plan/teardown.ts';
import { usage, type TeardownArguments } from './arguments.ts';

/** A run whose data is to be removed. */
export interface OwingRun {
  runId: string;
  teardown: TeardownPlan;
  target: string;
  /** Null for a run without a folder. */
  folder: { runDir: string; state: TeardownState } | null;
}

/** An id is enough to remove: a stranger's address is asked only where somebody typed it. */
const URL_TIMEOUT_MS = 60_000;

export interface Owing {
  runs: OwingRun[];
  /** Of --all: what cannot be read, and what another machine wrote; the others are removed all the same. */
  passedOver: CodedError[];
}

/**
 * Returns the runs that the command line names. Throws J_USAGE, J_RUN_NOT_FOUND, J_RUN_LOCKED for one that is under way, and of
 * runs that are named J_RUN_UNREADABLE, and J_TEARDOWN_STRANGE for a file of another machine.
 */
export function owingRuns({ runs, all, trust, url }: TeardownArguments, reports: string): Owing {
  if (url !== null) return { runs: [byUrl(runs[0] ?? '', url)], passedOver: [] };
  const found = all ? owedTeardowns(reports) : runs.map((run) => namedRun(run, reports));
  const broken = found.flatMap(({ fault }) => fault ?? []);
  const owing = found.flatMap(({ runDir, state }) => (state === null ? [] : [{ runDir, state }]));
  const isStrange = ({ state }: { state: TeardownState }): boolean => !trust && !isOwn(state);
  const strange = owing.filter(isStrange).map(({ runDir, state }): Fault => ({
    where: relative(process.cwd(), runDir) || runDir,
    message: `was written on another machine, and would ${wouldDo(state.teardown)}`,
    hint: '--trust, once you have looked at its teardown.json',
  }));
  const passedOver = [
    ...(broken.length > 0 ? [new CodedError('J_RUN_UNREADABLE', broken)] : []),
    ...(strange.length > 0 ? [new CodedError('J_TEARDOWN_STRANGE', strange)] : []),
  ];
  const [first] = passedOver;
  if (!all && first) throw first;
  const own = owing.filter((one) => !isStrange(one)).map(({ runDir, state }): OwingRun => {
    const { runId, teardown, target } = state;
    return { runId, teardown, target, folder: { runDir, state } };
  });
  return { runs: own, passedOver };
}

function wouldDo({ url, command }: TeardownPlan): string {
  return command === null ? `ask ${url ?? ''}` : `run ${command.join(' ')}`;
}

function namedRun(run: string, reports: string): { runDir: string; state: TeardownState; fault: null } {
  const inReports = RUN_ID.test(run) ? placesOfRuns(reports).map((place) => join(place, run)) : [];
  const runDir = inReports.find((folder) => existsSync(folder)) ?? run;
  const state = readTeardown(runDir);
  if (state === null) {
    const message = existsSync(runDir) ? 'holds no teardown.json: its plan removes nothing' : 'there is no such run folder';
    const hint = `--url says where to remove the data of ${basename(run)} without one`;
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: runDir, message, hint }]);
  }
  if (isHeld(state)) {
    throw new CodedError('J_RUN_LOCKED', [{ where: runDir, message: 'the run is still under way, and removes its data itself' }]);
  }
  return { runDir, state, fault: null };
}

function byUrl(runId: string, url: string): OwingRun {
  if (!RUN_ID.test(runId)) throw usage(`${JSON.stringify(runId)} is no run id`);
  const parsed = TeardownConfig.shape.url.safeParse(url);
  if (!parsed.success || !/^https?:/.test(url)) throw usage(`--url ${parsed.error?.issues[0]?.message ?? 'must be a whole address'}`);
  return { runId, teardown: { url, command: null, timeoutMs: URL_TIMEOUT_MS }, target: new URL(url).origin, folder: null };
}
