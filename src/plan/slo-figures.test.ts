import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, type Fault } from '../errors.ts';
import { readSlo, type ReadSlo } from './slo.ts';

const KPIS = [
  'kpis:',
  '  - { id: hit-ratio, title: Cache hits, unit: "%", source: test, scale: 100, scrape: { ratio: hits, to: lookups } }',
  '  - { id: heap, title: Heap, unit: MB, source: test, scrape: { gauge: heap_bytes, over: max }, promql: max(heap_bytes) }',
];
const COST = ['cost: { currency: EUR, generator_hour: 0.4, ceiling: 5, services: [{ service: web, hour: 0.2, instances: { kpi: heap }, rate_kpi: hit-ratio }] }'];
const GATE = '{ id: a, metric: journey_error_rate, unit: "%", max: 5, source: test }';

const file = (gates: string[], parts: string[] = [...KPIS, ...COST]): string =>
  `${['version: 1', ...parts, 'gates:', ...gates.map((gate) => `  - ${gate}`)].join('\n')}\n`;
const read = (text: string): ReadSlo => readSlo(text, 'slo.yml', { profile: 'baseline' });

function faultsOf(text: string): Fault[] {
  try {
    read(text);
  } catch (thrown) {
    assert.ok(thrown instanceof CodedError && thrown.code === 'J_SLO_INVALID', String(thrown));
    return [...thrown.faults];
  }
  return assert.fail('the file was accepted');
}

const GOOD: string[] = [
  '{ id: g, source: t, metric: api_latency, route: GET /api/v1/creators, stat: p95, unit: ms, max: 50 }',
  '{ id: g, source: t, metric: api_error_rate, unit: "%", max: 0.01 }',
  '{ id: g, source: t, metric: api_throughput, scenario: S_01, unit: "%", min: 99 }',
  '{ id: g, source: t, metric: capacity_headroom, unit: x, min: 3 }',
  '{ id: g, source: t, metric: recovery_time, unit: s, max: 120 }',
  '{ id: g, source: t, metric: latency_drift, stat: p95, unit: "%", max: 1 }',
  '{ id: g, source: t, metric: kpi, kpi: hit-ratio, stat: mean, unit: "%", min: 85 }',
  '{ id: g, source: t, metric: kpi, kpi: heap, stat: max, unit: MB, max: 512 }',
  '{ id: g, source: t, metric: kpi, kpi: hit-ratio, stat: max, unit: "%", max: 0 }',
  '{ id: g, source: t, metric: kpi_growth, kpi: heap, unit: MB, max: 10 }',
  '{ id: g, source: t, metric: cost, per: thousand journeys, unit: EUR, max: 1 }',
  '{ id: g, source: t, metric: rate_limited, unit: "%", max: 0.5 }',
];
for (const gate of GOOD) {
  test(`a gate on ${/metric: (\w+)/.exec(gate)?.[1]} is read: ${gate.slice(22, -2)}`, () => {
    assert.equal(read(file([gate])).gates.length, 1);
  });
}

test('KPIs and cost rules are read with their defaults, and left out they are none', () => {
  const { slo } = read(file([GATE]));
  assert.deepEqual(slo.kpis.map(({ id, unit, scale, scrape }) => [id, unit, scale, scrape]), [
    ['hit-ratio', '%', 100, { ratio: 'hits', to: 'lookups' }], ['heap', 'MB', 1, { gauge: 'heap_bytes', over: 'max' }],
  ]);
  assert.deepEqual(slo.cost?.services, [{ service: 'web', hour: 0.2, instances: { kpi: 'heap' }, rate_kpi: 'hit-ratio' }]);
  const without = read(file([GATE], [])).slo;
  assert.deepEqual([without.kpis, without.cost, 'cost' in without], [[], undefined, false]);
});

