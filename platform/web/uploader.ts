import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BreakerOpen } from '../shared/breaker.ts';
import { fullJitterMs, retryAfterMs } from '../shared/retry.ts';
import type { Db } from './db.ts';
import type { Flags } from './flags.ts';
import { queueLength } from './metrics.ts';
import type { ObjectStore } from './object-store.ts';
import { OF_RUN } from './test-run-rows.ts';
import type { UploadState } from './uploads.ts';

/** How often the queue is looked at. */
const LOOK_INTERVAL_MS = 1000;
/** Files a look, one after the other: a store that has just come back is not met by all of them at once. */
const BATCH = 10;
const RETRY = { baseMs: 1000, maxMs: 10_000, leastMs: 500 };
/** How long the caller of `send` waits; the file stays in the queue beyond that. */
const WAIT_LIMIT_MS = 1500;
/** Files of a load test that are removed at the same time. */
const REMOVED_AT_ONCE = 5;
/** Longer than any request lives between writing a file and its row. */
const ORPHAN_AGE_MS = 10 * 60_000;

interface Row {
  id: string;
  key: string;
  contentType: string;
  state: UploadState;
  attempts: number;
}
export type Uploader = ReturnType<typeof createUploader>;

/** Sends kept files to object storage: at once when asked to, and again later until the store has them. */
export function createUploader(db: Db, store: ObjectStore, flags: Flags, spoolDir: string) {
  const sending = new Map<string, Promise<UploadState>>();

  function postpone({ id, attempts }: Row, error: unknown): void {
    // A breaker that is open says nothing about this file.
    const tried = attempts + (error instanceof BreakerOpen ? 0 : 1);
    const waitMs = Math.max(RETRY.leastMs, fullJitterMs(Math.max(1, tried), RETRY.baseMs, RETRY.maxMs),
      retryAfterMs(error) ?? 0);
    db.run('uploads.postpone', "UPDATE uploads SET attempts = ?, next_ms = ?, failure = ? WHERE id = ? AND state = 'waiting'",
      tried, Date.now() + Math.round(waitMs), error instanceof Error ? error.message : String(error), id);
  }

  async function attempt(id: string, retry: boolean): Promise<UploadState> {
    const row = db.one<Row>('uploads.by_id', `SELECT id, object_key AS key, content_type AS contentType, state, attempts
      FROM uploads WHERE id = ?`, id);
    if (!row || row.state === 'stored') return 'stored';
    const file = join(spoolDir, id);
    try {
      await store.put({ key: row.key, contentType: row.contentType, content: await readFile(file) }, { retry });
    } catch (error) {
      postpone(row, error);
      return 'waiting';
    }
    // The row first: a file without one is removed at the next start, a row without its file could never be sent.
    db.run('uploads.stored', "UPDATE uploads SET state = 'stored', stored_ms = ?, failure = NULL WHERE id = ?", Date.now(), id);
    await rm(file, { force: true });
    return 'stored';
  }

  function send(id: string, retry: boolean): Promise<UploadState> {
    const running = sending.get(id);
    if (running) return running;
    const work = attempt(id, retry).finally(() => sending.delete(id));
    sending.set(id, work);
    return work;
  }

  async function look(): Promise<void> {
    const due = db.all<{ id: string }>('uploads.due',
      "SELECT id FROM uploads WHERE state = 'waiting' AND next_ms <= ? ORDER BY next_ms LIMIT ?", Date.now(), BATCH);
    for (const { id } of due) if (await send(id, false) === 'waiting') break;
    const waiting = db.one<{ n: number }>('uploads.waiting', "SELECT count(*) AS n FROM uploads WHERE state = 'waiting'");
    queueLength.set({ queue: 'uploads' }, waiting?.n ?? 0);
  }

  /** Its object first, unless another file has the same content: while there is a row, there may be an object. */
  async function removeOne(id: string): Promise<void> {
    const row = db.one<{ key: string; userId: string }>('uploads.key',
      'SELECT object_key AS key, user_id AS userId FROM uploads WHERE id = ?', id);
    if (!row) return;
    const another = db.one('uploads.same_object',
      'SELECT 1 FROM uploads WHERE user_id = ? AND object_key = ? AND id <> ? LIMIT 1', row.userId, row.key, id);
    if (another === null) await store.remove(row.key);
    db.run('uploads.remove', 'DELETE FROM uploads WHERE id = ?', id);
    await rm(join(spoolDir, id), { force: true });
  }

  async function remove(id: string): Promise<void> {
    await sending.get(id);
    const work = removeOne(id);
    // Nobody sends meanwhile what is being removed.
    sending.set(id, work.then(() => 'stored', () => 'waiting'));
    await work.finally(() => sending.delete(id));
  }

  /** Files whose request died before it had a row: nobody was told that they are kept. */
  async function removeOrphans(): Promise<void> {
    for (const name of await readdir(spoolDir)) {
      const file = join(spoolDir, name);
      if (db.one('uploads.known', "SELECT 1 FROM uploads WHERE id = ? AND state = 'waiting'", name)) continue;
      if (Date.now() - (await stat(file)).mtimeMs > ORPHAN_AGE_MS) await rm(file, { force: true });
    }
  }

  let stopped = false;
  let timer: NodeJS.Timeout;
  function next(): void {
    look().catch(() => undefined).finally(() => {
      if (!stopped) timer = setTimeout(next, LOOK_INTERVAL_MS).unref();
    });
  }
  removeOrphans().catch(() => undefined);
  next();

  return {
    /** Sends a file now, for a user who waits a little; the queue sends it otherwise. */
    async send(id: string): Promise<UploadState> {
      const late = new Promise<UploadState>((resolve) => setTimeout(resolve, WAIT_LIMIT_MS, 'waiting').unref());
      const state = await Promise.race([send(id, true), late]);
      if (state === 'waiting' && flags.isEnabled('upload-later')) store.fellBack();
      return state;
    },
    /** Removes a load test's files and their objects, for so long; false when there are more. Rejects with the store's failure. */
    async removeOf(runId: string, limitMs: number): Promise<boolean> {
      const deadlineMs = performance.now() + limitMs;
      for (;;) {
        const some = `${OF_RUN.uploads} LIMIT ${REMOVED_AT_ONCE}`;
        const rows = db.all<{ id: string }>('test_runs.uploads', `SELECT id FROM uploads WHERE rowid IN (${some})`, runId);
        if (rows.length === 0) return true;
        await Promise.all(rows.map(({ id }) => remove(id)));
        if (performance.now() > deadlineMs) return false;
      }
    },
    close(): void {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
