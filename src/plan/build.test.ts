import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { CodedError } from '../errors.ts';
import { Plan } from '../model/index.ts';
import type { PlanSettings } from './api.ts';
import { buildPlan, type Draft } from './build.ts';

const KNOWN = ['search page view', 'signup', 'project creation', 'escrow checkout', 'agent task'];
const SLO = 'version: 1\ngates:\n  - { id: errors, source: a decision, metric: journey_error_rate, unit: "%", max: 1 }\n';
const SCRIPT = [
  'config:', '  phases:', '    - { name: steady, duration: 60, arrivalRate: 2 }', '  plugins: { journeys: { stepDeadlineSeconds: 5 } }',
  'scenarios:', '  - { engine: playwright, testFunction: signup, weight: 3 }', '',
].join('\n');

function build(
  t: TestContext, files: { script: string; slo?: string | null; profile?: string; scenarios?: string }, merged?: unknown, settings?: PlanSettings,
): Draft {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const scriptPath = join(folder, 'journeys.yml');
  writeFileSync(scriptPath, files.script);
  if (files.slo !== null) writeFileSync(join(folder, 'slo.yml'), files.slo ?? SLO);
  if (files.scenarios !== undefined) writeFileSync(join(folder, 'api.json'), files.scenarios);
  const profilePath = files.profile === undefined ? undefined : join(folder, 'profile.yml');
  if (profilePath !== undefined) writeFileSync(profilePath, files.profile ?? '');
  return buildPlan({ script: merged ?? parse(files.script), scriptPath, profilePath, knownJourneys: KNOWN, startedAtEpochMs: 1_000, seed: 7, ...(settings ? { settings } : {}) });
}

test('script and slo.yml become a plan that the model accepts', (t) => {
  const { plan, phases } = build(t, { script: SCRIPT });
  const whole = Plan.parse({ ...plan, runId: 'r', target: { url: 'http://127.0.0.1:1', embedded: false } });
  assert.equal(whole.settings.stepDeadlineMs, 5_000);
  assert.equal(whole.settings.journeyDeadlineMs, 60_000);
  assert.deepEqual(whole.journeys, [{ name: 'signup', weight: 3 }]);
  assert.deepEqual(whole.gates.map((gate) => gate.id), ['errors']);
  assert.deepEqual(phases, [{ name: 'steady', duration: 60, arrivalRate: 2 }]);
});

test('faults of the script and of slo.yml are told together, each with its file and line', (t) => {
  assert.throws(
    () => build(t, { script: SCRIPT.replace('arrivalRate: 2', 'arrivalRate: 0.2'), slo: SLO.replace('max: 1', 'max: 200') }),
    (error: CodedError) => {
      assert.equal(error.code, 'J_SCRIPT_INVALID');
      const places = error.faults.map(({ where }) => /([a-z]+\.yml:\d+):/.exec(where)?.[1]);
      assert.deepEqual(places, ['journeys.yml:3', 'slo.yml:3']);
      return true;
    },
  );
});

test('a wrong slo.yml alone has the code of slo.yml, and so has a missing one', (t) => {
  assert.throws(() => build(t, { script: SCRIPT, slo: 'version: 1\ngates: []\n' }), { code: 'J_SLO_INVALID' });
  assert.throws(() => build(t, { script: SCRIPT, slo: null }), (error: CodedError) => {
    assert.equal(error.code, 'J_SLO_INVALID');
    assert.match(error.faults[0]?.message ?? '', /no such file/);
    return true;
  });
});

test("a profile's phases and name hold in place of the script's", (t) => {
  const profile = 'config:\n  phases:\n    - { name: short, duration: 15, arrivalCount: 25 }\n  plugins: { journeys: { profile: short } }\n';
  // As Artillery merges them, place by place: the script's rate would live on beside the profile's count.
  const merged = {
    config: { phases: [{ name: 'short', duration: 15, arrivalRate: 2, arrivalCount: 25 }], plugins: { journeys: { profile: 'short' } } },
    scenarios: [{ engine: 'playwright', testFunction: 'signup' }],
  };
  const { plan, phases } = build(t, { script: SCRIPT, profile }, merged);
  assert.equal(plan.profile, 'short');
  assert.deepEqual(plan.phases, [{ name: 'short', durationS: 15, arrivalRate: null, rampTo: null, arrivalCount: 25, pause: false }]);
  assert.deepEqual(phases, [{ name: 'short', duration: 15, arrivalCount: 25 }]);
});

test('the source hash changes with the script, with slo.yml and with the profile, and with nothing else', (t) => {
  const hash = (files: Parameters<typeof build>[1]): string => build(t, files).plan.sourceHash;
  const base = hash({ script: SCRIPT });
  assert.equal(hash({ script: SCRIPT }), base);
  const others = [
    hash({ script: `${SCRIPT}# a comment\n` }), hash({ script: SCRIPT, slo: `${SLO}# a comment\n` }), hash({ script: SCRIPT, profile: 'config: {}\n' }),
  ];
  assert.equal(new Set([base, ...others]).size, 4);
});

