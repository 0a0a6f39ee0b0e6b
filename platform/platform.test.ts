import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { createClient, startPlatform } from './testing.ts';
import type { Running } from './testing.ts';

interface Escrow {
  state: string;
  intentId: string;
  providerId: string | null;
  amountCents: number;
  feeCents: number;
  totalCents: number;
  entries: { account: string; operation: string; amountCents: number }[];
}
type Fault = { error: { code: string; message: string } };
type Client = ReturnType<typeof createClient>;

let platform: Running;
let url: string;
before(async () => {
  platform = await startPlatform('--agent-idle-ms', '1000');
  url = platform.ready.url;
});
after(() => platform.stop());

let people = 0;
async function newUser(runId?: string): Promise<Client> {
  const client = createClient(url, runId);
  const body = { name: 'Test Person', email: `person${(people += 1)}@example.test`, password: 'long enough' };
  assert.equal((await client.send('POST', '/api/v1/auth/signup', body)).status, 201);
  return client;
}
async function newProject(client: Client, amountCents = 123_450): Promise<string> {
  const draft = { title: 'A teaser film', amountCents };
  const reply = await client.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft);
  assert.equal(reply.status, 201);
  return reply.body.project.id;
}
const move = (client: Client, operation: string, body: object) =>
  client.send<{ escrow: Escrow } & Fault>('POST', `/api/v1/payments/escrow/${operation}`, body);
const lock = (client: Client, projectId: string, intentId: string, paymentMethod = 'pm_card_visa') =>
  move(client, 'lock', { projectId, intentId, paymentMethod });
const ledger = async (client: Client) =>
  (await client.send<{ escrows: Escrow[] }>('GET', '/api/v1/payments/ledger')).body.escrows;
async function provider(query: string): Promise<{ id: string; status: string; amount_received: number }[]> {
  const search = `${platform.ready.paymentsUrl}/v1/payment_intents/search?query=${encodeURIComponent(query)}`;
  const answer = await fetch(search, { headers: { authorization: 'Bearer sk_test_audit' } });
  const { data } = (await answer.json()) as { data: { id: string; status: string; amount_received: number }[] };
  return data;
}

test('signup, project, lock and release leave a ledger that balances and agrees with the provider', async () => {
  const client = await newUser('run-balance');
  const projectId = await newProject(client);
  const held = await lock(client, projectId, 'intent-balance');
  assert.deepEqual([held.status, held.body.escrow.state, held.body.escrow.totalCents], [200, 'held', 127_154]);
  const released = await move(client, 'release', { intentId: 'intent-balance' });
  assert.equal(released.body.escrow.state, 'released');

  const [escrow, ...others] = await ledger(client);
  assert.ok(escrow && others.length === 0);
  assert.equal(escrow.entries.reduce((sum, entry) => sum + entry.amountCents, 0), 0);
  const balance = (account: string): number =>
    escrow.entries.filter((entry) => entry.account === account).reduce((sum, entry) => sum + entry.amountCents, 0);
  assert.deepEqual([balance('escrow'), balance('creator'), balance('platform_fee')], [0, 123_450, 3704]);
  const charged = await provider("metadata['run_id']:'run-balance'");
  assert.deepEqual(charged.map(({ status, amount_received: cents }) => [status, cents]), [['succeeded', 127_154]]);
});

test('a double click, a retry and a second tab never pay twice', async () => {
  const client = await newUser('run-twice');
  const projectId = await newProject(client);
  const replies = await Promise.all([1, 2, 3].map(() => lock(client, projectId, 'intent-twice')));
  assert.deepEqual(replies.map(({ status }) => status), [200, 200, 200]);
  assert.equal((await lock(client, projectId, 'intent-twice')).body.escrow.state, 'held');
  const tab = await lock(client, projectId, 'intent-second-tab');
  assert.deepEqual([tab.status, tab.body.error.code], [409, 'ALREADY_FUNDED']);
  const release = { intentId: 'intent-twice' };
  const both = await Promise.all([1, 2].map(() => move(client, 'release', release)));
  assert.deepEqual(both.map(({ status }) => status), [200, 200]);
  assert.equal((await provider("metadata['run_id']:'run-twice'")).length, 1);
  assert.equal((await ledger(client))[0]?.entries.length, 5);
});

test('two tabs at the same moment hold the money once', async () => {
  const client = await newUser('run-tabs');
  const projectId = await newProject(client);
  const replies = await Promise.all([lock(client, projectId, 'intent-tab-a'), lock(client, projectId, 'intent-tab-b')]);
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409]);
  const held = await provider("metadata['run_id']:'run-tabs' AND status:'requires_capture'");
  assert.equal(held.length, 1);
});

