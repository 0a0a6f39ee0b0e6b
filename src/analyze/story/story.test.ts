import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { apiOf, apiPlanOf, serverOf } from '../../golden/api.ts';
import { goldenFiles } from '../../golden/generate.ts';
import { seeded } from '../../golden/random.ts';
import { journeyOf, planOf, requestOf, runOf, stepOf, taskOf } from '../../golden/samples.ts';
import { MOST_SLOTS, Observation, Plan, Story } from '../../model/index.ts';
import type { DrillObservation, HealthObservation, Kpi, Panel, VitalObservation } from '../../model/index.ts';
import { createAnalyzer } from '../analyze.ts';
import { createStory } from './story.ts';

function tell(observations: Iterable<Observation>, plan = planOf()): Story {
  const analyzer = createAnalyzer(plan);
  const teller = createStory(plan);
  for (const one of observations) {
    analyzer.add(one);
    teller.add(one);
  }
  return Story.parse(teller.finish(analyzer.finish()));
}

function panel(story: Story, id: Panel['id'], kpi: string | null = null): Record<string, (number | null)[]> {
  const tracks = story.panels.find((one) => one.id === id && one.kpi === kpi)?.tracks ?? [];
  return Object.fromEntries(tracks.map((track) => [track.id, track.values]));
}

const shared = { v: 1, runId: 'r', phase: 'steady', vu: null, journey: null } as const;

function health(tMs: number, changes: Partial<HealthObservation> = {}): Observation {
  return {
    ...shared, kind: 'health', tMs, cpuShare: null, cpuOfLimitShare: null, cpuPressureShare: null, cpuStealShare: null,
    loopDelayMaxMs: null, rssBytes: null, memoryUsedBytes: null, memoryAvailableBytes: null, swapUsedBytes: null,
    swapInBytesPerSecond: null, browserProcesses: null, browserMemoryBytes: null, openFiles: null, diskFreeBytes: null, activeUsers: 0,
    ...changes,
  };
}

function drill(tMs: number, event: DrillObservation['event'], changes: Partial<DrillObservation> = {}): Observation {
  return { ...shared, kind: 'drill', tMs, drill: 'payments-down', event, dependency: 'payments', ...changes };
}

function vital(tMs: number, name: VitalObservation['name'], value: number | null): Observation {
  return { ...shared, kind: 'vital', tMs, role: 'observer', page: '/', name, value };
}

async function golden(): Promise<{ plan: Plan; observations: Observation[] }> {
  const files = await goldenFiles();
  const lines = Object.entries(files).filter(([name]) => name.endsWith('.ndjson')).flatMap(([, text]) => text.trim().split('\n'));
  return {
    plan: Plan.parse(JSON.parse(files['plan.json'] ?? '')),
    observations: lines.map((line) => Observation.parse(JSON.parse(line))),
  };
}

test('the golden run has the same story in whatever order its observations come', async () => {
  const { plan, observations } = await golden();
  const story = tell(observations, plan);
  const random = seeded(7);
  const keyed = observations.map((one) => ({ one, key: random() }));
  assert.deepEqual(tell(keyed.sort((a, b) => a.key - b.key).map(({ one }) => one), plan), story);
  assert.deepEqual(tell(observations.toReversed(), plan), story);
  assert.deepEqual([story.slotMs, story.slots], [5_000, 19]);
  assert.deepEqual(story.phases.map(({ name, fromMs, toMs }) => [name, fromMs, toMs]), [['warm up', 0, 10_000], ['steady', 10_000, 90_000]]);
  assert.deepEqual([...new Set(story.panels.map(({ id }) => id))], [
    'perceived', 'vitals', 'agent', 'canary', 'journeys', 'users', 'errors', 'api-latency', 'api-rate', 'api-errors', 'generator-cpu',
    'generator-memory', 'target',
  ]);
});

