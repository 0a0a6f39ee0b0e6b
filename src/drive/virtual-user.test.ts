import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { MemoryRecorder } from '../collect/recorder.ts';
import { createRouter } from '../collect/routes.ts';
import { defineJourney, type Journey } from '../journey.ts';
import { Observation, type Role } from '../model/index.ts';
import { BrowserPool } from './pool.ts';
import { realLauncher, serveSite, temporaryFolder } from './testing.ts';
import { runUser, type UserResult, type UserSurroundings } from './virtual-user.ts';

const PAGE = `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">
  <button id="show" onclick="setTimeout(() => { result.hidden = false; }, 40)">show</button><p id="result" hidden>result</p>
  <button id="open" onclick="window.open('/popup')">open</button>
  <button id="task" onclick="setTimeout(() => { progress.hidden = false; }, 20); setTimeout(() => { done.hidden = false; }, 80)">task</button>
  <p id="progress" hidden>working</p><p id="done" hidden>done</p>`;

function site(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/hang') return;
  response.writeHead(200, { 'content-type': 'text/html' }).end(request.url === '/popup' ? '<!doctype html><h1 id="hello">popup</h1>' : PAGE);
}

// One pool for the file: what a run does as well.
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

type Act = Journey<object, unknown>['act'];
interface Lived {
  result: UserResult;
  seen: Observation[];
  steps: Extract<Observation, { kind: 'step' }>[];
}

async function live(what: { act: Act; arrange?: () => Promise<unknown>; role?: Role }, more: Partial<UserSurroundings> = {}): Promise<Lived> {
  const recorder = new MemoryRecorder();
  const startMs = performance.now();
  const journey = defineJourney<object, unknown>({ name: 'test', act: what.act, ...(what.arrange ? { arrange: what.arrange } : {}) });
  const result = await runUser({ vu: 'vu-1', role: what.role ?? 'observer', phase: 'steady', journey }, {
    runId: 'r', pool, sink: recorder, now: () => performance.now() - startMs, route: createRouter(url), contextOptions: { baseURL: url },
    stepDeadlineMs: 5_000, journeyDeadlineMs: 20_000, failuresFolder: null, interrupted: new AbortController().signal, fixtures: () => ({}),
    ...more,
  });
  const seen = recorder.observations.map((one) => Observation.parse(one));
  const journeys = seen.filter((one) => one.kind === 'journey');
  assert.equal(journeys.length, 1, 'one journey observation however it ends');
  assert.equal(journeys[0]?.outcome, result.outcome);
  assert.equal(journeys[0]?.errorCode, result.errorCode);
  return { result, seen, steps: seen.filter((one) => one.kind === 'step') };
}

test('a passed step of an observer is timed by the page, with its page views and requests', async () => {
  const { result, steps, seen } = await live({
    act: async ({ page, step }) => {
      await step('open', { do: () => page.goto('/'), until: page.locator('#show') });
      await step('show', { do: () => page.locator('#show').click(), until: page.locator('#result') });
    },
  });
  assert.equal(result.outcome, 'passed');
  assert.deepEqual(steps.map(({ name, outcome, clock }) => ({ name, outcome, clock })), [
    { name: 'open', outcome: 'passed', clock: 'page' }, { name: 'show', outcome: 'passed', clock: 'page' },
  ]);
  const show = steps[1];
  assert.ok(show?.perceivedMs != null && show.perceivedMs >= 40 && show.perceivedMs <= show.driverMs, JSON.stringify(show));
  assert.ok(seen.some((one) => one.kind === 'vital' && one.name === 'TTFB' && one.value !== null));
  assert.ok(seen.some((one) => one.kind === 'request' && one.route === '/' && one.status === 200));
});

test('a user of the crowd acts the same and claims no perceived latency', async () => {
  const { result, steps } = await live({
    role: 'crowd', act: async ({ page, step }) => step('open', { do: () => page.goto('/'), until: page.locator('#show') }),
  });
  assert.equal(result.outcome, 'passed');
  assert.deepEqual(steps.map(({ clock, perceivedMs }) => ({ clock, perceivedMs })), [{ clock: 'driver', perceivedMs: null }]);
});

test('a user who was shown a fallback passed, and is recorded with each of its texts once, on one line', async () => {
  const { seen } = await live({ act: async ({ degraded }) => ['being\n  confirmed', 'being confirmed', 'later'].forEach((text) => degraded(text)) });
  assert.deepEqual(seen.flatMap((one) => (one.kind === 'journey' ? [one.outcome, one.degraded] : [])), ['passed', ['being confirmed', 'later']]);
});