test('a declined card charges nothing, says so, and another card may follow', async () => {
  const client = await newUser('run-decline');
  const projectId = await newProject(client);
  for (const attempt of [1, 2]) {
    const declined = await lock(client, projectId, 'intent-declined', 'pm_card_chargeDeclined');
    assert.deepEqual([declined.status, declined.body.error.code], [402, 'CARD_DECLINED'], `attempt ${attempt}`);
  }
  const [failed] = await ledger(client);
  assert.deepEqual([failed?.state, failed?.entries.length], ['failed', 0]);
  const tried = await provider("metadata['run_id']:'run-decline'");
  assert.deepEqual(tried.map(({ amount_received: cents }) => cents), [0]);
  assert.equal((await lock(client, projectId, 'intent-accepted')).status, 200);
});

test('a refund gives everything back, before and after release', async () => {
  const client = await newUser('run-refund');
  for (const [intentId, steps] of [['intent-cancel', ['refund']], ['intent-refund', ['release', 'refund']]] as const) {
    await lock(client, await newProject(client), intentId);
    for (const step of steps) {
      assert.equal((await move(client, step, { intentId })).status, 200);
    }
  }
  for (const { state, entries } of await ledger(client)) {
    assert.equal(state, 'refunded');
    const sums = Object.groupBy(entries, (entry) => entry.account);
    for (const rows of Object.values(sums)) assert.equal(rows?.reduce((sum, row) => sum + row.amountCents, 0), 0);
  }
});

test('release and refund at the same moment end in one of them, never in both', async () => {
  const client = await newUser('run-crossing');
  await lock(client, await newProject(client), 'intent-crossing');
  const body = { intentId: 'intent-crossing' };
  const replies = await Promise.all(['release', 'refund'].map((step) => move(client, step, body)));
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409]);
  const [escrow] = await ledger(client);
  assert.equal(escrow?.state, replies.find(({ status }) => status === 200)?.body.escrow.state);
  assert.equal(escrow?.entries.reduce((sum, entry) => sum + entry.amountCents, 0), 0);
  assert.equal(new Set(escrow?.entries.map(({ operation }) => operation)).size, 2);
});

test('nobody sees or moves what belongs to another user', async () => {
  const [owner, other] = [await newUser(), await newUser()];
  const projectId = await newProject(owner);
  await lock(owner, projectId, 'intent-owner');
  assert.equal((await other.send('GET', `/api/v1/projects/${projectId}`)).status, 404);
  assert.equal((await lock(other, projectId, 'intent-owner')).status, 404);
  assert.equal((await move(other, 'release', { intentId: 'intent-owner' })).status, 404);
  assert.equal((await other.send('POST', `/api/v1/projects/${projectId}/brief`)).status, 404);
  assert.equal((await createClient(url).send('GET', '/api/v1/auth/me')).status, 401);
});

/** Follows a task to its end; returns its events. */
async function draft(
  client: Client, projectId: string,
): Promise<{ names: string[]; cold: number | null; last: string }> {
  const started = await client.send<{ task: { id: string } }>('POST', `/api/v1/projects/${projectId}/brief`);
  assert.equal(started.status, 202);
  const { body, headers } = await client.send<string>('GET', `/api/v1/tasks/${started.body.task.id}/events`);
  const events = body.split('\n\n').filter((block) => block.startsWith('event: '))
    .map((block) => /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []);
  const first = JSON.parse(events[0]?.[2] ?? '{}') as { coldStartMs: number | null };
  // The stream itself tells a cold start, once: a task that is read again must not be counted again.
  assert.match(headers.get('server-timing') ?? '', first.coldStartMs === null ? /warm;desc="agent"/ : /cold;dur=[\d.]+;desc="agent"/);
  const stored = await client.send('GET', `/api/v1/tasks/${started.body.task.id}`);
  assert.doesNotMatch(stored.headers.get('server-timing') ?? '', /cold|warm/);
  return { names: events.map((event) => event[1] ?? ''), cold: first.coldStartMs, last: events.at(-1)?.[2] ?? '' };
}

test('an agent task streams to its brief: cold, then warm, and cold again once the runner was let go', async () => {
  const client = await newUser();
  const projectId = await newProject(client);
  const cold = await draft(client, projectId);
  assert.equal(cold.names[0], 'started');
  assert.ok(cold.names.filter((name) => name === 'progress').length > 20);
  assert.equal(cold.names.at(-1), 'completed');
  assert.ok(cold.cold !== null && cold.cold > 20, 'a process start takes time');
  const warm = await draft(client, projectId);
  assert.equal(warm.cold, null);
  const { brief } = JSON.parse(warm.last) as { brief: string };
  assert.match(brief, /A teaser film/);
  const page = await client.send<{ project: { brief: string } }>('GET', `/api/v1/projects/${projectId}`);
  assert.equal(page.body.project.brief, brief);

  // Its going is not an event seen from outside, hence the polling.
  const metrics = async (): Promise<string> => (await fetch(platform.ready.metricsUrl)).text();
  const deadlineMs = Date.now() + 8000;
  while (!/^agent_runners 0$/m.test(await metrics())) assert.ok(Date.now() < deadlineMs, 'the runner is still there');
  assert.ok((await draft(client, projectId)).cold !== null);
});

