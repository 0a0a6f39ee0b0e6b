import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type * as Sqlite from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';

/** The history's file in the reports folder. */
export const HISTORY_FILE = 'history.sqlite';
/** Kept beside it when it had to be replaced: one, the last. */
const BROKEN_FILE = 'history.broken.sqlite';
/** Raised with every change of the tables: a database of another version is built anew, since it is but an index of files. */
const SCHEMA_VERSION = 1;
/** So long a command waits for another one that is writing; a run must not wait longer for its history. */
const BUSY_LIMIT_MS = 2_000;

const TABLES = `
  CREATE TABLE runs (
    folder TEXT PRIMARY KEY, run_id TEXT NOT NULL, started_at_epoch_ms INTEGER NOT NULL, profile TEXT NOT NULL, script TEXT NOT NULL,
    target TEXT NOT NULL, embedded INTEGER NOT NULL, source_hash TEXT NOT NULL,
    decision TEXT, reason TEXT, exit_code INTEGER, ended TEXT, duration_ms REAL, journeys INTEGER, observed INTEGER,
    validity TEXT, commit_id TEXT, harness_version TEXT, machine TEXT
  ) STRICT;
  CREATE INDEX runs_by_start ON runs (started_at_epoch_ms);
  CREATE TABLE gates (
    folder TEXT NOT NULL REFERENCES runs (folder) ON DELETE CASCADE, position INTEGER NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL,
    metric TEXT NOT NULL, stat TEXT NOT NULL, status TEXT NOT NULL, observed REAL, observed_above REAL, low REAL, high REAL,
    limit_kind TEXT NOT NULL, limit_value REAL NOT NULL, unit TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (folder, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX gates_by_id ON gates (id);
  CREATE TABLE findings (
    folder TEXT NOT NULL REFERENCES runs (folder) ON DELETE CASCADE, position INTEGER NOT NULL, metric TEXT NOT NULL, scope TEXT NOT NULL,
    stat TEXT NOT NULL, value REAL, low REAL, high REAL, unit TEXT NOT NULL, n INTEGER NOT NULL, censored INTEGER NOT NULL,
    PRIMARY KEY (folder, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE rounds (
    round_id TEXT PRIMARY KEY, file TEXT NOT NULL, target TEXT NOT NULL, event TEXT NOT NULL, due_at_epoch_ms INTEGER,
    started_at_epoch_ms INTEGER NOT NULL, ended_at_epoch_ms INTEGER NOT NULL, harness_version TEXT NOT NULL, commit_id TEXT, detail TEXT
  ) STRICT;
  CREATE INDEX rounds_by_start ON rounds (started_at_epoch_ms);
  CREATE TABLE checks (
    round_id TEXT NOT NULL REFERENCES rounds (round_id) ON DELETE CASCADE, journey TEXT NOT NULL, status TEXT NOT NULL,
    attempts INTEGER NOT NULL, duration_ms REAL, error_code TEXT, message TEXT,
    PRIMARY KEY (round_id, journey)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE sources (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified_ms REAL NOT NULL) STRICT;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** `other version`: of the tables, by an older or newer harness. */
export type HistoryFault = 'locked' | 'broken' | 'other version' | 'unwritable';

/** The history cannot be used; nothing is lost by that. */
export class HistoryError extends Error {
  readonly fault: HistoryFault;

  constructor(fault: HistoryFault, detail: string, options?: ErrorOptions) {
    super(`${HISTORY_FILE} is ${FAULT_WORDS[fault]} (${detail})`, options);
    this.name = 'HistoryError';
    this.fault = fault;
  }
}

const FAULT_WORDS: Record<HistoryFault, string> = {
  'locked': 'in use by another command', 'broken': 'broken', 'other version': 'of another version of the harness', 'unwritable': 'not to be used',
};

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const FAULTS: Record<number, HistoryFault> = {
  5: 'locked', 6: 'locked', 11: 'broken', 26: 'broken', 3: 'unwritable', 8: 'unwritable', 10: 'unwritable', 13: 'unwritable', 14: 'unwritable',
};

/** Returns what SQLite threw of the file's state as a HistoryError; anything else, a mistake of ours say, as it is. */
export function historyError(thrown: unknown): unknown {
  if (thrown instanceof HistoryError || !(thrown instanceof Error)) return thrown;
  const { code, errcode } = thrown as Error & { code?: string; errcode?: number };
  if (code !== 'ERR_SQLITE_ERROR') return thrown;
  const fault = FAULTS[(errcode ?? 0) & 0xff];
  return fault === undefined ? thrown : new HistoryError(fault, thrown.message, { cause: thrown });
}

/**
 * Opens the history of a reports folder, and makes it where there is none. Throws HistoryError.
 * Rollback journal, not WAL: reports may lie on a network disk, where WAL does not work.
 */
export function openHistory(reportsDir: string, busyLimitMs = BUSY_LIMIT_MS): DatabaseSync {
  return guarded(() => {
    const database = new (sqlite().DatabaseSync)(join(reportsDir, HISTORY_FILE), { timeout: busyLimitMs });
    try {
      prepare(database);
    } catch (thrown) {
      database.close();
      throw thrown;
    }
    return database;
  });
}

/** Loaded when it is first needed: a run must not start slower for its history. */
function sqlite(): typeof Sqlite {
  return process.getBuiltinModule('node:sqlite');
}

/** Opens an empty history in memory: what is in the files can be asked for whatever became of the database. */
export function openInMemory(): DatabaseSync {
  const database = new (sqlite().DatabaseSync)(':memory:');
  prepare(database);
  return database;
}

function prepare(database: DatabaseSync): void {
  // The disk may be slow: a crash of the machine costs the last rows only, and those are in files.
  database.exec('PRAGMA synchronous = NORMAL');
  if (versionOf(database) === SCHEMA_VERSION) return;
  inTransaction(database, () => {
    // Another command may have made the tables while this one waited.
    const version = versionOf(database);
    if (version === SCHEMA_VERSION) return;
    const tables = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
    if (version !== 0 || tables.n > 0) throw new HistoryError('other version', `its tables are of version ${version}, these of ${SCHEMA_VERSION}`);
    database.exec(TABLES);
  });
}

function versionOf(database: DatabaseSync): number {
  return (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/** Does something wholly or not at all, alone with the database. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  return guarded(() => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw thrown;
    }
  });
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw historyError(thrown);
  }
}

/** Whether every page of the database is sound. Closes one that cannot even be asked, and throws HistoryError. */
export function isSound(database: DatabaseSync): boolean {
  try {
    const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
    return row?.quick_check === 'ok';
  } catch (thrown) {
    database.close();
    throw historyError(thrown);
  }
}

/**
 * Sets a database aside that cannot be used, with its journal: SQLite would play that back into the one that takes its place.
 * Only for one that is broken: to move a sound one while others use it is what breaks it.
 */
export function setAside(reportsDir: string): void {
  const path = join(reportsDir, HISTORY_FILE);
  for (const suffix of ['-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  if (existsSync(path)) renameSync(path, join(reportsDir, BROKEN_FILE));
}
