import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync, zipSync } from 'fflate';
import { CodedError } from '../../errors.ts';
import { PrivacyReport } from '../../model/index.ts';
import { Redactor } from '../../privacy/redactor.ts';
import { privacyCommand } from './command.ts';
import { privacyLines } from './lines.ts';
import { scanFolder } from './scan.ts';

const GOLDEN = join(import.meta.dirname, '../../golden/run');
const MAIL = 'jana.novak@firma.de';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function folderWith(t: TestContext, files: Record<string, string | Uint8Array> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'privacy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

async function run(args: string[], environment: Record<string, string> = {}): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await privacyCommand(args, { root: tmpdir(), environment, out: (more) => void (text += more) });
  return { code, text };
}

const finds = async (t: TestContext, files: Record<string, string | Uint8Array>, redactor = new Redactor()): Promise<string[]> =>
  (await scanFolder(folderWith(t, files), redactor)).finds.map(({ kind, file, line, masked }) => `${file}:${line ?? '-'} ${kind} ${masked}`);

test('a run without anything private is a GO, in one line, and privacy.json says so; a second scan says the same', async (t) => {
  const folder = folderWith(t);
  cpSync(GOLDEN, folder, { recursive: true });
  const first = await run([folder]);
  assert.match(first.text, /^\n privacy {2}nothing found in 10 files \(\d+\.\d kB\)\n\n$/);
  assert.equal(first.code, 0);
  const kept = PrivacyReport.parse(JSON.parse(readFileSync(join(folder, 'privacy.json'), 'utf8')));
  assert.equal(kept.publishing, 'GO');
  assert.deepEqual(await run([folder]), first);
  assert.deepEqual(JSON.parse((await run([folder, '--json'])).text), kept);
});

test('a folder without any file was not looked through: nothing found in nothing is no GO', async (t) => {
  const folder = folderWith(t);
  await assert.rejects(run([folder]), (error) => error instanceof CodedError && error.code === 'J_RUN_NOT_FOUND');
  assert.deepEqual(readdirSync(folder), []);
});

test('addresses let pass by a setting that no run would take let nothing pass', async (t) => {
  const folder = folderWith(t, { 'a.txt': 'jana@gmail.com' });
  assert.equal((await run([folder], { PRIVACY_ALLOW: '@com,*' })).code, 1);
});

test('a find is shown masked, with file and line, and makes the exit code 1', async (t) => {
  const folder = folderWith(t, { 'observations.worker-1.ndjson': `{"a":1}\n{"a":2}\n{"message":"no answer for ${MAIL}"}\n`, 'plan.json': '{}' });
  const { code, text } = await run([folder]);
  assert.equal(code, 1);
  assert.match(text, /NO-GO for publishing: 1 find in 2 files/);
  assert.match(text, / email {3}j\*\*\*@f\*\*\*\.de {3}observations\.worker-1\.ndjson:3\n/);
  assert.ok(!text.includes('novak'));
  assert.ok(!readFileSync(join(folder, 'privacy.json'), 'utf8').includes('novak'));
});

test('archives are looked into, also those inside of archives, and each part has its name', async (t) => {
  const inner = zipSync({ 'trace.trace': bytes(`{}\n{"text":"${MAIL}"}\n`), 'clean.css': bytes('p { color: red }') });
  assert.deepEqual(await finds(t, {
    'failures/1.zip': inner, 'log.gz': gzipSync(bytes(`x\ny\nz ${MAIL}\n`)), 'two.gz': Buffer.concat([gzipSync(bytes('one\n')), gzipSync(bytes(`${MAIL}\n`))]), 'deep.zip': zipSync({ 'a/b.zip': inner, 'c.gz': gzipSync(bytes(MAIL)) }, { level: 0 }),
  }), [
    'deep.zip!a/b.zip!trace.trace:2 email j***@f***.de', 'deep.zip!c.gz!gz:1 email j***@f***.de',
    'failures/1.zip!trace.trace:2 email j***@f***.de', 'log.gz!gz:3 email j***@f***.de', 'two.gz!gz:2 email j***@f***.de',
  ]);
});

test('names of files, encoded parts of pages, UTF-16, readable stretches of binaries and comments of pictures are looked at', async (t) => {
  const encoded = Buffer.from(`${'-'.repeat(200)}\n${MAIL}\n`).toString('base64');
  const utf16 = Buffer.from(`\ufeffone\nto ${MAIL}\n`, 'utf16le');
  assert.deepEqual(await finds(t, {
    [`failures/${MAIL}.txt`]: 'x', 'page.html': `<p>\n<script>d("${encoded}")</script>\n`, 'windows.log': utf16,
    'history.db': Buffer.concat([Buffer.from([0, 1, 2, 0xff]), Buffer.from(`users|${MAIL}|active`), Buffer.from([0, 3])]),
    'shot.jpg': Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xfe, 0, 30]), Buffer.from(`taken for ${MAIL}`), Buffer.alloc(600, 0x80)]),
  }), [
    'failures/[masked email].txt:- email j***@f***.de', 'history.db:- email j***@f***.de', 'page.html!base64:2 email j***@f***.de',
    'shot.jpg:- email j***@f***.de', 'windows.log:2 email j***@f***.de',
  ]);
});

