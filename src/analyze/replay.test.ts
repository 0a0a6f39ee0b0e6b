import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayPlanOf } from '../golden/replay.ts';
import { journeyOf, planOf } from '../golden/samples.ts';
import { REPLAY_JOURNEY, ReplayReport, type Gate, type GateResult, type Observation, type ReplayObservation } from '../model/index.ts';
import { judge } from '../verdict/decide.ts';
import { analyze, type Analysis } from './analyze.ts';

const REPLAY = replayPlanOf();
const gate = { unit: 'ms', source: 't', stat: 'p75', max: 100 } as const;
const GATES: Gate[] = [
  { ...gate, id: 'crawlers', metric: 'replay_latency', by: 'crawler', group: 'all' },
  { ...gate, id: 'people', metric: 'replay_latency', by: 'person', group: 'all' },
  { ...gate, id: 'made', metric: 'replay_generation', group: 'first' },
  { id: 'cache', metric: 'replay_cache_hits', group: 'hot', unit: '%', min: 85, source: 't' },
  { id: 'errors', metric: 'replay_error_rate', group: 'all', unit: '%', max: 1, source: 't' },
  { id: 'refused', metric: 'rate_limited', unit: '%', max: 1, source: 't' },
];
const plan = planOf({ replay: REPLAY, gates: GATES });

function pageOf(changes: Partial<ReplayObservation> = {}): ReplayObservation {
  return {
    v: 1, runId: 'r', kind: 'replay', tMs: 70_000, phase: 'steady', vu: null, journey: null, route: '/find/:slug', by: 'crawler', group: 'hot',
    first: false, revisit: false, dueMs: 69_980, lateMs: 0, status: 200, durationMs: 20, generationMs: 4, cache: 'hit', ...changes,
  };
}
const pages = (count: number, changes: Partial<ReplayObservation> = {}): Observation[] => Array.from({ length: count }, () => pageOf(changes));
const seen = (count: number, changes: Partial<ReplayObservation> = {}): Observation[] =>
  pages(count, { by: 'person', role: 'observer', vu: 'vu-1', journey: REPLAY_JOURNEY, ...changes });

function judged(observations: Observation[], of = plan): { gates: Map<string, GateResult>; analysis: Analysis; report: ReplayReport } {
  const analysis = analyze(of, observations);
  return { analysis, gates: new Map(judge(of, analysis).gates.map((one) => [one.id, one])), report: ReplayReport.parse(analysis.replay) };
}

test('cold and warm, hot and tail, people and crawlers are told apart, with their making and caches', () => {
  const { report, gates } = judged([
    ...pages(100), ...pages(20, { first: true, group: 'tail', durationMs: 80, generationMs: 60, cache: 'miss' }), ...seen(30, { durationMs: 40, revisit: true }),
  ]);
  const group = (by: string, name: string) => report.groups.find((one) => one.by === by && one.group === name);
  assert.deepEqual(group('crawler', 'first')?.latency, { n: 20, failed: 0, p50Ms: 80, p75Ms: 80, p95Ms: 80 });
  assert.deepEqual(group('crawler', 'hot')?.generation, { n: 100, p50Ms: 4, p75Ms: 4, p95Ms: 4 });
  assert.deepEqual([group('crawler', 'all')?.cacheHitShare, group('crawler', 'all')?.cacheKnown], [100 / 120, 120]);
  assert.deepEqual([group('person', 'revisit')?.latency.p75Ms, group('person', 'first')], [40, undefined]);
  const { lateness, ...played } = report.played;
  assert.deepEqual([played, lateness?.crawler?.late, lateness?.person?.n], [{ people: 30, crawlers: 120, late: 0, neverSent: 350 }, 0, 30]);
  assert.deepEqual([...gates].map(([id, { status, n }]) => [id, status, n]), [
    ['crawlers', 'pass', 120], ['people', 'pass', 30], ['made', 'pass', 20], ['cache', 'pass', 130], ['errors', 'inconclusive', 150], ['refused', 'inconclusive', 120],
  ]);
});

test('what the target does not say is unknown: no hit, no miss, no time, and no pass', () => {
  const { report, gates } = judged([...pages(50, { cache: null, generationMs: null, first: true })]);
  assert.equal(report.groups.find(({ group }) => group === 'hot')?.cacheHitShare, null);
  assert.deepEqual([gates.get('cache')?.status, gates.get('made')?.status], ['no-data', 'no-data']);
  const half = judged([...pages(50), ...pages(50, { cache: null })]).gates.get('cache');
  assert.deepEqual([half?.status, half?.observed, half?.n], ['inconclusive', 100, 50]);
  assert.match(half?.hint ?? '', /did not say whether they came from a cache/);
});

test('a failure is slower than its deadline and an error; a page that failed says nothing of caches', () => {
  const { report, gates } = judged([...pages(60), ...pages(40, { status: 503, cache: 'miss', generationMs: 1 }), ...pages(10, { status: null, durationMs: null, failure: 'timeout' })]);
  const crawlers = gates.get('crawlers');
  assert.deepEqual([crawlers?.status, crawlers?.observedAbove], ['fail', 5_000]);
  assert.match(crawlers?.evidence[0] ?? '', /^50 of 110 failed: 40 status 503, 10 timeout/);
  assert.deepEqual([gates.get('errors')?.status, gates.get('cache')?.n], ['fail', 60]);
  assert.equal(report.groups.find(({ group }) => group === 'all')?.latency.failed, 50);
});

