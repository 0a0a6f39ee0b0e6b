import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ROWS, readCsvRows, readJsonRows } from './listing-rows.ts';

const GOOD = { externalId: 'a-1', title: 'Product film', skill: 'video-editor', priceCents: 120_000 };
const csv = (text: string): ReturnType<typeof readCsvRows> => readCsvRows(Buffer.from(text));

test('CSV and JSON of the same listings are read alike', () => {
  const fromCsv = csv('\uFEFFExternal ID,title,SKILL,price,status,ours\na-1,Product film,video-editor,"$1,200.00",,x\n');
  const fromJson = readJsonRows({ listings: [GOOD] });
  assert.deepEqual(fromCsv, fromJson);
  assert.deepEqual(fromCsv, { rows: [{ ...GOOD, description: '', status: 'active' }], faults: [] });
});

const BAD: [why: string, row: unknown, problem: RegExp][] = [
  ['no externalId', { ...GOOD, externalId: '' }, /externalId must be/],
  ['an externalId with a space', { ...GOOD, externalId: 'a 1' }, /externalId must be/],
  ['a number for an externalId', { ...GOOD, externalId: 5 }, /externalId must be/],
  ['a short title', { ...GOOD, title: ' a ' }, /title must have 3 to 120/],
  ['a long description', { ...GOOD, description: 'x'.repeat(2001) }, /description must have at most 2000/],
  ['a control character', { ...GOOD, title: 'Product\u0000 film' }, /no control characters/],
  ['an unknown skill', { ...GOOD, skill: 'baker' }, /skill must be one of prompt-engineer, /],
  ['a fraction of a cent', { ...GOOD, priceCents: 1000.5 }, /the price must be from \$5\.00 to \$50,000\.00/],
  ['a price as text', { ...GOOD, priceCents: '1000' }, /the price must be/],
  ['a negative price', { ...GOOD, priceCents: -1000 }, /the price must be/],
  ['a price too high', { ...GOOD, priceCents: 5_000_001 }, /the price must be/],
  ['another status', { ...GOOD, status: 'sold' }, /status must be active or withdrawn/],
  ['text instead of a listing', 'a', /externalId must be/],
  ['nothing', null, /externalId must be/],
];
for (const [why, row, problem] of BAD) {
  test(`a row with ${why} is told by its number, and the others are read`, () => {
    const { rows, faults } = readJsonRows({ listings: [GOOD, row, { ...GOOD, externalId: 'a-2' }] });
    assert.deepEqual(rows.map(({ externalId }) => externalId), ['a-1', 'a-2']);
    assert.deepEqual(faults.map((fault) => fault.row), [2]);
    assert.match(faults[0]?.problems.join('; ') ?? '', problem);
  });
}

test('the second of two rows with one externalId is refused, naming the first', () => {
  const { rows, faults } = readJsonRows({ listings: [GOOD, { ...GOOD, title: 'Another film' }] });
  assert.deepEqual(rows.map(({ title }) => title), ['Product film']);
  assert.deepEqual(faults, [{ row: 2, externalId: 'a-1', problems: ['row 1 has the same externalId'] }]);
});

test('all problems of a row come together', () => {
  const { faults } = csv('externalId,title,skill,price\n,,,\nb-1,Fine film,video-editor,a lot');
  assert.deepEqual(faults.map(({ row, problems }) => [row, problems.length]), [[1, 4], [2, 1]]);
});

const WHOLE: [why: string, read: () => unknown, message: RegExp][] = [
  ['no list', () => readJsonRows({ listing: [] }), /needs a list "listings"/],
  ['null', () => readJsonRows(null), /needs a list "listings"/],
  ['an empty list', () => readJsonRows({ listings: [] }), /there are no listings/],
  ['too many', () => readJsonRows({ listings: Array.from({ length: MAX_ROWS + 1 }, () => GOOD) }), /1001 listings are more than 1000/],
  ['column names alone', () => csv('externalId,title,skill,price\n'), /there are no listings/],
  ['no column names', () => csv('a-1,Product film,video-editor,1200\n'), /missing: externalId, title, skill, price/],
  ['an empty file', () => csv(''), /missing: externalId/],
  ['another encoding', () => readCsvRows(Buffer.from([0x66, 0xfc, 0x72])), /not text in UTF-8/],
  ['an open quote', () => csv('externalId,title,skill,price\n"a'), /line 2: a quote/],
];
for (const [why, read, message] of WHOLE) {
  test(`a whole that is ${why} is refused`, () => assert.throws(read, message));
}
