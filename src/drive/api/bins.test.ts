import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptySketch, sketchMs } from '../../analyze/sketch-bounds.ts';
import { Bins } from './bins.ts';

const durations = fc.array(fc.oneof(fc.double({ min: 0, max: 0.002, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true })), { maxLength: 80 });

test('the bins are those of the sketches that the analysis merges them into', () => {
  fc.assert(fc.property(durations, (all) => {
    const bins = new Bins();
    const series = emptySketch('api_latency', {}, 'run');
    for (const ms of all) {
      bins.addMs(ms);
      sketchMs(series, ms);
    }
    const { zero, bins: counts } = bins.toJSON();
    assert.equal(zero, series.sketch.zeroCount);
    assert.equal(bins.count, series.sketch.count);
    let rank = 0;
    for (const [key, count] of counts) {
      for (let i = 0; i < count; i += 1) assert.equal(series.sketch.store.keyAtRank(rank + i), key);
      rank += count;
    }
  }), { seed: 1, numRuns: 200 });
});

test('merged bins are the bins of all, and their percentiles are within 1 %', () => {
  fc.assert(fc.property(durations, durations, (one, other) => {
    const [a, b, both] = [new Bins(), new Bins(), new Bins()];
    for (const ms of one) a.addMs(ms);
    for (const ms of other) b.addMs(ms);
    for (const ms of [...one, ...other]) both.addMs(ms);
    a.merge(b.toJSON());
    assert.deepEqual(a.toJSON(), both.toJSON());
    const sorted = [...one, ...other].sort((x, y) => x - y);
    for (const p of [50, 95, 99]) {
      const exact = sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)];
      const value = both.percentileMs(p);
      if (exact === undefined) assert.equal(value, null);
      else assert.ok(value !== null && Math.abs(value - exact) <= 0.0101 * exact + 0.001, `${p}: ${value} for ${exact}`);
    }
  }), { seed: 2, numRuns: 200 });
});
