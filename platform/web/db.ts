import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { PartFault } from '../shared/part.ts';
import { requestContext } from './context.ts';
import {
  dbBusySeconds, dbConnections, dbDuration, lockWaitSeconds, lockWaits, serviceRequests, slowQueries,
} from './metrics.ts';
import { migrations } from './migrations.ts';

/** A slow query as our dashboards count it; reads here take well under 5 ms. */
const SLOW_QUERY_MS = 50;
/** How long a write waits for those of other processes; each takes well under a millisecond. */
const LOCK_LIMIT_MS = 2000;
/** SQLITE_BUSY, in the low byte of its extended codes (sqlite.org/rescode.html). */
const BUSY = 5;
const isBusy = (error: unknown): boolean => ((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY;

export type Db = ReturnType<typeof openDb>;

/** Opens the database, applies missing migrations. Every call is timed under the name of its query. */
export function openDb(file: string) {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
    // NORMAL: in WAL mode a killed process loses nothing, only a power cut could lose the last commits.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;'
      + `PRAGMA busy_timeout = ${LOCK_LIMIT_MS}; PRAGMA cache_size = -16000;`);
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `cannot open the database in the data directory: ${(error as Error).message}`);
  }
  const statements = new Map<string, StatementSync>();

  function spent(tookMs: number): void {
    const context = requestContext.getStore();
    if (context) context.dbMs += tookMs;
  }

  function timed<T>(query: string, work: () => T): T {
    const startedMs = performance.now();
    try {
      return work();
    } finally {
      const tookMs = performance.now() - startedMs;
      dbDuration.observe({ query }, tookMs / 1000);
      dbBusySeconds.inc(tookMs / 1000);
      serviceRequests.inc({ service: 'database' });
      if (tookMs >= SLOW_QUERY_MS) slowQueries.inc();
      spent(tookMs);
    }
  }

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  }

  let writing = false;

  /** Takes the write lock. The first try does not wait, so that one that has to is known for it. */
  function begin(): void {
    const startedMs = performance.now();
    try {
      database.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
    } catch (error) {
      if (!isBusy(error)) throw error;
      lockWaits.inc();
      try {
        database.exec(`PRAGMA busy_timeout = ${LOCK_LIMIT_MS}; BEGIN IMMEDIATE`);
      } finally {
        const waitedMs = performance.now() - startedMs;
        lockWaitSeconds.inc(waitedMs / 1000);
        spent(waitedMs);
      }
    } finally {
      database.exec(`PRAGMA busy_timeout = ${LOCK_LIMIT_MS}`);
    }
    writing = true;
  }

  /** All or nothing. The work must not await. */
  function transaction<T>(work: () => T): T {
    begin();
    try {
      const result = work();
      timed('commit', () => database.exec('COMMIT'));
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    } finally {
      writing = false;
    }
  }

  const db = {
    all<T>(query: string, sql: string, ...values: SQLInputValue[]): T[] {
      return timed(query, () => prepared(sql).all(...values) as T[]);
    },
    one<T>(query: string, sql: string, ...values: SQLInputValue[]): T | null {
      return timed(query, () => (prepared(sql).get(...values) as T | undefined) ?? null);
    },
    /** Returns the number of changed rows. */
    run(query: string, sql: string, ...values: SQLInputValue[]): number {
      const work = (): number => timed(query, () => Number(prepared(sql).run(...values).changes));
      return writing ? work() : transaction(work);
    },
    transaction,
    close(): void {
      database.close();
      dbConnections.dec();
    },
  };
  dbConnections.inc();

  database.exec(`CREATE TABLE IF NOT EXISTS migrations
    (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL)`);
  // By id and not by the highest one: two branches of work may add theirs in any order.
  const done = new Set(db.all<{ id: number }>('migrations', 'SELECT id FROM migrations').map(({ id }) => id));
  for (const { id, name, sql } of migrations.filter((migration) => !done.has(migration.id))) {
    db.transaction(() => {
      database.exec(sql);
      db.run('migrations', 'INSERT INTO migrations VALUES (?, ?, ?)', id, name, Date.now());
    });
  }
  return db;
}
