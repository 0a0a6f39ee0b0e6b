import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { openDb } from './db.ts';
import { createFlags } from './flags.ts';
import type { ObjectStore } from './object-store.ts';
import { createUploader } from './uploader.ts';

const spool = mkdtempSync(join(tmpdir(), 'openshow-spool-'));
const db = openDb(':memory:');
db.run('test', "INSERT INTO users VALUES ('usr_a', 'a@example.com', 'A', '', NULL, 0)");
after(() => rmSync(spool, { recursive: true }));

/** A store in memory that can be made to fail. */
function createStore(): ObjectStore & { objects: Map<string, string>; puts: number; fallbacks: number; failure: Error | null } {
  const store = {
    objects: new Map<string, string>(), puts: 0, fallbacks: 0, failure: null as Error | null,
    async put({ key, content }: { key: string; content: Buffer }) {
      store.puts += 1;
      if (store.failure) throw store.failure;
      store.objects.set(key, content.toString());
    },
    async remove(key: string) {
      if (store.failure) throw store.failure;
      store.objects.delete(key);
    },
    fellBack: () => void (store.fallbacks += 1),
  };
  return store;
}
/** A file as a worker keeps it, due far from now, so that only `send` sends it. */
function keep(id: string): void {
  writeFileSync(join(spool, id), `content of ${id}`);
  db.run('test', "INSERT INTO uploads VALUES (?, 'usr_a', ?, 'text/csv', 1, 'waiting', 0, ?, NULL, NULL, 0, NULL)",
    id, `key-${id}`, Date.now() + 3_600_000);
}
const rowOf = (id: string) => db.one<{ state: string; attempts: number; failure: string | null; wait: number }>('test',
  'SELECT state, attempts, failure, next_ms - ? AS wait FROM uploads WHERE id = ?', Date.now(), id);

test('a file that the store takes is gone from the disk, and its row says so; asked for twice it is sent once', async () => {
  const store = createStore();
  const uploader = createUploader(db, store, createFlags(db), spool);
  keep('upl_1');
  assert.deepEqual(await Promise.all([uploader.send('upl_1'), uploader.send('upl_1')]), ['stored', 'stored']);
  assert.deepEqual([...store.objects], [['key-upl_1', 'content of upl_1']]);
  assert.equal(await uploader.send('upl_1'), 'stored');
  assert.deepEqual([store.puts, store.fallbacks, rowOf('upl_1')?.state], [1, 0, 'stored']);
  assert.equal(existsSync(join(spool, 'upl_1')), false);
  uploader.close();
});

test('a file that the store refuses stays, with the reason and a time to try again; the queue sends it then', async () => {
  const store = createStore();
  const uploader = createUploader(db, store, createFlags(db), spool);
  store.failure = new Error('no room');
  keep('upl_2');
  assert.equal(await uploader.send('upl_2'), 'waiting');
  const row = rowOf('upl_2');
  assert.deepEqual([row?.state, row?.attempts, row?.failure, store.fallbacks], ['waiting', 1, 'no room', 1]);
  assert.ok(row && row.wait > 0 && row.wait <= 1000, `${row?.wait} ms`);
  store.failure = null;
  while (rowOf('upl_2')?.state === 'waiting') await passed(20);
  assert.equal(store.objects.get('key-upl_2'), 'content of upl_2');
  uploader.close();
});

test('a store that asks to be left alone is, for as long as it says', async () => {
  const store = createStore();
  const uploader = createUploader(db, store, createFlags(db), spool);
  store.failure = Object.assign(new Error('slow down'), { $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '20' } } });
  keep('upl_3');
  await uploader.send('upl_3');
  assert.ok((rowOf('upl_3')?.wait ?? 0) > 15_000);
  uploader.close();
});

test('at the start, old files without a row are removed, and young ones are left: their row may be on its way', async () => {
  for (const name of ['upl_old', 'upl_old.part', 'upl_young']) writeFileSync(join(spool, name), 'x');
  for (const name of ['upl_old', 'upl_old.part']) utimesSync(join(spool, name), 1, 1);
  const uploader = createUploader(db, createStore(), createFlags(db), spool);
  while (existsSync(join(spool, 'upl_old')) || existsSync(join(spool, 'upl_old.part'))) await passed(10);
  assert.ok(existsSync(join(spool, 'upl_young')) && existsSync(join(spool, 'upl_3')));
  uploader.close();
});

test('files of a load test go with their objects; one whose content another file has leaves the object, a store that fails keeps the row', async () => {
  const store = createStore();
  const uploader = createUploader(db, store, createFlags(db), spool);
  for (const id of ['upl_r1', 'upl_r2', 'upl_kept', 'upl_waits']) keep(id);
  db.run('test', "UPDATE uploads SET run_id = 'run' WHERE id IN ('upl_r1', 'upl_r2', 'upl_waits')");
  db.run('test', "UPDATE uploads SET object_key = 'key-shared' WHERE id IN ('upl_r2', 'upl_kept')");
  for (const id of ['upl_r1', 'upl_r2', 'upl_kept']) await uploader.send(id);
  store.failure = new Error('no store');
  await assert.rejects(uploader.removeOf('run', 1000), /no store|not asked/);
  assert.ok(rowOf('upl_r1'));
  store.failure = null;
  // A removal that comes while a file is being sent waits for it.
  const sent = uploader.send('upl_waits');
  assert.equal(await uploader.removeOf('run', 1000), true);
  assert.equal(await sent, 'stored');
  assert.deepEqual([...store.objects.keys()], ['key-shared']);
  assert.deepEqual(['upl_r1', 'upl_r2', 'upl_waits', 'upl_kept'].map((id) => rowOf(id) !== null), [false, false, false, true]);
  assert.equal(existsSync(join(spool, 'upl_waits')), false);
  uploader.close();
});
