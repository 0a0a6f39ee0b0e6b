import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrivateKind } from '../model/index.ts';
import { maskedForm } from './masked.ts';
import { Redactor } from './redactor.ts';

const redactor = new Redactor();
const foundIn = (text: string): string[] => redactor.find(text).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`);

/** Of 16,384 bits. */
const LONG_KEY = `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${'MIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(380)}-----END ENCRYPTED PRIVATE KEY-----`;

/** Text and what is private in it. */
const PRIVATE: [text: string, ...found: string[]][] = [
  ['{"to":"jana.novak@gmail.com"}', 'email jana.novak@gmail.com'],
  ['/signup?email=jana%40firma.de&x=1', 'email jana%40firma.de'],
  ['<jörg.müller@müller.de>', 'email jörg.müller@müller.de'],
  ['mail a@xn--mller-kva.xn--p1ai now', 'email a@xn--mller-kva.xn--p1ai'],
  ['O\'Brien: o\'brien+shop@mail.example.org.uk.', 'email o\'brien+shop@mail.example.org.uk'],
  ['shots/jana@firma.de_2.jpg', 'email jana@firma.de'],
  ['?next=%2Fsignup%3Femail%3Djana%2540firma.de', 'email jana%2540firma.de'],
  ['&lt;jana&#64;firma.de&gt;', 'email jana&#64;firma.de'],
  [String.raw`"refused:\njana@firma.de\n93.184.216.34\n+49 30 901820\n4539578763621486"`, 'email jana@firma.de', 'ip 93.184.216.34', 'phone +49 30 901820', 'card 4539578763621486'],
  ['?next=%2Fpay%3Fcard%3D4539578763621486', 'card 4539578763621486'],
  ['%7B%22n%22%3A%224539%205787%206362%201486%22%7D', 'card 4539%205787%206362%201486'],
  ['to=https%3A%2F%2Fjana%3Ageheim%40shop.test%2F', 'token jana%3Ageheim'],
  ['card 5425233430109903 declined', 'card 5425233430109903'],
  ['{"n":"4539 5787 6362 1486"}', 'card 4539 5787 6362 1486'],
  ['number=4539-5787-6362-1486', 'card 4539-5787-6362-1486'],
  ['number=4539%205787%206362%201486', 'card 4539%205787%206362%201486'],
  ['amex 3714 496353 98434', ...(([] as string[]))],
  ['amex 3782 822463 10013', 'card 3782 822463 10013'],
  ['Call +49 30 901820 today', 'phone +49 30 901820'],
  ['tel:+1-212-736-5000', 'phone +1-212-736-5000'],
  ['?phone=%2B4930901820', 'phone %2B4930901820'],
  ['(212) 736-5000', 'phone (212) 736-5000'],
  ['212-736-5000 or 212.736.5000', 'phone 212-736-5000', 'phone 212.736.5000'],
  ['"phone":"030 901820"', 'phone 030 901820'],
  ['Telefon: 030 901820', 'phone 030 901820'],
  ['Tel. 030/901820', 'phone 030/901820'],
  ['PHONE=030 901820', 'phone 030 901820'],
  ['from 8.8.4.44:443', 'ip 8.8.4.44'],
  ['x-forwarded-for: 93.184.216.34,151.101.1.69', 'ip 93.184.216.34', 'ip 151.101.1.69'],
  ['"serverIPAddress":"93.184.216.34"', 'ip 93.184.216.34'],
  ['[2a00:1450:4001:82a::200e]:443', 'ip 2a00:1450:4001:82a::200e'],
  ['at 2606:4700:0:0:0:0:6810:84e5 now', 'ip 2606:4700:0:0:0:0:6810:84e5'],
  ['::ffff:93.184.216.34', 'ip 93.184.216.34'],
  ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r'],
  [`key ${'sk'}_live_51HxYzAbCdEf`, `token ${'sk'}_live_51HxYzAbCdEf`],
  ['AKIAIOSFODNN7REALKEY', 'token AKIAIOSFODNN7REALKEY'],
  [`${'gh'}p_16C7e42F292c6912E7710c838347Ae178B4a`, `token ${'gh'}p_16C7e42F292c6912E7710c838347Ae178B4a`],
  ['authorization: Bearer 8f3k2J9sLq0Zx71T', 'token 8f3k2J9sLq0Zx71T'],
  ['Authorization: Basic amFuYTpnZWhlaW0=', 'token amFuYTpnZWhlaW0='],
  ['{\\"api_key\\": \\"q9Zt41LmXv07RkPw\\"}', 'token q9Zt41LmXv07RkPw'],
  ['https://jana:geheim@shop.example.com/', 'token jana:geheim'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'token -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----'],
  [LONG_KEY, `token ${LONG_KEY}`],
  ['x -----BEGIN PRIVATE KEY-----\nMIIE', 'token -----BEGIN PRIVATE KEY-----\nMIIE'],
  ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----', 'token -----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----'],
];

for (const [text, ...found] of PRIVATE) {
  test(`in ${JSON.stringify(text).slice(0, 200)} there is ${found.join(' and ').slice(0, 200) || 'nothing, since its check digit is wrong'}`, () => assert.deepEqual(foundIn(text), found));
}

/** What looks private to a coarse eye, and is not. */
const HARMLESS = [
  'ada.castro.31ab@example.com', 'x@mail.example.org', 'q@shop.test', 'a@b.invalid', 'a%40example.net', 'root@localhost',
  'npm i allure@3.18.0', 'icon@2x.png', 'git@github.com:owner/repo.git', '@media (min-width: 600px)', '@scope/package', 'chunk@next.js',
  '4242 4242 4242 4242', '4000002500003155', '4000000760000002', '378282246310005', '5555-5555-5555-4444', '4111111111111112',
  '1795329736741', '1795329736741000', '1795329736741000000', '0.4539578763621486', 'load-test-4539578763621486', 'a.4539578763621486@example.com',
  '1 1 0 1 1 1 4539 5787 6362 1486', '2026-11-22T06-42-16Z-smoke', '2026-11-22T06:42:16.123+01:00', '1e+21', 'canary +1.2 ms',
  '+1 555 010 0199', '+1 212 555 0123', '(415) 555-0199', '+44 7700 900123', '+49 30 23125 456', 'M300 250 1000 212 736 5000',
  'M12,93.184.216.34', 'mobile.20261122', 'hotel: 12345678',
  '127.0.0.9', '10.1.2.3', '192.168.178.20', '172.16.5.4', '169.254.10.20', '100.64.1.12', '192.0.2.11', '198.51.100.27', '203.0.113.99',
  'Chrome/153.0.7204.0', 'Chrome/153.0.0.0', 'Version/17.4.11.2', '"version":"12.13.14.15"', '1.2.3.4', '93.184.216.0', '1.2.3.4.5', '300.1.2.30',
  '2001:db8::1', '3fff:fff::1', 'fe80::1', '::1', '12:34:56', 'a::before', '2026:11:22',
  `${'sk'}_test_4eC39HqLyjWDarjtT1zdp7dc`, '"password":"load-test-31ab45cd67ef8901"', 'token: ***', '"authorization":"***"', 'Basic authentication in front of a site',
  'https://***@gateway.example.com', 'https://host.test/@user', 'session: chromium-headless-shell-153', 'secret = settings.apiKey2Value', 'password is required at least once',
  'prj_fea5eb56-abf2-4d75-b043-c3c818726d2c', 'int_0ac16c730cefa6ec3e1614fc30e7e813',
];

for (const text of HARMLESS) test(`${JSON.stringify(text)} is nobody's`, () => assert.deepEqual(foundIn(text), []));

const MASKED: [kind: PrivateKind, text: string, masked: string][] = [
  ['email', 'jana.novak@gmail.com', 'j***@g***.com'], ['email', 'jana%40firma.de', 'j***@f***.de'], ['card', '4539 5787 6362 1486', '***1486'],
  ['phone', '+49 30 901820', '+49***20'], ['phone', '901820', '***20'], ['email', 'jana%2540firma.de', 'j***@f***.de'], ['ip', '93.184.216.34', '93.184.*.*'], ['ip', '2a00:1450::200e', '2a00:***'],
  ['token', 'jana:geheim', 'ja***'], ['secret', 'correct horse', '***'],
];

for (const [kind, text, masked] of MASKED) test(`a find of kind ${kind} is shown as ${masked}`, () => assert.equal(maskedForm(kind, text), masked));