test('distributions rest on the samples of the findings, and every sample that was measured is in a bin', async () => {
  const { plan, observations } = await golden();
  const analyzer = createAnalyzer(plan);
  for (const one of observations) analyzer.add(one);
  const { findings } = analyzer.finish();
  const { distributions } = tell(observations, plan);
  assert.ok(distributions.length > 15);
  for (const { metric, scope, n, p95, censored, bins } of distributions) {
    const found = findings.find((one) => one.metric === metric && one.stat === 'p95' && JSON.stringify(one.scope) === JSON.stringify(scope));
    if (found) assert.deepEqual([n, p95, censored], [found.n, found.value, found.censored], `${metric} ${JSON.stringify(scope)}`);
    assert.equal(bins.reduce((sum, { count }) => sum + count, 0), n - censored);
    bins.slice(1).forEach(({ from }, index) => assert.equal(from, bins[index]?.to));
  }
});

test('slots grow with the run, and there are never more than a screen has room for', () => {
  for (const [hours, slotMs] of [[0.15, 5_000], [1, 30_000], [72, 1_800_000], [2_000, 43_200_000]] as const) {
    const lastMs = hours * 3_600_000;
    const story = tell([stepOf({ tMs: 1 }), stepOf({ tMs: lastMs / 2 }), stepOf({ tMs: lastMs })]);
    assert.deepEqual([story.slotMs, story.panels[0]?.tracks[0]?.values.length], [slotMs, story.slots]);
    assert.ok(story.slots <= MOST_SLOTS);
  }
});

test('a run of three days keeps no samples: what it tells of a million of them is no larger than of a few', () => {
  const steps = function* (): Generator<Observation> {
    for (let index = 0; index < 60_000; index += 1) {
      yield stepOf({ tMs: index * 4_320, name: `open ${index}`, vu: `vu-${index}`, perceivedMs: 50 + (index % 100), outcome: index % 3 === 0 ? 'failed' : 'passed', errorCode: `CODE_${index}` });
    }
  };
  const teller = createStory(planOf());
  const analyzer = createAnalyzer(planOf());
  for (const one of steps()) teller.add(one);
  analyzer.add(stepOf({ tMs: 259_200_000 }));
  assert.ok(JSON.stringify(teller.finish(analyzer.finish())).length < 20_000);
});

test('perceived latency over time is that of observers, with failed steps at their deadline', () => {
  const story = tell([
    ...[100, 100, 100].map((perceivedMs, index) => stepOf({ tMs: 1_000 + index, perceivedMs })),
    stepOf({ tMs: 1_500, perceivedMs: 9_000, role: 'crowd' }), stepOf({ tMs: 1_600, perceivedMs: null, unmeasured: 'no frame' }),
    stepOf({ tMs: 11_000, perceivedMs: null, outcome: 'timeout', deadlineMs: 8_000 }),
  ]);
  const [p50] = story.panels.find(({ id }) => id === 'perceived')?.tracks ?? [];
  assert.ok(Math.abs((p50?.values[0] ?? 0) - 100) <= 1);
  assert.deepEqual([p50?.values.slice(1), p50?.n], [[null, 8_000], [3, 0, 1]]);
});

test('a step that awaits nothing is in no perceived latency, also where it failed', () => {
  const bare = { clock: 'driver', perceivedMs: null } as const;
  const passed = [1, 2, 3].map((index) => stepOf({ ...bare, tMs: 1_000 + index }));
  assert.deepEqual(panel(tell([...passed, stepOf({ ...bare, tMs: 1_500, outcome: 'timeout' })]), 'perceived'), {});
});

test('vitals of different units stand on different axes, and a small layout shift is not lost', () => {
  const story = tell([vital(1_000, 'LCP', 800), vital(1_000, 'CLS', 0.02), vital(1_000, 'INP', null)]);
  const vitals = story.panels.filter(({ id }) => id === 'vitals');
  assert.deepEqual(vitals.map(({ unit, tracks }) => [unit, tracks.map(({ id }) => id)]), [['ms', ['LCP']], ['score', ['CLS']]]);
  assert.ok(Math.abs((vitals[1]?.tracks[0]?.values[0] ?? 0) - 0.02) < 0.0005);
});

