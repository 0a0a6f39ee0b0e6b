import { join } from 'node:path';
import { Recorder } from '../src/collect/recorder.ts';
import type { RunningPlatform } from '../src/drive/platform.ts';
import { openTarget, type TeardownKeys } from '../src/drive/teardown/open.ts';
import { removeRun } from '../src/drive/teardown/remove.ts';
import { oweTeardown, owedTeardowns, settleTeardown, type TeardownState } from '../src/drive/teardown/state.ts';
import type { TeardownTarget } from '../src/drive/teardown/target.ts';
import { CodedError, asCodedError } from '../src/errors.ts';
import { OBSERVATION_VERSION, heldRows, type Plan, type TeardownReport } from '../src/model/index.ts';
import type { HarnessSettings } from '../src/plan/settings.ts';
import { say } from './artillery-global.ts';

/** Somebody who pressed Ctrl-C waits no longer than this; the rest is for `npm run teardown`. */
const HURRIED_MS = 15_000;
/** One question before the run: whoever does not answer it now would not afterwards. */
const CHECK_MS = 10_000;

export interface TeardownOptions {
  plan: Plan;
  runDir: string;
  settings: Pick<HarnessSettings, 'TEARDOWN_TOKEN'>;
  /** Headers that the target wants of everybody. */
  auth: Record<string, string>;
  platform: RunningPlatform | null;
  /** What an earlier part of the run made is still there. */
  resumed: boolean;
}

/**
 * Returns what removes everything a run makes on its target, once that is known to count; null where the plan has nothing that
 * could. From here on the run owes it, whatever ends this process. Throws J_TEARDOWN_UNREACHABLE.
 */
export async function openTeardown({ plan, runDir, settings, auth, platform, resumed }: TeardownOptions): Promise<RunTeardown | null> {
  const { teardown, runId, target: { embedded } } = plan;
  if (teardown === undefined) {
    if (!embedded) say('teardown none: what this run makes on its target stays there (documentation/teardown.md)');
    return null;
  }
  const keys: TeardownKeys = { auth, token: embedded ? (platform?.operationsToken ?? undefined) : settings.TEARDOWN_TOKEN };
  const target = openTarget(teardown, runId, keys);
  const where = 'teardown';
  // The bundled platform has just been started, empty, and answers by itself.
  if (!embedded) {
    const held = await target.count(CHECK_MS).catch((error: unknown) => {
      throw new CodedError('J_TEARDOWN_UNREACHABLE', [{ where, message: (error as Error).message }], { cause: error });
    });
    const rows = heldRows(held);
    if (rows > 0 && !resumed) {
      const message = `the target holds ${rows} rows of a run with this id already (${runId}), which would be removed with this run's`;
      const hint = 'choose another RUN_ID, or remove them first: npm run teardown';
      throw new CodedError('J_TEARDOWN_UNREACHABLE', [{ where, message, hint }]);
    }
  }
  return new RunTeardown(oweTeardown(runDir, { ...plan, teardown }), runDir, target, platform);
}

/** Removes what a run made, once. */
export class RunTeardown {
  readonly #state: TeardownState;
  readonly #runDir: string;
  readonly #target: TeardownTarget;
  #platformIsGone = false;
  #done = false;
  #settled = false;

  constructor(state: TeardownState, runDir: string, target: TeardownTarget, platform: Pick<RunningPlatform, 'died'> | null) {
    this.#state = state;
    this.#runDir = runDir;
    this.#target = target;
    void platform?.died.then(() => (this.#platformIsGone = true));
  }

  /** What to tell a person where this process ends without it; null where nothing would stay. */
  get owed(): string | null {
    const { runId, embedded } = this.#state;
    return this.#settled || embedded ? null : `teardown still owed: npm run teardown -- ${runId}`;
  }

  /**
   * Removes, counts, and notes how it ended. `now` is the time of the run, `hurried`: somebody wants it to end. Returns
   * J_TEARDOWN where something may be left on a target that stays; never throws.
   */
  async remove({ now, hurried }: { now: () => number; hurried: boolean }): Promise<CodedError | null> {
    if (this.#done) return null;
    this.#done = true;
    const { embedded, teardown: { timeoutMs } } = this.#state;
    if (this.#platformIsGone) {
      say('teardown not needed: the bundled platform is gone, and what it held with it');
      return null;
    }
    const result = await removeRun({
      target: this.#target, timeoutMs: hurried ? Math.min(HURRIED_MS, timeoutMs) : timeoutMs,
      onProgress: (left) => say(`teardown ${left} rows left`),
    });
    try {
      settleTeardown(this.#runDir, this.#state, result);
      this.#record(result, now());
      // Of what is left, the error tells.
      this.#settled = true;
    } catch (error) {
      return asCodedError(error);
    }
    return result.outcome === 'removed' || embedded ? null : teardownError(this.#state, result);
  }

  #record(result: TeardownReport, tMs: number): void {
    const file = join(this.#runDir, 'observations.teardown.ndjson');
    const recorder = new Recorder(file, (error) => say(`teardown not written: ${error.message}`));
    const base = { v: OBSERVATION_VERSION, runId: this.#state.runId, tMs, phase: null, vu: null, journey: null } as const;
    recorder.record({ ...base, kind: 'teardown', ...result });
    recorder.close();
  }
}

function teardownError({ runId, target }: TeardownState, { after, message = '' }: TeardownReport): CodedError {
  const what = after === null ? message : `${heldRows(after)} rows are left: ${message}`;
  return new CodedError('J_TEARDOWN', [{ where: target, message: what, hint: `npm run teardown -- ${runId}` }]);
}

/** Tells which earlier runs still owe their targets something: this one would measure what they left. */
export function tellOwedTeardowns(reports: string): void {
  const owed = owedTeardowns(reports);
  if (owed.length === 0) return;
  const names = owed.slice(0, 3).map(({ state, runDir }) => state?.runId ?? runDir);
  const more = owed.length > names.length ? ` and ${owed.length - names.length} more` : '';
  say(`teardown still owed by ${names.join(', ')}${more}: npm run teardown -- --all`);
}
