import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KEY, keeps, importFiles } from '../testing.ts';
import { anonymiser } from './anonymise.ts';
import { Broken } from './entry.ts';
import { lineReader, type LogFormat } from './formats.ts';
import { keyedHash } from './keyed-hash.ts';

/** The same cases every time. */
const SEED = 7;

const letters = 'qrstuvwxyz';
const word = fc.string({ unit: fc.constantFrom(...letters), minLength: 5, maxLength: 9 });
const digits = (count: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });
const hexadecimal = (count: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: count, maxLength: count });

/** What tells who somebody is, by class. None of it may be in a fixture, whatever it stood in. */
const PROTECTED: Record<string, fc.Arbitrary<string>> = {
  'IPv4 address': fc.ipV4(),
  'IPv6 address': fc.ipV6().filter((address) => address.length > 6),
  'e-mail address': fc.tuple(word, word, digits(2)).map(([first, last, number]) => `${first}.${last}${number}@mail.test`),
  'phone number': fc.tuple(digits(2), digits(3), digits(4), fc.constantFrom('-', '.', ' ', '')).map(([area, first, last, sign]) => `+${area}${sign}${first}${sign}${last}`),
  'account number': digits(8),
  'card number': digits(16),
  UUID: fc.uuid(),
  'hexadecimal key': hexadecimal(24),
  'base64 token': fc.uint8Array({ minLength: 18, maxLength: 18 }).map((bytes) => Buffer.from(bytes).toString('base64url')).filter((text) => /\d/.test(text)),
  'JSON web token': fc.tuple(word, digits(4)).map(([name, id]) => ['{"alg":"HS256"}', `{"sub":"${name}${id}"}`, id + name].map((part) => Buffer.from(part).toString('base64url')).join('.')),
};
const secret = fc.constantFrom(...Object.keys(PROTECTED)).chain((name) => (PROTECTED[name] as fc.Arbitrary<string>));

