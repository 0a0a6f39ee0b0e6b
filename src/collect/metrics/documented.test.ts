import assert from 'node:assert/strict';
import test from 'node:test';
import { CostRules, Gate, Kpi } from '../../model/index.ts';
import { documentedExamples } from './documented.ts';
import { formOf } from './kpi-forms.ts';

const examples = documentedExamples();
const kpis = examples.flatMap((one) => one.kpis ?? []).map((one) => Kpi.parse(one));

test('every KPI of documentation/kpis.md can be read both ways', () => {
  assert.ok(kpis.length > 20);
  for (const { id, scrape, promql } of kpis) {
    assert.ok(scrape && promql, id);
    formOf(scrape);
  }
});

test('its gates and its costs refer to KPIs that it shows, in their units', () => {
  const units = new Map(kpis.map(({ id, unit }) => [id, unit]));
  const gates = examples.flatMap((one) => one.gates ?? []).map((one) => Gate.parse(one));
  assert.ok(gates.length >= 2);
  for (const gate of gates)
    if (gate.metric === 'kpi' || gate.metric === 'kpi_growth') assert.equal(gate.unit, units.get(gate.kpi), gate.id);
  const [cost] = examples.flatMap((one) => one.cost ?? []).map((one) => CostRules.parse(one));
  const named = cost?.services.flatMap(({ instances, rate_kpi }) => [
    typeof instances === 'object' ? instances.kpi : null,
    rate_kpi ?? null,
  ]);
  for (const id of named ?? []) assert.ok(id === null || units.has(id), `${id}`);
});
