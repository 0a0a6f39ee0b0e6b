import { setTimeout as pause } from 'node:timers/promises';
import type { PartConfig } from '../shared/part.ts';
import type { Db } from './db.ts';
import { AppError } from './errors.ts';
import { LEASE_MS, NEVER_MS } from './outbox.ts';
import { OF_RUN } from './test-run-rows.ts';
import type { Kind } from './test-run-rows.ts';

/** Rows in one transaction: a few ms, so that neither other writers nor this worker's other users wait long. */
const BATCH_ROWS = 200;
/** One request removes for no longer; who asked asks again for the rest. */
const WORK_LIMIT_MS = 4000;
const ASK_LIMIT_MS = 5000;
/** No agent task lives longer, with its time in the queue: a row that says so was left by a process that was killed. */
const LONGEST_TASK_MS = 120_000;
const SQLITE_CONSTRAINT_FOREIGNKEY = 787;

export type Counts = Record<string, number>;
/** Kinds that go by themselves; the others go with what they belong to. */
type Removable = Exclude<Kind, 'uploads' | 'outbox' | 'ledgerEntries'>;

const TABLES = {
  plantedBreaches: 'planted_breaches', breachCounts: 'breach_counts', briefTemplates: 'brief_templates',
  tasks: 'tasks', projects: 'projects', users: 'users',
} as const;

