import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsv } from './csv.ts';

const TABLE: [why: string, text: string, records: string[][]][] = [
  ['plain lines', 'a,b\nc,d\n', [['a', 'b'], ['c', 'd']]],
  ['no end of line at the end', 'a,b', [['a', 'b']]],
  ['lines as Windows ends them', 'a,b\r\nc,d\r\n', [['a', 'b'], ['c', 'd']]],
  ['commas, quotes and lines within quotes', '"a,1","say ""hi""","two\nlines"\nb,c,d', [['a,1', 'say "hi"', 'two\nlines'], ['b', 'c', 'd']]],
  ['empty fields', ',a,\n', [['', 'a', '']]],
  ['empty quoted fields', '"","a"\n', [['', 'a']]],
  ['empty lines', '\na\n\n\nb\n\n', [['a'], ['b']]],
  ['nothing', '', []],
  ['spaces, kept as they are', ' a , b ', [[' a ', ' b ']]],
];
for (const [why, text, records] of TABLE) {
  test(`CSV with ${why}`, () => assert.deepEqual(parseCsv(text).map(({ fields }) => fields), records));
}

test('a record knows its line, also after one of several lines', () => {
  assert.deepEqual(parseCsv('a\n"b\nb"\n\nc').map(({ line }) => line), [1, 2, 5]);
});

for (const text of ['"a', 'a\n"b"c', 'a"b', '"a""']) {
  test(`a quote out of place is refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseCsv(text), /^RangeError: line \d: a quote/);
  });
}

test('a long file is read in one pass', () => {
  assert.equal(parseCsv('x,"y ""z""",\n'.repeat(100_000)).length, 100_000);
});
