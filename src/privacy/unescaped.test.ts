import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asMeant, unescaped } from './unescaped.ts';

const MEANT: [written: string, meant: string][] = [
  ['a\\nb', 'a\nb'], ['a\\\\\\"b', 'a"b'], ['\\u0040', '@'], ['%40%2540%252540', '@@@'], ['a%3Db%3db', 'a=b=b'], ['&#64;&#x40;&commat;&amp;', '@@@&'],
  ['100 %', '100 %'], ['a&b', 'a&b'], ['\\x', '\\x'], ['%C3%BC', '%C3%BC'], ['', ''],
];
for (const [written, meant] of MEANT) test(`${JSON.stringify(written)} means ${JSON.stringify(meant)}`, () => assert.equal(asMeant(written), meant));

test('every character stands where its escape does, and none is lost between them', () => {
  const piece = fc.constantFrom('a', 'ü', '\\n', '%40', '%2540', '&amp;', '\\u0041', '\\', '%', '&', ' ');
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
    const written = pieces.join('');
    const meant = unescaped(written);
    if (meant === null) return;
    let end = 0;
    for (let at = 0; at < meant.text.length; at += 1) {
      const [from, to] = meant.written(at, at + 1);
      assert.equal(from, end);
      assert.equal(asMeant(written.slice(from, to)), meant.text[at]);
      end = to;
    }
    assert.equal(end, written.length);
    assert.deepEqual(meant.written(0, meant.text.length), [0, written.length]);
  }), { seed: 7, numRuns: 2_000 });
});
