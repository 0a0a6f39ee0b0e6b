import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { childrenOf, createConnection, figuresOf, startPlatform, untilFigures } from './testing.ts';
import type { Running } from './testing.ts';

const READY = 'web_workers{state="ready"}';
const LINUX = { skip: process.platform === 'linux' ? false : 'reads /proc' };
type Connection = ReturnType<typeof createConnection>;
interface Escrow {
  state: string;
  entries: { account: string; amountCents: number; operation: string }[];
}

let platform: Running;
let url: string;
let metricsUrl: string;
before(async () => {
  platform = await startPlatform('--workers', '2');
  ({ url, metricsUrl } = platform.ready);
});
after(() => platform.stop());

async function logIn(target: string): Promise<string> {
  const body = JSON.stringify({ email: 'ada@example.com', password: 'open-show-demo' });
  const headers = { 'content-type': 'application/json', 'connection': 'close' };
  const answer = await fetch(`${target}/api/v1/auth/login`, { method: 'POST', body, headers });
  const { user, token } = await answer.json() as { user: { email: string }; token: string };
  assert.equal(user.email, 'ada@example.com');
  return token;
}

/** A connection to each of two workers: the second one goes to whoever has fewer. */
async function twoWorkers(): Promise<[Connection, Connection]> {
  const token = await logIn(url);
  const found = new Map<string, Connection>();
  while (found.size < 2) {
    const connection = createConnection(url, token);
    const { status, worker } = await connection.send('GET', '/api/v1/auth/me');
    assert.equal(status, 200, 'a Bearer token is as good as the cookie');
    if (found.has(worker)) connection.close();
    else found.set(worker, connection);
  }
  return [...found.values()] as [Connection, Connection];
}

async function newProject(connection: Connection): Promise<string> {
  const draft = { title: 'A teaser film', amountCents: 10_000 };
  const { body } = await connection.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft);
  return body.project.id;
}

/** Series that may only grow; prom-client's counts of active handles are levels, whatever their names say. */
const counted = ([name]: [string, number]): boolean =>
  /^(?!nodejs_active_).*(_total|_bucket|_count|_sum)(\{|$)/.test(name);
function assertGrown(before: Map<string, number>, now: Map<string, number>): void {
  for (const [name, value] of [...before].filter(counted)) {
    const later = now.get(name);
    // Sums of fractions, added in another order, differ in their last digits.
    assert.ok(later !== undefined && later >= value - 1e-6, `${name}: ${value}, then ${later}`);
  }
}

test('the same payment in two workers at once is held and booked once, whichever operation', async () => {
  const workers = await twoWorkers();
  for (let round = 0; round < 5; round += 1) {
    const projectId = await newProject(workers[0]);
    const intentId = `intent-race-${round}`;
    const both = (operation: string, body: object) => Promise.all(workers.map((worker) =>
      worker.send<{ escrow: { state: string } }>('POST', `/api/v1/payments/escrow/${operation}`, body)));
    for (const [operation, state] of [['lock', 'held'], ['release', 'released'], ['refund', 'refunded']] as const) {
      const more = operation === 'lock' ? { projectId, paymentMethod: 'pm_card_visa' } : {};
      const answers = await both(operation, { intentId, ...more });
      assert.equal(new Set(answers.map(({ worker }) => worker)).size, 2);
      const said = answers.map(({ status, body }) => [status, body.escrow?.state]);
      assert.deepEqual(said, [[200, state], [200, state]], operation);
    }
  }
  const { body } = await workers[1].send<{ escrows: Escrow[] }>('GET', '/api/v1/payments/ledger');
  for (const { entries } of body.escrows) {
    assert.equal(entries.length, 8, '2 for the lock, 3 for the release, 3 for the refund');
    assert.equal(entries.reduce((sum, entry) => sum + entry.amountCents, 0), 0);
  }
  const figures = await figuresOf(metricsUrl);
  assert.equal(figures.get('payment_duplicate_charges_total'), 0);
  assert.equal(figures.get('payments_total{operation="lock",outcome="ok"}'), 5);
  workers.forEach((worker) => worker.close());
});

test('two tabs on two workers pay for one project once', async () => {
  const workers = await twoWorkers();
  const projectId = await newProject(workers[0]);
  const answers = await Promise.all(workers.map((worker, index) => worker.send('POST', '/api/v1/payments/escrow/lock',
    { projectId, intentId: `intent-tabs-${index}`, paymentMethod: 'pm_card_visa' })));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 409]);
  workers.forEach((worker) => worker.close());
});

