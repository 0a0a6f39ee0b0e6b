import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Phase, TrafficRow } from '../model/index.ts';
import { loadOf } from './replay-load.ts';
import { routeMatcher, scheduleBuilder, type ReplaySchedule, type ScheduleRules } from './replay-schedule.ts';
import { spikeArrivals } from './replay-spike.ts';

const phase = (name: string, durationS: number): Phase => ({ name, durationS, arrivalRate: null, rampTo: null, arrivalCount: null, pause: true });
const PHASES = [phase('rest', 100), phase('first', 10), phase('second', 10)];
const RULES: ScheduleRules = {
  speed: 2, fromMs: 1_000, routes: ['/find/:slug'], phases: ['first', 'second'], hotShare: 0.6, spike: null, longestPauseMs: 5_000, longestVisitMs: 60_000,
};

const row = (t: number, p: string, more: Partial<TrafficRow> = {}): TrafficRow => ({ t, p, c: 'somebody', k: 'person', u: 'Chrome', r: null, m: 'GET', s: 200, ...more });
const crawled = (t: number, p: string, more: Partial<TrafficRow> = {}): TrafficRow => row(t, p, { k: 'crawler', u: 'Googlebot', c: 'bot', ...more });

function schedule(rows: TrafficRow[], rules: Partial<ScheduleRules> = {}, phases = PHASES): ReplaySchedule {
  const builder = scheduleBuilder({ ...RULES, ...rules }, phases);
  rows.every((one) => builder.take(one));
  return builder.finish();
}

test('recorded times are kept, divided by the speed, over the phases of the replay', () => {
  const { visits, crawls } = schedule([
    row(999, '/find/before'), row(1_000, '/find/a'), crawled(5_000, '/find/b'), row(20_999, '/find/c', { c: 'other' }),
    crawled(21_000, '/find/a', { m: 'HEAD' }), crawled(41_000, '/find/after'),
  ]);
  assert.deepEqual(visits.map(({ views }) => views.map(({ phase: at, offsetMs }) => [at, offsetMs])), [[[0, 0]], [[0, 9_999.5]]]);
  assert.deepEqual(crawls.map(({ phase: at, offsetMs, agent, method }) => [at, offsetMs, agent, method]), [[0, 2_000, 'Googlebot', 'GET'], [1, 0, 'Googlebot', 'HEAD']]);
});

test('reading ends with the first row after the part that is played', () => {
  const builder = scheduleBuilder(RULES, PHASES);
  assert.deepEqual([0, 1_000, 40_999, 41_000].map((t) => builder.take(row(t, '/find/a'))), [true, true, true, false]);
});

test('other pages, failures and redirects are left out and counted; what the browser had already is played', () => {
  const { visits, leftOut } = schedule([
    row(1_000, '/find/a'), row(1_100, '/'), row(1_200, '/find/a/b'), row(1_300, '/find/gone', { s: 404 }), row(1_400, '/find/moved', { s: 301 }),
    row(1_500, '/find/a', { s: 304 }), row(1_600, '/find/b', { s: null }),
  ]);
  assert.equal(leftOut, 4);
  assert.equal(visits[0]?.views.length, 3);
});

test('a person who comes back soon is the same visit and a revisit; after a long pause it is somebody new', () => {
  const rows = [row(1_000, '/find/a'), row(3_000, '/find/b'), row(5_000, '/find/a'), row(15_001, '/find/a')];
  const { visits } = schedule(rows);
  assert.deepEqual(visits.map(({ views }) => views.map(({ revisit }) => revisit)), [[false, false, true], [false]]);
  assert.equal(schedule(rows, { longestPauseMs: 60_000 }).visits.length, 1);
  assert.equal(schedule(rows, { longestPauseMs: 60_000, longestVisitMs: 1_500 }).visits.length, 3);
});

test('a phase in which the traffic stands still is part of the pause', () => {
  const phases = [phase('first', 10), phase('rest', 100), phase('second', 10)];
  assert.equal(schedule([row(20_900, '/find/a'), row(21_100, '/find/a')], {}, phases).visits.length, 2);
  assert.equal(schedule([row(20_900, '/find/a'), row(21_100, '/find/a')]).visits.length, 1);
});

test('the hot pages are the fewest that draw the share, and the same rows always give the same ones', () => {
  const rows = ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'e'].map((slug, index) => crawled(1_000 + index, `/find/${slug}`));
  const groups = (all: TrafficRow[]): string[] => schedule(all).pages.filter(({ group }) => group === 'hot').map(({ path }) => path);
  assert.deepEqual(groups(rows), ['/find/a', '/find/b']);
  assert.deepEqual(schedule(rows), schedule(rows));
});