test('no journey is zero where the run was seen, and unknown where nothing was', () => {
  const story = tell([
    journeyOf({ tMs: 4_000, durationMs: 4_000 }), journeyOf({ tMs: 4_500, durationMs: 1_000, startedMs: 3_500, degraded: ['Please wait'] }),
    journeyOf({ tMs: 4_600, outcome: 'failed', durationMs: 0, startedMs: 4_600 }), health(7_000), health(19_000),
  ]);
  assert.deepEqual(panel(story, 'journeys'), {
    passed: [0.2, 0, null, 0], degraded: [0.2, 0, null, 0], failed: [0.2, 0, null, 0],
  });
  assert.deepEqual(panel(story, 'users'), { observer: [1, 0, null, 0] });
  assert.deepEqual(panel(story, 'errors')['journeys'], [33.33, null, null, null]);
});

test('users are under way for the time they take, in each slot their part of it', () => {
  const story = tell([journeyOf({ tMs: 12_500, startedMs: 2_500, durationMs: 10_000, role: 'crowd' }), health(14_000)]);
  assert.deepEqual(panel(story, 'users'), { crowd: [0.5, 1, 0.625] });
});

test('errors of requests leave out those refused with 429', () => {
  const story = tell([requestOf({}), requestOf({ status: 503 }), requestOf({ status: 429 }), requestOf({ status: null })]);
  assert.deepEqual(panel(story, 'errors'), { requests: [66.67] });
});

test('a window of the API lane speaks for all slots that it covers', () => {
  const plan = planOf({ api: apiPlanOf() });
  const durationsMs = Array.from({ length: 100 }, () => 20);
  const story = tell([
    apiOf({ durationsMs }), apiOf({ route: 'GET /b', durationsMs, failed: { 'status 503': 100 } }),
    apiOf({ fromMs: 10_000, durationsMs, late: 90, maxLateMs: 50 }),
  ], plan);
  assert.deepEqual(panel(story, 'api-rate'), { due: [30, 30, 10, 10, null], answered: [20, 20, 10, 10, null] });
  assert.deepEqual(panel(story, 'api-errors'), { failed: [33.33, 33.33, 0, 0, null] });
  assert.deepEqual(panel(story, 'api-latency')['p99']?.[0], 10_000);
  assert.deepEqual(panel(story, 'api-latency')['p50']?.slice(2, 4), [null, null], 'the lane was late');
});

test("the target's figures: a late reading leaves no hole, a missing one does", () => {
  const kpis: Kpi[] = [{ id: 'memory', title: 'memory of the API', unit: 'MiB', promql: 'memory', scale: 1, source: 'test' }];
  const plan = planOf({ kpis, metrics: { urls: [], prometheus: null, everyMs: 5_000 } });
  const read = (tMs: number, value: number | null): Observation => serverOf({ metric: 'memory', labels: { job: 'web' }, unit: 'MiB', tMs, value });
  const story = tell([read(1_000, 10), read(10_001, 30), read(11_000, 50), read(17_000, null), read(21_000, 0), serverOf({ metric: 'other' })], plan);
  assert.deepEqual(story.panels.map(({ id, kpi, title }) => [id, kpi, title]), [['target', 'memory', 'memory of the API']]);
  assert.deepEqual(panel(story, 'target', 'memory'), { 'job=web': [10, 10, 40, null, 0] });
});

test('the generator is drawn where it was read', () => {
  const story = tell([health(1_000, { cpuShare: 0.5, rssBytes: 1024 ** 2 }), health(2_000, { cpuShare: 0.7, rssBytes: 3 * 1024 ** 2 })]);
  assert.deepEqual(panel(story, 'generator-cpu'), { cpu: [60] });
  assert.deepEqual(panel(story, 'generator-memory'), { harness: [2] });
});

test('phases are those that happened, cut short with their run', () => {
  const phase = (tMs: number, detail: string): Observation => ({ ...shared, kind: 'run', tMs, event: 'phase', detail });
  const { phases } = tell([phase(62_100, 'steady'), phase(2_000, 'warm up'), runOf('interrupted', 80_000)]);
  assert.deepEqual(phases, [{ name: 'warm up', fromMs: 2_000, toMs: 62_000 }, { name: 'steady', fromMs: 62_100, toMs: 80_000 }]);
});

