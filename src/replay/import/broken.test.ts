import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { seeded } from '../random.ts';
import { accountedFor, importFiles, keeps } from '../testing.ts';
import { bytesOf } from './bytes.ts';
import type { LogFormat } from './formats.ts';
import { linesOf } from './lines.ts';

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/143.0';
const VALID: Record<Exclude<LogFormat, 'har'>, string> = {
  combined: `192.0.2.7 - - [05/Jan/2026:09:30:00 +0000] "GET /find/video-editor?q=a HTTP/1.1" 200 512 "https://a.example/" "${AGENT}"`,
  json: JSON.stringify({ ts: 1767605400, request: { client_ip: '192.0.2.7', method: 'GET', uri: '/find/x', headers: { 'User-Agent': [AGENT] } }, status: 200 }),
  cloudfront: `2026-01-05\t09:30:00\t192.0.2.7\tGET\t/find/x\t200\t-\t${AGENT.replaceAll(' ', '%20')}\tq=a`,
  alb: `http 2026-01-05T09:30:00.000000Z app/lb 192.0.2.7:1 10.0.0.1:80 0 0 0 200 200 0 5 "GET http://a.example/find/x HTTP/1.1" "${AGENT}" - -`,
};
const FIELDS = '#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n';
const line = (minute: number): string => VALID.combined.replace('09:30', `09:${String(minute).padStart(2, '0')}`);
const many = (count: number): string => Array.from({ length: count }, (_, index) => `${line(index % 60)}\n`).join('');

type Damage = (text: string, at: number, random: () => number) => string;
/** Ways in which lines come to be broken: cut off, run together, overwritten, escaped wrongly. */
const DAMAGE: Damage[] = [
  (text, at) => text.slice(0, at), (text, at) => text.slice(at), (text, at) => text.slice(0, at) + text.slice(at + 1 + at % 9),
  (text, at) => `${text.slice(0, at)}"${text.slice(at)}`, (text, at) => `${text.slice(0, at)}\0\x01\x1b[2J${text.slice(at)}`,
  (text, at) => text.slice(0, at) + text, (text, at) => text.slice(0, at) + '\\'.repeat(1 + at % 3) + text.slice(at), (text) => text.replace(/\d/g, '9'),
  (text) => text.replaceAll(' ', ''), (text, at) => text.slice(0, at) + '%'.repeat(at % 40) + text.slice(at), (text) => text.replace(/[{}[\]]/g, ''),
  (text, at, random) => Array.from(text, (letter) => (random() < 0.1 ? String.fromCodePoint(32 + Math.floor(random() * 0x3000)) : letter)).join('').replaceAll('\n', ' '),
  (text) => text.replace('GET', 'GETGETGETGET'), (text) => text.replace('200', '-1'), (text, at) => text.repeat(2 + at % 3),
];

test('500 malformed lines of all formats survive, each counted, and the sound ones between them are read', async () => {
  const random = seeded(11);
  for (const [format, valid] of Object.entries(VALID)) {
    const lines: string[] = [];
    for (let index = 0; index < 125; index += 1) {
      const damage = DAMAGE[index % DAMAGE.length] as Damage;
      lines.push(damage(valid, Math.floor(random() * valid.length), random), valid);
    }
    const done = await importFiles({ 'access.log': `${FIELDS}${lines.join('\n')}\n` }, { format: format as LogFormat });
    assert.equal(done.imported.tally.lines, 251, format);
    assert.equal(accountedFor(done), 251, format);
    assert.ok(done.imported.requests >= 125, `${format}: ${done.imported.requests} of 125 sound lines`);
    assert.ok(done.imported.tally.leftOut.length >= 2, `${format}: ${JSON.stringify(done.imported.tally.skipped)}`);
  }
});

const only = (content: string | Buffer): ReturnType<typeof importFiles> => importFiles({ 'access.log': content }, { keeps: keeps('/find/:slug') });