test('values of .env are found in any form, in binaries too', async (t) => {
  const redactor = new Redactor({ secrets: ['sk_test_51Hx-9z/+q'] });
  assert.deepEqual(await finds(t, {
    'a.json': '{"key":"sk_test_51Hx-9z/+q"}', 'b.txt': encodeURIComponent('sk_test_51Hx-9z/+q'), 'c.bin': Buffer.from('\0\x01sk_test_51Hx-9z/+q\0', 'latin1'),
    'd.txt': Buffer.from('user:sk_test_51Hx-9z/+q').toString('base64'),
  }, redactor), ['a.json:1 secret ***', 'b.txt:1 secret ***', 'c.bin:- secret ***', 'd.txt:1 secret ***']);
});

test('a line that is cut by the end of a piece, and one of many megabytes, hide nothing', async (t) => {
  const chunk = 1_048_576;
  const long = `${'x'.repeat(17_000_000)} ${MAIL} ${'y'.repeat(100)}`;
  assert.deepEqual(await finds(t, { 'cut.txt': `a\n${' '.repeat(chunk - 8)}${MAIL}\n`, 'long.txt': `\n${long}\n` }),
    ['cut.txt:2 email j***@f***.de', 'long.txt:2 email j***@f***.de']);
});

test('what cannot be read is told and is no GO: damaged and locked archives, links that lead out, kinds that are not looked into', async (t) => {
  const noise = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * 7_919) % 251));
  const zip = zipSync({ 'a.bin': new Uint8Array(noise), 'b.bin': new Uint8Array(noise) });
  const gz = gzipSync(new Uint8Array(noise));
  const locked = Uint8Array.from(zip);
  locked[6] = 1;
  let bomb = gzipSync(bytes('x'));
  for (let deep = 0; deep < 5; deep += 1) bomb = gzipSync(bomb);
  const folder = folderWith(t, {
    'cut.zip': zip, 'cut.gz': gz, 'locked.zip': locked, 'broken.zip': bytes(`PK\x03\x04${'no zip at all '.repeat(60)}`), 'deep.gz': bomb,
    'a.zst': new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 0]), 'b.pdf': bytes('%PDF-1.7'), 'empty.txt': '', 'fine.txt': 'fine',
  });
  truncateSync(join(folder, 'cut.zip'), Math.floor(zip.length / 3));
  truncateSync(join(folder, 'cut.gz'), Math.floor(gz.length / 2));
  symlinkSync('/etc', join(folder, 'out'));
  symlinkSync('fine.txt', join(folder, 'inside'));
  const report = await scanFolder(folder, new Redactor());
  assert.deepEqual(report.unread.map(({ file, why }) => `${file.replace(/!.*/, '')} ${why.replace(/^damaged: .*/, 'damaged')}`).toSorted(), [
    'a.zst a zstd archive is not looked into', 'b.pdf a PDF is not looked into', 'broken.zip no archive after all', 'cut.gz ends early', 'cut.zip damaged',
    'deep.gz archives in archives, more than 3 deep', 'locked.zip an archive with a password', 'out a link that leads out of the folder',
  ]);
  assert.equal(report.publishing, 'NO-GO');
  assert.equal((await run([folder])).code, 4);
});

test('a folder that may not be read is told', { skip: process.getuid?.() === 0 }, async (t) => {
  const folder = folderWith(t, { 'closed/a.txt': MAIL });
  chmodSync(join(folder, 'closed'), 0);
  assert.deepEqual((await scanFolder(folder, new Redactor())).unread, [{ file: 'closed', why: 'may not be read' }]);
  chmodSync(join(folder, 'closed'), 0o700);
});

test('two hundred finds are listed, and all are counted; a terminal sees a few of them, unarmed', async (t) => {
  const many = Array.from({ length: 1_000 }, (_, at) => `a${at}@firma.de`).join('\n');
  const report = await scanFolder(folderWith(t, { 'evil\u001b[2J.txt': many }), new Redactor());
  assert.deepEqual([report.found, report.finds.length, report.finds.at(-1)?.line], [1_000, 200, 200]);
  const lines = privacyLines(report, 'reports/x').join('\n');
  assert.match(lines, /and 992 more: reports\/x\/privacy\.json/);
  assert.ok(!lines.includes('\u001b'));
});

test('the address of the run\'s own target passes, and so does what PRIVACY_ALLOW names, which is said', async (t) => {
  const folder = folderWith(t, {
    'plan.json': JSON.stringify({ target: { url: 'http://93.184.216.34:8080', embedded: false } }), 'a.txt': `http://93.184.216.34:8080/ ${MAIL}`,
  });
  const { code, text } = await run([folder], { PRIVACY_ALLOW: '@firma.de' });
  assert.equal(code, 0);
  assert.match(text, /let pass by PRIVACY_ALLOW: @firma\.de/);
  assert.equal((await run([folder])).code, 1);
});

test('wrong use is refused with the right one', async (t) => {
  for (const args of [[], ['a', 'b'], [''], ['--wrong', 'a'], [join(folderWith(t, { f: '' }), 'f')], ['/nowhere/at/all']]) {
    await assert.rejects(run(args), (error) => error instanceof CodedError && error.exitCode === 3, args.join(' '));
  }
  assert.match((await run(['--help'])).text, /exit code: 0 nothing found/);
});
