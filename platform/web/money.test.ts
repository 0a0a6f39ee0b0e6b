import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCents, parseCents, priceOf } from './money.ts';

test('the fee is 3 % rounded half up, in whole cents', () => {
  const table = [[0, 0], [16, 0], [17, 1], [50, 2], [100, 3], [123_450, 3704], [5_000_000, 150_000]] as const;
  for (const [amountCents, feeCents] of table) assert.equal(priceOf(amountCents).feeCents, feeCents);
});

test('the parts of a price always add up to the whole', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 5_000_000 }), (cents) => {
    const { amountCents, feeCents, totalCents } = priceOf(cents);
    assert.equal(amountCents + feeCents, totalCents);
    assert.ok(Math.abs(feeCents - cents * 0.03) <= 0.5 + 1e-9);
  }));
});

test('an amount that is not whole cents is refused', () => {
  for (const bad of [0.5, -1, NaN, Infinity, 2 ** 53]) assert.throws(() => priceOf(bad), RangeError);
});

test('typed amounts become exact cents, and print back the same', () => {
  fc.assert(fc.property(fc.nat(10 ** 9), (cents) => assert.equal(parseCents(formatCents(cents)), cents)));
  const table: [text: string, cents: number | null][] = [
    ['1200', 120_000], ['1,200.5', 120_050], ['$ 0.29', 29], [' 19.99 ', 1999], ['', null],
    ['-5', null], ['1e3', null], ['12.345', null], ['1,2', null], ['9'.repeat(30), null],
  ];
  for (const [text, cents] of table) assert.equal(parseCents(text), cents, text);
});
