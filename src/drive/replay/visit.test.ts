import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test, type TestContext } from 'node:test';
import { MemoryRecorder } from '../../collect/recorder.ts';
import { createRouter } from '../../collect/routes.ts';
import { defineJourney } from '../../journey.ts';
import { Observation, type ReplayObservation } from '../../model/index.ts';
import type { ReplayPage, ReplayView } from '../../plan/replay-schedule.ts';
import { BrowserPool } from '../pool.ts';
import { realLauncher, serveSite } from '../testing.ts';
import { runUser, type UserResult } from '../virtual-user.ts';
import { AskedPages } from './asked.ts';
import { playVisit, type VisitedPage } from './visit.ts';

const PATHS = ['/find/a', '/find/kept', '/find/moved', '/find/broken', '/find/empty'];
const PAGES: ReplayPage[] = PATHS.map((path, index) => ({ path, route: '/find/:slug', group: index === 0 ? 'hot' : 'tail' }));
const view = (page: number, offsetMs = 0, revisit = false): ReplayView => ({ phase: 0, offsetMs, page, revisit });

let answered = 0;
function site({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === '/find/moved') return void response.writeHead(302, { location: '/find/a' }).end();
  if (url?.startsWith('/find/') !== true) return void response.writeHead(204).end();
  answered += 1;
  response.setHeader('server-timing', `cache;desc=${answered === 1 ? 'miss' : 'hit'}, total;dur=${answered}`).setHeader('content-type', 'text/html');
  if (url === '/find/kept') response.setHeader('cache-control', 'max-age=60');
  response.writeHead(url === '/find/broken' ? 503 : 200).end(`<!doctype html><title>t</title>${url === '/find/empty' ? '' : '<main>page</main>'}`);
}

const cleanups: (() => unknown)[] = [];
const file = { after: (cleanup: () => unknown) => void cleanups.unshift(cleanup) } as Pick<TestContext, 'after'>;
let pool: BrowserPool;
let url: string;
before(async () => {
  pool = new BrowserPool(await realLauncher(file), { recycleAfterContexts: 1_000 });
  file.after(() => pool.close());
  url = await serveSite(file, site);
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

const JOURNEY = defineJourney<{ visit: AsyncIterable<VisitedPage> }, unknown>({
  name: 'replayed visit',
  act: async ({ page, step, visit }) => {
    for await (const { path, again } of visit) {
      await step(again ? 'page again' : 'page', { do: () => page.goto(path, { waitUntil: 'commit' }), until: page.getByRole('main') });
    }
  },
});

interface Lived { result: UserResult; views: ReplayObservation[]; steps: string[] }

async function visited(views: ReplayView[], how: { neverDue?: number; stepDeadlineMs?: number } = {}): Promise<Lived> {
  const sink = new MemoryRecorder();
  const startMs = performance.now();
  const now = (): number => performance.now() - startMs;
  const asked = AskedPages.of(PAGES.length);
  const result = await runUser({
    vu: 'vu-1', role: 'observer', phase: 'steady', journey: JOURNEY,
    fixtures: (user) => ({
      visit: playVisit({
        ...user, views, pages: PAGES, sink, now, ask: (page) => asked.ask(page), ended: new AbortController().signal,
        dueMs: (one) => Promise.resolve(one.page === how.neverDue ? null : one.offsetMs),
      }),
    }),
  }, {
    runId: 'r', pool, sink, now, route: createRouter(url, ['/find/:slug']), contextOptions: { baseURL: url }, fixtures: () => ({}),
    stepDeadlineMs: how.stepDeadlineMs ?? 5_000, journeyDeadlineMs: 20_000, failuresFolder: null, interrupted: new AbortController().signal,
  });
  const seen = sink.observations.map((one) => Observation.parse(one));
  return { result, views: seen.filter((one) => one.kind === 'replay'), steps: seen.flatMap((one) => (one.kind === 'step' ? [`${one.name} ${one.outcome}`] : [])) };
}

test('a visit asks for its pages when they are due, and each is a line with what its document was', { timeout: 60_000 }, async () => {
  answered = 0;
  const { result, views, steps } = await visited([view(0), view(1), view(0, 700, true), view(1, 0, true), view(2)]);
  assert.equal(result.outcome, 'passed', result.message);
  assert.deepEqual(steps, ['page passed', 'page passed', 'page again passed', 'page again passed', 'page passed']);
  assert.deepEqual(views.map(({ group, first, revisit, status, generationMs, cache, kept }) => [group, first, revisit, status, generationMs, cache, kept ?? false]), [
    ['hot', true, false, 200, 1, 'miss', false],
    ['tail', true, false, 200, 2, 'hit', false],
    ['hot', false, true, 200, 3, 'hit', false],
    // The browser's own copy: nobody asked the target, whose cache said so long before.
    ['tail', false, true, 200, null, null, true],
    ['tail', true, false, 200, 4, 'hit', false],
  ]);
  assert.ok(views.every(({ vu, role, by, phase, durationMs }) => vu === 'vu-1' && role === 'observer' && by === 'person' && phase === 'steady' && durationMs !== null));
  const third = views[2];
  assert.ok(third && third.tMs >= 700 && third.dueMs === 700 && third.lateMs < third.tMs, JSON.stringify(third));
});

test('a visit ends with a page that is not shown: what its document was is known, and nobody asks for the rest', { timeout: 60_000 }, async () => {
  const { result, views, steps } = await visited([view(3), view(4), view(0)], { stepDeadlineMs: 1_000 });
  assert.deepEqual([result.outcome, steps], ['timeout', ['page passed', 'page timeout']]);
  assert.deepEqual(views.map(({ status, failure }) => [status, failure]), [[503, undefined], [200, undefined]]);
});

test('where the next page never comes to be due, the visit has had its last', { timeout: 60_000 }, async () => {
  const { result, views } = await visited([view(0), view(1)], { neverDue: 1 });
  assert.deepEqual([result.outcome, views.length], ['passed', 1]);
});