test('a bare function is a step by the driver\'s clock', async () => {
  const { steps } = await live({ act: async ({ page, step }) => step('flow', () => page.goto('/')) });
  assert.deepEqual(steps.map(({ clock, perceivedMs, outcome }) => ({ clock, perceivedMs, outcome })), [{ clock: 'driver', perceivedMs: null, outcome: 'passed' }]);
});

test('what never shows is a time-out at its deadline, with code and picture', async (t) => {
  const folder = join(temporaryFolder(t), 'failures');
  let after = false;
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      await step('never shown', { do: () => page.locator('#show').click(), until: page.locator('#nowhere'), deadlineMs: 300 });
      after = true;
    },
  }, { failuresFolder: folder });
  assert.equal(result.outcome, 'timeout');
  assert.equal(result.errorCode, 'J_STEP_TIMEOUT');
  const [step] = steps;
  assert.deepEqual([step?.outcome, step?.errorCode, step?.perceivedMs, step?.deadlineMs], ['timeout', 'J_STEP_TIMEOUT', null, 300]);
  assert.ok((step?.driverMs ?? 0) >= 300 && (step?.driverMs ?? 0) < 3_000);
  assert.ok(step?.screenshot && existsSync(join(folder, '..', step.screenshot)), step?.screenshot);
  assert.equal(after, false, 'the journey ends with its first failed step');
});

test('an action that fails is a failed step with its reason, without colours or line breaks', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      await step('broken', { do: () => Promise.reject(new Error('\u001b[31mno such\n  button\u001b[0m')), until: page.locator('#result') });
    },
  });
  assert.deepEqual([result.outcome, result.errorCode, result.message], ['failed', 'J_STEP_FAILED', 'no such button']);
  assert.equal(steps[0]?.outcome, 'failed');
});

test('a failed driver step is recorded too', async () => {
  const { result, steps } = await live({ act: async ({ step }) => step('flow', () => Promise.reject(new Error('no'))) });
  assert.deepEqual([result.errorCode, steps[0]?.clock, steps[0]?.outcome], ['J_STEP_FAILED', 'driver', 'failed']);
});

test('a journey that throws outside of its steps has failed', async () => {
  const { result, steps } = await live({ act: async () => Promise.reject(new Error('a fault in the journey')) });
  assert.deepEqual([result.outcome, result.errorCode, result.message, steps.length], ['failed', 'J_STEP_FAILED', 'a fault in the journey', 0]);
});

test('what cannot be arranged has its own code, and the journey does not act', async () => {
  let acted = false;
  const { result } = await live({
    arrange: () => Promise.reject(new Error('POST /api/v1/projects answered 500')),
    act: async () => {
      acted = true;
    },
  });
  assert.deepEqual([result.outcome, result.errorCode, result.message], ['failed', 'J_ARRANGE_FAILED', 'POST /api/v1/projects answered 500']);
  assert.equal(acted, false);
});

test('what is not arranged in time is a timeout, which a starved generator may be the reason of', async () => {
  const { result } = await live({
    act: () => Promise.reject(new Error('must not act')),
    arrange: async () => {
      const lease = await pool.acquire('observer', { baseURL: url });
      await lease.context.request.post('/hang', { timeout: 50 }).finally(() => lease.release());
    },
  });
  assert.deepEqual([result.outcome, result.errorCode], ['timeout', 'J_ARRANGE_FAILED']);
  assert.match(result.message ?? '', /Timeout 50ms exceeded/);
});

test('a user past its deadline is ended, and the step under way is recorded as timed out', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => step('hanging', { do: () => page.goto('/hang'), until: page.locator('#show') }),
  }, { journeyDeadlineMs: 400 });
  assert.deepEqual([result.outcome, result.errorCode], ['timeout', 'J_JOURNEY_TIMEOUT']);
  assert.ok(result.durationMs < 4_000, `${result.durationMs} ms`);
  assert.deepEqual(steps.map(({ outcome, errorCode }) => [outcome, errorCode]), [['timeout', 'J_JOURNEY_TIMEOUT']]);
});

test('an interrupted run ends its users, and their steps are no failures of the target', async () => {
  const stop = new AbortController();
  const { result, steps } = await live({
    act: async ({ page, step }) => step('hanging', {
      do: () => {
        setTimeout(() => stop.abort(), 50);
        return page.goto('/hang');
      },
      until: page.locator('#show'),
    }),
  }, { interrupted: stop.signal });
  assert.equal(result.outcome, 'interrupted');
  assert.deepEqual(steps.map(({ outcome }) => outcome), ['interrupted']);
});

test('a user that arrives after the interruption never acts', async () => {
  let acted = false;
  const { result } = await live({
    act: async () => {
      acted = true;
    },
  }, { interrupted: AbortSignal.abort() });
  assert.deepEqual([result.outcome, acted], ['interrupted', false]);
});

