import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Observation, type ReplayObservation } from '../../model/index.ts';
import type { ReplayCrawl, ReplayPage } from '../../plan/replay-schedule.ts';
import { monotonicMs } from '../run-clock.ts';
import { serveSite, temporaryFolder } from '../testing.ts';
import { AskedPages } from './asked.ts';
import { CrawlLane } from './crawl.ts';

const PAGES: ReplayPage[] = ['/find/a', '/find/b?q=wörd%20s', '/find/gone', '/find/hangs'].map((path, index) =>
  ({ path, route: '/find/:slug', group: index === 0 ? 'hot' : 'tail' }));
const crawl = (page: number, offsetMs: number, phase = 0, more: Partial<ReplayCrawl> = {}): ReplayCrawl =>
  ({ page, offsetMs, phase, agent: 'Googlebot', method: 'GET', ...more });

interface Played { lane: CrawlLane; asked: AskedPages; requests: IncomingMessage[]; lines: () => ReplayObservation[] }

async function played(t: TestContext, crawls: ReplayCrawl[], lost: (error: Error) => void = assert.fail): Promise<Played> {
  const requests: IncomingMessage[] = [];
  const targetUrl = await serveSite(t, (request, response) => {
    requests.push(request);
    if (request.url === '/find/hangs') return;
    response.setHeader('server-timing', 'cache;desc=miss, total;dur=3.5').writeHead(request.url === '/find/gone' ? 404 : 200).end('page');
  });
  const file = join(temporaryFolder(t), 'observations.replay.ndjson');
  const asked = AskedPages.of(PAGES.length);
  const lane = new CrawlLane({
    pages: PAGES, crawls, phases: ['one', 'two'], asked: asked.memory, runId: 'run-1', targetUrl: `${targetUrl}/base`,
    headers: { authorization: 'Basic eA==' }, timeoutMs: 30_000, file, startedAtMonotonicMs: monotonicMs(),
  }, lost);
  await lane.ready;
  const lines = (): ReplayObservation[] => readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)
    .map((line) => Observation.parse(JSON.parse(line)) as ReplayObservation);
  return { lane, asked, requests, lines };
}

test('crawlers send what was recorded, tagged, at its times; each answer is a line, and so is what never came', async (t) => {
  const { lane, asked: pages, requests, lines } = await played(t, [
    crawl(0, 0), crawl(0, 10, 0, { method: 'HEAD', agent: 'Bing<b>bot\u0007' }), crawl(1, 20), crawl(2, 30), crawl(3, 40), crawl(0, 60, 1),
  ]);
  pages.ask(1);
  const beginMs = 400;
  lane.begin(0, beginMs);
  lane.begin(1, beginMs + 50);
  await lane.stop(false);
  // Each has a connection of its own: answers come in any order.
  const seen = lines().sort((a, b) => a.dueMs - b.dueMs);
  assert.deepEqual(seen.map(({ phase, group, first, status, generationMs, cache, failure, dueMs }) => [phase, group, first, status, generationMs, cache, failure, dueMs - beginMs]), [
    ['one', 'hot', true, 200, 3.5, 'miss', undefined, 0],
    ['one', 'hot', false, 200, 3.5, 'miss', undefined, 10],
    // A person had it before.
    ['one', 'tail', false, 200, 3.5, 'miss', undefined, 20],
    ['one', 'tail', true, 404, 3.5, 'miss', undefined, 30],
    ['one', 'tail', true, null, null, null, 'unfinished', 40],
    ['two', 'hot', false, 200, 3.5, 'miss', undefined, 110],
  ]);
  assert.ok(seen.every(({ durationMs, lateMs, by }) => by === 'crawler' && lateMs >= 0 && (durationMs === null || durationMs >= 0)));
  const asked = requests.map(({ method, url }) => `${method} ${url}`).sort();
  assert.deepEqual(asked, ['GET /find/a', 'GET /find/a', 'GET /find/b?q=w%C3%B6rd%20s', 'GET /find/gone', 'GET /find/hangs', 'HEAD /find/a']);
  const head = requests.find(({ method }) => method === 'HEAD');
  const { 'user-agent': agent = '', 'x-test-run-id': run, traceparent, authorization, baggage } = head?.headers ?? {};
  assert.match(agent, /^Mozilla\/5\.0 \(compatible; Bingbbot; replayed\) openshow-journeys\/.*run-1/);
  assert.deepEqual([run, authorization], ['run-1', 'Basic eA==']);
  assert.match(`${String(traceparent)} ${String(baggage)}`, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01 test\.run_id=run-1,test\.kind=load$/);
  assert.ok(requests.every((one) => one === head || one.headers['traceparent'] !== traceparent));
});

test('interrupted, nothing more is sent, and the thread is gone at once', async (t) => {
  const { lane, requests, lines } = await played(t, [crawl(0, 60_000)]);
  lane.begin(0, 0);
  await lane.stop(true);
  assert.deepEqual([requests.length, lines().length], [0, 0]);
});

test('a file that cannot be written is told, once the thread has tried', async (t) => {
  const lost: string[] = [];
  const lane = new CrawlLane({
    pages: PAGES, crawls: [], phases: ['one'], asked: AskedPages.of(1).memory, runId: 'r', targetUrl: 'http://127.0.0.1:9', headers: {},
    timeoutMs: 1_000, file: join(temporaryFolder(t), 'no', 'such', 'folder'), startedAtMonotonicMs: monotonicMs(),
  }, (error) => lost.push(error.message));
  await lane.ready;
  await lane.stop(true);
  assert.match(lost[0] ?? '', /ENOENT/);
});
