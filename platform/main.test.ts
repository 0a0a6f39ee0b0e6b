import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { childrenOf, createClient, isGone, launch, startPlatform, textOf } from './testing.ts';

/** Orphans have nobody who hears of their end, hence the polling. */
async function allGone(pids: number[], limitMs: number): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!pids.every(isGone)) {
    assert.ok(Date.now() < deadlineMs, `still running: ${pids.filter((pid) => !isGone(pid)).join(', ')}`);
    await after(10);
  }
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends every process within 2 s`, async () => {
    const { ready, stop } = await startPlatform();
    assert.deepEqual(Object.keys(ready.pids), ['main', 'proxy', 'payments', 'model', 'storage', 'replica', 'web']);
    assert.equal((await fetch(`${ready.url}/healthz`)).status, 200);
    const startedMs = Date.now();
    assert.equal(await stop(signal), 0);
    assert.ok(Date.now() - startedMs < 2000);
    await allGone(Object.values(ready.pids), 100);
  });
}

test('killed with -9, main takes every child with it, the agent runner too, and the temporary data', {
  skip: process.platform === 'linux' ? false : 'reads /proc',
}, async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'openshow-kill-'));
  process.env['TMPDIR'] = scratch;
  const { ready, stop } = await startPlatform();
  delete process.env['TMPDIR'];
  const client = createClient(ready.url);
  await client.send('POST', '/api/v1/auth/login', { email: 'ada@example.com', password: 'open-show-demo' });
  const film = { title: 'A film', amountCents: 1000 };
  const { body } = await client.send<{ project: { id: string } }>('POST', '/api/v1/projects', film);
  await client.send('POST', `/api/v1/projects/${body.project.id}/brief`);
  const web = ready.pids['web'] ?? 0;
  const below = childrenOf(web);
  assert.equal(below.length, 2, 'a web worker and the agent runner');
  await stop('SIGKILL');
  await allGone([...Object.values(ready.pids), ...below], 2000);
  assert.deepEqual(readdirSync(scratch).filter((name) => name.startsWith('openshow-')), []);
  rmSync(scratch, { recursive: true });
});

test('closed standard input ends the platform when asked to', async () => {
  const { child, ready } = await startPlatform('--exit-with-stdin');
  child.stdin?.end();
  await once(child, 'exit');
  await allGone(Object.values(ready.pids), 100);
});

test('a start that cannot work is one coded line and exit code 3', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const taken = String((holder.address() as AddressInfo).port);
  const table: [args: string[], code: string][] = [
    [['--port', taken], 'P_PORT_TAKEN'], [['--port', '0', '--data', '/dev/null/nowhere'], 'P_DATA_DIR'],
    [['--port', 'many'], 'P_USAGE'], [['--port', '65536'], 'P_USAGE'], [['--colour'], 'P_USAGE'],
    [['extra'], 'P_USAGE'], [['--workers', '3-1'], 'P_USAGE'], [['--fault', 'leek=1'], 'P_USAGE'],
  ];
  await Promise.all(table.map(async ([args, code]) => {
    const child = launch('--json', ...args);
    const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'exit')]);
    assert.equal(child.exitCode, 3, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^${code}: [^\\n]+\\n$`));
  }));
  holder.close();
});

test('a data directory is kept over a restart, with its sessions and logs', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openshow-keep-'));
  const first = await startPlatform('--data', dataDir);
  const account = { name: 'Kept', email: 'kept@example.test', password: 'long enough' };
  const joined = await createClient(first.ready.url).send<{ token: string }>('POST', '/api/v1/auth/signup', account);
  await first.stop();
  const second = await startPlatform('--data', dataDir);
  const authorization = `Bearer ${joined.body.token}`;
  const me = await createClient(second.ready.url).send('GET', '/api/v1/auth/me', undefined, { authorization });
  assert.equal(me.status, 200);
  const third = launch('--json', '--port', '0', '--data', dataDir);
  const refusal = await textOf(third.stderr);
  assert.match(refusal, /^P_DATA_DIR: payments: [^\n]+\n$/, 'a second platform on the same data');
  await second.stop();
  const lines = readFileSync(join(dataDir, 'web.log'), 'utf8').trim().split('\n')
    .map((line) => JSON.parse(line) as { route?: string });
  assert.ok(lines.some(({ route }) => route === '/api/v1/auth/signup'));
  assert.ok(existsSync(join(dataDir, 'payments.db')));
  rmSync(dataDir, { recursive: true });
});

test('cut off from what it depends on, the platform says which; connected again, it is well', async () => {
  const { ready, stop } = await startPlatform();
  const client = createClient(ready.url);
  const all = ['payments', 'model', 'storage', 'replica'];
  for (const enabled of [false, true]) {
    for (const name of all) {
      const body = JSON.stringify({ enabled });
      assert.equal((await fetch(`${ready.toxiproxyUrl}/proxies/${name}`, { method: 'POST', body })).status, 200);
    }
    const health = await client.send<{ status: string; down: string[] }>('GET', '/healthz');
    assert.deepEqual([health.status, health.body.status, health.body.down],
      enabled ? [200, 'ok', []] : [503, 'degraded', all]);
  }
  assert.equal(await stop(), 0);
});

test('what the platform depends on is back after a kill -9, on its port, behind its proxy, with its data', async () => {
  const { child, ready, stop } = await startPlatform();
  const notices = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  const { paymentsUrl, toxiproxyUrl, url } = ready;
  const intents = async (): Promise<number> => {
    const answer = await fetch(`${paymentsUrl}/v1/payment_intents`, { headers: { authorization: 'Bearer sk_test_t' } });
    return (await answer.json() as { data: object[] }).data.length;
  };
  await fetch(`${paymentsUrl}/v1/payment_intents`, {
    method: 'POST', body: 'amount=1000&currency=usd', headers: { authorization: 'Bearer sk_test_t' },
  });
  for (const name of ['payments', 'model', 'storage', 'replica', 'proxy']) {
    const said = once(notices, 'line') as Promise<[string]>;
    process.kill(ready.pids[name] ?? 0, 'SIGKILL');
    assert.match((await said)[0],
      new RegExp(`^P_PART_RESTARTED: ${name} ended: exit SIGKILL; it is back on port \\d+$`));
  }
  assert.equal(await intents(), 1);
  const proxies = await (await fetch(`${toxiproxyUrl}/proxies`)).json() as Record<string, { enabled: boolean }>;
  assert.deepEqual(Object.entries(proxies).map(([name, { enabled }]) => [name, enabled]),
    ['payments', 'model', 'storage', 'replica'].map((name) => [name, true]));
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  const children = childrenOf(child.pid ?? 0);
  assert.equal(children.length, 6);
  await stop('SIGKILL');
  await allGone(children, 2000);
});
