import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { histogramQuantile } from './quantile.ts';

test('against brute force: a quantile lies in the bucket of the sample of its rank', () => {
  const edges = [0.1, 0.25, 0.5, 1, 2.5];
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (samples, quantile) => {
        const counts = [...edges, Infinity].map((le) => ({ le, count: samples.filter((one) => one <= le).length }));
        const found = histogramQuantile(quantile, counts.toReversed());
        assert.ok(found !== null && typeof found === 'object');
        const rank = Math.max(1, Math.ceil(quantile * samples.length));
        const sample = samples.toSorted((a, b) => a - b)[rank - 1] as number;
        const upper = edges.find((edge) => sample <= edge);
        assert.equal(found.atLeast, upper === undefined);
        const lower = upper === undefined ? 2.5 : (edges[edges.indexOf(upper) - 1] ?? 0);
        assert.ok(
          found.value >= lower - 1e-9 && found.value <= (upper ?? 2.5) + 1e-9,
          `${found.value} in [${lower}, ${upper}]`,
        );
      },
    ),
    { seed: 4, numRuns: 500 },
  );
});

test('counts that fall from one edge to the next are lifted, and an edge below 0 stands for itself', () => {
  const lifted = histogramQuantile(0.5, [{ le: 1, count: 6 }, { le: 2, count: 4 }, { le: Infinity, count: 8 }]);
  assert.deepEqual(lifted, { value: 4 / 6, atLeast: false });
  const below = histogramQuantile(0.5, [{ le: -1, count: 8 }, { le: Infinity, count: 8 }]);
  assert.deepEqual(below, { value: -1, atLeast: false });
});
