import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { planOf } from '../golden/samples.ts';
import { Kpi, type Plan, type ServerObservation } from '../model/index.ts';
import { AT_LEAST, NEEDS_TWO, NOTHING_HAPPENED } from '../model/kpi-reading.ts';
import { createKpis } from './kpis.ts';
import type { Scalar } from './scalar.ts';

const kpi = Kpi.parse({ id: 'memory', title: 'Memory', unit: 'MB', source: 't', scrape: { gauge: 'x' } });
const plan = planOf({
  warmUpPhases: ['warm up'],
  kpis: [kpi],
  metrics: { urls: ['http://t/metrics'], prometheus: null, everyMs: 5_000 },
  gates: [{ id: 'g', metric: 'kpi_growth', kpi: 'memory', unit: 'MB', max: 1, source: 't' }],
});
let t = 0;
const at = (tMs: number, value: number | null, missing?: string, phase = 'steady'): ServerObservation => ({
  v: 1,
  kind: 'server',
  runId: 'r',
  tMs,
  phase,
  vu: null,
  journey: null,
  metric: 'memory',
  labels: {},
  value,
  unit: 'MB',
  ...(missing ? { missing } : {}),
});
/** Readings every five seconds. */
const readings = (...values: (number | string)[]): ServerObservation[] => {
  t = 0;
  return values.map((value) => (typeof value === 'number' ? at((t += 5_000), value) : at((t += 5_000), null, value)));
};
function finish(observations: ServerObservation[], lastMs: number | null = null, of: Plan = plan): Scalar[] {
  const kpis = createKpis(of);
  for (const one of observations) kpis.add(one);
  return kpis.finish(lastMs);
}
function stat(scalars: Scalar[], wanted: string): Scalar {
  const found = scalars.find(({ finding }) => finding.stat === wanted);
  assert.ok(found, wanted);
  return found;
}

test('mean, max, min and p95 of the judged readings, without the warm-up', () => {
  const scalars = finish([
    at(1_000, 900, undefined, 'warm up'),
    ...readings(...Array.from({ length: 40 }, (_, index) => index + 1)),
  ]);
  assert.deepEqual(
    scalars.slice(0, 4).map(({ finding: { stat: name, value, n, interval } }) => [name, value, n, interval]),
    [
      ['mean', 20.5, 40, null],
      ['max', 40, 40, null],
      ['min', 1, 40, null],
      ['p95', 38, 40, null],
    ],
  );
  const [{ finding, doubt, evidence }] = scalars as [Scalar];
  assert.deepEqual(
    [finding.metric, finding.scope, finding.unit, finding.window],
    ['kpi', { kpi: 'memory' }, 'MB', 'without warm-up (warm up)'],
  );
  assert.deepEqual([doubt, evidence], [null, []]);
});

test('readings before the first phase and after the last are of an idle target, and left out', () => {
  const idle = [0, 1, 70_000, 75_000].map((tMs) => ({ ...at(tMs, 0), phase: null }));
  const { finding, doubt } = stat(finish([...idle, at(5_000, 8), at(10_000, 8), at(15_000, 8)], 80_000), 'min');
  assert.deepEqual([finding.value, finding.n], [8, 3]);
  assert.match(doubt ?? '', /no value in 10 of 13 readings: no reading was taken/);
});

test('a fifth of the readings may be missing; more is a doubt, with the commonest reason', () => {
  const few = stat(finish(readings(1, 2, 'stale: x', 3, 4)), 'mean');
  assert.deepEqual([few.doubt, few.finding.n, few.finding.unmeasured], [null, 4, 1]);
  assert.deepEqual(few.evidence, ['no value in 1 of 5 readings, mostly: stale: x']);
  const many = stat(finish(readings(1, 'no answer: a', 'stale: x', 'no answer: a', 4)), 'max');
  assert.equal(many.doubt, 'the exporter gave no value in 3 of 5 readings: no answer: a');
  assert.equal(many.finding.value, 4);
});