const kpi = (text: string): string[] => ['kpis:', `  - ${text}`];
const cost = (text: string): string[] => [...KPIS, `cost: ${text}`];
const BAD: [why: string, text: string, place: RegExp][] = [
  ['a gate names no KPI of the file', file(['{ id: g, source: t, metric: kpi, kpi: hit-ration, stat: mean, unit: "%", min: 85 }']), /gates\[0\]\.kpi: no KPI has the id "hit-ration" \(did you mean "hit-ratio"/],
  ['a growth gate names none', file(['{ id: g, source: t, metric: kpi_growth, kpi: zzzzzz, unit: MB, max: 1 }']), /gates\[0\]\.kpi: no KPI has the id "zzzzzz" \(known: hit-ratio, heap/],
  ['there are no KPIs at all', file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: max, unit: MB, max: 1 }'], []), /no KPI has the id "heap" \(the file has no "kpis"/],
  ["a gate has another unit than its KPI's", file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: max, unit: GB, max: 1 }']), /gates\[0\]\.unit: must be "MB", not "GB" \(the KPI's unit/],
  ['a growth gate has another unit', file(['{ id: g, source: t, metric: kpi_growth, kpi: heap, unit: MB/h, max: 1 }']), /gates\[0\]\.unit: must be "MB", not "MB\/h"/],
  ["a KPI's gate has no unit", file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: max, max: 1 }']), /gates\[0\]\.unit: is missing \(write unit: "MB"/],
  ['a gate has a floor and a ceiling', file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: max, unit: MB, max: 1, min: 0 }']), /gates\[0\]\.min: is not a key here/],
  ['a gate has neither', file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: max, unit: MB }']), /gates\[0\]\.max: is missing \(or min/],
  ['a statistic is none', file(['{ id: g, source: t, metric: kpi, kpi: heap, stat: p50, unit: MB, max: 1 }']), /gates\[0\]\.stat: must be one of "mean"/],
  ['a cost is in another currency', file(['{ id: g, source: t, metric: cost, per: run, unit: USD, max: 1 }']), /gates\[0\]\.unit: must be "EUR", not "USD" \(the cost section's currency/],
  ['a cost has no unit', file(['{ id: g, source: t, metric: cost, per: run, max: 1 }']), /gates\[0\]\.unit: is missing \(write unit: "EUR"/],
  ['a cost is judged without rates', file(['{ id: g, source: t, metric: cost, per: run, unit: EUR, max: 1 }'], KPIS), /gates\[0\]\.metric: the file has no section "cost"/],
  ['a headroom is in per cent', file(['{ id: g, source: t, metric: capacity_headroom, unit: "%", min: 3 }']), /gates\[0\]\.unit: must be "x", not "%" \(write unit: "x"/],
  ['all requests are to be answered', file(['{ id: g, source: t, metric: api_throughput, unit: "%", min: 100 }']), /gates\[0\]\.min: a limit of 100 % can never be shown/],
  ['a metric is misspelt', file(['{ id: g, source: t, metric: recovery_tme, unit: s, max: 1 }']), /did you mean "recovery_time"/],

  ['two KPIs have one id', file([GATE], [...KPIS, KPIS[1] ?? '']), /kpis\[2\]\.id: "hit-ratio" is taken already, by the KPI at 3:11/],
  ['KPIs are no list', file([GATE], ['kpis: many']), /kpis: must be a list, not "many"/],
  ['KPIs are empty', file([GATE], ['kpis:']), /kpis: must be a list, not null/],
  ['a KPI is text', file([GATE], kpi('heap')), /kpis\[0\]: must be a KPI/],
  ['a KPI comes from nowhere', file([GATE], kpi('{ id: a, title: A, unit: s, source: t }')), /kpis\[0\]: needs "scrape" or "promql"/],
  ['a key of a KPI is unknown', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, promq: up, promql: up }')), /kpis\[0\]\.promq: is not a key here \(did you mean "promql"/],
  ['an id is none', file([GATE], kpi('{ id: A b, title: A, unit: s, source: t, promql: up }')), /kpis\[0\]\.id: must be lower-case letters/],
  ['a scale is 0', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, promql: up, scale: 0 }')), /kpis\[0\]\.scale: must be more than 0/],
  ['a scrape has no form', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { counter: x } }')), /scrape: must have one of gauge, rate, ratio, histogram/],
  ['a scrape has two forms', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { gauge: x, rate: y } }')), /scrape: must have one of/],
  ['a scrape is text', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: x }')), /scrape: must have one of/],
  ['a metric has a wrong name', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { gauge: "x-y" } }')), /scrape\.gauge: "x-y" is not a metric such as/],
  ['a ratio is of nothing', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { ratio: x } }')), /scrape\.to: is missing/],
  ['a quantile is a percentage', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { histogram: x, quantile: 95 } }')), /scrape\.quantile: must be less than 1, not 95/],
  ['a rate is by the hour', file([GATE], kpi('{ id: a, title: A, unit: s, source: t, scrape: { rate: x, per: hour } }')), /scrape\.per: must be one of/],

  ['the ceiling is 0', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 0 }')), /cost\.ceiling: must be more than 0/],
  ['an hour costs less than nothing', file([GATE], cost('{ currency: EUR, generator_hour: -1, ceiling: 1 }')), /cost\.generator_hour: must be at least 0/],
  ['a key of the cost is unknown', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, celing: 2 }')), /cost\.celing: is not a key here \(did you mean "ceiling"/],
  ['services are text', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: web }')), /cost\.services: must be a list/],
  ['a key of a service is unknown', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: [{ service: web, hour: 1, instance: 2 }] }')), /services\[0\]\.instance: is not a key here \(did you mean "instances"/],
  ['instances are a KPI that is not there', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: [{ service: web, hour: 1, instances: { kpi: haep } }] }')), /instances\.kpi: no KPI has the id "haep" \(did you mean "heap"/],
  ['instances are fewer than none', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: [{ service: web, hour: 1, instances: -1 }] }')), /instances: must be a number of 0 or more, or \{ kpi/],
  ['a rate is a KPI that is not there', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: [{ service: web, hour: 1, rate_kpi: x }] }')), /rate_kpi: no KPI has the id "x"/],
  ['a service stands twice', file([GATE], cost('{ currency: EUR, generator_hour: 1, ceiling: 1, services: [{ service: web, hour: 1 }, { service: web, hour: 1 }] }')), /services\[1\]\.service: "web" stands twice/],
  ['the cost is empty', file([GATE], cost('')), /cost: has no value/],
];
for (const [why, text, place] of BAD) {
  test(`slo.yml is refused with its line when ${why}`, () => {
    const faults = faultsOf(text);
    const told = faults.map(({ where, message, hint }) => `${where}: ${message} (${hint ?? ''})`).join('\n');
    assert.match(told, place);
    assert.equal(faults.length, 1, told);
    assert.match(faults[0]?.where ?? '', /^slo\.yml:\d+:\d+ /);
  });
}
