import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { unzipSync } from 'fflate';
import { MemoryRecorder } from '../collect/recorder.ts';
import { createRouter } from '../collect/routes.ts';
import { defineJourney, type Journey } from '../journey.ts';
import type { Role, StepObservation } from '../model/index.ts';
import { FailureTraces, type TraceSettings } from './failure-traces.ts';
import { BrowserPool } from './pool.ts';
import { realLauncher, serveSite, temporaryFolder } from './testing.ts';
import { runUser } from './virtual-user.ts';

const SECRETS = {
  password: 'correct-horse-"battery"-staple',
  cookie: 's%3AeyJhbGciOiJIUzI1NiJ9.c2Vzc2lvbg',
  cardNumber: '4242424242424242',
  cardToken: 'tok_1PqLfakefakefake',
  clientSecret: 'pi_3Nfake_secret_Zm9vYmFy',
  bearer: 'bearer-credential-0123456789',
  basic: 'basic-credential-0123456789',
  reset: 'reset-link-abcdef',
};

/** Puts every secret where real sites put theirs, and some where they should not. */
function site(request: IncomingMessage, response: ServerResponse): void {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (path === '/style.css') return void response.writeHead(200, { 'content-type': 'text/css' }).end('p { color: rgb(1, 2, 3) }');
  if (path === '/login') return void response.writeHead(303, { location: `/pay?reset_token=${SECRETS.reset}`, 'set-cookie': `sid=${SECRETS.cookie}; HttpOnly; Path=/` }).end();
  if (path === '/payments/intent') {
    return void response.writeHead(402, { 'content-type': 'application/json' })
      .end(JSON.stringify({ intent: { client_secret: SECRETS.clientSecret, card: { token: SECRETS.cardToken } } }));
  }
  const form = path === '/pay'
    ? `<p>Hello ${SECRETS.cookie}</p><a href="/account?session=${SECRETS.cookie}">account</a>
       <input id="number" autocomplete="cc-number"><input id="cvc" name="cvc"><input type="hidden" name="card_token" value="${SECRETS.cardToken}">
       <button id="pay" onclick="pay()">Pay</button><script>async function pay() {
         const answer = await fetch('/payments/intent', { method: 'POST', headers: { authorization: 'Bearer ${SECRETS.bearer}', 'content-type': 'application/json' },
           body: JSON.stringify({ number: number.value, token: '${SECRETS.cardToken}' }) });
         const { intent } = await answer.json();
         document.body.dataset.secret = intent.client_secret;
         console.log('paid with', intent.client_secret, document.cookie, number.value);
       }</script>`
    : '<form method="post" action="/login"><label>Password<input type="password" name="password"></label><textarea id="note"></textarea><button>Log in</button></form>';
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,">${form}`);
}

const logInAndPay: Journey<object, undefined>['act'] = async ({ page, step }) => {
  await page.goto('/');
  await page.getByLabel('Password').fill(SECRETS.password);
  await page.locator('#note').fill(`my password is ${SECRETS.password}`);
  await step('log in', { do: () => page.getByRole('button').click(), until: page.locator('#pay') });
  await page.locator('#number').pressSequentially(SECRETS.cardNumber);
  await page.locator('#cvc').fill('987');
  await step('pay', { do: () => page.locator('#pay').click(), until: page.locator('#receipt'), deadlineMs: 700 });
};

interface World {
  folder: string;
  traces: FailureTraces;
  user: (role: Role, act?: Journey<object, undefined>['act']) => Promise<StepObservation | undefined>;
}

async function world(t: TestContext, settings: TraceSettings = { perError: 2, perRun: 20 }): Promise<World> {
  const pool = new BrowserPool(await realLauncher(t), { recycleAfterContexts: 1_000 });
  t.after(() => pool.close());
  const url = await serveSite(t, site);
  const folder = join(temporaryFolder(t), 'failures');
  const traces = new FailureTraces(settings, folder);
  let users = 0;
  return {
    folder, traces,
    user: async (role, act = logInAndPay) => {
      const recorder = new MemoryRecorder();
      users += 1;
      await runUser({ vu: `1-${users}`, role, phase: null, journey: defineJourney<object, undefined>({ name: 'checkout', act }) }, {
        runId: 'r', pool, sink: recorder, now: () => performance.now(), route: createRouter(url),
        contextOptions: { baseURL: url, httpCredentials: { username: 'tester', password: SECRETS.basic, send: 'always' } },
        stepDeadlineMs: 8_000, journeyDeadlineMs: 20_000, failuresFolder: folder, traces,
        interrupted: new AbortController().signal, fixtures: () => ({}),
      });
      return recorder.observations.find((one) => one.kind === 'step' && one.outcome !== 'passed') as StepObservation | undefined;
    },
  };
}

const zips = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.zip'));
/** Playwright's own reader of traces, the one behind its viewer. */
const playwright = (cwd: string, ...args: string[]): string => {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright/package.json')), 'cli.js');
  return execFileSync(process.execPath, [cli, 'trace', ...args], { cwd, encoding: 'utf8', stdio: 'pipe' });
};

