import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiObservation } from '../../model/index.ts';
import { Bins } from './bins.ts';
import type { LaneSummary } from './lane.ts';
import { apiPlan, apiRequest, badTarget, json, phaseOf, startLane, sums, type LaneRun } from './testing.ts';

/** Runs the phase `main` to its end. */
async function play({ lane, nowMs }: LaneRun, phaseMs = 1_000): Promise<void> {
  await lane.ready;
  lane.phaseStarted('main', nowMs());
  await sleep(phaseMs + 100);
  await lane.stop({ interrupted: false });
}

function adds(lines: ApiObservation[], route?: string): void {
  const all = sums(lines, route);
  assert.equal(all.scheduled, all.sent + all.notSent, JSON.stringify(all));
  assert.equal(all.sent, all.ok + all.failed + all.unfinished, JSON.stringify(all));
}

function percentile(lines: ApiObservation[], which: 'latency' | 'service', p: number): number {
  const bins = new Bins();
  for (const line of lines) bins.merge(line[which]);
  return bins.percentileMs(p) ?? NaN;
}

test('every due request is accounted for, whatever the target does with it', async (t) => {
  const target = await badTarget(t);
  const flows = [
    ['/ok'], ['/fail'], ['/reset'], ['/half'], ['/hang'], ['/drip'], ['/elsewhere'], ['/missing'], ['/nonsense'], ['/ok', '/fail', '/echo'],
  ].map((paths) => paths.map((path) => apiRequest(path)));
  const html = [apiRequest('/html', { capture: { id: 'project.id' } }), apiRequest('/echo')];
  const run = startLane(t, apiPlan(220, [...flows, html], { connections: 100, timeoutMs: 1_500 }), target.url);
  await play(run);
  const lines = run.lines();
  for (const route of new Set(lines.map((line) => line.route))) adds(lines, route);
  const all = sums(lines);
  // 220 flows; of the flow of three, the second is due after the first, and the third never.
  assert.ok(all.scheduled >= 235 && all.scheduled <= 245, JSON.stringify(all));
  assert.equal(all.unfinished, 0);
  assert.equal(all.notSent, 0);
  assert.equal(sums(lines, 'GET /echo').scheduled, 0);
  const only = (path: string): unknown => Object.keys(sums(lines, `GET ${path}`).classes);
  assert.deepEqual(only('/ok'), []);
  assert.deepEqual(only('/elsewhere'), []);
  assert.deepEqual(only('/fail'), ['status 500']);
  assert.deepEqual(only('/missing'), ['status 404']);
  assert.deepEqual(only('/reset'), ['connection reset']);
  assert.deepEqual(only('/half'), ['connection reset']);
  assert.deepEqual(only('/hang'), ['timeout']);
  assert.deepEqual(only('/nonsense'), ['bad answer']);
  assert.deepEqual(only('/html'), ['bad answer']);
  assert.equal(target.heard.length, all.sent);
  assert.deepEqual(run.lost, []);
  for (const line of lines) {
    const durations = new Bins();
    durations.merge(line.latency);
    assert.equal(durations.count, line.ok);
    assert.equal(line.phase, 'main');
    assert.ok(line.toMs > line.fromMs && line.toMs - line.fromMs <= 250 && Math.floor(line.fromMs / 250) === Math.floor((line.toMs - 0.1) / 250));
  }
});

test('a target that dies and comes back: what was due meanwhile failed, and before and after was answered', async (t) => {
  const first = await badTarget(t);
  const run = startLane(t, apiPlan(100, [[apiRequest('/ok')]]), first.url, { phases: [phaseOf('main', 3)] });
  await run.lane.ready;
  run.lane.phaseStarted('main', run.nowMs());
  await sleep(800);
  await first.stop();
  await sleep(700);
  const second = await badTarget(t, {}, first.port);
  await sleep(1_700);
  await run.lane.stop({ interrupted: false });
  const lines = run.lines();
  adds(lines);
  const all = sums(lines);
  assert.equal(all.scheduled, 300);
  assert.ok(second.heard.length > 50 && first.heard.length > 50);
  assert.ok((all.classes['connection refused'] ?? 0) > 20, JSON.stringify(all));
  assert.ok(Object.keys(all.classes).every((name) => name.startsWith('connection ')), JSON.stringify(all));
  assert.deepEqual(run.lost, []);
});

