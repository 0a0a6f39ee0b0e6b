import { closeSync, fsyncSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { asCodedError, CodedError, type Fault } from '../../errors.ts';
import { isAlive, markOf } from '../liveness.ts';
import { readStateFile } from '../state-file.ts';
import { Undo, type Owed } from './undo.ts';

/** What a run's drills have to undo, in its folder. */
export const ROLLBACK_FILE = 'rollback.json';
/** Where game days have their folders, inside the reports folder. */
export const GAME_DAYS = 'gamedays';

const Entry = z.strictObject({
  id: z.string(),
  /** In words: `payments: nothing comes through`. */
  what: z.string(),
  undo: Undo,
  embedded: z.boolean(),
  state: z.enum(['due', 'done', 'failed']),
  /** Why it failed. */
  why: z.string().nullable(),
});
export type Entry = z.infer<typeof Entry>;

const Journal = z.strictObject({
  version: z.literal(1),
  runId: z.string(),
  /** The harness that wrote it: while it lives, what is due is its own business. */
  pid: z.number().int(),
  born: z.string().nullable(),
  /** The machine it was written on; left out: nobody knows, so another. */
  host: z.string().optional(),
  entries: z.array(Entry),
});
type Journal = z.infer<typeof Journal>;

/**
 * The file that says what is still to be undone. Every change is on disk before the call returns: whatever ends this process,
 * even the machine, the file knows at least of everything that was done.
 */
export class RollbackJournal {
  readonly path: string;
  readonly #journal: Journal;

  private constructor(path: string, journal: Journal) {
    this.path = path;
    this.#journal = journal;
  }

  /** Begins the journal of a run, empty. */
  static begin(runDir: string, runId: string): RollbackJournal {
    const journal = new RollbackJournal(join(runDir, ROLLBACK_FILE), { version: 1, runId, ...markOf(process.pid), host: hostname(), entries: [] });
    journal.#write();
    return journal;
  }

  /** Reads the journal of a run folder; null where there is none. Throws J_RUN_UNREADABLE. */
  static read(runDir: string): RollbackJournal | null {
    const path = join(runDir, ROLLBACK_FILE);
    const journal = readStateFile(path, Journal, 'rollback');
    return journal === null ? null : new RollbackJournal(path, journal);
  }

  get runId(): string {
    return this.#journal.runId;
  }

  /** What was not undone yet, or could not be. */
  get open(): readonly Entry[] {
    return this.#journal.entries.filter(({ state }) => state !== 'done');
  }

  /** Whether the harness that wrote it still runs. */
  get isHeld(): boolean {
    return isAlive(this.#journal);
  }

  /** Whether it was written on this machine: nobody here allowed what another one was to do. */
  get isOwn(): boolean {
    return this.#journal.host === hostname();
  }

  /** Notes, before a thing is done, how it is undone. */
  owe(id: string, what: string, owed: Owed): void {
    this.#journal.entries.push({ id, what, ...owed, state: 'due', why: null });
    this.#write();
  }

  /** Notes what became of an undo; `why` it failed, or null. */
  settle(id: string, why: string | null): void {
    for (const entry of this.#journal.entries) {
      if (entry.id !== id || entry.state === 'done') continue;
      entry.state = why === null ? 'done' : 'failed';
      entry.why = why;
    }
    this.#write();
  }

  #write(): void {
    try {
      writeDurably(this.path, `${JSON.stringify(this.#journal, null, 2)}\n`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new CodedError('J_REPORTS_UNWRITABLE', [{ where: this.path, message: code ?? message }], { cause: error });
    }
  }
}

export interface Leftover {
  runDir: string;
  /** Null where it cannot be read: `fault` says why, and nobody knows what is still to be undone. */
  journal: RollbackJournal | null;
  fault: Fault | null;
}

/** Returns the run folders of a reports folder in which something is still to be undone, and whose harness is gone. */
export function leftovers(reports: string): Leftover[] {
  let names: string[];
  try {
    names = readdirSync(reports);
  } catch {
    // Nothing was ever run here.
    return [];
  }
  return names.sort().flatMap((name): Leftover[] => {
    const runDir = join(reports, name);
    try {
      const journal = RollbackJournal.read(runDir);
      return journal && journal.open.length > 0 && !journal.isHeld ? [{ runDir, journal, fault: null }] : [];
    } catch (error) {
      return [{ runDir, journal: null, fault: asCodedError(error).faults[0] ?? null }];
    }
  });
}

/** Whole or not at all, and on the disk: the file's content first, then its name. */
function writeDurably(path: string, text: string): void {
  const beside = `${path}.${process.pid}.tmp`;
  const file = openSync(beside, 'w', 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
