import assert from 'node:assert/strict';
import { readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { CodedError, formatError } from '../../errors.ts';
import { TrafficHeader, TrafficRow } from '../../model/index.ts';
import { withFolder } from '../../replay/testing.ts';
import { replayCommand } from './command.ts';

interface Ran {
  exitCode: number;
  out: string;
  progress: string;
}

async function run(args: string[], folder: string, interrupted = new AbortController()): Promise<Ran> {
  const ran: Ran = { exitCode: -1, out: '', progress: '' };
  let nowMs = Date.UTC(2026, 5, 1);
  ran.exitCode = await replayCommand(args, {
    root: folder, environment: { REPORTS_DIR: join(folder, 'reports') }, columns: 160, nowMs: () => (nowMs += 300), interrupted: interrupted.signal,
    out: (text) => void (ran.out += text), progress: (text) => void (ran.progress += text),
  });
  return ran;
}

const refused = (args: string[], folder: string, code: string, words: RegExp): Promise<void> =>
  assert.rejects(run(args, folder), (error) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, code);
    assert.match(formatError(error), words);
    assert.equal(error.exitCode, code === 'J_TRAFFIC_UNWRITABLE' ? 4 : 3);
    return true;
  });

const LINE = '192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor?q=Jane HTTP/1.1" 200 5 "-" "Mozilla/5.0 Chrome/140.0 Safari/537.36"';
const linesOf = async (path: string): Promise<string[]> => gunzipSync(await readFile(path)).toString().trimEnd().split('\n');

