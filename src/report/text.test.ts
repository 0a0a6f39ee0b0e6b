import assert from 'node:assert/strict';
import test from 'node:test';
import { cells, withUnit, wrap } from './text.ts';

test('figures of any unit read well: capacity, recovery, drift, the target’s own and money', () => {
  const cases: [value: number, unit: string, shown: string][] = [
    [4, 'x', '4 x'], [2.666, 'x', '2.67 x'], [138, 's', '138 s'], [4.25, 's', '4.25 s'], [-1.234, '%', '-1.2 %'], [250.4, '%', '250.4 %'],
    [1234.5, 'MB/h', '1,235 MB/h'], [-60.04, 'MB/h', '-60 MB/h'], [0.0412, 'EUR', '0.0412 EUR'], [0.0000123, 'EUR', '0.0000123 EUR'],
    [99.99, 'jobs', '100 jobs'], [0, 'jobs', '0 jobs'],
    [0, 'ms', '0 ms'], [0.45, 'ms', '0.45 ms'], [0.0413, 'ms', '0.041 ms'], [0.998, 'ms', '1 ms'], [1.4, 'ms', '1 ms'], [-0.3, 'ms', '-0.3 ms'],
    [12_345.6, 'ms', '12,346 ms'],
  ];
  for (const [value, unit, shown] of cases) assert.equal(withUnit(value, unit), shown);
});

test('a line never ends between a figure and its unit, whatever the width', () => {
  const text = 'hot pages 91 %, long tail 74.7 % of 633, p95 7.2 ms, at most 1.5 s, limit ≤ 120 ms, in 3 minutes 2.1 MB';
  for (let width = 12; width <= 110; width += 1) {
    const lines = wrap(text, width);
    assert.equal(lines.join(' '), text);
    assert.ok(lines.every((line) => cells(line) <= width && !/^(?:%|ms|s|MB)(?:[ ,]|$)/.test(line) && !line.endsWith('≤')), lines.join('\n'));
  }
  assert.deepEqual(wrap('in 3 seconds', 5), ['in 3', 'seco…']);
});