test('faults last until they come out, and breakers change when they change', () => {
  const down = { detail: 'payments: nothing comes through' };
  const story = tell([
    drill(1_000, 'begun'), drill(5_000, 'breaker', { state: 'closed' }), drill(10_000, 'fault-in', down),
    drill(12_000, 'breaker', { state: 'open' }), drill(13_000, 'breaker', { state: 'open' }), drill(20_000, 'fault-out', down),
    drill(22_000, 'breaker', { state: 'closed' }), drill(30_000, 'fault-in', { detail: 'never out' }), drill(40_000, 'ended', { dependency: null }),
    runOf('completed', 60_000),
  ].toReversed());
  assert.deepEqual(story.faults, [
    { name: 'payments: nothing comes through', fromMs: 10_000, toMs: 20_000 }, { name: 'never out', fromMs: 30_000, toMs: 40_000 },
  ]);
  assert.deepEqual(story.breakers, [{
    dependency: 'payments', changes: [{ tMs: 5_000, state: 'closed' }, { tMs: 12_000, state: 'open' }, { tMs: 22_000, state: 'closed' }],
  }]);
});

test('a waterfall has the steps in the order in which users take them', () => {
  const attribution = { serverMs: 60, networkMs: 10, renderMs: 30, slowestRequest: 'POST /a' };
  const users = Array.from({ length: 8 }, (_, index) => [
    stepOf({ vu: `vu-${index}`, name: 'open form', tMs: 1_000 + index, perceivedMs: 80 + index, attribution }),
    stepOf({ vu: `vu-${index}`, name: 'a later step', tMs: 2_000 + index, perceivedMs: null, clock: 'driver', driverMs: 40 }),
    ...(index % 2 === 0 ? [stepOf({ vu: `vu-${index}`, name: 'between', tMs: 1_500, outcome: index === 0 ? 'failed' : 'passed' })] : []),
    journeyOf({ vu: `vu-${index}`, outcome: index === 0 ? 'failed' : 'passed' }),
  ]).flat();
  const [waterfall] = tell(users).waterfalls;
  assert.deepEqual([waterfall?.users, waterfall?.failed], [8, 1]);
  assert.deepEqual(waterfall?.steps.map(({ step, clock, n, failed, p50Ms }) => [step, clock, n, failed, p50Ms]), [
    ['open form', 'page', 8, 0, 83], ['between', 'page', 3, 1, 100], ['a later step', 'driver', 8, 0, 40],
  ]);
  assert.deepEqual(waterfall?.steps[0]?.parts, { n: 8, serverMs: 60, networkMs: 10, renderMs: 30 });
  assert.equal(waterfall?.steps[0]?.slowest?.request, 'POST /a');
  assert.equal(waterfall?.steps[2]?.parts, null);
});

test('tasks of a cold agent are shown beside those of a warm one, and nothing where none was cold', () => {
  const warm = [1_000, 1_100, 1_200].map((completedMs, index) => taskOf({ vu: `w-${index}`, tMs: 5_000, completedMs }));
  assert.deepEqual(tell(warm).temperatures, []);
  const story = tell([
    ...warm, taskOf({ vu: 'c', tMs: 6_000, completedMs: 4_000, cold: true, phase: 'warm up' }),
    taskOf({ vu: 'd', tMs: 6_000, cold: true, outcome: 'timeout', firstProgressMs: 900, completedMs: null }),
    taskOf({ vu: 'e', tMs: 6_000, cold: null }), taskOf({ vu: 'f', tMs: 6_000, role: 'crowd', cold: true }),
  ]);
  const completion = story.temperatures.find(({ what }) => what.includes('completion'));
  assert.deepEqual([completion?.cold.n, completion?.cold.censored, completion?.cold.p50, completion?.cold.p95], [2, 1, 4_000, null]);
  assert.deepEqual([completion?.warm.n, completion?.warm.p50], [3, 1_100]);
});