test('a trace of a failed step opens in Playwright, and holds no password, session, card or token', async (t) => {
  const { folder, user, traces } = await world(t);
  assert.equal((await user('crowd'))?.trace, undefined, 'the first failure only says what to look for');
  const failed = await user('crowd');
  assert.equal(failed?.errorCode, 'J_STEP_TIMEOUT');
  assert.equal(failed?.trace, 'failures/1-2-pay.zip');
  assert.equal(traces.recording, 0);

  const files = unzipSync(readFileSync(join(folder, '1-2-pay.zip')));
  const all = Object.entries(files).map(([name, body]) => `${name}\n${Buffer.from(body).toString('latin1')}`).join('\n');
  for (const [what, secret] of Object.entries(SECRETS)) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), Buffer.from(secret).toString('base64')]) {
      assert.ok(!all.includes(form), `${what} as ${form} stands in ${all.slice(Math.max(0, all.indexOf(form) - 200), all.indexOf(form) + 40)}`);
    }
  }
  assert.doesNotMatch(all, /[^0-9.]987[^0-9]/, 'a check number is too short to be looked for everywhere, and is masked in its place');

  const events = Buffer.from(files['trace.trace'] ?? []).toString().trim().split('\n').map((line) => JSON.parse(line) as { type: string; method?: string });
  assert.ok(events.some(({ type, method }) => type === 'before' && method === 'fill'), 'what was done is there');
  assert.ok(events.filter(({ type }) => type === 'frame-snapshot').length > 4, 'and what it looked like');
  assert.ok(Object.keys(files).some((name) => name.endsWith('.css')), 'with its styles');

  const reader = temporaryFolder(t);
  playwright(reader, 'open', join(folder, '1-2-pay.zip'));
  assert.match(playwright(reader, 'actions'), /Fill "\*\*\*"/);
  assert.match(playwright(reader, 'requests'), /POST +402 +intent/);
});

test('traces are bounded: so many of a kind, so many a run, none of observers, none without a failure', async (t) => {
  const { folder, user, traces } = await world(t, { perError: 1, perRun: 2 });
  const fails = (name: string): Journey<object, undefined>['act'] => async ({ page, step }) => {
    await step(name, { do: () => page.goto('/'), until: page.locator('#never'), deadlineMs: 700 });
  };
  await user('crowd', fails('one'));
  assert.equal((await user('observer', fails('one')))?.trace, undefined, 'an observer is never recorded');
  assert.equal(await user('crowd', async ({ page }) => void (await page.goto('/'))), undefined, 'one that passes is recorded in vain');
  assert.equal(traces.recording, 0);
  assert.equal((await user('crowd', fails('one')))?.trace, 'failures/1-4-one.zip');
  assert.equal((await user('crowd', fails('one')))?.trace, undefined, 'enough of this kind');
  await user('crowd', fails('two'));
  assert.equal((await user('crowd', fails('two')))?.trace, 'failures/1-7-two.zip');
  await user('crowd', fails('three'));
  assert.equal((await user('crowd', fails('three')))?.trace, undefined, 'enough for this run');
  assert.deepEqual(zips(folder), ['1-4-one.zip', '1-7-two.zip']);
});

test('however a recorded user ends, its recording ends with it', async (t) => {
  const { user, traces, folder } = await world(t);
  await user('crowd');
  const crash = user('crowd', async ({ page, step }) => step('crash', async () => void (await page.goto('chrome://crash'))));
  const hang = user('crowd', async ({ page, step }) => {
    await page.goto('/');
    await step('hang', { do: () => page.evaluate('for (;;);'), until: page.locator('#never'), deadlineMs: 700 });
  });
  const third = user('crowd');
  const [crashed, , beyond] = await Promise.all([crash, hang, third]);
  assert.equal(crashed?.trace, undefined, 'a page that is gone has nothing to show');
  assert.equal(traces.recording, 0);
  assert.equal(beyond?.trace, undefined, 'only two are recorded at the same time');
  assert.ok((await user('crowd'))?.trace, 'and the next one is recorded again');
  assert.ok(zips(folder).length >= 1);
});

test('a picture of a failed step looks the same whatever was typed into a secret field, and not whatever was typed', async (t) => {
  const { folder, user } = await world(t);
  const picture = async (selector: string, typed: string): Promise<string> => {
    const failed = await user('crowd', async ({ page, step }) => {
      await page.goto(selector === '#number' ? '/pay' : '/');
      await page.locator(selector).fill(typed);
      await step('look', { do: async () => {}, until: page.locator('#never'), deadlineMs: 50 });
    });
    return readFileSync(join(folder, '..', failed?.screenshot ?? ''), 'base64');
  };
  assert.equal(await picture('#number', '4242 4242 4242 4242'), await picture('#number', '5555 5555'));
  assert.equal(await picture('input[type=password]', 'a'), await picture('input[type=password]', 'a long one'));
  assert.notEqual(await picture('#note', 'a note'), await picture('#note', 'another note'));
});
