import { join } from 'node:path';
import { Recorder } from '../../collect/recorder.ts';
import { openTarget, type TeardownKeys } from '../../drive/teardown/open.ts';
import { removeRun } from '../../drive/teardown/remove.ts';
import { settleTeardown } from '../../drive/teardown/state.ts';
import { CodedError, ERRORS, formatError } from '../../errors.ts';
import { OBSERVATION_VERSION, heldRows, type HeldCounts, type TeardownReport } from '../../model/index.ts';
import { hostOf } from '../../plan/guards/hosts.ts';
import { overridden } from '../../plan/guards/refusals.ts';
import { targetRefusals } from '../../plan/guards/targets.ts';
import { readSettings, type HarnessSettings } from '../../plan/settings.ts';
import { heldText } from '../../report/teardown.ts';
import { count, counted, harmless } from '../../report/text.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import { owingRuns, type OwingRun } from './owing.ts';

export interface TeardownSurroundings {
  /** Where .env is. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  /** What a person sees while it works. */
  err: (text: string) => void;
}

const COUNT_MS = 30_000;

/** What became of one run. */
interface Ended {
  run: OwingRun;
  outcome: TeardownReport['outcome'] | 'counted' | 'ended with its platform';
  before: HeldCounts | null;
  after: HeldCounts | null;
  message: string | null;
}

/** Does what `npm run teardown -- …` says and returns the exit code. Throws coded errors. */
export async function teardownCommand(args: string[], { root, environment, out, err }: TeardownSurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked.help) {
    out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const settings = readSettings(root, environment);
  const { runs, passedOver } = owingRuns(asked, settings.REPORTS_DIR);
  for (const line of passGuards(runs, settings)) err(`${line}\n`);
  const keys = { auth: basicAuth(settings), token: settings.TEARDOWN_TOKEN };
  const ended: Ended[] = [];
  for (const run of runs) {
    const one = await (asked.dryRun ? onlyCounted(run, keys) : removed(run, keys, err));
    ended.push(one);
    if (!asked.json) out(`${lineOf(one)}\n`);
  }
  if (asked.json) out(`${JSON.stringify({ name: 'teardown', runs: ended.map(toJson), passedOver: passedOver.flatMap(({ code, faults }) => faults.map((one) => ({ code, ...one }))) })}\n`);
  else if (runs.length === 0 && passedOver.length === 0) out('no run owes its target anything\n');
  for (const error of passedOver) err(`${formatError(error)}\n`);
  // Left or not known: a dry run only fails where it could not count.
  return passedOver.length > 0 || ended.some(({ outcome }) => outcome === 'left' || outcome === 'failed') ? ERRORS.J_TEARDOWN.exitCode : 0;
}

/**
 * Holds where data is to be removed against the lists of hosts, as a run's target is (documentation/guards.md): an address that is
 * typed, or was allowed once, may be production. Returns what to tell of overrides. Throws J_TARGET_NOT_ALLOWED, J_PRODUCTION_TARGET.
 */
function passGuards(runs: readonly OwingRun[], settings: HarnessSettings): string[] {
  const { ALLOWED_HOSTS: allowed = [], PRODUCTION_HOSTS: production = [], GUARD_OVERRIDES: guards = [], GUARD_REASON: reason = '' } = settings;
  const asking = runs.filter(({ folder, teardown: { url } }) => folder?.state.embedded !== true && url !== null);
  // Each host once, however many runs it has.
  const byHost = new Map(asking.map(({ teardown }) => [hostOf(teardown.url ?? ''), teardown]));
  const refusals = [...byHost.values()].flatMap((teardown) => targetRefusals('', { teardown }, { allowed, production }));
  return overridden(refusals, { guards, reason })
    .map(({ guard, what }) => `guards   OVERRIDDEN: ${guard} · ${harmless(what)} · ${harmless(reason)}`);
}

async function removed(run: OwingRun, keys: TeardownKeys, err: (text: string) => void): Promise<Ended> {
  const { runId, teardown, folder } = run;
  if (folder?.state.embedded === true) return { run, outcome: 'ended with its platform', before: null, after: null, message: null };
  const report = await removeRun({
    target: openTarget(teardown, runId, keys), timeoutMs: teardown.timeoutMs,
    onProgress: (left) => err(`${harmless(runId)}: ${count(left)} rows left\n`),
  });
  if (folder !== null) {
    settleTeardown(folder.runDir, folder.state, report);
    note(folder, report);
  }
  return { run, outcome: report.outcome, before: report.before, after: report.after, message: report.message ?? null };
}

/** Beside what the run itself saw: judged again, its report says how it ended. */
function note({ runDir, state }: NonNullable<OwingRun['folder']>, report: TeardownReport): void {
  const path = join(runDir, 'observations.teardown.ndjson');
  const recorder = new Recorder(path, (error) => {
    throw new CodedError('J_REPORTS_UNWRITABLE', [{ where: path, message: error.message }], { cause: error });
  });
  const tMs = Math.max(0, Date.now() - state.startedAtEpochMs);
  recorder.record({ v: OBSERVATION_VERSION, kind: 'teardown', runId: state.runId, tMs, phase: null, vu: null, journey: null, ...report });
  recorder.close();
}

async function onlyCounted(run: OwingRun, keys: TeardownKeys): Promise<Ended> {
  if (run.folder?.state.embedded === true) return { run, outcome: 'ended with its platform', before: null, after: null, message: null };
  try {
    const held = await openTarget(run.teardown, run.runId, keys).count(COUNT_MS);
    return { run, outcome: 'counted', before: held, after: held, message: null };
  } catch (error) {
    return { run, outcome: 'failed', before: null, after: null, message: (error as Error).message };
  }
}

function lineOf({ run, outcome, before, after, message }: Ended): string {
  const name = harmless(run.runId);
  const why = message === null ? '' : `: ${harmless(message)}`;
  if (outcome === 'ended with its platform') return `${name}  nothing to remove: the data of the bundled platform ended with it`;
  if (outcome === 'failed' || before === null || after === null) return `${name}  not known to be done${why}`;
  const kinds = heldText(after);
  if (outcome === 'counted') {
    return `${name}  ${counted(heldRows(after), 'row')} on ${harmless(run.target)}${kinds === '' ? '' : ` (${kinds})`}`;
  }
  const was = heldRows(before);
  if (outcome === 'removed') return `${name}  removed ${count(was)} of ${counted(was, 'row')}, 0 left (counted)`;
  return `${name}  ${counted(heldRows(after), 'row')} left (${kinds})${why}`;
}

function toJson({ run: { runId, target }, outcome, before, after, message }: Ended): object {
  return { runId, target, outcome, before, after, ...(message === null ? {} : { message }) };
}

type Login = Pick<HarnessSettings, 'TARGET_HTTP_USER' | 'TARGET_HTTP_PASSWORD'>;
function basicAuth({ TARGET_HTTP_USER: user, TARGET_HTTP_PASSWORD: password }: Login): Record<string, string> {
  return user && password ? { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` } : {};
}