test('a browser killed under a step makes step and user crashed, and the next user gets a new one', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      const pid = await pool.pid('observer');
      await step('hanging', {
        do: () => {
          process.kill(pid, 'SIGKILL');
          return page.goto('/hang');
        },
        until: page.locator('#show'),
      });
    },
  });
  assert.deepEqual([result.outcome, result.errorCode], ['crashed', 'J_BROWSER_CRASHED']);
  assert.deepEqual(steps.map(({ outcome, errorCode }) => [outcome, errorCode]), [['crashed', 'J_BROWSER_CRASHED']]);
  const next = await live({ act: async ({ page, step }) => step('open', { do: () => page.goto('/'), until: page.locator('#show') }) });
  assert.equal(next.result.outcome, 'passed');
});

test('a page that crashes under a step makes its user crashed', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      await step('crash', { do: () => page.goto('chrome://crash'), until: page.locator('#show') });
    },
  });
  assert.deepEqual([result.outcome, result.errorCode], ['crashed', 'J_BROWSER_CRASHED']);
  assert.deepEqual(steps.map(({ outcome, message }) => [outcome, message]), [['crashed', 'the page crashed']]);
});

test('a popup belongs to its user: what shows there can be waited for', async () => {
  const { result, steps, seen } = await live({
    act: async ({ page, context, step }) => {
      await page.goto('/');
      const opening = context.waitForEvent('page');
      await step('open popup', () => page.locator('#open').click());
      const popup = await opening;
      await step('popup', { do: () => popup.waitForLoadState(), until: popup.locator('#hello') });
    },
  });
  assert.equal(result.outcome, 'passed');
  assert.deepEqual(steps.map(({ outcome }) => outcome), ['passed', 'passed']);
  assert.ok(seen.some((one) => one.kind === 'request' && one.route === '/popup'));
});

test('what shows in the popup that an action opens is timed from the click in its opener', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      await step('open popup', { do: () => page.locator('#open').click(), until: (popup) => popup.locator('#hello') });
    },
  });
  assert.equal(result.outcome, 'passed', result.message);
  const [step] = steps;
  assert.equal(step?.unmeasured, undefined);
  assert.ok(step && step.perceivedMs !== null && step.perceivedMs <= step.driverMs);
});

test('a popup that never opens is a time-out of its step', async () => {
  const { result, steps } = await live({
    act: async ({ page, step }) => {
      await page.goto('/');
      await step('open popup', { do: () => page.locator('#task').click(), until: (popup) => popup.locator('#hello'), deadlineMs: 300 });
    },
  });
  assert.deepEqual([result.outcome, result.errorCode], ['timeout', 'J_STEP_TIMEOUT']);
  assert.deepEqual(steps.map(({ outcome }) => outcome), ['timeout']);
});

test('an agent task is two steps from one click, and one task', async () => {
  const { steps, seen } = await live({
    act: async ({ page, agentTask }) => {
      await page.goto('/');
      await agentTask({ firstProgress: 'first', completed: 'complete' }, {
        start: () => page.locator('#task').click(), firstProgress: page.locator('#progress'), completed: page.locator('#done'),
      });
    },
  });
  assert.deepEqual(steps.map(({ name, outcome }) => [name, outcome]), [['first', 'passed'], ['complete', 'passed']]);
  const tasks = seen.filter((one) => one.kind === 'agentTask');
  assert.equal(tasks.length, 1);
  assert.ok((tasks[0]?.firstProgressMs ?? 0) >= 20 && (tasks[0]?.completedMs ?? 0) >= 80, JSON.stringify(tasks));
});

test('an agent task that never completes keeps its first progress and is no success', async () => {
  const { result, seen } = await live({
    act: async ({ page, agentTask }) => {
      await page.goto('/');
      await agentTask({ firstProgress: 'first', completed: 'complete' }, {
        start: () => page.locator('#task').click(), firstProgress: page.locator('#progress'), completed: page.locator('#nowhere'), deadlineMs: 500,
      });
    },
  });
  assert.deepEqual([result.outcome, result.errorCode], ['timeout', 'J_STEP_TIMEOUT']);
  const task = seen.find((one) => one.kind === 'agentTask');
  assert.ok(task?.kind === 'agentTask' && task.firstProgressMs !== null && task.completedMs === null && task.outcome === 'timeout');
});

test('a browser that cannot be had fails the user, and nothing is thrown', async () => {
  const none = new BrowserPool(() => Promise.reject(new Error('no memory')), { recycleAfterContexts: 10 });
  const { result } = await live({ act: async () => {} }, { pool: none });
  assert.equal(result.outcome, 'failed');
  assert.match(result.message ?? '', /no memory/);
});
