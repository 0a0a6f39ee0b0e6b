import type { StatementSync } from 'node:sqlite';

/** What the books hold of one load test (`metadata.run_id`). A real provider keeps it; this one can let go of it. */
export interface TestData {
  providerPayments: number;
  providerRefunds: number;
  providerReplies: number;
  providerConflicts: number;
  providerWebhooks: number;
}

/** Of each kind, in one transaction: a few ms, in which nobody else is answered. */
const BATCH_ROWS = 200;

const INTENTS = `SELECT seq FROM objects
  WHERE json_extract(body, '$.metadata.run_id') = ?1 AND kind = 'payment_intent'`;
const WEBHOOKS = "SELECT seq FROM webhooks WHERE json_extract(body, '$.data.object.metadata.run_id') = ?1";
/** Refunds name no run, only their payment. */
const REFUNDS = `SELECT r.seq FROM objects p JOIN objects r ON r.parent = p.id
  WHERE json_extract(p.body, '$.metadata.run_id') = ?1 AND p.kind = 'payment_intent'`;

/** In the order in which they can go: a refund is found by its payment. */
const PARTS = [
  ['providerRefunds', 'objects', 'seq', REFUNDS],
  ['providerPayments', 'objects', 'seq', INTENTS],
  ['providerReplies', 'replies', 'rowid', 'SELECT rowid FROM replies WHERE run_id = ?1'],
  ['providerConflicts', 'conflicts', 'rowid', 'SELECT rowid FROM conflicts WHERE run_id = ?1'],
  ['providerWebhooks', 'webhooks', 'seq', WEBHOOKS],
] as const;

/** Counts and removes what the books hold of a load test. Sums over all the life of the books (`counts`) stay. */
export function createTestData(sql: (text: string) => StatementSync, atomically: <T>(work: () => T) => T) {
  const count = (runId: string): TestData => Object.fromEntries(PARTS.map(([name, , , rows]) =>
    [name, (sql(`SELECT count(*) AS n FROM (${rows})`).get(runId) as { n: number }).n])) as unknown as TestData;
  return {
    count,
    /** Removes some of each kind and returns what is left. A payment goes only when its refunds are gone. */
    remove: (runId: string): TestData => atomically(() => {
      for (const [name, table, id, rows] of PARTS) {
        if (name === 'providerPayments' && count(runId).providerRefunds > 0) continue;
        sql(`DELETE FROM ${table} WHERE ${id} IN (${rows} LIMIT ${BATCH_ROWS})`).run(runId);
      }
      return count(runId);
    }),
  };
}
