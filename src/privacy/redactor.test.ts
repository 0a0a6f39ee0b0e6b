import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redactor } from './redactor.ts';
import { formsOf } from './secret.ts';

const redactor = new Redactor();

test('everything private in a value goes, names of fields too, and the rest stays as it is', () => {
  const given = { message: 'no answer for jana@firma.de from 93.184.216.34', n: 4539578763621486, 'jana@firma.de': { list: [1, 'a', ['+49 30 901820']] } };
  assert.deepEqual(redactor.value(given), {
    message: 'no answer for [masked email] from [masked ip]', n: 4539578763621486, '[masked email]': { list: [1, 'a', ['[masked phone]']] },
  });
  assert.equal(redactor.line({ a: 'jana@firma.de' }), '{"a":"[masked email]"}');
});

test('what stands behind a line break in a line of JSON is seen: its escape is no part of the word', () => {
  const knowing = new Redactor({ secrets: ['staging1'] });
  for (const hidden of ['4539578763621486', 'staging1', '93.184.216.34', '+49 30 901820', `${'sk'}_live_51HxYzAbCdEf`, 'jana@firma.de']) {
    const line = JSON.stringify({ message: `refused:\n${hidden}\tby` });
    assert.ok(!knowing.line(JSON.parse(line)).includes(hidden), hidden);
    const { message } = JSON.parse(knowing.text(line)) as { message: string };
    assert.match(message, /^refused:\n\[masked \w+\]\tby$/, hidden);
  }
});

test('what is private by its field\'s name is masked in that field: the scanner, which sees both, would find it', () => {
  const line = redactor.line({ password: 'q9Zt41LmXv07RkPw', phone: '030 901820', other: '030 901820', list: ['q9Zt41LmXv07RkPw'] });
  assert.equal(line, '{"password":"[masked token]","phone":"[masked phone]","other":"030 901820","list":["q9Zt41LmXv07RkPw"]}');
  assert.deepEqual(redactor.find(line), []);
});

test('two names that are masked alike stay two', () => {
  assert.deepEqual(redactor.value({ 'a@firma.de': 1, 'b@firma.de': 2 }), { '[masked email]': 1, '[masked email] 2': 2 });
});

test('names that every object has are names like others', () => {
  const line = '{"constructor":1,"toString":"jana@firma.de","__proto__":{"a":2}}';
  assert.equal(redactor.line(JSON.parse(line)), line.replace('jana@firma.de', '[masked email]'));
});

test('a value without anything private is the very same one', () => {
  const given = { a: ['ada@example.com', { b: null }], c: undefined };
  assert.equal(redactor.value(given), given);
});

test('what is masked stays as it is the second time', () => {
  const once = redactor.text('jana@firma.de, 4539 5787 6362 1486, +49 30 901820, 93.184.216.34, Bearer 8f3k2J9sLq0Zx71T');
  assert.equal(redactor.text(once), once);
});

test('where two kinds overlap, the one that says more stands, once', () => {
  assert.equal(redactor.text('https://jana:geheim@firma.de/'), 'https://[masked token]/');
  assert.equal(redactor.text('https://x:Bearer%20q9Zt41LmXv07RkPw@firma.de'), 'https://[masked token]');
});

test('values of .env go in every form in which they are written; those that are too short, words or numbers cannot be told from other text', () => {
  const secret = 'päss "word"/&+1';
  const knowing = new Redactor({ secrets: [secret, 'abc1', 'signup', 'Berlin', '120000'] });
  const lowerCase = encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase());
  assert.equal(knowing.text(lowerCase), '[masked secret]');
  assert.equal(new Redactor({ secrets: ['x! y(z)~1'] }).text(new URLSearchParams({ q: 'x! y(z)~1' }).toString()), 'q=[masked secret]');
  for (const form of formsOf(secret)) assert.equal(knowing.text(`x ${form} y`), 'x [masked secret] y', form);
  for (const padding of ['', 'u', 'us', 'use']) {
    const encoded = Buffer.from(`${padding}:${secret}:rest`).toString('base64');
    assert.match(knowing.text(`Basic ${encoded}`), /\[masked secret\]/, encoded);
  }
  assert.equal(knowing.text('abc1 signup Berlin 120000'), 'abc1 signup Berlin 120000');
});

test('a short secret is a word of its own: inside of another it is another', () => {
  const knowing = new Redactor({ secrets: ['staging1'] });
  assert.equal(knowing.text('staging1 staging12 my-staging1'), '[masked secret] staging12 my-[masked secret]');
});

test('what is allowed passes: an address, a domain with what is below it, a number, an IP address; tokens and cards never do', () => {
  const allowing = new Redactor({ allowed: ['Support@Firma.de', '@qa.firma.de', '+49 30 901820', '93.184.216.34', '4539578763621486'] });
  const passed = 'support@firma.de a@qa.firma.de b@eu.qa.firma.de support%40firma.de, +49-30-901820, 93.184.216.34';
  assert.equal(allowing.text(passed), passed);
  assert.equal(allowing.text('other@firma.de c@notqa.firma.de 4539578763621486'), '[masked email] [masked email] [masked card]');
});

test('the address of the target is known to everybody once it is told', () => {
  const knowing = new Redactor();
  knowing.know('93.184.216.34');
  knowing.know('[2a00:1450::200e]');
  assert.equal(knowing.text('http://93.184.216.34/ http://[2a00:1450::200e]/ 93.184.216.35'), 'http://93.184.216.34/ http://[2a00:1450::200e]/ [masked ip]');
});
