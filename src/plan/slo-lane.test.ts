import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodedError, type Fault } from '../errors.ts';
import { readSlo, type SloContext } from './slo.ts';

const API = { routes: ['GET /api/v1/creators', 'POST /api/v1/projects'], scenarios: ['S_01', 'S_02'] };

function faultsOf(gate: string, context: Partial<SloContext> = { api: API }): Fault[] {
  try {
    readSlo(`version: 1\ngates:\n  - { id: g, source: t, ${gate} }\n`, 'slo.yml', { profile: 'baseline', ...context });
    return [];
  } catch (thrown) {
    assert.ok(thrown instanceof CodedError && thrown.code === 'J_SLO_INVALID', String(thrown));
    return [...thrown.faults];
  }
}

const UNKNOWN: [gate: string, key: string, message: RegExp, hint: RegExp][] = [
  ['metric: api_latency, route: GET /api/v1/creatrs, stat: p95, unit: ms, max: 50', 'route', /no route "GET \/api\/v1\/creatrs"/, /^did you mean "GET \/api\/v1\/creators"\?$/],
  ['metric: api_error_rate, route: all, unit: "%", max: 1', 'route', /no route "all"/, /^known: GET \/api\/v1\/creators, POST/],
  ['metric: latency_drift, route: GET /x, stat: p95, unit: "%", max: 1', 'route', /no route "GET \/x"/, /^known:/],
  ['metric: api_throughput, scenario: S_03, unit: "%", min: 99', 'scenario', /no scenario "S_03"/, /^did you mean "S_0[12]"\?$/],
  ['metric: api_latency, route: GET /x, stat: p95, unit: ms, max: 50, profiles: [spike, baseline]', 'route', /no route/, /./],
];
for (const [gate, key, message, hint] of UNKNOWN) {
  test(`a gate on what the scenarios file does not have is refused before the run: ${gate}`, () => {
    const [fault, ...others] = faultsOf(gate);
    assert.match(fault?.where ?? '', new RegExp(`^slo\\.yml:3:\\d+ gates\\[0\\]\\.${key}$`));
    assert.match(fault?.message ?? '', message);
    assert.match(fault?.hint ?? '', hint);
    assert.deepEqual(others, []);
  });
}

const FINE: [why: string, gate: string, context?: Partial<SloContext>][] = [
  ['a route that is sent', 'metric: api_latency, route: GET /api/v1/creators, stat: p95, unit: ms, max: 50'],
  ['all routes together', 'metric: api_latency, route: all, stat: p95, unit: ms, max: 50'],
  ['no route named', 'metric: api_error_rate, unit: "%", max: 1'],
  ['a scenario that is there', 'metric: api_throughput, scenario: S_02, unit: "%", min: 99'],
  ['a gate of another profile, which may send other scenarios', 'metric: api_latency, route: GET /x, stat: p95, unit: ms, max: 50, profiles: [soak]'],
  ['what browsers send', 'metric: request_latency, route: GET /x, stat: p95, unit: ms, max: 50'],
  ['a run without an API lane, in which nothing is known of routes', 'metric: api_latency, route: GET /x, stat: p95, unit: ms, max: 50', {}],
];
for (const [why, gate, context] of FINE) {
  test(`not refused: ${why}`, () => assert.deepEqual(faultsOf(gate, context), []));
}
