import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { address } from './address.ts';
import { card, isCardNumber } from './card.ts';
import { email } from './email.ts';
import type { Detector } from './hit.ts';
import { phone } from './phone.ts';
import { Redactor } from './redactor.ts';
import { token } from './token.ts';

const RUNS = { seed: 7, numRuns: 2_000 };
const redactor = new Redactor();
const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^\\d{${length}}$`));
const hex = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const isoTime = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map((date) => date.toISOString());

/** All that stands in the files of a run by the thousands. */
const ordinary = fc.oneof(
  fc.uuid(), hex(16).map((id) => `load-test-${id}`), hex(24).map((id) => `pi_${id}`), hex(32), hex(40), hex(64),
  hex(16).map((id) => `ada.ito.${id}@example.com`),
  isoTime, isoTime.map((time) => `${time.slice(0, 19).replaceAll(':', '-')}Z-smoke`),
  fc.integer({ min: 1_577_836_800_000, max: 2_208_988_800_000 }).map(String),
  fc.double({ min: 0, max: 4e6, noNaN: true }).map(String), fc.float({ min: 0, max: 1, noNaN: true }).map(String),
  fc.tuple(fc.nat(200), fc.nat(99), fc.nat(9_999)).map(([a, b, c]) => `${a}.${b}.${c}`),
  fc.tuple(fc.nat(200), fc.nat(9), fc.integer({ min: 256, max: 9_999 }), fc.nat(300)).map((parts) => `Chrome/${parts.join('.')}`),
  fc.array(fc.tuple(fc.nat(2_000), fc.nat(2_000)), { maxLength: 9 }).map((points) => `M${points.map((point) => point.join(' ')).join('L')}`),
  fc.constantFrom('/projects/:id', 'GET /api/v1/creators', 'passed', 'escrow checkout', '127.0.0.1:43121', '192.168.0.17', '4242 4242 4242 4242'),
);

test('ids, hashes, times, durations, versions and drawings are no finds', () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom('id', 'tMs', 'version', 'phase', 'route', 'd'), ordinary), (fields) => {
    const line = JSON.stringify(fields);
    assert.deepEqual(redactor.find(line).map(({ kind, from, to }) => `${kind} ${line.slice(from, to)}`), []);
  }), RUNS);
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{1,9}$/);
const octet = fc.integer({ min: 11, max: 99 });
/** Each kind with how it is made; all of them somebody's. */
const somebodys: Record<string, fc.Arbitrary<string>> = {
  email: fc.tuple(word, fc.constantFrom('.', '_', '+', ''), word, word, fc.constantFrom('de', 'com', 'co.uk', 'org'))
    .filter(([, , , domain]) => domain !== 'example').map(([a, mark, b, domain, end]) => `${a}${mark}${b}@${domain}.${end}`),
  card: fc.tuple(fc.constantFrom('4539', '5425', '6011', '2720'), digits(12)).map((parts) => parts.join('')).filter(isCardNumber),
  phone: fc.tuple(fc.constantFrom('+49 171 ', '+33 6', '+4917', '+39 02 '), digits(7).filter((number) => !/^(\d)\1+$/.test(number))).map((parts) => parts.join('')),
  ip: fc.tuple(fc.constantFrom(8, 34, 93, 151), octet, octet, octet).map((parts) => parts.join('.')),
  jwt: fc.tuple(hex(12), hex(20), hex(24)).map(([a, b, c]) => `eyJ${a}.eyJ${b}.${c}`),
};
const contexts: ((text: string) => string)[] = [
  (text) => text, (text) => `"${text}"`, (text) => `{\\"value\\":\\"${text}\\"}`, (text) => `<p>${text}</p>`, (text) => `'${text}',`,
  (text) => `/path?q=${text}&z=1`, (text) => `Error: ${text}: refused (${text})`, (text) => `a=${text};b`, (text) => `\n${text}\n`,
];

for (const [kind, made] of Object.entries(somebodys)) {
  test(`no ${kind} passes, wherever it stands`, () => {
    fc.assert(fc.property(made, fc.constantFrom(...contexts), (written, within) => {
      assert.ok(!redactor.text(within(written)).includes(written), within(written));
    }), RUNS);
  });
}

test('the quick look lets nothing through that a detector would find', () => {
  const pieces = fc.oneof(
    ...Object.values(somebodys), ordinary,
    fc.constantFrom('@', '%40', '+', '%2B', '.', ':', '-', ' ', '"', '=', 'phone', 'Tel:', 'token', 'Bearer ', 'basic ', 'password="', 'eyJ', 'sk_live_', 'AKIA', '4539 5787 6362 1486', '2a00:1450::1', '(212) 736-5000'),
    fc.string({ maxLength: 8 }),
  );
  const detectors: Detector[] = [email, card, phone, address, token];
  fc.assert(fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
    const text = parts.join('');
    for (const { hint, find } of detectors) if (find(text).length > 0) assert.match(text, new RegExp(hint, 'i'));
  }), { seed: 7, numRuns: 10_000 });
});

test('no text takes more than its length deserves: a hostile one would never come to its end here', () => {
  for (const piece of ['@', 'a@', 'a.', 'a@b.', '1-', '+1 ', '+1', '4539 ', '1.', '2a00:', 'eyJ', 'eyJa.', '://a:', 'password=', 'Bearer ', 'tel:1 ', 'Aa1', '-----BEGIN PRIVATE KEY-----']) {
    redactor.find(piece.repeat(200_000 / piece.length));
  }
});
