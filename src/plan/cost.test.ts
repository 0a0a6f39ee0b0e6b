import assert from 'node:assert/strict';
import test from 'node:test';
import { CodedError } from '../errors.ts';
import { CostRules, type Phase } from '../model/index.ts';
import { projectedCost, refuseOverCeiling } from './cost.ts';

const phase = (name: string, durationS: number, pause = false): Phase =>
  ({ name, durationS, arrivalRate: pause ? null : 1, rampTo: null, arrivalCount: null, pause });
const rules = (ceiling: number): CostRules => CostRules.parse({
  currency: 'EUR',
  generator_hour: 2,
  services: [
    { service: 'api', hour: 0.5, instances: 4 },
    { service: 'agent', hour: 3, instances: { kpi: 'agent-runners' } },
  ],
  ceiling,
});
const phases = [phase('warm up', 600), phase('breath', 600, true), phase('steady', 6_000)];

test('a plan is projected over all its phases, pauses too, with one instance where a KPI will count', () => {
  const cost = projectedCost({ phases, cost: rules(100) });
  assert.deepEqual(cost?.parts.map(({ name, instanceHours, cost: amount }) => [name, instanceHours, amount]), [
    ['generator', 2, 4], ['api', 8, 4], ['agent', 2, 6],
  ]);
  assert.equal(cost?.total, 14);
  assert.equal(cost?.currency, 'EUR');
  assert.match(cost?.parts[2]?.basis ?? '', /agent-runners.*projected with 1/);
});

test('a plan above its ceiling is refused, with what each part would cost', () => {
  assert.throws(() => refuseOverCeiling({ phases, cost: rules(13.99) }), (error) => {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'J_COST_CEILING');
    assert.equal(error.exitCode, 3);
    assert.match(error.faults[0]?.message ?? '', /14\.00 EUR.*13\.99 EUR/);
    assert.match(error.faults[0]?.hint ?? '', /generator: 2\.00 h, 4\.00 EUR.*agent/);
    return true;
  });
});

test('a plan at its ceiling, or without any cost, is not refused', () => {
  refuseOverCeiling({ phases, cost: rules(14) });
  refuseOverCeiling({ phases });
  assert.equal(projectedCost({ phases }), null);
});

test('a sum of a fraction of a cent is not shown as nothing', () => {
  const cheap = CostRules.parse({ currency: 'EUR', generator_hour: 0.001, ceiling: 0.0001 });
  assert.throws(() => refuseOverCeiling({ phases, cost: cheap }), (error) => error instanceof CodedError
    && /0\.0020 EUR.*0\.00010 EUR/.test(error.faults[0]?.message ?? ''));
});
