import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { beforeEach, test, type TestContext } from 'node:test';
import { chromium } from 'playwright';
import { JourneyFailure, installHollowBrowser, arrivedAtMs, muteJourneyFailures } from './engine-seam.ts';

/** What the harness relies on of the engine: the contract that an update of Artillery must keep. */
type Done = (error: Error | null, context: object) => void;
type Scenario = (context: object, done: Done) => Promise<unknown>;
type Engine = new (script: object) => { createScenario: (spec: object, events: EventEmitter) => Scenario };
const require = createRequire(import.meta.url);
const PlaywrightEngine = require('artillery-engine-playwright') as Engine;

interface Lived {
  error: Error | null;
  calls: number;
  errors: string[];
}

/** Lives one user through the real engine, in place of Artillery's runner. */
async function liveOne(user: (page: unknown) => Promise<void>): Promise<Lived> {
  const events = new EventEmitter();
  const errors: string[] = [];
  events.on('error', (message: string) => errors.push(message));
  const engine = new PlaywrightEngine({ config: { target: 'embedded', engines: { playwright: {} }, processor: { signup: user } } });
  const scenario = engine.createScenario({ testFunction: 'signup', name: 'signup' }, events);
  let calls = 0;
  let ended: Error | null = null;
  await scenario({ vars: { $uuid: '1', $testId: '1' }, funcs: {} }, (error) => {
    calls += 1;
    ended = error;
  });
  return { error: ended, calls, errors };
}

function countLaunches(t: TestContext): { launches: () => number } {
  const launch = t.mock.method(chromium, 'launch', () => Promise.reject(new Error('the engine launched a browser of its own')));
  return { launches: () => launch.mock.callCount() };
}

beforeEach(() => {
  (globalThis as { artillery?: object }).artillery = { testRunId: 'contract' };
  installHollowBrowser();
});

test("the engine hands the user's function a hollow page, and launches nothing", async (t) => {
  // The engine must share this process's Playwright, or what is counted here says nothing.
  const own = createRequire(require.resolve('artillery-engine-playwright'));
  assert.equal(own.resolve('playwright'), require.resolve('playwright'));
  const { launches } = countLaunches(t);
  const pages: unknown[] = [];
  const beganMs = performance.now();
  const living = liveOne(async (page) => void pages.push(page));
  const arrivedByMs = performance.now();
  const { error, calls, errors } = await living;
  assert.deepEqual({ error, calls, errors, launches: launches() }, { error: null, calls: 1, errors: [], launches: 0 });
  assert.equal(pages.length, 1);
  const atMs = arrivedAtMs(pages[0]);
  assert.ok(atMs !== null && atMs >= beganMs && atMs <= arrivedByMs, 'the engine asks for a context in the tick of the arrival');
});

test('a failed user is counted by Artillery under its code, once, and not printed', async (t) => {
  const { launches } = countLaunches(t);
  const printed = t.mock.method(console, 'error', () => {});
  muteJourneyFailures();
  const { error, calls, errors } = await liveOne(() => Promise.reject(new JourneyFailure('J_STEP_TIMEOUT')));
  assert.ok(error instanceof JourneyFailure);
  assert.deepEqual({ calls, errors, launches: launches() }, { calls: 1, errors: ['J_STEP_TIMEOUT'], launches: 0 });
  assert.equal(printed.mock.callCount(), 0);
});

test('what is no failure of a user is still printed', async (t) => {
  const printed = t.mock.method(console, 'error', () => {});
  muteJourneyFailures();
  const fault = new Error('a fault of the harness');
  const { errors } = await liveOne(() => Promise.reject(fault));
  assert.deepEqual(errors, ['a fault of the harness']);
  assert.deepEqual(printed.mock.calls.map((call) => call.arguments[0] as unknown), [fault]);
});

test('a page that the hollow browser did not make is told from one that it did', () => {
  for (const page of [null, undefined, 'page', {}, { on() {} }]) assert.equal(arrivedAtMs(page), null);
});