test('a target that falls behind: latency from when requests were due grows, although each is served as fast as ever', async (t) => {
  const target = await badTarget(t);
  // One connection and 20 ms an answer make 50 a second at the most; 150 are due.
  const plan = apiPlan(150, [[apiRequest('/wait/20')]], { connections: 1, timeoutMs: 5_000, lateSendMs: 300 });
  const run = startLane(t, plan, target.url, { phases: [phaseOf('main', 0.5)] });
  await play(run, 500);
  const lines = run.lines().sort((a, b) => a.fromMs - b.fromMs);
  adds(lines);
  assert.equal(sums(lines).ok + sums(lines).notSent, 75);
  const last = lines.filter((line) => line.ok > 0).slice(-1);
  const serviceMs = percentile(lines, 'service', 50);
  assert.ok(serviceMs >= 19 && percentile(last, 'latency', 95) > 5 * serviceMs, `${serviceMs} ms, ${percentile(last, 'latency', 95)} ms`);
  // The connection was the target's to hold up: the generator itself was in time.
  assert.equal(lines.reduce((late, line) => late + line.late, 0), 0);
});

test('an interrupted lane stops at once, and what was in flight is neither answered nor failed', async (t) => {
  const target = await badTarget(t);
  const run = startLane(t, apiPlan(100, [[apiRequest('/hang')]], { timeoutMs: 60_000, connections: 100 }), target.url);
  await run.lane.ready;
  run.lane.phaseStarted('main', run.nowMs());
  await sleep(400);
  await run.lane.stop({ interrupted: true });
  const all = sums(run.lines());
  adds(run.lines());
  assert.ok(all.scheduled > 10 && all.unfinished === all.scheduled, JSON.stringify(all));
  assert.ok(run.nowMs() < 5_000);
});

test('beyond what it may have in flight nothing is queued out of sight: it is counted as not sent', async (t) => {
  const target = await badTarget(t);
  const run = startLane(t, apiPlan(200, [[apiRequest('/hang')]], { timeoutMs: 60_000, connections: 1 }), target.url);
  await run.lane.ready;
  run.lane.phaseStarted('main', run.nowMs());
  await sleep(1_100);
  await run.lane.stop({ interrupted: true });
  adds(run.lines());
  const all = sums(run.lines());
  assert.deepEqual([all.scheduled, all.sent, all.unfinished, all.classes], [200, 50, 50, { 'not sent: too many in flight': 150 }]);
});

test('threads share the rate, and what they make up for a target never meets', async (t) => {
  const target = await badTarget(t);
  const request = apiRequest('/echo', { method: 'POST', data: 'unique_email', params: ['a=1', 'a=2', 'k={{uuid}}'] });
  const run = startLane(t, apiPlan(120, [[request]], { threads: 3, arrivals: 'poisson' }), target.url);
  await play(run);
  adds(run.lines());
  const emails = target.heard.map(({ body }) => (JSON.parse(body) as { email: string }).email);
  assert.equal(emails.length, sums(run.lines()).ok);
  assert.ok(emails.length > 70 && emails.length < 180);
  assert.equal(new Set(emails).size, emails.length);
  assert.ok(target.heard.every(({ headers }) => headers['x-test-run-id'] === 'test-run' && headers['content-type'] === 'application/json'));
  const queries = new Set(target.heard.map(({ url }) => url.replace(/k=.*/, 'k')));
  assert.deepEqual([...queries].sort(), ['/echo?a=1', '/echo?a=2', '/echo?k']);
});

