import assert from 'node:assert/strict';
import test from 'node:test';
import { normal, seeded } from '../../golden/random.ts';
import type { Comparison, SampledRun } from '../../model/index.ts';
import { compareRuns } from './compare.ts';
import { sampledRun, stepGate, stepSamples } from './testing.ts';

/** As many gates as make false alarms likely where nobody corrects for them. */
const STEPS = ['open', 'fill', 'pay', 'receipt', 'list'];

/** Of these nothing but the gates is compared, which halves the work. */
const BY_GATE_ONLY = { metric: 'vital' } as const;

interface Made {
  users: number;
  /** Samples of each user. */
  each?: number;
  /** Spread within and between users, on the scale of logarithms. */
  within?: number;
  between?: number;
  times?: number;
  stat?: string;
  /** Share of users who take three times as long. */
  slow?: number;
}

/** Returns a run whose steps take about three seconds, whole milliseconds so that there are ties. */
function made(runId: string, random: () => number, { users, each = 1, within = 0.25, between = 0, times = 1, stat = 'p75', slow = 0 }: Made): SampledRun {
  const draw = normal(random);
  const series = STEPS.map((step) => {
    const values: number[] = [];
    const owners: number[] = [];
    for (let user = 0; user < users; user += 1) {
      const own = between * draw();
      const factor = random() < slow ? 3 * times : times;
      for (let sample = 0; sample < each; sample += 1) {
        values.push(Math.round(3_000 * factor * Math.exp(own + within * draw())));
        owners.push(user);
      }
    }
    return stepSamples(step, values, { ...BY_GATE_ONLY, scope: { page: step }, users: owners });
  });
  return sampledRun(runId, { latencies: series, gates: STEPS.map((step) => ({ ...stepGate(step, stat, 20_000), ...BY_GATE_ONLY, scope: { page: step } })) });
}

function results(a: Made, b: Made, marginPercent: number, seeds: number): Comparison['result'][] {
  return Array.from({ length: seeds }, (_, seed) => {
    const random = seeded(seed * 7_919 + 1);
    return compareRuns(made('a', random, a), made('b', random, b), { random, marginPercent }).result;
  });
}

function share(all: readonly string[], one: string): number {
  return all.filter((result) => result === one).length / all.length;
}

test('without any difference, at most 5 of 100 comparisons of all gates together say "worse", even with no margin at all', () => {
  assert.ok(share(results({ users: 40 }, { users: 40 }, 0, 60), 'worse') <= 0.05);
  assert.ok(share(results({ users: 60, stat: 'p95' }, { users: 90, stat: 'p95' }, 0, 20), 'worse') <= 0.05);
});

test('users who gave many samples that resemble each other are no many users: no false alarms from them', () => {
  const clustered = { users: 20, each: 8, within: 0.05, between: 0.3 };
  assert.ok(share(results(clustered, clustered, 0, 20), 'worse') <= 0.05);
});

test('a step that takes 20 % longer is found, and one that takes a fifth less is better', () => {
  assert.ok(share(results({ users: 100 }, { users: 100, times: 1.2 }, 10, 10), 'worse') >= 0.95);
  assert.ok(share(results({ users: 100 }, { users: 100, times: 0.8 }, 10, 10), 'better') >= 0.95);
});

test('a tail that grew is found by its p95 where the median did not move', () => {
  const random = seeded(5);
  const comparison = compareRuns(made('a', random, { users: 180, stat: 'p95' }), made('b', random, { users: 180, stat: 'p95', slow: 0.1 }), { random });
  assert.equal(comparison.result, 'worse');
  const medians = compareRuns(made('a', seeded(5), { users: 180, stat: 'p50' }), made('b', seeded(6), { users: 180, stat: 'p50', slow: 0.1 }), { random });
  assert.notEqual(medians.result, 'worse');
});

test('the same two runs give the same comparison, and enough users without a difference are "same"', () => {
  const [a, b] = [made('a', seeded(1), { users: 400, within: 0.15 }), made('b', seeded(2), { users: 400, within: 0.15 })];
  const once = compareRuns(a, b, { random: seeded(3) });
  assert.deepEqual(compareRuns(a, b, { random: seeded(3) }), once);
  assert.equal(once.result, 'same');
});
