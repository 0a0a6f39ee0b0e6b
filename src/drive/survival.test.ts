import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { existsSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { chromium } from 'playwright';
import { MemoryRecorder } from '../collect/recorder.ts';
import { createRouter } from '../collect/routes.ts';
import { defineJourney, type AnyJourney, type Journey } from '../journey.ts';
import type { Role } from '../model/index.ts';
import type { Launch } from './launcher.ts';
import { BrowserPool } from './pool.ts';
import { defaultBrowser, processesOfSession, realLauncher, serveSite } from './testing.ts';
import { runUser, type UserResult, type UserSurroundings } from './virtual-user.ts';

const linux = { skip: existsSync('/proc/self/stat') ? false : 'skipped: needs /proc' };

const PAGES: Record<string, string> = {
  '/': '<button id="b">plain</button>',
  '/loop': '<button id="b" onclick="for (;;);">loop</button>',
  '/loop-at-once': '<button id="b">loop</button><script>for (;;);</script>',
  '/loop-on-leave': '<button id="b">x</button><script>for (const n of ["pagehide", "unload"]) addEventListener(n, () => { for (;;); })</script>',
  '/memory': '<button id="b">x</button><script>b.onclick = () => setTimeout(() => { const kept = []; for (;;) kept.push(new Array(1e5).fill({})); })</script>',
};

/** Answers with a page, never answers, or ends the connection: whatever its user may meet. */
function site(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/silent') return;
  if (request.url === '/half') return void response.writeHead(200, { 'content-type': 'text/html', 'content-length': 1e6 }).write('<p>');
  if (request.url === '/reset') return void request.socket.resetAndDestroy();
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><link rel="icon" href="data:,">${PAGES[request.url ?? '/'] ?? ''}`);
}

const open = (path: string): Journey<object, undefined>['act'] => async ({ page, step }) => {
  await step('open', { do: () => page.goto(path, { waitUntil: 'commit' }), until: page.locator('#b') });
};
const openAndClick = (path: string): Journey<object, undefined>['act'] => async (tools) => {
  await open(path)(tools, undefined);
  await tools.step('click', { do: () => tools.page.locator('#b').click(), until: tools.page.locator('#never') });
};

interface World {
  pool: BrowserPool;
  url: string;
  run: (act: Journey<object, undefined>['act'], more?: { role?: Role } & Partial<UserSurroundings>) => Promise<UserResult & { tookMs: number }>;
}

async function world(t: TestContext, launch?: Launch, contextLimitMs?: number): Promise<World> {
  const pool = new BrowserPool(launch ?? await realLauncher(t), { recycleAfterContexts: 1_000, ...(contextLimitMs ? { contextLimitMs } : {}) });
  t.after(() => pool.close());
  const url = await serveSite(t, site);
  return {
    pool, url,
    run: async (act, { role = 'observer', ...more } = {}) => {
      const journey: AnyJourney = defineJourney<object, undefined>({ name: 'test', act });
      const startedMs = performance.now();
      const result = await runUser({ vu: 'vu-1', role, phase: null, journey }, {
        runId: 'r', pool, sink: new MemoryRecorder(), now: () => performance.now() - startedMs, route: createRouter(url),
        contextOptions: { baseURL: url }, stepDeadlineMs: 1_000, journeyDeadlineMs: 5_000, failuresFolder: null,
        interrupted: new AbortController().signal, fixtures: () => ({}),
        ...more,
      });
      return { ...result, tookMs: performance.now() - startedMs };
    },
  };
}

const renderers = (pid: number): string[] => processesOfSession(pid).filter((line) => line.includes('--type=renderer'));

/** Waits until only as many renderers are left: what a closed context had ends a moment later. */
async function fewRenderers(pid: number, most: number): Promise<void> {
  for (let tries = 0; renderers(pid).length > most; tries += 1) {
    assert.ok(tries < 300, `still there: ${renderers(pid).join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

for (const [path, act, outcome] of [
  ['/loop', openAndClick('/loop'), 'timeout'],
  ['/loop-at-once', open('/loop-at-once'), 'timeout'],
  ['/loop-on-leave', open('/loop-on-leave'), 'passed'],
] as const) {
  test(`a page in an endless loop costs its own user only, and its renderer goes with it: ${path}`, linux, async (t) => {
    const { pool, run } = await world(t);
    await pool.warm(['observer', 'crowd']);
    for (const role of ['observer', 'crowd'] as const) {
      const { outcome: ended, tookMs } = await run(act, { role });
      assert.equal(ended, outcome);
      // Both steps' deadlines, the probe's patience, the flush of the vitals, the bound on closing.
      assert.ok(tookMs < 10_000, `took ${tookMs} ms`);
      // A spare renderer may wait for the next user; it does nothing.
      await fewRenderers(await pool.pid(role), 1);
      assert.equal((await run(open('/'), { role })).outcome, 'passed', 'the next user');
    }
    assert.equal(pool.launches, 2, 'no browser had to be replaced');
  });
}

test('a page that takes memory without end crashes alone', async (t) => {
  const { executablePath, env } = await defaultBrowser();
  // The renderer's own heap, bounded, so that the test does not take the machine's.
  const args = ['--no-sandbox', '--js-flags=--max-old-space-size=64'];
  const browser = await chromium.launch({ executablePath, args, env: { ...process.env, ...env } });
  const { run } = await world(t, async () => ({ browser, pid: 0 }));
  const [greedy, modest] = await Promise.all([
    run(openAndClick('/memory'), { stepDeadlineMs: 20_000, journeyDeadlineMs: 25_000 }),
    run(open('/')),
  ]);
  assert.deepEqual([greedy.outcome, greedy.errorCode], ['crashed', 'J_BROWSER_CRASHED']);
  assert.equal(modest.outcome, 'passed');
  assert.equal((await run(open('/'))).outcome, 'passed');
});

for (const [path, outcome] of [['/silent', 'timeout'], ['/half', 'timeout'], ['/reset', 'failed']] as const) {
  test(`a target that stops answering takes its user no longer than the step's deadline: ${path}`, async (t) => {
    const { run } = await world(t);
    const { outcome: ended, tookMs } = await run(open(path));
    assert.equal(ended, outcome);
    assert.ok(tookMs < 5_000, `took ${tookMs} ms`);
  });
}

test('many users in a browser that is killed all crash, and the ones after them pass in another', async (t) => {
  const { pool, run } = await world(t);
  const pid = await pool.pid('crowd');
  let waiting = 0;
  const acts = Array.from({ length: 12 }, () => run(async (tools) => {
    await open('/')(tools, undefined);
    await tools.step('wait', async () => {
      waiting += 1;
      if (waiting === 12) process.kill(pid, 'SIGKILL');
      await tools.page.locator('#never').waitFor();
    });
  }, { role: 'crowd', stepDeadlineMs: 15_000, journeyDeadlineMs: 20_000 }));
  const results = await Promise.all(acts);
  assert.deepEqual([...new Set(results.map((one) => one.outcome))], ['crashed']);
  assert.ok(results.every((one) => one.tookMs < 12_000), 'nobody waited for a deadline');
  // Another browser starts at the lowest priority: on a busy machine that takes longer than a step usually may.
  assert.equal((await run(open('/'), { role: 'crowd', stepDeadlineMs: 15_000, journeyDeadlineMs: 20_000 })).outcome, 'passed');
});

test('a browser that hangs holds no user beyond its deadline, takes no new ones, and is ended', linux, async (t) => {
  const { pool, run } = await world(t, undefined, 500);
  const pid = await pool.pid('crowd');
  process.kill(pid, 'SIGSTOP');
  const first = await run(open('/'), { role: 'crowd', journeyDeadlineMs: 10_000 });
  assert.equal(first.outcome, 'timeout');
  assert.match(first.message ?? '', /made no context within 500 ms/);
  assert.equal((await run(open('/'), { role: 'crowd' })).outcome, 'passed', 'the next user, in a new browser');
  for (let tries = 0; processesOfSession(pid).length > 0; tries += 1) {
    assert.ok(tries < 1_000, processesOfSession(pid).join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('a user whose browser never comes ends at its deadline, and gives back what comes later', async (t) => {
  const real = await realLauncher(t);
  let start = (): void => {};
  const held = new Promise<void>((resolve) => (start = resolve));
  const { pool, run } = await world(t, async (role) => {
    await held;
    return real(role);
  });
  const late = await run(open('/'), { role: 'crowd', journeyDeadlineMs: 200 });
  assert.deepEqual([late.outcome, late.errorCode], ['timeout', 'J_JOURNEY_TIMEOUT']);
  start();
  const [browser] = (await pool.warm(['crowd'])).values();
  for (let tries = 0; (browser?.contexts().length ?? 1) > 0; tries += 1) {
    assert.ok(tries < 300, 'a context stays open');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('an interrupted run waits for no hung page', async (t) => {
  const { run } = await world(t);
  const interrupt = new AbortController();
  const hung = run(openAndClick('/loop'), { stepDeadlineMs: 60_000, journeyDeadlineMs: 60_000, interrupted: interrupt.signal });
  await once(AbortSignal.timeout(1_500), 'abort');
  interrupt.abort();
  const { outcome, tookMs } = await hung;
  assert.equal(outcome, 'interrupted');
  assert.ok(tookMs < 1_500 + 8_000, `took ${tookMs} ms`);
});