/** What is in the file, how many requests are read, what is said of it, and what is counted. */
const FILES: [what: string, content: () => string | Buffer, requests: number, damage: RegExp | null, skipped: Record<string, number>][] = [
  ['an empty file', () => '', 0, /^is empty$/, {}],
  ['an empty gzip file', () => gzipSync(''), 0, /^is empty$/, {}],
  ['blank lines alone', () => '\n\n\r\n  \n', 0, null, {}],
  ['no log at all', () => 'Dear diary,\ntoday I went to the sea.\n', 0, null, { 'in no format that is known': 2 }],
  ['a page of HTML', () => '<!doctype html>\n<title>404</title>', 0, null, { 'in no format that is known': 2 }],
  ['a line of 10 MB between two sound ones', () => `${line(1)}\n${'x'.repeat(10_000_000)}\n${line(2)}\n`, 2, null, { 'longer than 64 kB': 1 }],
  ['10 MB without any line end', () => 'x'.repeat(10_000_000), 0, null, { 'longer than 64 kB': 1 }],
  ['UTF-16 with a mark, as Windows writes it', () => Buffer.from(`\ufeff${many(50)}`, 'utf16le'), 50, null, {}],
  ['UTF-16, the other way round', () => Buffer.from(`\ufeff${many(50)}`, 'utf16le').swap16(), 50, null, {}],
  ['UTF-8 with a mark', () => `\ufeff${many(3)}`, 3, null, {}],
  ['one line in Latin-1', () => Buffer.concat([Buffer.from(many(2)), Buffer.from(`${line(3).replace('Linux', 'Français')}\n`, 'latin1'), Buffer.from(line(4))]), 3, null, { 'not UTF-8': 1 }],
  ['Windows line ends', () => many(4).replaceAll('\n', '\r\n'), 4, null, {}],
  ['gzip packed twice', () => gzipSync(gzipSync(many(2))), 0, null, { 'not UTF-8': 2 }],
  ['gzip files one behind the other', () => Buffer.concat([gzipSync(many(10)), gzipSync(many(10))]), 20, null, {}],
  ['gzip with zeros behind it, as tapes leave', () => Buffer.concat([gzipSync(many(10)), Buffer.alloc(512)]), 10, null, {}],
  ['the first bytes of gzip, and no more', () => Buffer.from([0x1f, 0x8b]), 0, /cut short/, {}],
  ['zstd', () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]), 0, /packed by zstd/, {}],
  ['a clock that was never set', () => many(2) + line(3).replace('2026', '1970') + '\n' + line(4).replace('2026', '2099'), 2, null, { 'a time before 2000 or in the future': 2 }],
];

for (const [what, content, requests, damage, skipped] of FILES) {
  test(`${what} survives: ${requests} requests`, async () => {
    const done = await only(content());
    assert.equal(done.imported.requests, requests);
    assert.deepEqual(done.imported.tally.skipped, skipped);
    const said = done.imported.files[0]?.damage ?? [];
    if (damage) assert.match(said.join('; '), damage);
    else assert.deepEqual(said, []);
    assert.equal(accountedFor(done), done.imported.tally.lines);
  });
}

test('of a gzip file without its end everything before is read, and so is what comes before damage', async () => {
  const random = seeded(3);
  const lines = Array.from({ length: 20_000 }, (_, index) => line(index % 60).replace('512', String(Math.floor(random() * 1e9))));
  const packed = gzipSync(`${lines.join('\n')}\n`);
  const cut = await only(packed.subarray(0, Math.floor(packed.length / 2)));
  assert.match(cut.imported.files[0]?.damage.join() ?? '', /cut short/);
  assert.ok(cut.imported.requests > 9_500 && cut.imported.requests < 11_000, `${cut.imported.requests} of about 10,000`);
  const overwritten = Buffer.from(packed);
  overwritten.fill(0xff, Math.floor(packed.length / 2), Math.floor(packed.length / 2) + 2_000);
  const damaged = await only(overwritten);
  assert.match(damaged.imported.files[0]?.damage.join() ?? '', /is damaged/);
  assert.ok(damaged.imported.requests > 9_500, `${damaged.imported.requests} of about 10,000`);
  const followed = await only(Buffer.concat([packed, Buffer.from('rubbish')]));
  assert.ok(followed.imported.requests > 19_500, `${followed.imported.requests} of 20,000`);
});

