import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { HistoryError, historyError, inTransaction, isSound, openHistory, openInMemory, setAside } from './database.ts';
import { PlanFacts, RecordFacts } from './facts.ts';
import { roundFiles, takeRounds } from './rounds.ts';
import { keepPlan, keepRecord } from './write.ts';

/** What was done, and what could not be read. */
export interface Updated {
  runs: number;
  rounds: number;
  /** Files that say nothing, each with the reason: `2026-11-21T20-05-01Z-smoke/record.json: not JSON`. */
  unreadable: string[];
  /** Runs left for the next time, because `limitMs` was over. */
  left: number;
}

export interface UpdateOptions {
  /** The update stops after so long, rounds of checks and then the newest runs first; without limit when left out. */
  limitMs?: number;
}

/**
 * Brings the history of a reports folder up to date with its files: what is new or changed is read, nothing else. Runs whose
 * folder is gone stay. Throws HistoryError.
 */
export function updateHistory(reportsDir: string, database: DatabaseSync, { limitMs = Infinity }: UpdateOptions = {}): Updated {
  const startedMs = performance.now();
  const isLate = (): boolean => performance.now() - startedMs > limitMs;
  const updated: Updated = { runs: 0, rounds: 0, unreadable: [], left: 0 };
  for (const file of roundFiles(reportsDir)) {
    const { rounds, unreadable } = takeRounds(reportsDir, database, file, isLate);
    updated.rounds += rounds;
    if (unreadable > 0) updated.unreadable.push(`${file}: ${unreadable} lines`);
    if (isLate()) break;
  }
  for (const folder of changedRuns(reportsDir, database)) {
    if (isLate()) {
      updated.left += 1;
      continue;
    }
    const fault = inTransaction(database, () => takeRun(reportsDir, database, folder));
    if (fault === null) updated.runs += 1;
    else updated.unreadable.push(fault);
  }
  return updated;
}

/**
 * Builds the history anew from the files alone, but for runs whose folders are gone: of those nothing else is left. A broken
 * database is set aside, and then nothing of it is kept. Throws HistoryError where another command holds it.
 */
export function rebuildHistory(reportsDir: string): Updated {
  const database = openSound(reportsDir);
  try {
    inTransaction(database, () => {
      database.exec('DELETE FROM sources');
      for (const { folder } of database.prepare('SELECT folder FROM runs').all() as { folder: string }[]) {
        if (existsSync(join(reportsDir, folder))) database.prepare('DELETE FROM runs WHERE folder = ?').run(folder);
      }
      for (const file of roundFiles(reportsDir)) database.prepare('DELETE FROM rounds WHERE file = ?').run(file);
    });
    return updateHistory(reportsDir, database);
  } finally {
    database.close();
  }
}

/** Opens the database, or a new one in the place of one that is of no use any more. */
function openSound(reportsDir: string): DatabaseSync {
  try {
    const database = openHistory(reportsDir);
    if (isSound(database)) return database;
    database.close();
  } catch (thrown) {
    if (!(thrown instanceof HistoryError) || (thrown.fault !== 'broken' && thrown.fault !== 'other version')) throw thrown;
  }
  setAside(reportsDir);
  return openHistory(reportsDir);
}

/** Returns the history, up to date: the database, or one made of the files in memory where that cannot be used, with the reason. */
export function readHistory(reportsDir: string, busyLimitMs?: number): { database: DatabaseSync; updated: Updated; fault: string | null } {
  try {
    const database = openHistory(reportsDir, busyLimitMs);
    try {
      return { database, updated: updateHistory(reportsDir, database), fault: null };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    const known = historyError(thrown);
    if (!(known instanceof HistoryError)) throw known;
    const database = openInMemory();
    return { database, updated: updateHistory(reportsDir, database), fault: known.message };
  }
}

/** Folders of runs that are not yet in the history as they are now, newest first. */
function changedRuns(reportsDir: string, database: DatabaseSync): string[] {
  const known = new Map((database.prepare('SELECT path, bytes, modified_ms FROM sources').all() as unknown as Source[]).map((one) => [one.path, one]));
  return readdirSync(reportsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, stats: factsOf(reportsDir, name)?.stats }))
    .filter(({ name, stats }) => stats !== undefined && !isSame(known.get(name), stats))
    .sort((a, b) => (b.stats?.mtimeMs ?? 0) - (a.stats?.mtimeMs ?? 0))
    .map(({ name }) => name);
}

interface Source {
  path: string;
  bytes: number;
  modified_ms: number;
}

function isSame(known: Source | undefined, stats: Stats): boolean {
  return known !== undefined && known.bytes === stats.size && known.modified_ms === stats.mtimeMs;
}

/** The file that says most of a run: its record, or its plan where it was not judged. */
function factsOf(reportsDir: string, folder: string): { name: string; stats: Stats } | null {
  for (const name of ['record.json', 'plan.json']) {
    const stats = statsOf(join(reportsDir, folder, name));
    if (stats?.isFile()) return { name, stats };
  }
  return null;
}

/** A folder that is not ours to look into (a disk's lost+found, say) holds no run. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Returns what could not be read; the run is kept by its plan then, and not tried again until its file changes. */
function takeRun(reportsDir: string, database: DatabaseSync, folder: string): string | null {
  const found = factsOf(reportsDir, folder);
  if (found === null) return null;
  const read = (name: string): unknown => {
    try {
      return JSON.parse(readFileSync(join(reportsDir, folder, name), 'utf8'));
    } catch {
      return undefined;
    }
  };
  const record = found.name === 'record.json' ? RecordFacts.safeParse(read('record.json')) : null;
  const plan = record?.success === true ? null : PlanFacts.safeParse(read('plan.json'));
  if (record?.success === true) keepRecord(database, folder, record.data);
  else if (plan?.success === true) keepPlan(database, folder, plan.data, record === null ? 'never judged' : 'its record cannot be read');
  database.prepare('INSERT OR REPLACE INTO sources VALUES (?, ?, ?)').run(folder, found.stats.size, found.stats.mtimeMs);
  const issue = record?.error?.issues[0];
  if (issue !== undefined) return `${folder}/record.json: ${issue.path.join('.') || 'not a record'}: ${issue.message}`;
  return plan?.success === false ? `${folder}/${found.name}: no plan that can be read` : null;
}
