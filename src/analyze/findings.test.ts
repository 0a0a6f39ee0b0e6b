import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { maximumOf, percentileOf, rateOf } from './findings.ts';
import { emptyFailures } from './series.ts';
import type { LatencySeries, RateSeries } from './series.ts';

function series(values: number[], censored = 0, unmeasured = 0): LatencySeries {
  return {
    metric: 'perceived_latency',
    scope: {},
    unit: 'ms',
    window: 'whole run',
    values: [...values].sort((a, b) => a - b),
    censored,
    unmeasured,
    leftOut: 0,
    deadlineMs: censored > 0 ? 10_000 : null,
    failures: emptyFailures(),
  };
}

function rate(events: number, n: number, unknown = 0): RateSeries {
  return {
    metric: 'journey_error_rate',
    scope: {},
    window: 'whole run',
    events,
    n,
    unknown,
    failures: emptyFailures(),
    notes: [],
  };
}

const times = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 });
const stat = fc.constantFrom('p50', 'p75', 'p90', 'p95');

test('a percentile is the smallest sample that its share does not exceed', () => {
  fc.assert(
    fc.property(times, stat, (values, name) => {
      const { value, n } = percentileOf(series(values), name, 0.95).finding;
      const share = (limit: number): number => values.filter((one) => one <= limit).length / values.length;
      assert.equal(n, values.length);
      assert.ok(value !== null && values.includes(value));
      assert.ok(share(value) >= Number(name.slice(1)) / 100 - 1e-9);
      for (const smaller of values.filter((one) => one < value))
        assert.ok(share(smaller) < Number(name.slice(1)) / 100);
    }),
  );
});

test('without samples there is no value and no interval', () => {
  const { finding, beyondDeadline } = percentileOf(series([]), 'p75', 0.95);
  assert.deepEqual([finding.value, finding.interval, finding.n, beyondDeadline], [null, null, 0, false]);
  assert.equal(maximumOf(series([])).value, null);
  assert.deepEqual([rateOf(rate(0, 0), 0.95).value, rateOf(rate(0, 0), 0.95).interval], [null, null]);
});

test('a percentile among the failed has no value and lies beyond the deadline', () => {
  const { finding, beyondDeadline } = percentileOf(series([1, 2, 3, 4, 5, 6, 7, 8], 3), 'p75', 0.95);
  assert.deepEqual([finding.value, finding.n, finding.censored, beyondDeadline], [null, 11, 3, true]);
  assert.equal(percentileOf(series([1, 2, 3, 4, 5, 6, 7, 8, 9], 2), 'p75', 0.95).finding.value, 9);
});

test('an end that too few samples cannot give is null, not a guess', () => {
  const few = percentileOf(series([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 'p75', 0.95).finding.interval;
  assert.deepEqual(few, { low: 5, high: null });
  const enough = percentileOf(series([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), 'p75', 0.95).finding.interval;
  assert.deepEqual(enough, { low: 6, high: 11 });
});

test('whatever the unmeasured samples were, the bounds of the complete sample lie within those given', () => {
  fc.assert(
    fc.property(times, times, stat, (known, hidden, name) => {
      const given = percentileOf(series(known, 0, hidden.length), name, 0.95).finding.interval;
      const truth = percentileOf(series([...known, ...hidden]), name, 0.95).finding.interval;
      assert.ok(given !== null && truth !== null);
      if (given.low !== null) assert.ok(truth.low !== null && given.low <= truth.low);
      if (given.high !== null) assert.ok(truth.high !== null && truth.high <= given.high);
    }),
  );
});

test('turning any sample into a failed one never lowers the percentile or a bound', () => {
  const height = (value: number | null): number => value ?? Infinity;
  fc.assert(
    fc.property(
      times,
      fc.nat({ max: 5 }),
      fc.nat({ max: 5 }),
      fc.nat(),
      stat,
      (values, censored, unmeasured, which, name) => {
        const before = percentileOf(series(values, censored, unmeasured), name, 0.95);
        const left = values.filter((_, index) => index !== which % values.length);
        const worse = [percentileOf(series(left, censored + 1, unmeasured), name, 0.95)];
        if (unmeasured > 0) worse.push(percentileOf(series(values, censored + 1, unmeasured - 1), name, 0.95));
        for (const after of worse) {
          assert.ok(height(after.finding.value) >= height(before.finding.value));
          assert.ok(height(after.finding.interval?.high ?? null) >= height(before.finding.interval?.high ?? null));
          const low = before.finding.interval?.low ?? null;
          if (low !== null) {
            assert.ok(height(after.finding.interval?.low ?? null) >= low);
          }
          assert.ok(after.beyondDeadline || !before.beyondDeadline);
        }
      },
    ),
  );
});

test('a rate is in per cent, and trials that could be either widen it both ways', () => {
  const plain = rateOf(rate(2, 20), 0.95);
  const vague = rateOf(rate(2, 20, 4), 0.95);
  assert.deepEqual([plain.value, plain.unit, plain.events, plain.n], [10, '%', 2, 20]);
  assert.ok((vague.interval?.low ?? 0) < (plain.interval?.low ?? 0));
  assert.ok((vague.interval?.high ?? 0) > (plain.interval?.high ?? 0));
});
