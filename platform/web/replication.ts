// Keeps the read replica up to date: sends it what has changed, over the same network path that its readers use.
import { REPLICATED } from '../shared/replication.ts';
import type { Change, ChangeBatch, ReplicaPosition } from '../shared/replication.ts';
import type { PartConfig } from '../shared/part.ts';
import type { Db } from './db.ts';
import { replicaLag } from './metrics.ts';

/** How long a change waits at most before it is sent; also how often an idle replica hears that nothing has changed. */
const INTERVAL_MS = 500;
const BATCH_ROWS = 200;
/** Rows of the feed that are forgotten at once: a few ms of the write lock. */
const FORGET_ROWS = 1000;
const TIME_LIMIT_MS = 2000;

interface FeedRow {
  seq: number;
  source: Change['source'];
  id: number;
  row: string | null;
}

/** The next changes after a position, each with the row as it is now. */
export function changesAfter(db: Db, after: number, limit = BATCH_ROWS): Change[] {
  const rows = REPLICATED.flatMap((source) => db.all<FeedRow>('replica.feed', `SELECT f.seq, f.source, f.row_id AS id, json_object(${
    columnsOf(db, source).map((column) => `'${column}', t.${column}`).join(', ')}) AS row
    FROM replica_feed f JOIN ${source} t ON t.id = f.row_id WHERE f.source = ? AND f.seq > ?
    ORDER BY f.seq LIMIT ?`, source, after, limit));
  const gone = db.all<FeedRow>('replica.gone', `SELECT seq, source, row_id AS id, NULL AS row FROM replica_feed
    WHERE gone = 1 AND seq > ? ORDER BY seq LIMIT ?`, after, limit);
  // Each one's next ones hold the next ones of all.
  return [...rows, ...gone].sort((a, b) => a.seq - b.seq).slice(0, limit)
    .map(({ row, ...rest }) => ({ ...rest, row: row === null ? null : JSON.parse(row) as Change['row'] }));
}

/** Forgets removed rows that the replica has heard of: one that begins anew gets only what there is. */
function forgetGone(db: Db, at: number): void {
  const known = 'SELECT seq FROM replica_feed WHERE gone = 1 AND seq <= ? ORDER BY seq LIMIT ?';
  if (db.one('replica.known_gone', known, at, 1) === null) return;
  db.run('replica.forget_gone', `DELETE FROM replica_feed WHERE seq IN (${known})`, at, FORGET_ROWS);
}

const columns = new Map<string, string[]>();
function columnsOf(db: Db, source: string): string[] {
  let known = columns.get(source);
  if (!known) {
    known = db.all<{ name: string }>('replica.columns', 'SELECT name FROM pragma_table_info(?)', source).map(({ name }) => name);
    columns.set(source, known);
  }
  return known;
}

/** Starts sending; the returned function ends it. A replica that is away is asked again, and caught up when it is back. */
export function startReplication(db: Db, config: PartConfig): () => void {
  let at = 0;
  let completeMs = Date.now();
  let stopped = false;
  let timer: NodeJS.Timeout;

  async function send(batch: ChangeBatch): Promise<ReplicaPosition> {
    const answer = await fetch(`${config.replicaUrl}/changes`, {
      method: 'POST', body: JSON.stringify(batch), signal: AbortSignal.timeout(TIME_LIMIT_MS),
      headers: { authorization: `Bearer ${config.operationsToken}` },
    });
    // 409 says where it really stands: a replica that was restarted begins with nothing.
    if (answer.ok || answer.status === 409) return await answer.json() as ReplicaPosition;
    await answer.body?.cancel();
    throw new Error(`the replica answered ${answer.status}`);
  }

  async function catchUp(): Promise<void> {
    for (;;) {
      const asOfMs = Date.now();
      const changes = changesAfter(db, at);
      const complete = changes.length < BATCH_ROWS;
      const reached = changes.at(-1)?.seq ?? at;
      const position = await send({ after: at, changes, asOfMs: complete ? asOfMs : null });
      const taken = position.at === reached;
      if (!taken && position.at === at) throw new Error('the replica takes nothing');
      at = position.at;
      if (!taken || !complete) continue;
      completeMs = asOfMs;
      forgetGone(db, at);
      return;
    }
  }

  function next(): void {
    catchUp().catch(() => undefined).finally(() => {
      if (!stopped) timer = setTimeout(next, INTERVAL_MS).unref();
    });
  }

  replicaLag(() => (Date.now() - completeMs) / 1000);
  next();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