test('a task started in one worker is followed in another, and is one task for both', async () => {
  const [one, other] = await twoWorkers();
  const projectId = await newProject(one);
  const started = await Promise.all([one, other].map((worker) =>
    worker.send<{ task: { id: string } }>('POST', `/api/v1/projects/${projectId}/brief`)));
  assert.equal(started[0]?.body.task.id, started[1]?.body.task.id);
  const streams = await Promise.all([one, other].map((worker) =>
    worker.send<string>('GET', `/api/v1/tasks/${started[0]?.body.task.id}/events`)));
  for (const { body, headers } of streams) {
    assert.match(body, /event: started[^]*event: progress[^]*event: completed/);
    assert.match(String(headers['server-timing']), /cold;dur=[\d.]+;desc="agent"/);
  }
  assert.equal(streams[0]?.body, streams[1]?.body);
  [one, other].forEach((worker) => worker.close());
});

test('a killed worker is replaced, and nothing that was counted goes backwards', LINUX, async () => {
  const { web = 0 } = platform.ready.pids;
  const early = await untilFigures(metricsUrl, 'two workers', (figures) => figures.get(READY) === 2);
  const victim = childrenOf(web)[0] ?? 0;
  process.kill(victim, 'SIGKILL');
  const late = await untilFigures(metricsUrl, 'one replaced', (figures) =>
    figures.get('autoscaler_replacements_total') === 1 && figures.get(READY) === 2);
  assert.ok(!childrenOf(web).includes(victim));
  assertGrown(early, late);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('with its only worker dead, the platform keeps callers waiting, not out', LINUX, async (t) => {
  const single = await startPlatform('--workers', '1-1');
  t.after(() => single.stop());
  const { web = 0 } = single.ready.pids;
  const said = once(single.child.stderr as NodeJS.ReadableStream, 'data');
  process.kill(childrenOf(web)[0] ?? 0, 'SIGKILL');
  await untilFigures(single.ready.metricsUrl, 'a new worker', (figures) =>
    figures.get('autoscaler_replacements_total') === 1);
  assert.match(String((await said)[0]), /^P_WORKER_DIED: web worker 1 ended: exit SIGKILL; another one is started\n$/);
});

test('workers are added under load and let go after it; no request fails and no counter goes backwards', async (t) => {
  const scaling = await startPlatform('--workers', '1-3', '--worker-idle-ms', '500', '--fault', 'api-delay=100');
  t.after(() => scaling.stop());
  const page = scaling.ready.metricsUrl;
  const statuses = new Set<number>();
  const load = { senders: 40 };
  const sender = async (index: number): Promise<void> => {
    while (index < load.senders) statuses.add((await fetch(`${scaling.ready.url}/api/v1/creators?q=${index}`)).status);
  };
  const running = Promise.all(Array.from({ length: load.senders }, (_, index) => sender(index)));
  const seen = [await figuresOf(page)];
  seen.push(await untilFigures(page, 'three workers', (figures) => figures.get(READY) === 3));
  load.senders = 1;
  seen.push(await untilFigures(page, 'one worker', (figures) =>
    figures.get(READY) === 1 && figures.get('service_instances{service="web"}') === 1));
  load.senders = 0;
  await running;
  seen.push(await figuresOf(page));
  for (const [index, figures] of seen.entries()) if (index > 0) assertGrown(seen[index - 1] ?? figures, figures);
  const last = seen.at(-1);
  assert.deepEqual([...statuses], [200]);
  assert.deepEqual(['autoscaler_scale_ups_total', 'autoscaler_scale_up_seconds_count', 'autoscaler_scale_downs_total',
    'autoscaler_replacements_total'].map((name) => last?.get(name)), [2, 2, 2, 0]);
});

test('more agent tasks than may run wait for their turn; more than may wait are refused with advice', async (t) => {
  const small = await startPlatform('--agent-concurrency', '1', '--agent-queue', '1');
  t.after(() => small.stop());
  const client = createConnection(small.ready.url, await logIn(small.ready.url));
  type Answer = { task: { id: string }; error: { code: string } };
  const start = async () => client.send<Answer>('POST', `/api/v1/projects/${await newProject(client)}/brief`);
  const [first, second, third] = [await start(), await start(), await start()];
  assert.deepEqual([first.status, second.status, third.status], [202, 202, 503]);
  assert.equal(third.body.error.code, 'AGENT_QUEUE_FULL');
  assert.match(String(third.headers['retry-after']), /^[1-9]\d*$/);
  const full = await figuresOf(small.ready.metricsUrl);
  assert.deepEqual([full.get('queue_length{queue="agent_tasks"}'), full.get('agent_tasks_running'),
    full.get('agent_queue_rejected_total')], [1, 1, 1]);
  const stream = await client.send<string>('GET', `/api/v1/tasks/${second.body.task.id}/events`);
  assert.match(stream.body, /event: completed/);
  assert.match(String(stream.headers['server-timing']), /warm;desc="agent"/);
  client.close();
});