test('a user that failed with its step is one failure, and the first of a kind brings its screenshot and trace', () => {
  const failed = { outcome: 'failed', errorCode: 'J_STEP_FAILED' } as const;
  const { failures } = tell([
    stepOf({ ...failed, tMs: 3_000, vu: '2', message: 'second', trace: 'failures/2.zip', role: 'crowd' }),
    stepOf({ ...failed, tMs: 2_000, vu: '1', message: 'first <b>', screenshot: 'failures/1.png' }),
    ...['1', '2'].map((vu) => journeyOf({ ...failed, vu, tMs: 4_000 })),
    journeyOf({ outcome: 'failed', errorCode: 'J_ARRANGE_FAILED', message: 'no project', tMs: 5_000 }),
    journeyOf({ outcome: 'dropped', errorCode: 'J_BUDGET_SPENT', budget: 'stripe' }), journeyOf({ outcome: 'interrupted' }),
    requestOf({ method: 'POST', route: '/pay', status: 503, tMs: 1_500 }), requestOf({ method: 'POST', route: '/pay', status: 503 }),
    apiOf({ fromMs: 100, failed: { timeout: 7, 'not sent': 3 } }),
  ]);
  assert.deepEqual(failures, [
    { journey: 'signup', step: 'submit signup', code: 'J_STEP_FAILED', times: 2, tMs: 2_000, message: 'first <b>', screenshot: 'failures/1.png', trace: 'failures/2.zip' },
    { journey: 'signup', step: null, code: 'J_ARRANGE_FAILED', times: 1, tMs: 5_000, message: 'no project', screenshot: null, trace: null },
    { journey: null, step: null, code: 'timeout', times: 7, tMs: 100, message: 'GET /a', screenshot: null, trace: null },
    { journey: 'signup', step: null, code: 'status 503', times: 2, tMs: 1_000, message: 'POST /pay', screenshot: null, trace: null },
  ]);
});

test('a run of which nothing was seen has an empty story', () => {
  assert.deepEqual(tell([]), {
    slotMs: 5_000, slots: 0, phases: [], faults: [], breakers: [], panels: [], waterfalls: [], distributions: [], temperatures: [], failures: [],
  });
});

test('whatever the samples are, bins lie in order without gaps and hold them all', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 300 }), (values) => {
    const { distributions } = tell(values.map((perceivedMs) => stepOf({ perceivedMs })));
    const bins = distributions[0]?.bins ?? [];
    assert.equal(bins.reduce((sum, { count }) => sum + count, 0), values.length);
    assert.ok(bins.length <= 30 && bins.every(({ from, to }, index) => from <= to && (index === 0 || from === bins[index - 1]?.to)));
  }), { seed: 6, numRuns: 60 });
});

test('what a hostile page or target reports makes no chart impossible', () => {
  const kpis: Kpi[] = [{ id: 'memory', title: 'memory', unit: 'MiB', promql: 'memory', scale: 1, source: 'test' }];
  const huge = 'x'.repeat(100_000);
  const story = tell([
    vital(1_000, 'LCP', 1e308), vital(1_000, 'LCP', 0), vital(1_000, 'CLS', 1e308), stepOf({ perceivedMs: 1e308 }), stepOf({ perceivedMs: 1 }),
    journeyOf({ tMs: 9_000, startedMs: 1e15, durationMs: 1e15 }), journeyOf({ journey: '__proto__' }), stepOf({ journey: '__proto__' }),
    ...Array.from({ length: 50 }, (_, index) => serverOf({ metric: 'memory', labels: { who: `${index}${huge}` }, value: 1e308, tMs: 1_000 })),
    requestOf({ status: 500, route: huge }),
  ], planOf({ kpis }));
  assert.ok(JSON.stringify(story).length < 20_000);
  assert.deepEqual(story.panels.find(({ id }) => id === 'target')?.tracks.length, 8);
  assert.ok(tell([stepOf({ tMs: 1e300 }), stepOf({ tMs: 0 })]).slots <= MOST_SLOTS);
});
