import type { Drill, DrillAction, DrillObservation, DrillsPlan } from '../../model/index.ts';
import { prepareAction, type Prepared, type Reaches } from './hands.ts';
import type { RollbackJournal } from './journal.ts';
import type { RolledBack } from './rollback.ts';
import type { Secrets } from './secrets.ts';
import { undoOne } from './undo.ts';

/** What a driver records of a turning point. */
export type DrillPoint = Pick<DrillObservation, 'drill' | 'event' | 'dependency'> & { detail?: string };

export interface DriverOptions {
  plan: DrillsPlan;
  reaches: Reaches;
  secrets: Secrets;
  journal: RollbackJournal;
  /** Milliseconds since the run's start, monotonic. */
  now: () => number;
  record: (point: DrillPoint) => void;
  /** Told when a drill begins, and when it ends (null). */
  onDrill?: (drill: Drill | null) => void;
}

/** One action of a drill that is held. */
interface Holding {
  drill: Drill;
  action: DrillAction;
  id: string;
  startedMs: number;
  ending: AbortSignal;
  /** What must be over before it reads a state or goes in; never rejects. */
  before: Promise<unknown>;
}

/**
 * Holds the drills: does what each says at its time on the run's clock, and undoes it, whatever happens. Before anything is
 * done, the journal knows how to undo it.
 */
export class DrillDriver {
  readonly #options: DriverOptions;
  #current: { drill: Drill; ending: AbortController; actions: Promise<void>[] } | null = null;
  /** The drills before the current one, as far as they are still being undone. */
  #leaving: Promise<unknown> = Promise.resolve();
  /** What is still done or undone to each thing: what comes next to it waits for that, or the two would undo each other. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #failed: RolledBack[] = [];
  /** Once it was ended: load phases may still go on while a run is concluded, and nothing may be broken any more. */
  #over = false;

  constructor(options: DriverOptions) {
    this.#options = options;
  }

  /** A phase of the run begins now. Whatever the drill of the phase before still had in is taken out. */
  phaseStarted(name: string | null): void {
    if (this.#over) return;
    const startedMs = this.#options.now();
    this.#leave();
    const drill = this.#options.plan.drills.find(({ phase }) => phase === name);
    if (!drill) return;
    const ending = new AbortController();
    this.#record(drill, { event: 'begun', dependency: null });
    this.#options.onDrill?.(drill);
    const actions = drill.actions.map((action, index) => ({ action, id: `${drill.name}/${index}` }))
      .toSorted((a, b) => a.action.fromS - b.action.fromS)
      .map(({ action, id }) => this.#inTurn(action, (before) => this.#hold({ drill, action, id, startedMs, ending: ending.signal, before })));
    this.#current = { drill, ending, actions };
  }

  /** Takes everything out, for good: no drill begins after it. Returns what could not be. Bounded in time; may be called again. */
  async end(): Promise<RolledBack[]> {
    this.#over = true;
    this.#leave();
    await this.#leaving;
    return this.#failed;
  }

  #leave(): void {
    const current = this.#current;
    if (!current) return;
    this.#current = null;
    current.ending.abort();
    this.#record(current.drill, { event: 'ended', dependency: null });
    this.#options.onDrill?.(null);
    this.#leaving = Promise.all([this.#leaving, ...current.actions]);
  }

  /** Holds an action after what is still done to the same thing; where that is not known, after the drill before. */
  #inTurn(action: DrillAction, hold: (before: Promise<unknown>) => Promise<void>): Promise<void> {
    const thing = thingOf(action);
    if (thing === null) return hold(this.#leaving);
    const held = hold(this.#busy.get(thing) ?? Promise.resolve());
    this.#busy.set(thing, held);
    return held;
  }

  /** One action from its time to its undo. Never throws: a fault of a drill is a fact of the run. */
  async #hold({ drill, action, id, startedMs, ending, before }: Holding): Promise<void> {
    const { reaches, secrets, journal } = this.#options;
    const dependency = 'dependency' in action ? action.dependency : null;
    await this.#until(startedMs + action.fromS * 1_000, ending);
    // Also where the drill has ended: whatever is next in turn waits for this one, and so for those before it.
    await before;
    if (ending.aborted) return;
    let prepared: Prepared | null = null;
    try {
      const ready = await prepareAction(action, id, reaches, secrets);
      // It may have ended while the state was read.
      if (hasEnded(ending)) return;
      prepared = ready;
      if (prepared.owed) journal.owe(id, prepared.what, prepared.owed);
      await prepared.apply();
      this.#record(drill, { event: 'fault-in', dependency, detail: prepared.what });
      await this.#until(startedMs + (action.fromS + action.forS) * 1_000, ending);
    } catch (error) {
      this.#record(drill, { event: 'action-failed', dependency, detail: wordsOf(error) });
    }
    // Also where it failed: it may have been done all the same.
    if (prepared) await this.#undo(drill, prepared, id);
  }

  async #undo(drill: Drill, { what, dependency, owed }: Prepared, id: string): Promise<void> {
    const { secrets, journal } = this.#options;
    let why: string | null = null;
    try {
      if (owed) await undoOne(owed, secrets);
    } catch (error) {
      why = wordsOf(error);
    }
    if (why === null) this.#record(drill, { event: 'fault-out', dependency, detail: what });
    else {
      this.#failed.push({ what, why });
      this.#record(drill, { event: 'rollback-failed', dependency, detail: `${what}: ${why}` });
    }
    try {
      if (owed) journal.settle(id, why);
    } catch (error) {
      // Undone, but the file still says that it is owed: whoever reads it undoes it once more, which does no harm.
      this.#failed.push({ what, why: wordsOf(error) });
    }
  }

  /** Resolves at a time of the run's clock, or as soon as the drill ends. */
  async #until(atMs: number, ending: AbortSignal): Promise<void> {
    const waitMs = atMs - this.#options.now();
    if (waitMs <= 0 || ending.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        ending.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      ending.addEventListener('abort', done, { once: true });
    });
  }

  #record({ name }: Drill, point: Omit<DrillPoint, 'drill'>): void {
    this.#options.record({ drill: name, ...point });
  }
}

/** Returns what an action changes, where that is known. */
function thingOf(action: DrillAction): string | null {
  if ('dependency' in action) return action.dependency;
  return action.kind === 'flag' ? `flag ${action.flag}` : null;
}

function hasEnded({ aborted }: AbortSignal): boolean {
  return aborted;
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
