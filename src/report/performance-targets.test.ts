import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Slo } from '../model/index.ts';
import { readSlo } from '../plan/slo.ts';
import { performanceTargets } from './performance-targets.ts';

const root = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const SLO = Slo.parse({
  version: 1,
  kpis: [{ id: 'db-cpu', title: 'Database CPU', unit: '%', promql: 'x', source: 'Task 85' }],
  gates: [
    {
      id: 'a',
      metric: 'api_latency',
      route: 'GET /api/v1/creators',
      stat: 'p95',
      unit: 'ms',
      max: 50,
      source: 'Task 85 S_01 and scenario A',
      profiles: ['baseline'],
    },
    { id: 'b', metric: 'api_latency', route: 'all', stat: 'p95', unit: 'ms', max: 120, source: 'perf-6, external SLO' },
    { id: 'c', metric: 'api_error_rate', unit: '%', max: 0.01, source: 'Task 85: 4xx/5xx | all' },
    { id: 'd', metric: 'api_error_rate', unit: '%', max: 0.1, source: 'perf-6, Gate 1' },
    { id: 'e', metric: 'kpi', kpi: 'db-cpu', stat: 'mean', unit: '%', max: 70, source: 'Task 85' },
    { id: 'f', metric: 'recovery_time', unit: 's', max: 120, source: 'perf-6' },
    { id: 'g', metric: 'cost', per: 'run', unit: 'EUR', max: 5, source: 'perf-6' },
  ],
});

test('each gate stands in its section with its limit, scenario, profiles, source and id', () => {
  const text = performanceTargets(SLO);
  const rows = text
    .split('\n')
    .filter((line) => /^(?:## |\| (?!:---|[A-Z][a-z ]+ \| (?:Objective|Critical|Limit)))/.test(line));
  assert.deepEqual(rows, [
    '## 1. Service level objectives',
    '| external SLO | all API requests | p95 ≤ 120 ms | every profile | perf-6, external SLO | `b` |',
    '| internal target | errors of all API requests | ≤ 0.1 % | every profile | perf-6, Gate 1 | `d` |',
    '## 2. Latency targets by endpoint',
    '| Discovery/Search | `GET /api/v1/creators` | p95 ≤ 50 ms | API lane | S_01, A | baseline | Task 85 S_01 and scenario A | `a` |',
    '## 3. Resource utilisation limits',
    '| errors of all API requests | ≤ 0.01 % | every profile | Task 85: 4xx/5xx \\| all | `c` |',
    '| Database CPU | mean ≤ 70 % | every profile | Task 85 | `e` |',
    '## 4. Resilience',
    '| time after a spike until P95 is back | ≤ 120 s | every profile | perf-6 | `f` |',
    '## 5. Cost',
    '| a run | ≤ 5 EUR | every profile | perf-6 | `g` |',
  ]);
});

test('the same slo.yml gives the same page, every gate in it once', () => {
  const text = performanceTargets(SLO);
  assert.equal(performanceTargets(structuredClone(SLO)), text);
  for (const { id } of SLO.gates) assert.equal(text.split(`| \`${id}\` |`).length, 2, id);
  assert.ok(text.includes('A target is met when the whole 95 % interval'));
});

test('the page in the repository is what its slo.yml gives', () => {
  const { slo } = readSlo(root('slo.yml'), 'slo.yml', { profile: '' });
  // Not as two texts: nobody reads a difference of two pages.
  assert.ok(root('documentation/performance_targets.md') === performanceTargets(slo), 'stale: run "npm run targets"');
});