test('of a line without end no more is held than it takes to know that', async () => {
  const chunk = Buffer.alloc(1 << 20, 'x');
  const batches: unknown[] = [];
  // Together longer than a string can be.
  for await (const batch of linesOf((async function* () { for (let part = 0; part < 600; part += 1) yield chunk; })())) batches.push(batch);
  assert.deepEqual(batches, [[{ unreadable: 'longer than 64 kB' }]]);
});

test('gzip files cut or overwritten at any place come to an end, and keep what was sound before', { timeout: 60_000 }, async () => {
  const packed = Buffer.concat([gzipSync(many(3)), gzipSync(many(2)), Buffer.alloc(20)]);
  for (let at = 0; at < packed.length; at += 2) {
    const read = async (bytes: Buffer): Promise<string> => {
      let text = '';
      for await (const part of bytesOf((async function* () { yield bytes; })(), () => {})) text += part.toString();
      return text;
    };
    assert.ok(many(5).startsWith((await read(packed.subarray(0, at))).slice(0, many(3).length)));
    const overwritten = Buffer.from(packed);
    overwritten.writeUInt8((overwritten.readUInt8(at) + 97) % 256, at);
    await read(overwritten);
  }
});

test('random bytes survive, and every line of them is counted', async () => {
  const random = seeded(5);
  for (let round = 0; round < 20; round += 1) {
    const done = await only(Buffer.from(Array.from({ length: 5_000 }, () => Math.floor(random() * 256))));
    assert.equal(done.imported.requests, 0);
    assert.equal(accountedFor(done), done.imported.tally.lines);
  }
});

const entry = (minute: number, url: string, more: object = {}): object => ({
  startedDateTime: `2026-01-05T09:${String(minute).padStart(2, '0')}:00.000Z`, time: 1,
  request: { method: 'GET', url, headers: [{ name: 'User-Agent', value: AGENT }, { name: 'Cookie', value: 'id=secret' }] },
  response: { status: 200, content: { text: 'an " and { and ] in it, and \\' } }, ...more,
});
const har = (...entries: object[]): string =>
  JSON.stringify({ log: { version: '1.2', creator: { name: 'entries' }, pages: [{ id: 'page_1', title: '{[' }], entries } }, null, 2);

test('of a HAR recording the pages of its own site are read, bodies and brackets in texts notwithstanding', async () => {
  const done = await only(har(
    entry(1, 'https://shop.example/find/video-editor'), entry(2, 'https://shop.example/app.js', { _resourceType: 'script' }),
    entry(3, 'https://tracker.example/find/other'), entry(4, 'https://shop.example/find/prompt-engineer', { _resourceType: 'document' }), { startedDateTime: 'soon' },
  ));
  assert.deepEqual(done.rows.map(({ p }) => p), ['/find/video-editor', '/find/prompt-engineer']);
  assert.deepEqual(done.imported.tally.skipped, {
    'not a page': 1, 'asked of another host than the first page': 1, 'an entry of a recording that is damaged': 1,
  });
  assert.equal(done.imported.files[0]?.format, 'har');
  assert.equal(new Set(done.rows.map(({ c }) => c)).size, 1);
});

test('a HAR recording that is cut short gives its whole entries', async () => {
  const text = har(entry(1, 'https://shop.example/find/video-editor'), entry(2, 'https://shop.example/find/prompt-engineer'));
  const done = await only(text.slice(0, -200));
  assert.equal(done.imported.requests, 1);
  assert.deepEqual(done.imported.tally.skipped, { 'a recording that is cut short': 1 });
});

test('an entry of a HAR recording that is too large is counted, and the ones after it are read', async () => {
  const large = entry(1, 'https://shop.example/find/video-editor', { body: 'x'.repeat(17 << 20) });
  const done = await only(har(large, entry(2, 'https://shop.example/find/prompt-engineer')));
  assert.equal(done.imported.requests, 1);
  assert.deepEqual(done.imported.tally.skipped, { 'an entry of a recording larger than 16 MB': 1 });
});

test('what is shown of broken lines is their shape, and no more than two of a kind', async () => {
  const { imported } = await only(`${line(1)}\nJané Doe 192.0.2.7 \u001b[2J secret-42\n`.repeat(5));
  assert.deepEqual(imported.tally.leftOut, [{ why: 'binary data', count: 5, examples: Array(2).fill('Aaaa Aaa 999.9.9.9 ·[9A aaaaaa-99') }]);
});
