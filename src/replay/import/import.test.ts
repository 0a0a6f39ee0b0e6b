import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { accountedFor, importFiles, keeps } from '../testing.ts';
import { ORDER_ROWS } from './order.ts';

const BEGIN_MS = Date.UTC(2026, 0, 5, 9);
/** Lines of a JSON log, each of its own second and page. */
const at = (...seconds: number[]): string => seconds.map((second) => `${JSON.stringify({
  time: BEGIN_MS + second * 1_000, method: 'GET', path: `/find/${'abcdefghijklmnopqrstuvwxyz'.charAt(second % 26)}x`, status: 200, addr: `192.0.2.${second % 5}`,
})}\n`).join('');
const secondsOf = (rows: { t: number }[]): number[] => rows.map(({ t }) => t / 1_000);
const range = (from: number, to: number, step = 1): number[] => Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);

test('rows come in the order of time, counted from the earliest, whatever the order of the lines', async () => {
  const { rows, imported } = await importFiles({ 'access.log': at(5, 3, 9, 3, 20, 11) }, { keeps: keeps('/find/:slug') });
  assert.deepEqual(secondsOf(rows), [0, 0.5, 2, 6, 8, 17]);
  assert.equal(imported.durationMs, 17_000);
  assert.deepEqual(rows[0], { t: 0, p: '/find/dx', c: rows[0]?.c, k: 'other', u: 'none', r: null, m: 'GET', s: 200 });
});

test('requests of one whole second are spread over it, finer times are kept', async () => {
  const { rows } = await importFiles({ 'a.log': at(0, 1, 1, 1, 1, 7.25, 7.25, 9, 9.125) });
  assert.deepEqual(secondsOf(rows), [0, 1, 1.25, 1.5, 1.75, 7.25, 7.25, 9, 9.125]);
});

test('lines further out of order than what is held are counted, and all others are in order', async () => {
  const late = [-3, -2, -1];
  const { rows, imported } = await importFiles({ 'access.log': at(...range(0, ORDER_ROWS + 10), ...late) });
  assert.deepEqual(imported.tally.skipped, { 'too far out of order': late.length });
  assert.equal(rows.length, ORDER_ROWS + 10);
  assert.ok(rows.every(({ t }, index) => index === 0 || t >= (rows[index - 1]?.t ?? 0)));
});

test('rotated logs are put in their order, and logs of several servers are merged', async () => {
  const rotated = await importFiles({ 'access.log': at(...range(200, 300)), 'access.log.1': at(...range(100, 200)), 'access.log.2.gz': gzipSync(at(...range(0, 100))) });
  assert.deepEqual(secondsOf(rotated.rows), range(0, 300));
  // Together more than are held to be put in order.
  const count = ORDER_ROWS + 10_000;
  const servers = await importFiles(Object.fromEntries(range(0, 30).map((server) => [`${server}.log`, at(...range(server, count, 30))])));
  assert.deepEqual(secondsOf(servers.rows), range(0, count));
});

test('more files than are open at a time are merged as well, damaged and empty ones among them', async () => {
  const files = Object.fromEntries(range(0, 150).map((index) => [`${index * 7 % 150}.log`, index % 10 === 9 ? '' : at(...range(index * 10, index * 10 + 10))]));
  const done = await importFiles({ ...files, 'diary.txt': 'Dear diary\n' });
  assert.equal(done.imported.requests, 1_350);
  assert.ok(done.rows.every(({ t }, index) => index === 0 || t >= (done.rows[index - 1]?.t ?? 0)));
  assert.equal(done.imported.files.filter(({ damage }) => damage.join() === 'is empty').length, 15);
  assert.equal(accountedFor(done), done.imported.tally.lines);
});

test('the same visitor has the same hash in all files of an import, another agent is another visitor', async () => {
  const line = (agent: string): string => `${JSON.stringify({ time: BEGIN_MS, method: 'GET', path: '/', status: 200, addr: '192.0.2.1', agent })}\n`;
  const { rows } = await importFiles({ 'a.log': line('curl/8'), 'b.log': line('curl/8') + line('curl/9') });
  assert.equal(rows[0]?.c, rows[1]?.c);
  assert.notEqual(rows[0]?.c, rows[2]?.c);
});

test('files may be of different formats', async () => {
  const combined = '192.0.2.7 - - [05/Jan/2026:09:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"\n';
  const { rows, imported } = await importFiles({ 'a.log': combined, 'b.json': at(0, 2) });
  assert.deepEqual(secondsOf(rows), [0, 1, 2]);
  assert.deepEqual([...imported.formats], [['json', 2], ['combined', 1]]);
});
