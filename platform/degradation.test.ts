// What users see while a dependency is away, and what the operations API shows and switches.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import type { BreakerView } from './shared/breaker.ts';
import { STORAGE } from './shared/storage.ts';
import { createClient, createConnection, figuresOf, isGone, startPlatform, untilFigures } from './testing.ts';
import type { Running } from './testing.ts';

interface Task {
  state: string;
  degraded: boolean;
  fallback: string | null;
  brief: string | null;
  message: string | null;
  code?: string;
}
type Fault = { error: { code: string } };
type Client = ReturnType<typeof createClient>;

const dataDir = mkdtempSync(join(tmpdir(), 'openshow-degradation-'));
const spool = join(dataDir, 'spool');
let platform: Running;
before(async () => {
  platform = await startPlatform('--workers', '2', '--data', dataDir, '--agent-idle-ms', '600000');
});
after(async () => {
  await platform.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Switches the network to a dependency off or on, as a Toxiproxy client does. */
async function network(name: string, enabled: boolean): Promise<void> {
  const answer = await fetch(`${platform.ready.toxiproxyUrl}/proxies/${name}`, {
    method: 'POST', body: JSON.stringify({ enabled }),
  });
  assert.equal(answer.status, 200, await answer.text());
}
const operate = <T = Record<string, never>>(method: string, path: string, body?: unknown, token = platform.ready.operationsToken) =>
  createClient(platform.ready.url).send<T & Fault>(method, `/api/v1/operations${path}`, body,
    token === '' ? {} : { authorization: `Bearer ${token}` });
const setFlag = async (name: string, enabled: boolean): Promise<void> => {
  assert.equal((await operate('PUT', `/flags/${name}`, { enabled })).status, 200);
  // Other processes read it again after a second.
  await new Promise((resolve) => setTimeout(resolve, 1100));
};

/** Kills a web worker; returns its name once no connection to it is left in this process. */
async function killWorker(): Promise<string> {
  const { body: { killed } } = await operate<{ killed: string }>('POST', '/kill-worker');
  // To the end: an answer that nobody reads, of a process that is then killed, ends undici with an assertion.
  const answers = (): Promise<boolean> => fetch(platform.ready.metricsUrl).then((answer) => answer.text()).then(() => true, () => false);
  for (let good = 0; good < 5; good = await answers() ? good + 1 : 0);
  return killed;
}

let people = 0;
async function newUser(): Promise<Client> {
  const client = createClient(platform.ready.url);
  const body = { name: 'Test Person', email: `degraded${(people += 1)}@example.test`, password: 'long enough' };
  assert.equal((await client.send('POST', '/api/v1/auth/signup', body)).status, 201);
  return client;
}
const listing = { externalId: 'a-1', title: 'Zither film', skill: 'video-editor', priceCents: 120_000 };
const sync = (client: Client, more: object = {}) => client.send<{ file: { state: string }; message: string | null } & Fault>(
  'POST', '/api/v1/listings/sync', { listings: [{ ...listing, ...more }] });
async function brief(client: Client): Promise<Task> {
  const draft = { title: 'A teaser film', amountCents: 10_000 };
  const { body: { project } } = await client.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft);
  const { body: { task } } = await client.send<{ task: { id: string } }>('POST', `/api/v1/projects/${project.id}/brief`);
  const events = (await client.send<string>('GET', `/api/v1/tasks/${task.id}/events`)).body;
  return JSON.parse(/event: (?:completed|failed)\ndata: (.*)/.exec(events)?.[1] ?? '{}') as Task;
}

test('without the model users get an outline, then one from the cache; with the flag off the task fails; all as they are told', async () => {
  const client = await newUser();
  await network('model', false);
  const first = await brief(client);
  assert.deepEqual([first.state, first.degraded, first.fallback], ['completed', true, 'outline']);
  assert.match(first.message ?? '', /^The model is not available; here is a plain outline\./);
  await network('model', true);
  // The breaker tries again by itself, within some seconds; each brief until then is an outline.
  let good = await brief(client);
  while (good.degraded) good = await brief(client);
  assert.equal(good.message, null);

  await network('model', false);
  const second = await brief(client);
  assert.deepEqual([second.degraded, second.fallback], [true, 'cached']);
  assert.match(second.message ?? '', /^The model is not available; here is a cached brief\./);
  assert.match(second.brief ?? '', /A teaser film/);
  await setFlag('brief-fallback', false);
  const refused = await brief(client);
  assert.deepEqual([refused.state, refused.degraded, refused.code], ['failed', false, 'MODEL_UNAVAILABLE']);
  await setFlag('brief-fallback', true);
  await network('model', true);
  const figures = await figuresOf(platform.ready.metricsUrl);
  assert.ok((figures.get('fallbacks_total{dependency="model"}') ?? 0) >= 2);
  assert.ok((figures.get('circuit_breaker_transitions_total{dependency="model",to="open"}') ?? 0) >= 1);
});

test('without storage listings are saved and files wait, through a kill of the workers; they are uploaded once it is back', async () => {
  const client = await newUser();
  assert.deepEqual((await sync(client)).body.file.state, 'stored');
  await network('storage', false);
  for (const price of [1, 2, 3]) {
    const { status, body } = await sync(client, { priceCents: price * 10_000 });
    assert.deepEqual([status, body.file.state], [200, 'waiting']);
    assert.equal(body.message, 'We will upload your file later; your listings are saved.');
  }
  await untilFigures(platform.ready.metricsUrl, 'three files wait', (figures) => figures.get('queue_length{queue="uploads"}') === 3);
  assert.match(await killWorker(), /^web-[12]$/);
  assert.equal(readdirSync(spool).length, 3);

  await setFlag('upload-later', false);
  const refused = await sync(client, { priceCents: 40_000 });
  assert.deepEqual([refused.status, refused.body.error.code], [503, 'STORAGE_UNAVAILABLE']);
  assert.equal(readdirSync(spool).length, 3, 'what was refused is not kept');
  await setFlag('upload-later', true);

  await network('storage', true);
  await untilFigures(platform.ready.metricsUrl, 'no file waits', (figures) =>
    figures.get('queue_length{queue="uploads"}') === 0
    && figures.get('circuit_breaker_state{dependency="storage",process="web-primary"}') === 0);
  assert.deepEqual(readdirSync(spool), []);
});

test('without the replica searches go on from the primary; it catches up when it is back', async () => {
  const client = await newUser();
  const search = (q: string) => client.send<{ listings: { title: string }[] }>('GET', `/api/v1/listings?q=${q}`);
  const fallbacks = async (): Promise<number> =>
    (await figuresOf(platform.ready.metricsUrl)).get('fallbacks_total{dependency="replica"}') ?? 0;
  const served = async (): Promise<number> =>
    (await figuresOf(platform.ready.metricsUrl)).get('service_requests_total{service="replica"}') ?? 0;
  await network('replica', false);
  const before = await fallbacks();
  await sync(client, { title: 'Harp film' });
  for (let round = 0; round < 10; round += 1) {
    assert.deepEqual((await search('harp')).body.listings.map(({ title }) => title), ['Harp film']);
  }
  assert.ok(await fallbacks() >= before + 10);
  await untilFigures(platform.ready.metricsUrl, 'the replica lags', (figures) => (figures.get('replica_lag_seconds') ?? 0) > 2);
  await network('replica', true);
  await untilFigures(platform.ready.metricsUrl, 'the replica is there again', (figures) =>
    (figures.get('replica_lag_seconds') ?? 9) < 1
    && [...figures].every(([name, value]) => !name.startsWith('circuit_breaker_state{dependency="replica"') || value === 0));
  const servedBefore = await served();
  assert.deepEqual((await search('harp')).body.listings.map(({ title }) => title), ['Harp film']);
  assert.ok(await served() > servedBefore);
  await setFlag('replica-reads', false);
  const servedThen = await served();
  assert.equal((await search('harp')).body.listings.length, 1);
  assert.equal(await served(), servedThen);
  await setFlag('replica-reads', true);
});

test('a replica that was killed comes back empty and is filled again', async () => {
  const figures = await figuresOf(platform.ready.metricsUrl);
  assert.ok(figures.has('process_resident_memory_bytes{service="replica",process="replica"}'));
  const pid = platform.ready.pids['replica'];
  assert.ok(pid !== undefined);
  const { listen } = await (await fetch(`${platform.ready.toxiproxyUrl}/proxies/replica`)).json() as { listen: string };
  const position = (): Promise<number> => fetch(`http://${listen}/healthz`)
    .then(async (answer) => (await answer.json() as { at: number }).at).catch(() => 0);
  const before = await position();
  assert.ok(before > 2000, 'it has the creators, at least');
  process.kill(pid, 'SIGKILL');
  while (!isGone(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  const deadlineMs = Date.now() + 20_000;
  while (await position() < before) assert.ok(Date.now() < deadlineMs, 'the replica is not filled again');
  const client = await newUser();
  assert.equal((await client.send<{ listings: object[] }>('GET', '/api/v1/listings?q=harp')).body.listings.length, 1);
});

test('with page-cache off the same search is made anew each time', async () => {
  const client = await newUser();
  const misses = async (): Promise<number> =>
    (await figuresOf(platform.ready.metricsUrl)).get('cache_requests_total{cache="creators",result="miss"}') ?? 0;
  await setFlag('page-cache', false);
  const before = await misses();
  for (let round = 0; round < 5; round += 1) await client.send('GET', '/api/v1/creators?q=video');
  assert.equal(await misses() - before, 5);
  await setFlag('page-cache', true);
});

test('breakers of all processes are listed; a killed worker is replaced while the other serves', async () => {
  const { body } = await operate<{ breakers: BreakerView[] }>('GET', '/breakers');
  const names = body.breakers.map(({ process: name, dependency }) => `${name}:${dependency}`);
  for (const name of ['web-primary:storage', 'web-1:replica', 'web-2:payments', 'agent:model']) assert.ok(names.includes(name), name);
  const replaced = (figures: Map<string, number>): number => figures.get('autoscaler_replacements_total') ?? 0;
  const before = replaced(await figuresOf(platform.ready.metricsUrl));
  await operate('POST', '/kill-worker');
  // New connections: those that the killed worker had are gone with it.
  for (let round = 0; round < 20; round += 1) {
    const connection = createConnection(platform.ready.url, '');
    assert.equal((await connection.send('GET', '/api/v1/creators')).status, 200);
    connection.close();
  }
  await untilFigures(platform.ready.metricsUrl, 'two workers are ready again', (figures) =>
    figures.get('web_workers{state="ready"}') === 2 && replaced(figures) > before);
});

test('the operations API is for its token only, and refuses what it does not know', async () => {
  const table: [method: string, path: string, body: unknown, token: string | undefined, status: number, code: string][] = [
    ['GET', '/flags', undefined, '', 401, 'TOKEN_REQUIRED'],
    ['GET', '/flags', undefined, 'wrong', 403, 'FORBIDDEN'],
    ['GET', '/breakers', undefined, 'wrong', 403, 'FORBIDDEN'],
    ['POST', '/kill-worker', undefined, '', 401, 'TOKEN_REQUIRED'],
    ['PUT', '/flags/page-cache', { enabled: false }, 'wrong', 403, 'FORBIDDEN'],
    ['PUT', '/flags/nothing', { enabled: false }, undefined, 404, 'NOT_FOUND'],
    ['PUT', '/flags/constructor', { enabled: false }, undefined, 404, 'NOT_FOUND'],
    ['PUT', '/flags/page-cache', { enabled: 'false' }, undefined, 400, 'INVALID_INPUT'],
    ['PUT', '/flags/page-cache', { enabled: false, more: 1 }, undefined, 400, 'INVALID_INPUT'],
    ['PUT', '/flags/page-cache', undefined, undefined, 400, 'INVALID_INPUT'],
    ['PUT', '/flags/page-cache', '{"enabled":', undefined, 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    ['GET', '/nothing', undefined, undefined, 404, 'NOT_FOUND'],
  ];
  for (const [method, path, body, token, status, code] of table) {
    const reply = await operate(method, path, body, token);
    assert.deepEqual([reply.status, reply.body.error.code], [status, code], `${method} ${path} ${JSON.stringify(body)}`);
  }
  const { body } = await operate<{ flags: Record<string, { enabled: boolean; help: string }> }>('GET', '/flags');
  assert.deepEqual(Object.entries(body.flags).map(([name, { enabled }]) => [name, enabled]), [
    ['payment-fallback', true], ['brief-fallback', true], ['upload-later', true], ['page-cache', true], ['replica-reads', true],
  ]);
});

test('files that wait survive a kill -9 of the web service, and are uploaded whole after the next start', async () => {
  const client = await newUser();
  await network('storage', false);
  const titles = Array.from({ length: 5 }, (_, index) => `Lute film ${index}`);
  for (const title of titles) assert.equal((await sync(client, { title })).body.file.state, 'waiting');
  const web = platform.ready.pids['web'];
  assert.ok(web !== undefined);
  process.kill(web, 'SIGKILL');
  await once(platform.child, 'exit');
  assert.equal(readdirSync(spool).length, 5);

  platform = await startPlatform('--workers', '2', '--data', dataDir);
  await untilFigures(platform.ready.metricsUrl, 'no file waits', (figures) => figures.get('queue_length{queue="uploads"}') === 0
    && readdirSync(spool).length === 0);
  const s3 = new S3Client({
    endpoint: platform.ready.storageUrl, region: STORAGE.region, credentials: STORAGE.credentials, forcePathStyle: true,
  });
  const stored: string[] = [];
  for (const { Key } of (await s3.send(new ListObjectsV2Command({ Bucket: STORAGE.bucket }))).Contents ?? []) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: STORAGE.bucket, Key }));
    const { listings } = JSON.parse(await Body?.transformToString() ?? '') as { listings: { title: string }[] };
    stored.push(...listings.map(({ title }) => title));
  }
  s3.destroy();
  assert.deepEqual(stored.filter((title) => title.startsWith('Lute')).sort(), titles);
});
