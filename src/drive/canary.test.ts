import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Canary, CanaryPage, calibrateCanary, startCanaryServer, type CanaryOptions } from './canary.ts';
import { isPlausibleIdle } from './calibration.ts';
import { BrowserPool } from './pool.ts';
import { isRunning, realLauncher, serveSite } from './testing.ts';

type Click = Parameters<CanaryOptions['onClick']>[0];

async function poolOf(t: TestContext, recycleAfterContexts = 1_000): Promise<BrowserPool> {
  const pool = new BrowserPool(await realLauncher(t), { recycleAfterContexts });
  t.after(() => pool.close());
  return pool;
}

async function serverOf(t: TestContext): Promise<string> {
  const server = await startCanaryServer();
  t.after(() => server.stop());
  return server.url;
}

/** A running canary, and a way to await its next click that is as wanted. */
function canaryOf(t: TestContext, pool: BrowserPool, url: string, changes: Partial<CanaryOptions> = {}): {
  canary: Canary; next: (wanted?: (click: Click) => boolean) => Promise<Click>;
} {
  const waiting = new Set<(click: Click) => void>();
  const canary = new Canary({
    pool, role: 'observer', url, idleMs: 60, seed: 1, onClick: (click) => waiting.forEach((wait) => wait(click)), ...changes,
  });
  t.after(() => canary.stop());
  return {
    canary,
    next: (wanted = () => true) => new Promise((resolve) => {
      waiting.add(function wait(click) {
        if (!wanted(click)) return;
        waiting.delete(wait);
        resolve(click);
      });
    }),
  };
}

const passed = ({ outcome }: Click): boolean => outcome === 'passed';

test('a click takes the server’s 50 ms and a few frames, by the page’s own clock, click after click', { timeout: 60_000 }, async (t) => {
  const pool = await poolOf(t);
  const url = await serverOf(t);
  const lease = await pool.acquire('observer', {});
  const page = await CanaryPage.open(lease.context, url);
  const clicks = [];
  for (let index = 0; index < 15; index += 1) clicks.push(await page.click());
  assert.deepEqual(new Set(clicks.map(({ outcome }) => outcome)), new Set(['passed']), JSON.stringify(clicks));
  const latencies = clicks.map(({ latencyMs }) => latencyMs ?? NaN).sort((a, b) => a - b);
  assert.ok((latencies[0] ?? 0) >= 50, `fastest ${latencies[0]} ms`);
  // Other tests may be using the machine; a click whose answer was taken from the one before would be far below.
  assert.ok((latencies[7] ?? Infinity) < 150, `median ${latencies[7]} ms`);
  for (const { latencyMs, driverMs } of clicks) assert.ok(driverMs >= (latencyMs ?? Infinity));
});

test('calibration gives an idle machine’s median for either role, and holds no context afterwards', { timeout: 60_000 }, async (t) => {
  const pool = await poolOf(t);
  const url = await serverOf(t);
  for (const role of ['observer', 'crowd'] as const) {
    const idleMs = await calibrateCanary(pool, role, url);
    assert.ok(idleMs !== null && idleMs >= 50 && idleMs < 200, `${role} ${idleMs}`);
    assert.equal((await pool.warm([role])).get(role)?.contexts().length, 0);
  }
});

test('a canary clicks about once a second and says what it took over idle', { timeout: 60_000 }, async (t) => {
  const { canary, next } = canaryOf(t, await poolOf(t), await serverOf(t));
  await next(passed);
  const startedMs = performance.now();
  const click = await next(passed);
  const gapMs = performance.now() - startedMs;
  assert.ok(gapMs > 600 && gapMs < 5_000, `${gapMs} ms`);
  assert.deepEqual([click.role, click.idleMs], ['observer', 60]);
  assert.ok(Math.abs((click.latencyMs ?? 0) - 60 - (click.excessMs ?? NaN)) < 0.11);
  await canary.stop();
});

test('a canary whose browser was killed goes on in the new one, and reports no latency that was none', { timeout: 60_000 }, async (t) => {
  const pool = await poolOf(t);
  const { next } = canaryOf(t, pool, await serverOf(t));
  await next(passed);
  process.kill(await pool.pid('observer'), 'SIGKILL');
  const replaced = await next((click) => {
    assert.ok(passed(click) || (click.latencyMs === null && click.excessMs === null && click.outcome !== 'timeout'), JSON.stringify(click));
    return passed(click) && pool.launches === 2;
  });
  assert.ok((replaced.latencyMs ?? 0) >= 50);
});

test('a retired browser is not held by its canary', { timeout: 60_000 }, async (t) => {
  const pool = await poolOf(t, 3);
  const { next } = canaryOf(t, pool, await serverOf(t));
  await next(passed);
  const before = await pool.pid('observer');
  await (await pool.acquire('observer', {})).release();
  await (await pool.acquire('observer', {})).release();
  await next(passed);
  for (let tries = 0; isRunning(before); tries += 1) {
    assert.ok(tries < 1_000, 'the retired browser still runs');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.notEqual(await pool.pid('observer'), before);
});

test('an answer that never comes is a timeout, and the canary tries again', { timeout: 60_000 }, async (t) => {
  let hangs = false;
  const page = await (await fetch(await serverOf(t))).text();
  const url = await serveSite(t, (request, response) => {
    if (request.url !== '/answer') response.setHeader('content-type', 'text/html').end(page);
    else if (!hangs) response.end('answer');
  });
  const { next } = canaryOf(t, await poolOf(t), url);
  await next(passed);
  hangs = true;
  const click = await next((one) => !passed(one));
  assert.deepEqual([click.outcome, click.latencyMs, click.excessMs], ['timeout', null, null]);
  assert.ok(click.driverMs >= 5_000);
  hangs = false;
  await next(passed);
});

test('a page that does not open is a timeout while it does not, and again when it is given up', { timeout: 60_000 }, async (t) => {
  const url = await serveSite(t, () => {});
  const { next } = canaryOf(t, await poolOf(t), url);
  const waiting = await next();
  assert.deepEqual([waiting.outcome, waiting.latencyMs, waiting.driverMs], ['timeout', null, 5_000]);
  const givenUp = await next(({ message }) => /goto/.test(message ?? ''));
  assert.deepEqual([givenUp.outcome, givenUp.latencyMs], ['timeout', null]);
});

test('the server ends with whoever started it, also one that was killed', { timeout: 30_000, skip: process.platform !== 'linux' }, async () => {
  const module = fileURLToPath(new URL('./canary.ts', import.meta.url));
  const code = `import { startCanaryServer } from ${JSON.stringify(module)};
    const { pid } = await startCanaryServer(); console.log(pid); setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString());
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /canary-server/);
  parent.kill('SIGKILL');
  for (let tries = 0; isRunning(pid); tries += 1) {
    assert.ok(tries < 500, `the server ${pid} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

test('an idle value that no idle machine can have is none', () => {
  for (const [idleMs, plausible] of [[null, false], [49, false], [50, true], [70, true], [130, true], [131, false], [NaN, false]] as const) {
    assert.equal(isPlausibleIdle(idleMs), plausible, String(idleMs));
  }
});
