/**
 * What belongs to a load test: what its requests made (`run_id`), and what hangs from that, whoever made it, since it
 * cannot be there without. `?1` is the run's id. Each gives row numbers as `id`, some more than once; those that come
 * first are found by an index, so that a LIMIT makes them cheap.
 */
const escrows = `SELECT rowid AS id FROM escrows WHERE run_id = ?1
  UNION ALL SELECT e.rowid FROM projects p JOIN escrows e ON e.project_id = p.id WHERE p.run_id = ?1
  UNION ALL SELECT e.rowid FROM users u JOIN escrows e ON e.user_id = u.id WHERE u.run_id = ?1`;
const ofUsers = (table: string): string => `SELECT rowid AS id FROM ${table} WHERE run_id = ?1
  UNION ALL SELECT t.rowid FROM users u JOIN ${table} t ON t.user_id = u.id WHERE u.run_id = ?1`;
const own = (table: string): string => `SELECT rowid AS id FROM ${table} WHERE run_id = ?1`;
const intents = `SELECT intent_id FROM escrows WHERE rowid IN (${escrows})`;
const ofEscrows = (table: string): string => `SELECT rowid AS id FROM ${table} WHERE intent_id IN (${intents})`;

/** In the order in which they can go: what refers to others first. */
export const OF_RUN = {
  outbox: ofEscrows('outbox'),
  ledgerEntries: ofEscrows('ledger_entries'),
  escrows,
  plantedBreaches: own('planted_breaches'),
  breachCounts: own('breach_counts'),
  briefTemplates: own('brief_templates'),
  tasks: `SELECT rowid AS id FROM tasks WHERE run_id = ?1
    UNION ALL SELECT t.rowid FROM projects p JOIN tasks t ON t.project_id = p.id WHERE p.run_id = ?1
    UNION ALL SELECT t.rowid FROM users u JOIN projects p ON p.user_id = u.id JOIN tasks t ON t.project_id = p.id
      WHERE u.run_id = ?1`,
  projects: ofUsers('projects'),
  uploads: ofUsers('uploads'),
  listings: ofUsers('listings'),
  users: own('users'),
} as const;
export type Kind = keyof typeof OF_RUN;
