import { prepareAction, readFlags, type Reaches } from '../../drive/drills/hands.ts';
import type { RollbackJournal } from '../../drive/drills/journal.ts';
import { rollBack } from '../../drive/drills/rollback.ts';
import type { Secrets } from '../../drive/drills/secrets.ts';
import type { Drill, DrillAction } from '../../model/index.ts';
import type { FlagState } from './team.ts';

export interface HandOptions {
  drill: Drill;
  reaches: Reaches;
  secrets: Secrets;
  journal: RollbackJournal;
}

/**
 * The hand that breaks, switches and takes out again, as drills do: how each deed is undone is on disk before it is
 * done.
 */
export class Hand {
  readonly #options: HandOptions;
  #deeds = 0;

  constructor(options: HandOptions) {
    this.#options = options;
  }

  /**
   * Puts all faults of the drill in, to stay until they are taken out. Returns what it did. Throws an Error that says
   * what could not be done.
   */
  async breakIt(): Promise<string[]> {
    const what: string[] = [];
    for (const action of this.#options.drill.actions) what.push(await this.#do(action));
    return what;
  }

  /** Switches a flag; it goes back with all else. Throws an Error that says why it could not be switched. */
  switchFlag(flag: string, enabled: boolean): Promise<string> {
    return this.#do({ kind: 'flag', flag, enabled, fromS: 0, forS: 1 });
  }

  /** Returns the flags that can be switched; none where the target has none, or does not tell. */
  async flags(): Promise<FlagState[]> {
    const { reaches, secrets } = this.#options;
    if (reaches.flags === null) return [];
    const flags = await readFlags(reaches.flags, secrets).catch(() => ({}));
    return Object.entries(flags)
      .map(([name, enabled]) => ({ name, enabled }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether something is still to be taken out. */
  get isIn(): boolean {
    return this.#options.journal.open.length > 0;
  }

  /** Takes everything out again, switches too. Returns what could not be. Safe to call at any time, and again. */
  async takeOut(): Promise<string[]> {
    const results = await rollBack(this.#options.journal, this.#options.secrets);
    return results.flatMap(({ what, why }) => (why === null ? [] : [`${what}: ${why}`]));
  }

  async #do(action: DrillAction): Promise<string> {
    const { drill, reaches, secrets, journal } = this.#options;
    this.#deeds += 1;
    const id = `${drill.name}/${this.#deeds}`;
    const prepared = await prepareAction(action, id, reaches, secrets);
    if (prepared.owed) journal.owe(id, prepared.what, prepared.owed);
    await prepared.apply();
    return prepared.what;
  }
}