test('a flow keeps its user, their session and what was captured, and ends with its first failure', async (t) => {
  const target = await badTarget(t, {
    '/projects': (response, { body }) => json(response, 201, { project: { id: (JSON.parse(body) as { title: string }).title } }),
  });
  const plan = apiPlan(20, [[
    apiRequest('/projects', { method: 'POST', data: 'unique_project', session: true, capture: { projectId: 'project.id' } }),
    apiRequest('/ok', { session: true, params: ['id={{projectId}}&by={{email}}'] }),
    apiRequest('/fail', { session: true }),
    apiRequest('/echo', { session: true }),
  ]], { timeoutMs: 5_000 });
  const sessions = { S: [0, 1].map((user) => ({ values: { email: `u${user}@example.com` }, headers: { authorization: `Bearer ${user}` } })) };
  const run = startLane(t, plan, `${target.url}/`, { sessions, headers: { authorization: 'Basic eDp5' } });
  await play(run);
  adds(run.lines());
  const asked = target.heard.filter(({ url }) => url.startsWith('/ok'));
  assert.equal(asked.length, 20);
  assert.equal(new Set(asked.map(({ url }) => new URL(url, target.url).searchParams.get('id'))).size, 20);
  for (const { url, headers } of asked) {
    const by = new URL(url, target.url).searchParams.get('by');
    assert.equal(by, headers.authorization === 'Bearer 0' ? 'u0@example.com' : 'u1@example.com');
  }
  assert.deepEqual([sums(run.lines(), 'GET /fail').failed, sums(run.lines(), 'GET /echo').scheduled], [20, 0]);
});

test('windows are in the file long before the end, and a phase without a load has no traffic', async (t) => {
  const target = await badTarget(t);
  const summaries: LaneSummary[] = [];
  const phases = [phaseOf('quiet', 1), phaseOf('main', 30)];
  const run = startLane(t, apiPlan(50, [[apiRequest('/ok')]]), target.url, { phases, onWindow: (summary) => summaries.push(summary) });
  await run.lane.ready;
  run.lane.phaseStarted('quiet', run.nowMs());
  await sleep(200);
  assert.equal(target.heard.length, 0);
  run.lane.phaseStarted('main', run.nowMs());
  while (sums(run.lines()).ok < 20) await sleep(50);
  run.lane.phaseStarted(null, run.nowMs());
  await run.lane.stop({ interrupted: false });
  adds(run.lines());
  assert.equal(target.heard.length, sums(run.lines()).sent);
  const last = summaries.at(-1);
  assert.deepEqual([last?.sent, last?.ok, last?.failed], [target.heard.length, target.heard.length, 0]);
});

test('a target past its knee is told once, with the reason', { timeout: 30_000 }, async (t) => {
  let slow = false;
  const target = await badTarget(t, { '/work': (response) => setTimeout(() => json(response, 200, {}), slow ? 400 : 5) });
  const told: string[] = [];
  const plan = apiPlan(240, [[apiRequest('/work', { sloP95Ms: 50 })]], { stopPastKnee: true, timeoutMs: 2_000, connections: 100, threads: 2 });
  const reason = await new Promise<string>((resolve) => {
    const run = startLane(t, plan, target.url, {
      phases: [phaseOf('main', 60)],
      onWindow: ({ ok }) => (slow = ok > 240),
      onPastKnee: (why) => {
        told.push(why);
        resolve(why);
      },
    });
    run.lane.phaseStarted('main', run.nowMs());
  });
  assert.match(reason, /^P95 was \d+ ms, over 3 times the [\d.]+ ms of the first windows, in 3 windows of 0\.25 s in a row$/);
  assert.equal(told.length, 1);
});

test('a thread that cannot write is told of', async (t) => {
  const target = await badTarget(t);
  const error = await new Promise<Error>((resolve) => {
    const run = startLane(t, apiPlan(10, [[apiRequest('/ok')]]), target.url, { runDir: '/nowhere/at/all', onLost: resolve });
    run.lane.phaseStarted('main', run.nowMs());
  });
  assert.match(error.message, /ENOENT/);
});
