import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { REPLICATED } from '../shared/replication.ts';
import type { Change, ChangeBatch, Source } from '../shared/replication.ts';
import type { Reader } from '../shared/search.ts';
import { migrations } from '../web/migrations.ts';

export type Copy = ReturnType<typeof openCopy>;

/**
 * The replica's own database, with the tables of the primary, empty at first. It can be made anew from the primary at
 * any time, so nothing is waited for on the disk.
 */
export function openCopy(file: string) {
  const database = new DatabaseSync(file);
  // What it does not copy (users, projects) is not there for its rows to refer to.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;');
  for (const { sql } of migrations) database.exec(sql);
  const statements = new Map<string, StatementSync>();
  let at = 0;
  let asOfMs: number | null = null;

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  }

  const columns = Object.fromEntries(REPLICATED.map((source) => {
    const rows = database.prepare('SELECT name FROM pragma_table_info(?)').all(source) as { name: string }[];
    return [source, rows.map(({ name }) => name)];
  })) as Record<Source, string[]>;

  function write({ source, id: rowId, row }: Change): void {
    if (row === null) {
      prepared(`DELETE FROM ${source} WHERE id = ?`).run(rowId);
      // Its own feed, which nobody reads, would keep a row for each that is gone.
      prepared('DELETE FROM replica_feed WHERE source = ? AND row_id = ?').run(source, rowId);
      return;
    }
    const names = columns[source];
    const updates = names.filter((name) => name !== 'id').map((name) => `${name} = excluded.${name}`);
    prepared(`INSERT INTO ${source} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
      ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`).run(...names.map((name) => row[name] ?? null));
    if (source !== 'creators') return;
    // Listings bring their words along by triggers; creators are older than those.
    const [id = null, ...words] = ['id', 'name', 'headline', 'skill', 'use_case'].map((name) => row[name] ?? null);
    prepared('DELETE FROM creators_text WHERE rowid = ?').run(id);
    prepared('INSERT INTO creators_text (rowid, name, headline, skill, use_case) VALUES (?, ?, ?, ?, ?)').run(id, ...words);
  }

  return {
    /** Takes a batch, whole or not at all. False where it does not begin where this copy ends. */
    apply(batch: ChangeBatch): boolean {
      if (batch.after !== at) return false;
      if (batch.changes.length > 0) {
        database.exec('BEGIN IMMEDIATE');
        try {
          for (const change of batch.changes) write(change);
          database.exec('COMMIT');
        } catch (error) {
          database.exec('ROLLBACK');
          throw error;
        }
        at = batch.changes.at(-1)?.seq ?? at;
      }
      if (batch.asOfMs !== null) asOfMs = batch.asOfMs;
      return true;
    },
    position: () => ({ at }),
    /** The primary's time as of which everything is here; null until the first copy is complete. */
    asOfMs: () => asOfMs,
    reader: {
      all: <T>(_query: string, sql: string, ...values: SQLInputValue[]) => prepared(sql).all(...values) as T[],
      one: <T>(_query: string, sql: string, ...values: SQLInputValue[]) =>
        (prepared(sql).get(...values) as T | undefined) ?? null,
    } satisfies Reader,
    close: (): void => database.close(),
  };
}
