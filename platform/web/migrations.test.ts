import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDb } from './db.ts';
import { createLedger } from './ledger.ts';
import { migrations } from './migrations.ts';
import { createOutbox } from './outbox.ts';

const directory = mkdtempSync(join(tmpdir(), 'openshow-migrations-'));
after(() => rmSync(directory, { recursive: true }));

test('ids are unique and rise, so that each migration is applied once and in order', () => {
  const ids = migrations.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)].toSorted((a, b) => a - b));
});

test('money of before the outbox is kept: entries, their escrows, and a payment that was still pending', () => {
  const file = join(directory, 'before.db');
  const old = new DatabaseSync(file);
  old.exec('CREATE TABLE migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL)');
  for (const { id, name, sql } of migrations.filter((one) => one.id <= 3)) {
    old.exec(sql);
    old.prepare('INSERT INTO migrations VALUES (?, ?, 0)').run(id, name);
  }
  old.exec(`INSERT INTO users VALUES ('usr_1', 'a@example.test', 'A', 'x', NULL, 0);
    INSERT INTO projects VALUES ('prj_1', 'usr_1', NULL, 'A film', '', 'video-editor', 10000, 'funded', NULL, NULL, 0),
      ('prj_2', 'usr_1', NULL, 'A song', '', 'video-editor', 10000, 'draft', NULL, NULL, 0);
    INSERT INTO escrows VALUES
      ('intent-1', 'prj_1', 'usr_1', 10000, 300, 10300, 'usd', 'pm_card_visa', 'pi_1', 'held', NULL, 'run', 5, 6),
      ('intent-2', 'prj_2', 'usr_1', 10000, 300, 10300, 'usd', 'pm_card_visa', NULL, 'pending', NULL, 'run', 7, 8);
    INSERT INTO ledger_entries VALUES (1, 'intent-1', 'lock', 'buyer:usr_1', -10300, 6),
      (2, 'intent-1', 'lock', 'escrow', 10300, 6);`);
  old.close();

  const db = openDb(file);
  const outbox = createOutbox(db);
  const ledger = createLedger(db, outbox);
  const held = ledger.find('intent-1');
  assert.deepEqual([held?.state, held?.providerId, held?.createdMs, held?.keyConflicts], ['held', 'pi_1', 5, 0]);
  assert.equal(db.one<{ n: number }>('test', 'SELECT count(*) AS n FROM ledger_entries')?.n, 2);
  assert.deepEqual(outbox.due(Date.now(), 10).map(({ intentId, operation }) => [intentId, operation]),
    [['intent-2', 'lock']]);
  assert.deepEqual(db.all('test', 'PRAGMA foreign_key_check'), []);
  if (held) ledger.released(held);
  assert.equal(ledger.find('intent-1')?.state, 'released');
  assert.throws(() => db.run('test', "INSERT INTO ledger_entries VALUES (NULL, 'intent-3', 'lock', 'escrow', 1, 0)"),
    /FOREIGN KEY/);
  db.close();
});
