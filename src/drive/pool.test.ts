import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { Launch } from './launcher.ts';
import { BrowserPool, type PoolOptions } from './pool.ts';
import { isRunning, realLauncher } from './testing.ts';

async function poolOf(t: TestContext, options: Partial<PoolOptions> = {}, wrap: (launch: Launch) => Launch = (launch) => launch): Promise<BrowserPool> {
  const pool = new BrowserPool(wrap(await realLauncher(t)), { recycleAfterContexts: 1_000, ...options });
  t.after(() => pool.close());
  return pool;
}

/** Resolves when the process is gone: awaited by looking, since it is not our child to be told about. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; isRunning(pid); tries += 1) {
    assert.ok(tries < 500, `process ${pid} still runs`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('twenty first arrivals at once share a single launch', async (t) => {
  const pool = await poolOf(t);
  const leases = await Promise.all(Array.from({ length: 20 }, () => pool.acquire('crowd', {})));
  assert.equal(pool.launches, 1);
  assert.equal(new Set(leases.map((lease) => lease.context)).size, 20);
  await Promise.all(leases.map((lease) => lease.release()));
});

test('observers and crowd have a browser each, and close leaves no process of either', async (t) => {
  const pool = await poolOf(t);
  await pool.warm(['observer', 'crowd']);
  const pids = pool.pids;
  assert.equal(new Set(pids).size, 2);
  assert.ok(pids.every(isRunning));
  await pool.close();
  await Promise.all(pids.map(gone));
  await assert.rejects(pool.acquire('crowd', {}), /closed/);
});

test('a killed browser flags every one of its users, spares the others, and is replaced at the next arrival', async (t) => {
  const pool = await poolOf(t);
  const victims = await Promise.all([pool.acquire('crowd', {}), pool.acquire('crowd', {})]);
  const bystander = await pool.acquire('observer', {});
  const pid = await pool.pid('crowd');
  const flagged = Promise.all(victims.map((lease) => once(lease.crashed, 'abort')));
  process.kill(pid, 'SIGKILL');
  await flagged;
  assert.deepEqual(victims.map((lease) => lease.crashed.reason as unknown), Array(2).fill('the browser ended unexpectedly'));
  assert.equal(bystander.crashed.aborted, false);

  const next = await pool.acquire('crowd', {});
  assert.notEqual(await pool.pid('crowd'), pid);
  await next.context.newPage();
  assert.equal(pool.launches, 3);
  await Promise.all([...victims, bystander, next].map((lease) => lease.release()));
});

test('a crashed page flags its own user only', async (t) => {
  const pool = await poolOf(t);
  const [victim, bystander] = await Promise.all([pool.acquire('crowd', {}), pool.acquire('crowd', {})]);
  const page = await victim.context.newPage();
  const other = await bystander.context.newPage();
  const flagged = once(victim.crashed, 'abort');
  // Never answers: the page that should answer is gone.
  page.goto('chrome://crash').catch(() => {});
  await flagged;
  assert.equal(victim.crashed.reason, 'the page crashed');
  assert.equal(bystander.crashed.aborted, false);
  assert.equal(await other.evaluate(() => 1 + 1), 2);
  await Promise.all([victim.release(), bystander.release()]);
});

test('after its number of contexts a browser takes no more users, and closes with its last one', async (t) => {
  const pool = await poolOf(t, { recycleAfterContexts: 2 });
  const first = await pool.acquire('crowd', {});
  const pid = await pool.pid('crowd');
  const second = await pool.acquire('crowd', {});
  const third = await pool.acquire('crowd', {});
  assert.equal(pool.launches, 2);
  await first.release();
  assert.ok(isRunning(pid), 'closed under its last user');
  assert.equal(second.crashed.aborted, false);
  await second.release();
  await gone(pid);
  assert.equal(second.crashed.aborted, false, 'a browser that closes in order is no crash');
  await third.release();
});

test('a launch that fails once fails its own arrivals and no later ones', async (t) => {
  let failures = 1;
  const pool = await poolOf(t, {}, (launch) => (role) => (failures-- > 0 ? Promise.reject(new Error('no memory')) : launch(role)));
  const outcomes = await Promise.allSettled([pool.acquire('crowd', {}), pool.acquire('crowd', {})]);
  assert.deepEqual(outcomes.map((outcome) => outcome.status), ['rejected', 'rejected']);
  await (await pool.acquire('crowd', {})).release();
  assert.equal(pool.launches, 2);
});

test('release closes the context, is safe to call twice, and never throws after a crash', async (t) => {
  const pool = await poolOf(t);
  const lease = await pool.acquire('crowd', {});
  const closed = once(lease.context as unknown as NodeJS.EventEmitter, 'close');
  await Promise.all([lease.release(), lease.release()]);
  await closed;
  const victim = await pool.acquire('crowd', {});
  const flagged = once(victim.crashed, 'abort');
  process.kill(await pool.pid('crowd'), 'SIGKILL');
  await flagged;
  await victim.release();
});

test('close while a browser is starting leaves no process either', async (t) => {
  const pids: number[] = [];
  const pool = await poolOf(t, {}, (launch) => async (role) => {
    const launched = await launch(role);
    pids.push(launched.pid);
    return launched;
  });
  const arrival = pool.acquire('crowd', {}).catch(() => null);
  await pool.close();
  await arrival;
  await Promise.all(pids.map(gone));
});