test('import writes a fixture that fits the model, and tells what became of each line', () => withFolder(async (folder) => {
  const log = join(folder, 'access.log.1');
  await writeFile(log, `${LINE}\nrubbish of jane\n${LINE.replace('GET', 'POST')}\n${LINE.replace('09:30:00', '09:31:30')}\n`);
  const { exitCode, out, progress } = await run(['import', log, '--keep', '/find/:slug'], folder);
  assert.equal(exitCode, 0);
  const [header, ...rows] = await linesOf(join(folder, 'reports/traffic/access.ndjson.gz'));
  assert.deepEqual(TrafficHeader.parse(JSON.parse(header as string)), {
    traffic: 1, source: 'combined', kept: ['/find/:slug'], requests: 2, durationMs: 90_000,
    skipped: { 'no time in brackets: not in the combined format': 1, 'not GET or HEAD': 1 },
  });
  assert.deepEqual(rows.map((row) => TrafficRow.parse(JSON.parse(row))).map(({ t, p, k, u }) => [t, p, k, u]), [
    [0, '/find/video-editor?q=word', 'person', 'Chrome'], [90_000, '/find/video-editor?q=word', 'person', 'Chrome'],
  ]);
  assert.match(out, /kept +2 requests in 1 min 30 s: 100 % by people/);
  assert.match(out, /1 {2}no time in brackets.*\n.*such as {2}aaaaaaa aa aaaa/);
  assert.doesNotMatch(out + rows.join(), /jane|192\.0\.2/i);
  assert.match(progress, /^\r\u001b\[K reading .*\r\u001b\[K$/s);
  const shown = await run(['show', join(folder, 'reports/traffic/access.ndjson.gz')], folder);
  assert.match(shown.out, /2 in 1 min 30 s: 100 % by 1 visitor \(people\)/);
  assert.match(shown.out, /hottest +2 {2}\/find\/video-editor\?q=word/);
}));

test('search terms of a list stay; a key file is made once, secret, and gives the same hashes again', () => withFolder(async (folder) => {
  const [log, terms, key] = ['access.log', 'terms.txt', 'key'].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(log, `${LINE}\n`);
  await writeFile(terms, '# allowed\n  JANE  \n');
  const fixture = async (name: string, ...more: string[]): Promise<TrafficRow> => {
    const out = join(folder, name);
    await run(['import', log, '--keep', '/find/:slug', '--out', out, ...more], folder);
    return TrafficRow.parse(JSON.parse((await linesOf(out))[1] as string));
  };
  const first = await fixture('1.gz', '--terms', terms, '--key-file', key);
  assert.equal(first.p, '/find/video-editor?q=jane');
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  assert.equal((await fixture('2.gz', '--key-file', key)).c, first.c);
  const [third, fourth] = [await fixture('3.gz'), await fixture('4.gz')];
  assert.notEqual(third.c, first.c);
  assert.notEqual(third.c, fourth.c);
  await writeFile(key, 'secret');
  await refused(['import', log, '--key-file', key], folder, 'J_USAGE', /holds no key/);
}));

test('a log is not overwritten, nor is any file that is no fixture; a fixture is', () => withFolder(async (folder) => {
  const [log, other, link, fixture] = ['access.log', 'notes.txt', 'link.log', 'f.gz'].map((name) => join(folder, name)) as [string, string, string, string];
  await writeFile(log, `${LINE}\n`);
  await writeFile(other, 'mine');
  await symlink(log, link);
  for (const out of [log, link]) await refused(['import', log, '--out', out], folder, 'J_USAGE', /is one of the logs/);
  await refused(['import', log, '--out', other], folder, 'J_USAGE', /is not a traffic fixture/);
  await refused(['import', log, '--out', folder], folder, 'J_USAGE', /is a folder/);
  await refused(['generate', '--as', 'combined', '--out', other], folder, 'J_USAGE', /exists/);
  await refused(['import', log, '--out', join(other, 'f.gz')], folder, 'J_TRAFFIC_UNWRITABLE', /f\.gz/);
  for (let time = 1; time <= 2; time += 1) assert.equal((await run(['import', log, '--out', fixture], folder)).exitCode, 0);
  assert.equal(await readFile(other, 'utf8'), 'mine');
  assert.equal(await readFile(log, 'utf8'), `${LINE}\n`);
}));

test('what cannot be read is refused, all files at once, and nothing is left behind', () => withFolder(async (folder) => {
  const [empty, diary] = [join(folder, 'empty.log'), join(folder, 'diary.txt')];
  await writeFile(empty, '');
  await writeFile(diary, 'Dear diary\nit rains\n');
  await refused(['import', join(folder, 'none.log'), folder, empty], folder, 'J_LOG_UNREADABLE', /none\.log: does not exist\n.*is a folder/);
  await refused(['import', '/dev/null'], folder, 'J_LOG_UNREADABLE', /null: is a pipe or a device/);
  await refused(['import', empty, diary], folder, 'J_LOG_EMPTY', /empty\.log: is empty\n.*diary\.txt: .*2 × in no format/);
  assert.deepEqual((await readdir(join(folder, 'reports/traffic'))), []);
}));

test('that no page was named as public is said, and what names say is harmless', () => withFolder(async (folder) => {
  const log = join(folder, 'a\u001b[2Jb.log');
  await writeFile(log, `${LINE}\n`);
  const { out } = await run(['import', log, '--out', join(folder, '\u001b[31mred.gz')], folder);
  assert.match(out, /say which pages are public, so that they can be played/);
  assert.doesNotMatch(out, /\u001b/);
}));

test('an interrupted import leaves nothing behind', () => withFolder(async (folder) => {
  const log = join(folder, 'access.log');
  await writeFile(log, `${LINE}\n`);
  const interrupted = new AbortController();
  interrupted.abort();
  for (const args of [['import', log], ['generate', '--requests', '20000']]) {
    assert.equal((await run(args, folder, interrupted)).exitCode, 130);
    assert.deepEqual((await readdir(join(folder, 'reports/traffic'))), []);
  }
}));

test('a fixture that is damaged is refused with its line', () => withFolder(async (folder) => {
  const path = join(folder, 'fixture.ndjson');
  const header = { traffic: 1, source: 'combined', kept: [], requests: 2, durationMs: 1, skipped: {} };
  const row = { t: 5, p: '/', c: 'a', k: 'person', u: 'Chrome', r: null, m: 'GET', s: 200 };
  const cases: [lines: object[], words: RegExp][] = [
    [[row], /is no header/], [[header, { ...row, m: 'POST' }], /fixture\.ndjson:2/], [[header, row, { ...row, t: 1 }], /fixture\.ndjson:3/],
    [[header, row], /holds 1 rows; its header says 2/], [[{ ...header, traffic: 2 }], /version 2/], [[], /is empty/],
  ];
  for (const [lines, words] of cases) {
    await writeFile(path, lines.map((one) => JSON.stringify(one)).join('\n'));
    await refused(['show', path], folder, 'J_TRAFFIC_INVALID', words);
  }
  await refused(['show', join(folder, 'none.gz')], folder, 'J_TRAFFIC_INVALID', /none\.gz/);
}));

const MISTAKES: [args: string[], words: RegExp][] = [
  [[], /say import, generate or show/], [['imprt'], /did you mean "import"/], [['import'], /one log or more/], [['import', 'a', '--format', 'ngnix'], /--format ngnix/],
  [['import', 'a', '--keep', 'find/:slug'], /is no pattern/], [['import', 'a', '--seed', '1'], /--seed does not go with import/], [['show'], /one fixture/],
  [['generate', 'a'], /reads no file/], [['generate', '--minutes', '0'], /from 1 to/], [['generate', '--requests', '1e3'], /from 1 to/], [['generate', '--as', 'har'], /fixture or combined/],
  [['import', 'a', '--out', ''], /--out is empty/], [['import', 'a', '--cookies'], /cookies/],
];

test('wrong options are refused with what is right', () => withFolder(async (folder) => {
  for (const [args, words] of MISTAKES) await refused(args, folder, 'J_USAGE', words);
  assert.equal((await run(['--help'], folder)).exitCode, 0);
}));