test('refusals, redirects, unfinished and late ones are neither fast nor slow; what never left was not played, and could have met anything', () => {
  const { report, gates } = judged([
    ...pages(100), ...pages(10, { status: 429 }), ...pages(5, { status: null, durationMs: null, failure: 'unfinished' }), ...pages(5, { lateMs: 1_001 }),
    ...pages(3, { status: 301, durationMs: 1, generationMs: 0.1 }),
    ...pages(7, { status: null, durationMs: null, generationMs: null, cache: null, failure: 'not sent: too many in flight' }),
  ]);
  const { lateness, ...played } = report.played;
  assert.deepEqual([played, lateness?.person], [{ people: 0, crawlers: 123, late: 5, neverSent: 377 }, null]);
  assert.deepEqual(lateness?.crawler, { n: 123, late: 5, toleranceMs: 10, p50Ms: 0, p95Ms: 0, maxMs: 1_001 });
  assert.match(gates.get('crawlers')?.evidence.join() ?? '', /30 of 130 left far too late or never, were under way/);
  assert.deepEqual([gates.get('errors')?.observed, gates.get('errors')?.n], [0, 105]);
  assert.deepEqual([gates.get('cache')?.n, gates.get('made')?.status], [105, 'no-data']);
  assert.deepEqual([gates.get('refused')?.status, gates.get('refused')?.n], ['fail', 118]);
});

test('what left late is timed from when it left: the delay is the generator\'s', () => {
  const { report } = judged(pages(20, { durationMs: 130, lateMs: 100 }));
  assert.deepEqual([report.groups[0]?.latency.p75Ms, report.played.lateness?.crawler?.late], [30, 20]);
  // Or a generator that is always a little late would be told as a slow target.
  assert.equal(judged(pages(20, { durationMs: 12, lateMs: 9.5 })).report.groups[0]?.latency.p75Ms, 2.5);
});

test('only observers are timed, and no page of a warm-up phase; its errors count all the same', () => {
  const warm = { ...plan, warmUpPhases: ['warm up'] };
  const { report, gates } = judged([...seen(20), ...seen(20, { role: 'crowd', durationMs: 9_000 }), ...pages(20, { phase: 'warm up', cache: 'miss', status: 500 })], warm);
  assert.equal(report.groups.find(({ by, group }) => by === 'person' && group === 'all')?.latency.n, 20);
  assert.deepEqual([gates.get('people')?.status, gates.get('cache')?.observed, gates.get('errors')?.n], ['pass', 100, 60]);
});

test('people are expected beside the users of the phases, and Artillery is not asked for them', () => {
  const users = Array.from({ length: 40 }, (_, index) => journeyOf({ vu: `vu-${index}`, journey: REPLAY_JOURNEY, phase: 'steady' }));
  const end: Observation = { v: 1, kind: 'run', runId: 'r', tMs: 130_000, phase: null, vu: null, journey: null, event: 'completed', counters: { 'vusers.created': 0 } };
  const idle = planOf({ replay: REPLAY, phases: plan.phases.map((phase) => ({ ...phase, arrivalRate: null, pause: true })) });
  const all = analyze(idle, [...users, end]);
  assert.deepEqual([all.totals.artilleryDifference, all.arrivals[1]?.scheduled, all.arrivals[1]?.started, all.arrivals[1]?.note], [0, 40, 40, null]);
  assert.match(analyze(idle, [...users.slice(0, 30), end]).arrivals[1]?.note ?? '', /only 30 of 40 users started/);
});

test('vitals are rated at the 75th percentile of the page group, others left out', () => {
  const vital = (page: string, name: 'LCP' | 'CLS' | 'INP', value: number | null): Observation[] => Array.from({ length: 12 }, () =>
    ({ v: 1, kind: 'vital', runId: 'r', tMs: 70_000, phase: 'steady', vu: 'vu-1', journey: REPLAY_JOURNEY, role: 'observer', page, name, value }));
  const { report } = judged([
    ...vital('/find/:slug', 'LCP', 3_000), ...vital('/find/:slug', 'CLS', 0.3), ...vital('/find/:slug', 'INP', null), ...vital('/', 'LCP', 100),
  ]);
  assert.deepEqual(report.vitals, [
    { page: '/find/:slug', name: 'LCP', p75: 3_000, n: 12, rating: 'needs improvement' }, { page: '/find/:slug', name: 'CLS', p75: 0.3, n: 12, rating: 'poor' },
  ]);
});

test('a run that plays nothing has no report', () => {
  assert.equal(analyze(planOf(), []).replay, null);
});

test('a document that the browser had by itself was neither made nor asked of a cache: it leaves no doubt about either', () => {
  const { gates, report } = judged([...pages(60), ...seen(60, { revisit: true, kept: true, generationMs: null, cache: null, durationMs: 1 })]);
  const cache = gates.get('cache');
  assert.deepEqual([cache?.status, cache?.n, cache?.hint], ['pass', 60, null]);
  const revisits = report.groups.find(({ by, group }) => by === 'person' && group === 'revisit');
  assert.deepEqual([revisits?.latency.n, revisits?.generation.n, revisits?.cacheKnown, revisits?.cacheHitShare], [60, 0, 0, null]);
});