test('a pattern matches whole segments, whatever the query', () => {
  const match = routeMatcher(['/find/:slug', '/search', '/']);
  assert.deepEqual(['/find/x', '/find/x?q=word', '/find/', '/find/x/y', '/search?q=a/b', '/', '/other'].map(match),
    ['/find/:slug', '/find/:slug', null, null, '/search', '/', null]);
});

test('a path that a browser would read as another host or place is never played', () => {
  const match = routeMatcher(['/find/:slug', '/:a/:b', '/:a/:b/:c', '/:a']);
  const astray = ['//evil.test/x', '/\\evil.test/x', '/find/..', '/find/.', '/find/%2e%2e', '/find/%2E?x=1', '/find/../x', 'http://evil.test/x', '/find/a\tb', '/find/a b', '/find/\u0000', ''];
  assert.deepEqual(astray.map(match), astray.map(() => null));
  assert.deepEqual(['/find/...', '/find/a.b', '/find/%2fx', '/find/ü'].map(match), Array.from({ length: 4 }, () => '/find/:slug'));
});

test('a name that the import hashed is no page of any target', () => {
  const match = routeMatcher(['/find/:slug']);
  assert.deepEqual(['/find/~abcdefghijkl', '/find/~abcdefghijkl?q=word', '/find/~abc', '/find/a~abcdefghijkl'].map(match), [null, null, '/find/:slug', '/find/:slug']);
});

test('a spike rises, stays and falls, as many as its area says, each inside its phase', () => {
  const spike = { kind: 'burst', phase: 'first', requestsPerSecond: 20, slugs: 3, people: 0.1 } as const;
  const arrivals = spikeArrivals(spike, 10_000, 3);
  assert.equal(arrivals.length, 180);
  assert.ok(arrivals.every(({ offsetMs }, index) => offsetMs > (arrivals[index - 1]?.offsetMs ?? 0) && offsetMs < 10_000));
  const within = (fromMs: number, toMs: number): number => arrivals.filter(({ offsetMs }) => offsetMs >= fromMs && offsetMs < toMs).length;
  assert.deepEqual([within(0, 1_000), within(4_000, 5_000), within(9_000, 10_000)], [10, 20, 10]);
  assert.equal(arrivals.filter(({ person }) => person).length, 18);
  const ranks = [0, 1, 2].map((rank) => arrivals.filter((one) => one.rank === rank).length);
  // By 1, 1/2 and 1/3 of 11/6.
  assert.ok(ranks.every((count, rank) => Math.abs(count - 180 * (6 / 11 / (rank + 1))) < 3), ranks.join());
  assert.deepEqual(spikeArrivals({ ...spike, kind: 'crawl' }, 10_000, 3).slice(0, 4).map(({ rank }) => rank), [0, 1, 2, 0]);
  assert.deepEqual(spikeArrivals(spike, 10_000, 0), []);
});

test('a burst falls on the most wanted pages, a crawl on the least wanted, in its phase alone', () => {
  const rows = ['a', 'a', 'a', 'b', 'b', 'c'].map((slug, index) => crawled(1_000 + index, `/find/${slug}`));
  const spiked = (kind: 'burst' | 'crawl'): string[] => {
    const { crawls, pages } = schedule(rows, { spike: { kind, phase: 'second', requestsPerSecond: 2, slugs: 1, people: 0 } });
    return [...new Set(crawls.filter(({ phase: at }) => at === 1).map(({ page }) => pages[page]?.path ?? ''))];
  };
  assert.deepEqual([spiked('burst'), spiked('crawl')], [['/find/a'], ['/find/c']]);
});

test('the load of each phase is counted, at its busiest ten seconds', () => {
  const built = schedule([row(1_000, '/find/a'), row(5_000, '/find/b'), row(6_000, '/find/a', { c: 'other' }), crawled(30_000, '/find/a'), crawled(30_001, '/find/b')]);
  assert.deepEqual(loadOf(built, RULES.phases, PHASES), [
    { phase: 'first', visits: 2, views: 3, crawlers: 0, visitsPerSecond: 0.2, viewsPerSecond: 0.3, crawlersPerSecond: 0, atOnce: 2 },
    { phase: 'second', visits: 0, views: 0, crawlers: 2, visitsPerSecond: 0, viewsPerSecond: 0, crawlersPerSecond: 0.2, atOnce: 0 },
  ]);
});