test('no value at all is no value, never 0, with the reason', () => {
  for (const [given, expected] of [
    [readings('not exposed: x', 'not exposed: x'), 'the exporter gave no value in any of 2 readings: not exposed: x'],
    [readings(NEEDS_TWO, NOTHING_HAPPENED), 'nothing happened that it could be read from, in any of 2 readings'],
    [[], 'no reading was taken'],
  ] as const) {
    const scalars = finish([...given]);
    assert.equal(scalars.length, 5);
    for (const { finding, doubt } of scalars) assert.deepEqual([finding.value, finding.n, doubt], [null, 0, expected]);
  }
});

test('a first scrape, and moments in which nothing happened, are no fault of the exporter', () => {
  const { doubt, evidence } = stat(finish(readings(NEEDS_TWO, 1, NOTHING_HAPPENED, NOTHING_HAPPENED, 2)), 'mean');
  assert.equal(doubt, null);
  assert.deepEqual(evidence, ['3 more readings say nothing: a first scrape, or nothing happened']);
});

test('a collector that went silent left readings out, and they count as missing', () => {
  const half = stat(finish(readings(1, 2, 3, 4), 80_000), 'mean');
  assert.equal(half.doubt, 'the exporter gave no value in 7 of 11 readings: no reading was taken');
  const gap = finish([at(5_000, 1), at(10_000, 1), at(40_000, 1), at(45_000, 1)], 50_000);
  assert.match(stat(gap, 'mean').doubt ?? '', /in 5 of 9 readings/);
  assert.equal(stat(finish(readings(1, 2, 3, 4), 50_000), 'mean').doubt, null, 'a run takes a while to end');
});

test('a reading that was filled later is not missing any more', () => {
  const { finding, doubt } = stat(
    finish([...readings(1, 'no answer: p', 'no answer: p', 4), at(10_000, 2), at(15_000, 3)]),
    'mean',
  );
  assert.deepEqual([finding.value, finding.n, finding.unmeasured, doubt], [2.5, 4, 0, null]);
});

test('where values are lower bounds, only the lower end of a stat is known', () => {
  const { finding, evidence } = stat(finish([at(5_000, 1), at(10_000, 5, AT_LEAST)]), 'max');
  assert.deepEqual([finding.value, finding.interval], [5, { low: 5, high: null }]);
  assert.match(evidence.join(), /1 of 2 values lie above/);
});

test('growth an hour is found with its interval, and a steady figure has none', () => {
  const noise = (index: number): number => ((index * 7_919) % 13) / 10;
  const hour = Array.from({ length: 720 }, (_, index) => index);
  const leak = stat(finish(readings(...hour.map((index) => 100 + index / 12 + noise(index)))), 'slope');
  const { value, interval, unit, metric } = leak.finding;
  assert.equal(metric, 'kpi_growth');
  assert.equal(unit, 'MB/h');
  assert.ok(value !== null && Math.abs(value - 60) < 1, `${value}`);
  assert.ok((interval?.low ?? 0) > 58 && (interval?.high ?? 0) < 62 && leak.doubt === null, JSON.stringify(interval));
  const steady = stat(finish(readings(...hour.map((index) => 100 + noise(index)))), 'slope').finding;
  assert.ok((steady.interval?.low ?? 1) <= 0 && (steady.interval?.high ?? -1) >= 0, JSON.stringify(steady.interval));
});

test('a growth of fewer than ten values is not told', () => {
  const { finding, doubt } = stat(finish(readings(1, 2, 3, 4, 5, 6, 7, 8, 9)), 'slope');
  assert.equal(finding.value, null);
  assert.match(doubt ?? '', /at least 10 values.*there are 9/);
  assert.notEqual(stat(finish(readings(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)), 'slope').finding.value, null);
});

test('the order of the readings changes nothing', () => {
  const all = readings(...Array.from({ length: 30 }, (_, index) => (index % 7 === 3 ? 'stale: x' : 0.1 * index)));
  const expected = finish(all, 200_000);
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      assert.deepEqual(finish(shuffled, 200_000), expected);
    }),
    { seed: 4, numRuns: 50 },
  );
});
