import { openTarget } from '../../drive/teardown/open.ts';
import { removeRun } from '../../drive/teardown/remove.ts';
import { oweTeardown, settleTeardown, type TeardownState } from '../../drive/teardown/state.ts';
import type { TeardownTarget } from '../../drive/teardown/target.ts';
import { CodedError } from '../../errors.ts';
import type { TeardownPlan, TeardownReport } from '../../model/index.ts';

export interface TeardownOptions {
  id: string;
  startedAtEpochMs: number;
  folder: string;
  /** The target's address; not the bundled platform, which ends with all that it held. */
  url: string;
  teardown: TeardownPlan;
  headers: Record<string, string>;
  token: string | undefined;
}

/** One question before anything is made: whoever does not answer it now would not afterwards. */
const CHECK_MS = 10_000;

/** Removes what the checks of a game day made on a lasting target, as a run does (documentation/teardown.md). */
export class GameDayTeardown {
  readonly #state: TeardownState;
  readonly #folder: string;
  readonly #target: TeardownTarget;

  private constructor(state: TeardownState, folder: string, target: TeardownTarget) {
    this.#state = state;
    this.#folder = folder;
    this.#target = target;
  }

  /** From here on the game day owes it, also after a kill. Throws J_TEARDOWN_UNREACHABLE. */
  static async open({
    id,
    startedAtEpochMs,
    folder,
    url,
    teardown,
    headers,
    token,
  }: TeardownOptions): Promise<GameDayTeardown> {
    const target = openTarget(teardown, id, { auth: headers, token });
    await target.count(CHECK_MS).catch((error: unknown) => {
      throw new CodedError('J_TEARDOWN_UNREACHABLE', [{ where: 'teardown', message: (error as Error).message }], {
        cause: error,
      });
    });
    return new GameDayTeardown(
      oweTeardown(folder, { runId: id, startedAtEpochMs, target: { url, embedded: false }, teardown }),
      folder,
      target,
    );
  }

  /** Removes, counts, and notes how it ended. Throws J_REPORTS_UNWRITABLE. */
  async remove(): Promise<TeardownReport> {
    const result = await removeRun({ target: this.#target, timeoutMs: this.#state.teardown.timeoutMs });
    settleTeardown(this.#folder, this.#state, result);
    return result;
  }
}