type Write = (secret: string) => string;
const url: Write = encodeURIComponent;
/** As it may stand in an address. */
const WRITTEN: Record<string, Write> = {
  raw: (text) => text.replace(/[\s"\\?#&]/g, '_'), encoded: url, 'encoded twice': (text) => url(url(text)), 'in capitals': (text) => url(text.toUpperCase()),
  base64: (text) => url(Buffer.from(text).toString('base64')), 'base64 for addresses': (text) => Buffer.from(text).toString('base64url'),
  'in hexadecimal': (text) => Buffer.from(text).toString('hex'),
};

/** Where it may stand in an address, also under pages that are kept. */
const PLACES: Write[] = [
  (s) => `/find/${s}`, (s) => `/${s}`, (s) => `/account/${s}/edit`, (s) => `/find/video-${s}`, (s) => `/find/video-editor;id=${s}`, (s) => `/find/video-editor/${s}`,
  (s) => `/search?q=${s}`, (s) => `/search?q=video+${s}`, (s) => `/search?${s}=1`, (s) => `/search?${s}`, (s) => `/find/video-editor?utm_source=${s}`,
  (s) => `/find/video-editor?a=1&session=${s}&b=2`, (s) => `/find/video-editor#${s}`, (s) => `https://${s}@shop.example/find/video-editor`, (s) => `/a/b/c/d/e/f/g/h/i/${s}`,
];
const REFERRERS: Write[] = [
  (s) => `https://shop.example/${s}`, (s) => `https://mail.example/?u=${s}`, (s) => `https://${s}@mail.example/`, (s) => `https://${s}.blog.example/`,
  (s) => `https://${s}/`, (s) => s, (s) => `https://mail.example/#${s}`,
];
const AGENTS: Write[] = [(s) => s, (s) => `Mozilla/5.0 (X11; ${s}) Chrome/140.0.0.0 Safari/537.36`, (s) => `Googlebot/2.1 (${s})`, (s) => `app/1.0 ${s}`];

interface Written {
  address: string;
  user: string;
  target: string;
  referrer: string;
  agent: string;
}
const quoted = (text: string): string => text.replace(/[\\"]/g, '\\$&');
const LOGS: Record<Exclude<LogFormat, 'har'>, (of: Written) => string> = {
  combined: ({ address, user, target, referrer, agent }) =>
    `${address} - ${user} [05/Jan/2026:09:30:00 +0000] "GET ${target} HTTP/1.1" 200 5 "${quoted(referrer)}" "${quoted(agent)}" "${address}" "${user}"`,
  json: ({ address, user, target, referrer, agent }) =>
    JSON.stringify({ time: '2026-01-05T09:30:00Z', method: 'GET', path: target, status: 200, addr: address, agent, referrer, user, cookie: `id=${user}` }),
  cloudfront: ({ address, user, target, referrer, agent }) => [
    '2026-01-05', '09:30:00', address, 'GET', target.split('?')[0], '200', referrer, agent, target.split('?')[1] ?? '-', user,
  ].map((column) => (column ?? '').replace(/\s/g, '%20')).join('\t'),
  alb: ({ address, target, agent }) =>
    `https 2026-01-05T09:30:00.000000Z app/lb/1 ${address}:2817 10.0.0.66:9000 0.1 0.1 0.1 200 200 0 57 "GET ${target} HTTP/1.1" "${quoted(agent)}" - - "Root=${quoted(agent)}"`,
};
const FIELDS = '#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)';

/** The forms in which a secret is looked for, in any case. */
function formsOf(text: string): string[] {
  const forms = [text, url(text), url(url(text)), ...['base64', 'base64url', 'hex'].map((as) => Buffer.from(text).toString(as as BufferEncoding))];
  return [...new Set(forms)];
}

test('no value of a protected class survives in any form, wherever it stood in a log of any format', () => {
  const anonymous = anonymiser({ keeps: keeps('/', '/find/:slug', '/search?q', '/account/:name/edit'), terms: new Set(['video']), hash: keyedHash(KEY) });
  let rows = 0;
  fc.assert(fc.property(
    fc.constantFrom(...Object.keys(LOGS) as (keyof typeof LOGS)[]), secret, fc.constantFrom(...Object.values(WRITTEN)),
    fc.constantFrom(...PLACES), fc.constantFrom(...REFERRERS), fc.constantFrom(...AGENTS),
    (format, value, write, place, referrer, agent) => {
      const reader = lineReader(format);
      reader.read(FIELDS);
      const bare = value.replace(/\s/g, '_');
      const read = reader.read(LOGS[format]({ address: bare, user: bare, target: place(write(value)), referrer: referrer(write(value)), agent: agent(value) }));
      if (read === null || read instanceof Broken) return;
      const row = anonymous(read);
      rows += 1;
      const text = JSON.stringify(row).toLowerCase();
      for (const form of formsOf(value)) assert.ok(!text.includes(form.toLowerCase()), `${form} in ${text}`);
    },
  ), { seed: SEED, numRuns: 4_000 });
  assert.ok(rows > 3_500, `${rows} of 4,000 lines were read`);
});

test('nor in what is told of lines that cannot be read', async () => {
  await fc.assert(fc.asyncProperty(secret, word, async (value, other) => {
    const { imported } = await importFiles({ 'access.log': `${value}\n${other} ${value} [05/Jan/2026:09:30:00 +0000] "${value}" 200\n{"path":"${value}"}\n` });
    const told = JSON.stringify(imported.tally.leftOut).toLowerCase();
    for (const form of [...formsOf(value), other]) {
      // The shape of a number is nines, that of a word the letter a.
      if (/^[9a]+$/i.test(form)) continue;
      assert.ok(!told.includes(form.toLowerCase()), `${form} in ${told}`);
    }
  }), { seed: SEED, numRuns: 60 });
});

test('search terms survive where they are allowed, and nowhere else', () => {
  fc.assert(fc.property(fc.uniqueArray(word, { minLength: 2, maxLength: 6 }), ([allowed, ...others]) => {
    const anonymous = anonymiser({ keeps: keeps('/search?q'), terms: new Set([allowed as string]), hash: keyedHash(KEY) });
    const pathOf = (query: string): string =>
      (anonymous({ timeMs: 0, method: 'GET', target: `/search?q=${query}`, status: 200, address: '', agent: '', referrer: '' }) as { p: string }).p;
    assert.equal(pathOf(allowed as string), `/search?q=${allowed}`);
    assert.equal(pathOf((allowed as string).toUpperCase()), `/search?q=${allowed}`);
    for (const other of others) {
      assert.equal(pathOf(other), '/search?q=word');
      assert.equal(pathOf(`${allowed}+${other}`), '/search?q=words');
    }
  }), { seed: SEED, numRuns: 200 });
});
