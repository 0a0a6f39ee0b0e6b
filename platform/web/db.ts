import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { PartFault } from '../shared/part.ts';
import { requestContext } from './context.ts';
import { dbDuration, slowQueries } from './metrics.ts';
import { migrations } from './migrations.ts';

/** A slow query as our dashboards count it; reads here take well under 5 ms. */
const SLOW_QUERY_MS = 50;

export type Db = ReturnType<typeof openDb>;

/** Opens the database, applies missing migrations. Every call is timed under the name of its query. */
export function openDb(file: string) {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
    // NORMAL: in WAL mode a killed process loses nothing, only a power cut could lose the last commits.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;'
      + 'PRAGMA busy_timeout = 2000; PRAGMA cache_size = -16000;');
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `cannot open the database in the data directory: ${(error as Error).message}`);
  }
  const statements = new Map<string, StatementSync>();

  function timed<T>(query: string, work: () => T): T {
    const startedMs = performance.now();
    try {
      return work();
    } finally {
      const tookMs = performance.now() - startedMs;
      dbDuration.observe({ query }, tookMs / 1000);
      if (tookMs >= SLOW_QUERY_MS) slowQueries.inc();
      const context = requestContext.getStore();
      if (context) context.dbMs += tookMs;
    }
  }

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
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
      return timed(query, () => Number(prepared(sql).run(...values).changes));
    },
    /** All or nothing. The work must not await. */
    transaction<T>(work: () => T): T {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: (): void => database.close(),
  };

  database.exec(`CREATE TABLE IF NOT EXISTS migrations
    (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL)`);
  const done = db.one<{ last: number | null }>('migrations', 'SELECT max(id) AS last FROM migrations')?.last ?? 0;
  for (const { id, name, sql } of migrations.filter((migration) => migration.id > done)) {
    db.transaction(() => {
      database.exec(sql);
      db.run('migrations', 'INSERT INTO migrations VALUES (?, ?, ?)', id, name, Date.now());
    });
  }
  return db;
}
