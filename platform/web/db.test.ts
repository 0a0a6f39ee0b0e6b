import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { matchQuery } from '../shared/search.ts';
import { createCatalog } from './catalog.ts';
import { openDb } from './db.ts';
import { createFlags } from './flags.ts';
import { migrations } from './migrations.ts';
import type { Replica } from './replica.ts';
import { CREATOR_COUNT, seedDb } from './seed.ts';

const directory = mkdtempSync(join(tmpdir(), 'openshow-db-'));
after(() => rmSync(directory, { recursive: true, force: true }));

test('migrations and seed run once, and a restart keeps what was written', async () => {
  const file = join(directory, 'restart.db');
  for (const round of [1, 2]) {
    const db = openDb(file);
    await seedDb(db, 7);
    const applied = db.one<{ n: number }>('test', 'SELECT count(*) AS n FROM migrations');
    assert.equal(applied?.n, migrations.length, `round ${round}`);
    assert.equal(db.one<{ n: number }>('test', 'SELECT count(*) AS n FROM creators')?.n, CREATOR_COUNT);
    if (round === 1) db.run('test', "INSERT INTO meta VALUES ('kept', 'yes')");
    assert.ok(db.one('test', "SELECT 1 FROM meta WHERE key = 'kept'"));
    db.close();
  }
});

test('the same seed gives the same creators, another seed others', async () => {
  const first = async (seed: number, name: string): Promise<unknown> => {
    const db = openDb(join(directory, name));
    await seedDb(db, seed);
    const rows = db.all('test', 'SELECT * FROM creators ORDER BY id');
    db.close();
    return rows;
  };
  const [a, b, c] = [await first(3, 'a.db'), await first(3, 'b.db'), await first(4, 'c.db')];
  assert.deepEqual(a, b);
  assert.notDeepEqual(a, c);
});

test('a failed transaction leaves nothing behind', () => {
  const db = openDb(join(directory, 'rollback.db'));
  assert.throws(() => db.transaction(() => {
    db.run('test', "INSERT INTO meta VALUES ('half', 'done')");
    throw new Error('stop');
  }), /stop/);
  assert.equal(db.one('test', "SELECT 1 FROM meta WHERE key = 'half'"), null);
  db.close();
});

test('nothing that people type is search syntax', async () => {
  const db = openDb(join(directory, 'search.db'));
  await seedDb(db, 1);
  const primary: Replica = { read: (_search, _query, fromPrimary) => Promise.resolve(fromPrimary()) };
  const catalog = createCatalog(db, createFlags(db), primary);
  for (const q of ['"', "' OR 1=1 --", 'NEAR(', 'a* AND', '{x}:', 'video" OR "', '😀', 'ö']) {
    const { creators } = await catalog.search({ q, skill: null, verified: null, limit: 5, offset: 0 });
    assert.ok(creators.length <= 5, q);
    catalog.suggestions(q);
  }
  assert.equal(matchQuery('…!'), null);
  assert.ok(catalog.suggestions('promp').some(({ term }) => term === 'Prompt engineer'));
  db.close();
});
