import type { RollbackJournal } from './journal.ts';
import type { Secrets } from './secrets.ts';
import { undoOne } from './undo.ts';

export interface RolledBack {
  what: string;
  /** Why it could not be undone; null where it was. */
  why: string | null;
}

/** Undoes all that a journal still owes, the last first, and notes what came of each. Never throws for one that cannot be undone. */
export async function rollBack(journal: RollbackJournal, secrets: Secrets): Promise<RolledBack[]> {
  const results: RolledBack[] = [];
  for (const entry of journal.open.toReversed()) {
    let why: string | null = null;
    try {
      await undoOne(entry, secrets);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    journal.settle(entry.id, why);
    results.push({ what: entry.what, why });
  }
  return results;
}
