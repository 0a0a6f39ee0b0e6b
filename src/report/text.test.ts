import assert from 'node:assert/strict';
import test from 'node:test';
import { withUnit } from './text.ts';

test('figures of any unit read well: capacity, recovery, drift, the target’s own and money', () => {
  const cases: [value: number, unit: string, shown: string][] = [
    [4, 'x', '4 x'], [2.666, 'x', '2.67 x'], [138, 's', '138 s'], [4.25, 's', '4.25 s'], [-1.234, '%', '-1.2 %'], [250.4, '%', '250.4 %'],
    [1234.5, 'MB/h', '1,235 MB/h'], [-60.04, 'MB/h', '-60 MB/h'], [0.0412, 'EUR', '0.0412 EUR'], [0.0000123, 'EUR', '0.0000123 EUR'],
    [99.99, 'jobs', '100 jobs'], [0, 'jobs', '0 jobs'],
  ];
  for (const [value, unit, shown] of cases) assert.equal(withUnit(value, unit), shown);
});