test('requests carry an id, a trace, timings and metrics', async () => {
  const client = await newUser('run-trace');
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const reply = await client.send('GET', '/api/v1/creators?q=video&verified=true', undefined,
    { 'x-request-id': 'req-from-test', traceparent: `00-${traceId}-b7ad6b7169203331-01` });
  assert.equal(reply.headers.get('x-request-id'), 'req-from-test');
  assert.match(reply.headers.get('server-timing') ?? '', /db;dur=[\d.]+.*total;dur=[\d.]+/);
  const page = await client.send('GET', '/find/prompt-engineer-for-podcasts');
  assert.match(page.headers.get('server-timing') ?? '', /render;dur=.*cache;desc=(?:hit|miss)/);
  const again = await client.send('GET', '/find/prompt-engineer-for-podcasts');
  assert.match(again.headers.get('server-timing') ?? '', /cache;desc=hit/);
  assert.doesNotMatch(reply.headers.get('server-timing') ?? '', /cache/);
  const metrics = await (await fetch(platform.ready.metricsUrl)).text();
  for (const name of [
    'http_request_duration_seconds_bucket{le="0.05",method="GET",route="/api/v1/creators",status="200"}',
    'http_requests_total{test="true"}', 'cache_requests_total{cache="landing_pages",result="miss"}',
    'nodejs_gc_duration_seconds', 'nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes',
    'db_query_duration_seconds_bucket', 'agent_cold_starts_total',
  ]) assert.ok(metrics.includes(name), name);
});

test('forms answer with redirects, and with the form again when something is wrong', async () => {
  const client = createClient(url);
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = (path: string, fields: Record<string, string>) =>
    client.send<string>('POST', path, new URLSearchParams(fields).toString(), type);
  const account = { name: '<b>Eve</b>', email: 'eve@example.test', password: 'long enough' };
  assert.equal((await client.send('GET', '/projects')).headers.get('location'), '/login?next=%2Fprojects');
  const joined = await form('/signup', account);
  assert.deepEqual([joined.status, joined.headers.get('location')], [303, '/welcome']);
  assert.match((await client.send<string>('GET', '/welcome')).body, /Welcome, <em>&lt;b&gt;Eve&lt;\/b&gt;/);
  const again = await form('/signup', account);
  assert.equal(again.status, 409);
  assert.match(again.body, /role="alert"/);
  const away = await form('/login', { ...account, next: '//evil.example' });
  assert.equal(away.headers.get('location'), '/projects');
  const wrong = await form('/projects', { title: 'A film', skill: 'video-editor', budget: 'a lot' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.body, /not an amount/);
});

test('bad input is refused with a code and without a trace', async () => {
  const client = await newUser();
  const table: [method: string, path: string, body: unknown, status: number, code: string][] = [
    ['POST', '/api/v1/projects', { title: 'x', amountCents: 1000 }, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/projects', { title: 'A film', amountCents: 10.5 }, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/projects', { title: 'A film', amountCents: 1 }, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/projects', { title: 'A film', amountCents: 1000, creatorId: 999_999 }, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/auth/signup', { name: 'x', email: 'no', password: 'long enough' }, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/auth/signup', '{"name":', 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    ['POST', '/api/v1/auth/login', { email: 'ada@example.com', password: 'wrong' }, 401, 'WRONG_CREDENTIALS'],
    ['GET', '/api/v1/creators?limit=1000', undefined, 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/nothing', undefined, 404, 'NOT_FOUND'],
    ['GET', '/api/v1/tasks/nothing', undefined, 404, 'NOT_FOUND'],
  ];
  for (const [method, path, body, status, code] of table) {
    const reply = await client.send<Fault>(method, path, body);
    assert.deepEqual([reply.status, reply.body.error.code], [status, code], `${method} ${path}`);
    assert.doesNotMatch(JSON.stringify(reply.body), / at .*\.ts/);
  }
  for (const path of ['/find/nothing', '/creators/0', '/creators/abc', '/static/0/app.css', '/static/..%2fapp.ts/x']) {
    assert.equal((await client.send('GET', path)).status, 404, path);
  }
});

test('the platform says of itself that it takes load tests, and what it consists of', async () => {
  const answer = await fetch(`${url}/.well-known/load-test.json`);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const { data, flags, instances, ...rest } = await answer.json() as
    { data: Record<string, number>; flags: Record<string, boolean>; instances: number };
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  assert.deepEqual(rest, { loadTests: 'allowed', environment: 'bundled', version });
  assert.ok(instances >= 1 && instances <= 3, `${instances} instances`);
  assert.equal(flags['payment-fallback'], true);
  assert.deepEqual(Object.keys(data), ['creators', 'landingPages', 'listings', 'users', 'projects']);
  assert.deepEqual([data['creators'], data['landingPages']], [2000, 60]);
  assert.ok((data['users'] ?? 0) > 3, 'the accounts made above are counted');
});
