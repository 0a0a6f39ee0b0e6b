export interface Migration {
  id: number;
  name: string;
  sql: string;
}

/** Applied in order, each once, recorded in the table `migrations`. Never edit one that has shipped: add another. */
export const migrations: Migration[] = [
  {
    id: 1, name: 'creators, users and projects',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE creators (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, headline TEXT NOT NULL, skill TEXT NOT NULL, use_case TEXT NOT NULL,
        city TEXT NOT NULL, rate_cents INTEGER NOT NULL, verified INTEGER NOT NULL, rating REAL NOT NULL,
        jobs INTEGER NOT NULL);
      CREATE INDEX creators_skill ON creators (skill, verified DESC, rating DESC);
      CREATE INDEX creators_use ON creators (skill, use_case, rating DESC);
      CREATE INDEX creators_rating ON creators (verified DESC, rating DESC, jobs DESC);
      CREATE VIRTUAL TABLE creators_text USING fts5 (name, headline, skill, use_case, prefix = '2 3 4');
      CREATE TABLE landing_pages (
        slug TEXT PRIMARY KEY, skill TEXT NOT NULL, use_case TEXT NOT NULL, title TEXT NOT NULL);
      CREATE VIRTUAL TABLE terms USING fts5 (term, kind UNINDEXED, href UNINDEXED, prefix = '1 2 3 4');
      CREATE TABLE users (
        id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL, password TEXT NOT NULL,
        run_id TEXT, created_ms INTEGER NOT NULL);
      CREATE TABLE projects (
        id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), creator_id INTEGER REFERENCES creators (id),
        title TEXT NOT NULL, details TEXT NOT NULL, skill TEXT NOT NULL, amount_cents INTEGER NOT NULL,
        status TEXT NOT NULL, brief TEXT, run_id TEXT, created_ms INTEGER NOT NULL);
      CREATE INDEX projects_user ON projects (user_id, created_ms DESC);`,
  },
  {
    id: 2, name: 'escrow and its ledger',
    sql: `
      CREATE TABLE escrows (
        intent_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id),
        user_id TEXT NOT NULL REFERENCES users (id), amount_cents INTEGER NOT NULL, fee_cents INTEGER NOT NULL,
        total_cents INTEGER NOT NULL, currency TEXT NOT NULL, payment_method TEXT NOT NULL,
        provider_id TEXT, state TEXT NOT NULL CHECK (state IN ('pending','held','released','refunded','failed')),
        failure TEXT, run_id TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        CHECK (amount_cents + fee_cents = total_cents));
      CREATE UNIQUE INDEX escrows_one_per_project ON escrows (project_id) WHERE state IN ('pending','held','released');
      CREATE INDEX escrows_run ON escrows (run_id);
      CREATE TABLE ledger_entries (
        id INTEGER PRIMARY KEY, intent_id TEXT NOT NULL REFERENCES escrows (intent_id), operation TEXT NOT NULL,
        account TEXT NOT NULL, amount_cents INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        UNIQUE (intent_id, operation, account));`,
  },
  {
    id: 3, name: 'agent tasks',
    sql: `
      CREATE TABLE tasks (
        id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id), user_id TEXT NOT NULL,
        state TEXT NOT NULL, cold_start_ms REAL, first_progress_ms REAL, duration_ms REAL, degraded INTEGER NOT NULL,
        brief TEXT, error_code TEXT, run_id TEXT, created_ms INTEGER NOT NULL);
      CREATE INDEX tasks_project ON tasks (project_id, created_ms DESC);`,
  },
  {
    // SQLite cannot change a CHECK: the escrows move to a new table, and the entries, which refer to it, with them.
    id: 4, name: 'refunds under way, and the outbox',
    sql: `
      CREATE TABLE escrows_new (
        intent_id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects (id),
        user_id TEXT NOT NULL REFERENCES users (id), amount_cents INTEGER NOT NULL, fee_cents INTEGER NOT NULL,
        total_cents INTEGER NOT NULL, currency TEXT NOT NULL, payment_method TEXT NOT NULL, provider_id TEXT,
        state TEXT NOT NULL CHECK (state IN ('pending','held','released','refunding','refunded','failed')),
        failure TEXT, run_id TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
        key_conflicts INTEGER NOT NULL DEFAULT 0,
        CHECK (amount_cents + fee_cents = total_cents));
      INSERT INTO escrows_new SELECT *, 0 FROM escrows ORDER BY rowid;
      CREATE TABLE ledger_new (
        id INTEGER PRIMARY KEY, intent_id TEXT NOT NULL REFERENCES escrows_new (intent_id), operation TEXT NOT NULL,
        account TEXT NOT NULL, amount_cents INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        UNIQUE (intent_id, operation, account));
      INSERT INTO ledger_new SELECT * FROM ledger_entries;
      DROP TABLE ledger_entries;
      DROP TABLE escrows;
      ALTER TABLE escrows_new RENAME TO escrows;
      ALTER TABLE ledger_new RENAME TO ledger_entries;
      CREATE UNIQUE INDEX escrows_one_per_project ON escrows (project_id)
        WHERE state IN ('pending','held','released','refunding');
      CREATE INDEX escrows_project ON escrows (project_id);
      CREATE INDEX escrows_run ON escrows (run_id);
      CREATE INDEX escrows_provider ON escrows (provider_id);
      CREATE TABLE outbox (
        intent_id TEXT PRIMARY KEY REFERENCES escrows (intent_id),
        operation TEXT NOT NULL CHECK (operation IN ('lock','release','cancel','refund','void')),
        attempts INTEGER NOT NULL, next_ms INTEGER NOT NULL, tried_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,
        last_failure TEXT);
      CREATE INDEX outbox_next ON outbox (next_ms);
      INSERT INTO outbox SELECT intent_id, 'lock', 0, 0, updated_ms, created_ms, NULL FROM escrows
        WHERE state = 'pending';`,
  },
  {
    id: 5, name: 'planted breaches',
    sql: `
      CREATE TABLE planted_breaches (
        intent_id TEXT PRIMARY KEY, kind TEXT NOT NULL, run_id TEXT NOT NULL, subject TEXT NOT NULL,
        planted INTEGER NOT NULL);
      CREATE INDEX planted_breaches_run ON planted_breaches (run_id);
      CREATE TABLE breach_counts (
        run_id TEXT NOT NULL, kind TEXT NOT NULL, payments INTEGER NOT NULL, PRIMARY KEY (run_id, kind));`,
  },
  {
    id: 10, name: 'feature flags',
    sql: 'CREATE TABLE flags (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL, changed_ms INTEGER NOT NULL);',
  },
  {
    id: 11, name: 'listings',
    sql: `
      CREATE TABLE listings (
        id INTEGER PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), external_id TEXT NOT NULL,
        title TEXT NOT NULL, description TEXT NOT NULL, skill TEXT NOT NULL, price_cents INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('active','withdrawn')), run_id TEXT, updated_ms INTEGER NOT NULL,
        UNIQUE (user_id, external_id));
      CREATE INDEX listings_skill ON listings (skill, id);
      CREATE INDEX listings_user ON listings (user_id, id);
      CREATE VIRTUAL TABLE listings_text USING fts5 (title, description, skill, owner, prefix = '2 3 4');
      CREATE TRIGGER listings_text_added AFTER INSERT ON listings BEGIN
        INSERT INTO listings_text (rowid, title, description, skill, owner) VALUES (
          new.id, new.title, new.description, new.skill, replace(replace(new.user_id, '-', ''), '_', ''));
      END;
      CREATE TRIGGER listings_text_changed AFTER UPDATE ON listings BEGIN
        UPDATE listings_text SET title = new.title, description = new.description, skill = new.skill
          WHERE rowid = new.id;
      END;
      ALTER TABLE projects ADD COLUMN listing_id INTEGER REFERENCES listings (id);
      CREATE INDEX projects_listing ON projects (listing_id) WHERE listing_id IS NOT NULL;`,
  },
  {
    id: 12, name: 'files on their way to object storage',
    sql: `
      CREATE TABLE uploads (
        id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), object_key TEXT NOT NULL,
        content_type TEXT NOT NULL, size_bytes INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting','stored')), attempts INTEGER NOT NULL, next_ms INTEGER NOT NULL,
        failure TEXT, run_id TEXT, created_ms INTEGER NOT NULL, stored_ms INTEGER);
      CREATE INDEX uploads_waiting ON uploads (next_ms) WHERE state = 'waiting';
      CREATE INDEX uploads_user ON uploads (user_id, created_ms DESC);`,
  },
  {
    // The last change of each row that the read replica copies: `seq` grows in the order of commits.
    id: 13, name: 'the feed of the read replica',
    sql: `
      CREATE TABLE replica_feed (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, row_id INTEGER NOT NULL, UNIQUE (source, row_id));
      CREATE INDEX replica_feed_source ON replica_feed (source, seq);
      INSERT INTO replica_feed (source, row_id) SELECT 'creators', id FROM creators;
      ${['creators', 'listings'].flatMap((source) => ['INSERT', 'UPDATE'].map((event) => `
      CREATE TRIGGER feed_${source}_${event} AFTER ${event} ON ${source} BEGIN
        DELETE FROM replica_feed WHERE source = '${source}' AND row_id = new.id;
        INSERT INTO replica_feed (source, row_id) VALUES ('${source}', new.id);
      END;`)).join('')}`,
  },
  {
    id: 14, name: 'fallbacks of the drafting agent',
    sql: `
      CREATE TABLE brief_templates (skill TEXT PRIMARY KEY, template TEXT NOT NULL, made_ms INTEGER NOT NULL);
      ALTER TABLE tasks ADD COLUMN fallback TEXT;`,
  },
  {
    // Found by run, and by what they hang from: without an index each row that goes would read a whole table.
    id: 20, name: 'removing what a load test made',
    sql: `
      ${['users', 'projects', 'tasks', 'listings', 'uploads'].map((table) => `
      CREATE INDEX ${table}_run ON ${table} (run_id) WHERE run_id IS NOT NULL;`).join('')}
      CREATE INDEX escrows_user ON escrows (user_id);
      ALTER TABLE brief_templates ADD COLUMN run_id TEXT;
      CREATE TRIGGER listings_text_removed AFTER DELETE ON listings BEGIN
        DELETE FROM listings_text WHERE rowid = old.id;
      END;
      ALTER TABLE replica_feed ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX replica_feed_gone ON replica_feed (seq) WHERE gone = 1;
      CREATE TRIGGER feed_listings_DELETE AFTER DELETE ON listings BEGIN
        DELETE FROM replica_feed WHERE source = 'listings' AND row_id = old.id;
        INSERT INTO replica_feed (source, row_id, gone) VALUES ('listings', old.id, 1);
      END;`,
  },
];