/** Everything that a load test made here, by its run id: counted and removed. */
export function createTestRuns(db: Db, config: PartConfig) {
  const BATCH = 'SELECT value FROM json_each(?)';

  /** The payment provider's own: its books are another database. */
  async function provider(method: 'GET' | 'DELETE', runId: string): Promise<Counts> {
    try {
      const url = `${config.paymentsDirectUrl}/control/test-runs?run_id=${encodeURIComponent(runId)}`;
      const headers = { authorization: `Bearer ${config.operationsToken}` };
      const answer = await fetch(url, { method, headers, signal: AbortSignal.timeout(ASK_LIMIT_MS) });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      return await answer.json() as Counts;
    } catch (error) {
      throw notNow(`the payment provider: ${(error as Error).message}`);
    }
  }

  const idsOf = (kind: Kind, runId: string): string => {
    const rows = db.all<{ id: number }>(`test_runs.${kind}`, `${OF_RUN[kind]} LIMIT ${BATCH_ROWS}`, runId);
    return JSON.stringify([...new Set(rows.map(({ id }) => id))]);
  };

  /** The next few rows of a kind; false when there are none. */
  function removeSome(kind: Removable, runId: string): boolean {
    const ids = idsOf(kind, runId);
    if (ids === '[]') return false;
    db.transaction(() => {
      if (kind === 'escrows') removeEscrows(ids, runId);
      else if (kind === 'listings') {
        // A project that ordered it may be somebody else's.
        db.run('test_runs.unlink', `UPDATE projects SET listing_id = NULL WHERE listing_id IN (${BATCH})`, ids);
        db.run('test_runs.delete', `DELETE FROM listings WHERE id IN (${BATCH})`, ids);
      } else db.run('test_runs.delete', `DELETE FROM ${TABLES[kind]} WHERE rowid IN (${BATCH})`, ids);
    });
    return true;
  }

  function removeEscrows(ids: string, runId: string): void {
    const intents = `SELECT intent_id FROM escrows WHERE rowid IN (${BATCH})`;
    const paid = db.all<{ id: string }>('test_runs.paid', `SELECT DISTINCT p.id FROM escrows e JOIN projects p
      ON p.id = e.project_id WHERE e.rowid IN (${BATCH}) AND p.run_id IS NOT ?`, ids, runId);
    for (const table of ['outbox', 'ledger_entries']) {
      db.run('test_runs.delete', `DELETE FROM ${table} WHERE intent_id IN (${intents})`, ids);
    }
    db.run('test_runs.delete', `DELETE FROM escrows WHERE rowid IN (${BATCH})`, ids);
    // Somebody else's project must not go on as if it were paid.
    db.run('test_runs.unpaid', `UPDATE projects SET status = 'draft' WHERE id IN (${BATCH}) AND status <> 'draft'
      AND NOT EXISTS (SELECT 1 FROM escrows e WHERE e.project_id = projects.id)`,
    JSON.stringify(paid.map(({ id }) => id)));
  }

  /** Leaves as much time to others as each batch took. Returns false when the time is over first. */
  async function removeRows(runId: string, deadlineMs: number, kinds: readonly Removable[]): Promise<boolean> {
    for (const kind of kinds) {
      for (;;) {
        const startedMs = performance.now();
        if (!removeSome(kind, runId)) break;
        if (performance.now() > deadlineMs) return false;
        await pause(Math.max(1, performance.now() - startedMs));
      }
    }
    return true;
  }

  /**
   * What works for the run at this moment, and would write again after its rows are gone. Payments that only wait are
   * taken from whoever would take them up.
   */
  function underWay(runId: string): { agentTasks: number; payments: number } {
    const nowMs = Date.now();
    // Deferred by less than a lease, or due: nobody has it in hand (outbox.ts).
    db.run('test_runs.hold', `UPDATE outbox SET next_ms = ?2 WHERE rowid IN (${OF_RUN.outbox})
      AND (next_ms <= ?3 OR next_ms - tried_ms < ?4)`, runId, NEVER_MS, nowMs, LEASE_MS);
    const leased = db.one<{ n: number }>('test_runs.leased', `SELECT count(*) AS n FROM outbox
      WHERE rowid IN (${OF_RUN.outbox}) AND next_ms > ?2 AND next_ms <= ?3`, runId, nowMs, nowMs + LEASE_MS);
    const tasks = db.one<{ n: number }>('test_runs.working', `SELECT count(*) AS n FROM tasks
      WHERE rowid IN (${OF_RUN.tasks}) AND state IN ('queued', 'running') AND created_ms > ?2`,
    runId, nowMs - LONGEST_TASK_MS);
    return { agentTasks: tasks?.n ?? 0, payments: leased?.n ?? 0 };
  }

  async function removeUploads(runId: string): Promise<boolean> {
    const url = `${config.primaryUrl}/test-runs/${encodeURIComponent(runId)}/uploads`;
    const answer = await fetch(url, { method: 'DELETE' });
    const said = await answer.json() as { done?: boolean; message?: string };
    if (!answer.ok) throw notNow(`object storage: ${said.message ?? ''}`);
    return said.done === true;
  }

  async function removeAll(runId: string): Promise<boolean> {
    const deadlineMs = performance.now() + WORK_LIMIT_MS;
    const money = ['escrows', 'plantedBreaches', 'breachCounts'] as const;
    const people = ['listings', 'users'] as const;
    if (!await removeRows(runId, deadlineMs, [...money, 'briefTemplates', 'tasks', 'projects'])) return false;
    if (!await removeUploads(runId) || !await removeRows(runId, deadlineMs, people)) return false;
    while (Object.values(await provider('DELETE', runId)).some((left) => left > 0)) {
      if (performance.now() > deadlineMs) return false;
    }
    return true;
  }

  return {
    /** Rows of the run by kind, the payment provider's too. Throws 503 when that does not answer: unknown is not 0. */
    async counts(runId: string): Promise<Counts> {
      const atProvider = await provider('GET', runId);
      const rows: Counts = {};
      for (const kind of Object.keys(OF_RUN) as Kind[]) {
        const sql = `SELECT count(DISTINCT id) AS n FROM (${OF_RUN[kind]})`;
        rows[kind] = db.one<{ n: number }>(`test_runs.count_${kind}`, sql, runId)?.n ?? 0;
        // Of a large run each takes some ms, in which this worker serves nobody else.
        await pause(0);
      }
      return { ...rows, ...atProvider };
    },
    /**
     * Removes what the run made, a batch at a time, for some seconds; false when there is more. May be repeated. Throws
     * 409 while something still works for the run, 503 when storage or the payment provider does not remove its part.
     */
    async remove(runId: string): Promise<boolean> {
      const { agentTasks, payments } = underWay(runId);
      if (agentTasks + payments > 0) {
        const message = `${agentTasks} agent tasks and ${payments} payments of this run are under way.`;
        throw new AppError(409, 'RUN_UNDER_WAY', message, { agentTasks, payments }, 1);
      }
      try {
        return await removeAll(runId);
      } catch (error) {
        // A request that was still on its way has hung something new from what was about to go.
        if ((error as { errcode?: number }).errcode === SQLITE_CONSTRAINT_FOREIGNKEY) return false;
        throw error;
      }
    },
  };
}

const notNow = (why: string): AppError =>
  new AppError(503, 'TEARDOWN_INCOMPLETE', `Not everything could be reached: ${why}.`, {}, 1);