test("the repository's own script and slo.yml make a plan without faults", () => {
  const scriptPath = fileURLToPath(new URL('../../journeys.yml', import.meta.url));
  const script: unknown = parse(readFileSync(scriptPath, 'utf8'));
  const folder = new URL('../../journeys/', import.meta.url);
  const known = readdirSync(folder).filter((name) => name.endsWith('.journey.ts')).map((name) =>
    /name: '([^']+)'/.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1] ?? name);
  const { plan } = buildPlan({ script, scriptPath, knownJourneys: known, startedAtEpochMs: 0, seed: 1 });
  assert.deepEqual(plan.journeys.filter(({ weight }) => weight > 0).map(({ name }) => name).sort(), KNOWN.toSorted());
  assert.ok(plan.gates.length > 0);
});

const API_SCRIPT = SCRIPT.replace('journeys: { ', 'journeys: { api: { scenarios: api.json, phases: { steady: 0.5 } }, routes: ["/find/:slug"], ');
const scenarios = (path: string): string =>
  JSON.stringify({ scenarios: [{ name: 'S', target_vus: 5, endpoints: [{ path, method: 'GET', weight: 1 }] }] });

test('traffic for the API, KPIs, cost and the sources of metrics go into the plan, and change its hash', (t) => {
  const slo = `${SLO}kpis:\n  - { id: up, title: Up, unit: "%", source: test, promql: up }\ncost: { currency: EUR, generator_hour: 1, ceiling: 2 }\n`;
  const draft = build(t, { script: API_SCRIPT, slo, scenarios: scenarios('/find/{{title}}') }, undefined, { API_SHARE: 0.5, PROMETHEUS_URL: 'http://127.0.0.1:9090' });
  const plan = Plan.parse({ ...draft.plan, runId: 'r', target: { url: 'http://127.0.0.1:1', embedded: false } });
  assert.deepEqual(plan.api?.loads, [{ phase: 'steady', share: 0.25, to: null }]);
  assert.equal(plan.api?.scenarios[0]?.flows[0]?.requests[0]?.route, 'GET /find/:slug');
  assert.match(plan.api?.source ?? '', /api\.json$/);
  assert.deepEqual(plan.metrics, { urls: ['target'], prometheus: 'http://127.0.0.1:9090', everyMs: 5_000 });
  assert.deepEqual([plan.kpis.map(({ id }) => id), plan.cost?.ceiling], [['up'], 2]);
  const hash = (path: string): string => build(t, { script: API_SCRIPT, scenarios: scenarios(path) }).plan.sourceHash;
  assert.equal(hash('/a'), hash('/a'));
  assert.notEqual(hash('/a'), hash('/b'));
});

test('a plan without any of these has none of these', (t) => {
  const { plan } = build(t, { script: SCRIPT });
  assert.deepEqual([plan.api, plan.metrics, plan.kpis, plan.cost], [undefined, undefined, [], undefined]);
});

test('faults of the script, slo.yml and the scenarios file are told together', (t) => {
  const script = API_SCRIPT.replace('stepDeadlineSeconds: 5', 'stepDeadlineSeconds: -5');
  assert.throws(() => build(t, { script, slo: SLO.replace('max: 1', 'max: -1'), scenarios: scenarios('no slash') }), (error: CodedError) => {
    assert.equal(error.code, 'J_SCRIPT_INVALID');
    assert.deepEqual(error.faults.map(({ where }) => /[^/]+(?=:\d+:\d+)/.exec(where)?.[0]), ['journeys.yml', 'slo.yml', 'api.json']);
    return true;
  });
  assert.throws(() => build(t, { script: API_SCRIPT, scenarios: scenarios('no slash') }), { code: 'J_SCENARIOS_INVALID' });
  assert.throws(() => build(t, { script: API_SCRIPT }), (error: CodedError) => {
    assert.equal(error.code, 'J_SCENARIOS_INVALID');
    assert.match(error.faults[0]?.message ?? '', /no such file/);
    return true;
  });
});

test('what a script says for the guards is read, and its faults are told with their lines', (t) => {
  const plugin = (text: string): string => SCRIPT.replace('{ journeys: { stepDeadlineSeconds: 5 } }', `{ journeys: { ${text} } }`);
  const { guards } = build(t, { script: plugin('offPeak: { from: "22:00", to: "06:00", timeZone: UTC }, environment: { instances: { min: 2 } }') });
  assert.match(guards.offPeak?.where ?? '', /journeys\.yml:4:\d+ config\.plugins\.journeys\.offPeak$/);
  assert.deepEqual(guards.offPeak?.windows, [{ days: [1, 2, 3, 4, 5, 6, 0], fromMinute: 1320, toMinute: 360, timeZone: 'UTC' }]);
  assert.deepEqual(guards.environment?.expected, { instances: { min: 2 } });
  assert.deepEqual(build(t, { script: SCRIPT }).guards, { offPeak: null, environment: null });
  assert.throws(() => build(t, { script: plugin('offPeak: { from: 22, to: "06:00" }, environment: { instances: { min: 2, max: 1 }, version: 1.1 }') }), (error: CodedError) => {
    assert.equal(error.code, 'J_SCRIPT_INVALID');
    const told = error.faults.map(({ where, message }) => `${/[a-zA-Z0-9[\].]+$/.exec(where)?.[0]}: ${message}`);
    assert.deepEqual(told.map((one) => one.replace(/^config\.plugins\.journeys\./, '')), [
      'offPeak[0].from: a time of day such as "22:00", in quotes', 'offPeak[0].timeZone: is needed: a time zone such as Europe/Berlin',
      'environment.version: a text: YAML takes 1.10 for a number unless it is in quotes', 'environment.instances: min is above max',
    ]);
    return error.faults.every(({ where }) => where.includes('journeys.yml:4:'));
  });
});
