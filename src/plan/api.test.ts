import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiPlan, type Phase } from '../model/index.ts';
import { ApiConfig, buildApi, buildMetrics, isMetricsUrl, MetricsConfig, unknownPhases } from './api.ts';
import { readScenarios } from './scenarios.ts';

const SCENARIOS = readScenarios(JSON.stringify({
  scenarios: [{ name: 'S', target_vus: 5, endpoints: [{ path: '/a', method: 'GET', weight: 1 }] }],
}), 's.json');
const phase = (name: string, pause = false): Phase => ({ name, durationS: 10, arrivalRate: null, rampTo: null, arrivalCount: pause ? null : 5, pause });
const PHASES = [phase('warm up'), phase('steady'), phase('rest', true)];
const build = (config: object, scale?: number): ApiPlan => ApiPlan.parse(buildApi(ApiConfig.parse(config), 's.json', SCENARIOS, PHASES, scale));

test('every phase has a load: its own share, else that of all; pauses are phases as well', () => {
  assert.deepEqual(build({ share: 0.2, phases: { 'warm up': 0, steady: { from: 0.1, to: 3 } } }).loads, [
    { phase: 'warm up', share: 0, to: null }, { phase: 'steady', share: 0.1, to: 3 }, { phase: 'rest', share: 0.2, to: null },
  ]);
});

test('a scale goes over every share, without the dust of binary fractions', () => {
  assert.deepEqual(build({ share: 0.1, phases: { steady: { from: 0.1, to: 2 } } }, 3).loads.map(({ share, to }) => [share, to]), [[0.3, null], [0.3, 6], [0.3, null]]);
  assert.deepEqual(build({}, 0).loads.map(({ share }) => share), [0, 0, 0]);
});

test('the defaults are the documented ones', () => {
  const { source, arrivals, timeoutMs, windowMs, threads, connections, lateSendMs, stopPastKnee } = build({});
  assert.deepEqual({ source, arrivals, timeoutMs, windowMs, threads, connections, lateSendMs, stopPastKnee },
    { source: 's.json', arrivals: 'constant', timeoutMs: 10_000, windowMs: 10_000, threads: 1, connections: 64, lateSendMs: 10, stopPastKnee: false });
  assert.equal(ApiConfig.parse({}).scenarios, 'config/loadtests/scenarios.json');
  assert.deepEqual(MetricsConfig.parse({}), { urls: ['target'], everySeconds: 5 });
});

const BAD: [config: object, message: RegExp][] = [
  [{ share: -0.1 }, />=0/], [{ share: 101 }, /<=100/], [{ share: 'half' }, /expected number/], [{ share: Number.NaN }, /NaN/],
  [{ phases: { a: -1 } }, />=0/], [{ phases: { a: 'x' } }, /must be a share from 0 to 100, or \{ from/], [{ phases: { a: { from: 1 } } }, /must be a share/],
  [{ phases: { a: { from: 1, to: 2, by: 3 } } }, /"by"/], [{ phases: [1] }, /expected record/],
  [{ arrivals: 'random' }, /constant/], [{ timeoutSeconds: 0 }, />0/], [{ windowSeconds: 0.5 }, />=1/], [{ windowSeconds: 61 }, /<=60/],
  [{ threads: 0 }, />=1/], [{ threads: 1.5 }, /int/], [{ connections: 0 }, />=1/], [{ lateSendMilliseconds: 0 }, />0/],
  [{ scenarios: '' }, />=1/], [{ scenario: 'x' }, /scenario/], [{ stopPastKnee: 'yes' }, /boolean/],
];
for (const [config, message] of BAD) {
  test(`the API lane is not set up by ${JSON.stringify(config)}`, () => {
    assert.match(ApiConfig.safeParse(config).error?.issues.map((issue) => issue.message).join('; ') ?? 'taken', message);
  });
}

test('a name that no phase has is a fault with the one that was meant, whatever else is wrong', () => {
  const at = (path: readonly (string | number)[]): string => path.join('.');
  assert.deepEqual(unknownPhases({ share: 'half', phases: { staedy: 1, 'warm up': 1 } }, PHASES, at), [{
    where: 'config.plugins.journeys.api.phases.staedy', message: 'no phase is named "staedy"', hint: 'did you mean "steady"?',
  }]);
  for (const nothing of [undefined, null, 5, {}, { phases: null }, { phases: [1] }]) assert.deepEqual(unknownPhases(nothing, PHASES, at), []);
});

const ADDRESSES: [text: string, taken: boolean][] = [
  ['http://127.0.0.1:9100/metrics', true], ['https://metrics.example.com', true],
  ['ftp://example.com', false], ['127.0.0.1:9100', false], ['file:///etc/passwd', false], ['http://', false], ['', false], ['target', false],
  ['http://user:secret@example.com', false], ['http://user@example.com', false],
];
for (const [text, taken] of ADDRESSES) {
  test(`metrics are ${taken ? 'taken' : 'not taken'} from ${JSON.stringify(text)}`, () => assert.equal(isMetricsUrl(text), taken));
}

test('metrics are collected where there are KPIs or somebody asks; settings stand before the script', () => {
  assert.equal(buildMetrics(undefined, {}, false), null);
  assert.deepEqual(buildMetrics(undefined, {}, true), { urls: ['target'], prometheus: null, everyMs: 5_000 });
  const config = MetricsConfig.parse({ urls: ['target', 'http://a/metrics'], prometheus: 'http://p', everySeconds: 2 });
  assert.deepEqual(buildMetrics(config, {}, false), { urls: ['target', 'http://a/metrics'], prometheus: 'http://p', everyMs: 2_000 });
  assert.deepEqual(buildMetrics(config, { METRICS_URLS: ['http://b'], PROMETHEUS_URL: 'http://q' }, false), { urls: ['http://b'], prometheus: 'http://q', everyMs: 2_000 });
  assert.deepEqual(buildMetrics(undefined, { PROMETHEUS_URL: 'http://q' }, false)?.prometheus, 'http://q');
});
