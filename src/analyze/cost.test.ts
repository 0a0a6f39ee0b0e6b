import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { planOf } from '../golden/samples.ts';
import { createCostMeter } from '../model/cost.ts';
import { CostRules, Kpi, type Plan, type ServerObservation } from '../model/index.ts';
import { createCost } from './cost.ts';
import type { Scalar } from './scalar.ts';

const HOUR_MS = 3_600_000;
const kpi = (id: string, unit: string): Kpi => Kpi.parse({ id, title: id, unit, source: 't', scrape: { gauge: 'x' } });
const rules = CostRules.parse({
  currency: 'EUR',
  generator_hour: 2,
  ceiling: 10,
  services: [
    { service: 'api', hour: 1, instances: { kpi: 'workers' }, rate_kpi: 'api-rate' },
    { service: 'db', hour: 3, instances: 2 },
  ],
});
const plan = planOf({
  cost: rules,
  kpis: [kpi('workers', 'workers'), kpi('api-rate', 'requests/s')],
  metrics: { urls: ['http://t/metrics'], prometheus: null, everyMs: 600_000 },
});
const reading = (metric: string, tMs: number, value: number | null): ServerObservation => ({
  v: 1,
  kind: 'server',
  runId: 'r',
  tMs,
  phase: 'steady',
  vu: null,
  journey: null,
  metric,
  labels: {},
  value,
  unit: 'u',
});
/** One every ten minutes, from the start. */
const workers = (...counts: (number | null)[]): ServerObservation[] =>
  counts.map((value, index) => reading('workers', index * 600_000, value));
function finish(
  observations: ServerObservation[],
  lastMs: number | null = HOUR_MS,
  journeys = 500,
  of: Plan = plan,
): Scalar[] {
  const cost = createCost(of);
  for (const one of observations) cost.add(one);
  return cost.finish({ lastMs, journeys });
}
const values = (scalars: Scalar[]): unknown[] =>
  scalars.map(({ finding: { scope, value, unit, n } }) => [JSON.stringify(scope), value, unit, n]);

test('what a run cost: instances as they came and went, fixed ones, and the generator', () => {
  const scalars = finish([...workers(1, 1, 4, 4, 1, 1), reading('api-rate', 0, 30), reading('api-rate', 600_000, 50)]);
  assert.deepEqual(values(scalars), [
    ['{"per":"run"}', 10, 'EUR', 1],
    ['{"per":"thousand journeys"}', 20, 'EUR', 500],
    ['{"per":"QPS","service":"api"}', 0.05, 'EUR/h per QPS', 2],
  ]);
  for (const { finding, doubt } of scalars)
    assert.deepEqual([finding.metric, finding.stat, finding.window, doubt], ['cost', 'total', 'whole run', null]);
  assert.deepEqual(scalars[0]?.evidence, [
    'generator: 1 h, 2 EUR (one generator)',
    'api: 2 h, 2 EUR (counted by KPI workers, a missing value taken as the one before)',
    'db: 2 h, 6 EUR (2 by slo.yml)',
  ]);
});

test('a reading that is missing takes the value before; too many are a doubt', () => {
  const one = finish(workers(1, 1, null, 4, 4, 4))[0] as Scalar;
  assert.deepEqual([one.finding.value, one.doubt], [10.5, null]);
  const gone = finish(workers(1))[0] as Scalar;
  assert.equal(gone.finding.value, 9);
  assert.match(gone.doubt ?? '', /instances of api is known for 50 % of the run only/);
  const never = finish([])[0] as Scalar;
  assert.match(never.doubt ?? '', /known for 0 % of the run only \(KPI workers gave no value: reckoned with 1\)/);
});

test('a thousand of no journeys, a QPS of none, and a run of no length cost nothing that could be told', () => {
  const none = finish(workers(1, 1, 1, 1, 1, 1), HOUR_MS, 0);
  assert.deepEqual(
    none.map(({ finding, doubt }) => [finding.value, doubt]),
    [
      [9, null],
      [null, 'no journey was run'],
      [null, 'KPI api-rate gave no value'],
    ],
  );
  assert.equal(finish([...workers(1, 1, 1, 1, 1, 1), reading('api-rate', 0, 0)])[2]?.doubt, 'api served nothing');
  assert.ok(finish([], null).every(({ finding, doubt }) => finding.value === null && doubt !== null));
});

test('a rate a minute is taken as such, and a unit that is no rate is refused', () => {
  const withUnit = (unit: string): Scalar =>
    finish([...workers(1, 1, 1, 1, 1, 1), reading('api-rate', 0, 1_200)], HOUR_MS, 1, {
      ...plan,
      kpis: [kpi('workers', 'workers'), kpi('api-rate', unit)],
    })[2] as Scalar;
  assert.equal(withUnit('requests/min').finding.value, 0.05);
  assert.equal(withUnit('QPS').finding.value, Number((1 / 1_200).toPrecision(12)));
  assert.match(withUnit('ms').doubt ?? '', /in "ms", which is no rate/);
});

test('without rules nothing is reckoned', () => {
  const { cost: _, ...free } = plan;
  assert.deepEqual(finish(workers(3), HOUR_MS, 1, free as Plan), []);
});

test('the meter of a run never falls, knows when the ceiling is passed, and ends at what the analysis says', () => {
  const counts = fc.array(fc.option(fc.nat(20)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(counts, fc.nat(600_000), (given, restMs) => {
      const observations = workers(...given);
      const meter = createCostMeter(rules, 600_000);
      let before = 0;
      for (const { metric, tMs, value } of observations) {
        const { total, overCeiling } = meter.at(tMs);
        assert.ok(total >= before - 1e-9);
        assert.equal(overCeiling, total > 10);
        before = total;
        meter.add(metric, tMs, value);
      }
      const endMs = (given.length - 1) * 600_000 + restMs + 1;
      // By hand: each stretch at the last value known, one before any.
      let held = 1;
      const instanceMs = given.reduce<number>((sum, value, index) => {
        held = value ?? held;
        return sum + held * (index === given.length - 1 ? restMs + 1 : 600_000);
      }, 0);
      const byHand = (instanceMs + endMs * (2 + 6)) / HOUR_MS;
      assert.ok(Math.abs(meter.at(endMs).total - byHand) < 1e-9);
      assert.ok(Math.abs((finish(observations, endMs)[0]?.finding.value ?? 0) - byHand) < 1e-6);
    }),
    { seed: 4, numRuns: 200 },
  );
});

test('readings that are nonsense, of other KPIs or out of time change nothing', () => {
  const meter = createCostMeter(rules, 600_000);
  meter.add('workers', 600_000, 2);
  const before = meter.at(HOUR_MS);
  for (const [id, tMs, value] of [
    ['workers', 700_000, -3],
    ['workers', 700_000, Number.NaN],
    ['workers', 1_000, 9],
    ['other', 700_000, 9],
    ['workers', 700_000, null],
  ] as const)
    meter.add(id, tMs, value);
  assert.deepEqual(meter.at(HOUR_MS), before);
});
