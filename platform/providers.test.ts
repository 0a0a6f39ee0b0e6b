import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { createClient, startPlatform } from './testing.ts';
import type { Running } from './testing.ts';

interface Sync {
  sync: { received: number; created: number; updated: number; unchanged: number; rejected: number };
  faults: { row: number; externalId: string | null; problems: string[] }[];
  file: { state: string };
  message: string | null;
}
interface Found {
  listings: { id: number; externalId: string; title: string; priceCents: number; status: string }[];
  next: number | null;
}
interface Checked {
  results: { intentId: string; status: string; checks: Record<string, boolean> | null; feeCents: number | null }[];
  message: string | null;
}
type Fault = { error: { code: string; message: string; faults?: Sync['faults'] } };
type Client = ReturnType<typeof createClient>;

let platform: Running;
before(async () => {
  platform = await startPlatform('--workers', '2');
});
after(() => platform.stop());

let people = 0;
async function newUser(): Promise<Client> {
  const client = createClient(platform.ready.url);
  const body = { name: 'Pro Vider', email: `provider${(people += 1)}@example.test`, password: 'long enough' };
  assert.equal((await client.send('POST', '/api/v1/auth/signup', body)).status, 201);
  return client;
}
const row = (externalId: string, more: object = {}): object =>
  ({ externalId, title: `Film ${externalId}`, skill: 'video-editor', priceCents: 120_050, ...more });
const sync = (client: Client, listings: object[]) => client.send<Sync & Fault>('POST', '/api/v1/listings/sync', { listings });
const find = (client: Client, query: string) => client.send<Found & Fault>('GET', `/api/v1/listings?${query}`);
const verify = (client: Client, intentIds: unknown) =>
  client.send<Checked & Fault>('POST', '/api/v1/funding/verify', { intentIds });

test('1,000 listings come in at once; the same again change nothing, and only what differs is updated', async () => {
  const client = await newUser();
  const rows = Array.from({ length: 1000 }, (_, index) => row(`item-${index}`));
  const first = await sync(client, rows);
  assert.deepEqual([first.status, first.body.sync], [200, { received: 1000, created: 1000, updated: 0, unchanged: 0, rejected: 0 }]);
  assert.equal((await sync(client, rows)).body.sync.unchanged, 1000);
  const changed = [row('item-1', { status: 'withdrawn' }), row('item-2'), row('item-1000')];
  const { created, updated, unchanged } = (await sync(client, changed)).body.sync;
  assert.deepEqual([created, updated, unchanged], [1, 1, 1]);
});

test('a CSV file is taken row by row: good ones are stored, each bad one is told, and the file is kept', async () => {
  const client = await newUser();
  const csv = 'externalId,title,skill,price\na-1,"Film, long",video-editor,"1,200.50"\na-2,No,baker,1\na-1,Again,video-editor,10\n';
  const { status, body } = await client.send<Sync>('POST', '/api/v1/listings/sync', csv, { 'content-type': 'text/csv' });
  assert.deepEqual([status, body.sync.created, body.sync.rejected, body.file.state, body.message], [200, 1, 2, 'stored', null]);
  assert.deepEqual(body.faults.map(({ row: number, externalId, problems }) => [number, externalId, problems.length]),
    [[2, 'a-2', 3], [3, 'a-1', 1]]);
  const [listing] = (await find(client, 'mine=true')).body.listings;
  assert.deepEqual([listing?.title, listing?.priceCents], ['Film, long', 120_050]);
});

test('two syncs of one account at once, in two workers, store each listing once', async () => {
  const client = await newUser();
  const rows = Array.from({ length: 300 }, (_, index) => row(`twice-${index}`));
  const both = await Promise.all([sync(client, rows), sync(client, rows)]);
  assert.equal(both.reduce((sum, { body }) => sum + body.sync.created, 0), 300);
});

test('own listings are found at once, withdrawn ones too; by everybody the active ones, from the replica within its lag', async () => {
  const client = await newUser();
  await sync(client, [row('own-1', { title: 'Zeppelin film' }), row('own-2', { title: 'Zeppelin song', status: 'withdrawn' })]);
  assert.deepEqual((await find(client, 'mine=true&q=zepp')).body.listings.map(({ externalId }) => externalId), ['own-2', 'own-1']);
  assert.deepEqual((await find(await newUser(), 'mine=true&q=zepp')).body.listings, []);
  const stranger = createClient(platform.ready.url);
  const deadlineMs = Date.now() + 10_000;
  let titles: string[] = [];
  while (titles.length === 0 && Date.now() < deadlineMs) {
    titles = (await find(stranger, 'q=zeppelin')).body.listings.map(({ title }) => title);
  }
  assert.deepEqual(titles, ['Zeppelin film']);
  const metrics = await (await fetch(platform.ready.metricsUrl)).text();
  assert.ok(Number(/^service_requests_total\{service="replica"\} (\d+)/m.exec(metrics)?.[1]) > 0);
  assert.match(metrics, /^fallbacks_total\{dependency="replica"\} 0$/m);
});

test('funding is verified with the payment provider, for the buyer and for the owner of the listing, and for nobody else', async () => {
  const provider = await newUser();
  await sync(provider, [row('order-1')]);
  const listingId = (await find(provider, 'mine=true')).body.listings[0]?.id;
  const buyer = await newUser();
  const draft = { title: 'A teaser film', amountCents: 123_450, listingId };
  const { body: { project } } = await buyer.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft);
  const intent = { projectId: project.id, intentId: 'intent-funding', paymentMethod: 'pm_card_visa' };
  assert.equal((await buyer.send('POST', '/api/v1/payments/escrow/lock', intent)).status, 200);

  for (const client of [provider, buyer]) {
    const [checked] = (await verify(client, ['intent-funding'])).body.results;
    assert.deepEqual(checked?.checks, { money: true, amount: true, currency: true, fee: true });
    assert.deepEqual([checked?.status, checked?.feeCents], ['verified', 3704]);
  }
  assert.deepEqual((await verify(await newUser(), ['intent-funding'])).body.results.map(({ status }) => status), ['not found']);
  await buyer.send('POST', '/api/v1/payments/escrow/release', { intentId: 'intent-funding' });
  assert.equal((await verify(provider, ['intent-funding', 'intent-none'])).body.results.map(({ status }) => status).join(), 'verified,not found');
  await buyer.send('POST', '/api/v1/payments/escrow/refund', { intentId: 'intent-funding' });
  assert.equal((await verify(provider, ['intent-funding'])).body.results[0]?.status, 'not funded');
});

test('bad input is refused with a code, and before a large body is read where nobody is signed in', async () => {
  const client = await newUser();
  const csv = { 'content-type': 'text/csv' };
  const table: [method: string, path: string, body: unknown, headers: Record<string, string>, status: number, code: string][] = [
    ['POST', '/api/v1/listings/sync', {}, {}, 400, 'INVALID_FILE'],
    ['POST', '/api/v1/listings/sync', { listings: [] }, {}, 400, 'INVALID_FILE'],
    ['POST', '/api/v1/listings/sync', { listings: Array.from({ length: 1001 }, () => row('x')) }, {}, 400, 'INVALID_FILE'],
    ['POST', '/api/v1/listings/sync', { listings: [null, 5, row('', { priceCents: -1 })] }, {}, 422, 'NO_VALID_ROWS'],
    ['POST', '/api/v1/listings/sync', 'a,b\n1,2\n', csv, 400, 'INVALID_FILE'],
    ['POST', '/api/v1/listings/sync', 'externalId,title,skill,price\n"open', csv, 400, 'INVALID_FILE'],
    ['POST', '/api/v1/listings/sync', '<a/>', { 'content-type': 'text/xml' }, 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'],
    ['GET', '/api/v1/listings?limit=0', undefined, {}, 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/listings?before=abc', undefined, {}, 400, 'INVALID_INPUT'],
    ['GET', '/api/v1/listings?skill=baker', undefined, {}, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/funding/verify', { intentIds: [] }, {}, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/funding/verify', { intentIds: ['short'] }, {}, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/funding/verify', { intentIds: Array.from({ length: 51 }, (_, i) => `intent-${i}-x`) }, {}, 400, 'INVALID_INPUT'],
    ['POST', '/api/v1/projects', { title: 'A film', amountCents: 1000, listingId: 999_999 }, {}, 400, 'INVALID_INPUT'],
  ];
  for (const [method, path, body, headers, status, code] of table) {
    const reply = await client.send<Fault>(method, path, body, headers);
    assert.deepEqual([reply.status, reply.body.error.code], [status, code], `${path} ${String(JSON.stringify(body)).slice(0, 80)}`);
  }
  // Refused by what it announces, so that nobody has to send it first.
  const large = request(`${platform.ready.url}/api/v1/listings/sync`, {
    method: 'POST', headers: { ...csv, 'content-length': 4 * 1024 * 1024 + 1, 'cookie': client.cookie() },
  });
  large.flushHeaders();
  const [{ statusCode }] = await once(large, 'response') as [IncomingMessage];
  large.destroy();
  assert.equal(statusCode, 413);

  const stranger = createClient(platform.ready.url);
  for (const path of ['/api/v1/listings/sync', '/api/v1/funding/verify']) {
    assert.equal((await stranger.send('POST', path, { listings: [], intentIds: ['intent-0'] })).status, 401, path);
  }
  assert.equal((await stranger.send('GET', '/api/v1/listings?mine=true')).status, 401);
});

test('the page of provider accounts shows their listings, pages through them, and tells nothing of what people type as HTML', async () => {
  const client = await newUser();
  assert.match((await client.send<string>('GET', '/provider/listings')).body, /No listings yet/);
  await sync(client, Array.from({ length: 30 }, (_, index) => row(`p-${index}`, { title: `<i>Film</i> ${index}` })));
  const first = (await client.send<string>('GET', '/provider/listings?q=film')).body;
  assert.equal(first.match(/data-testid="listing"/g)?.length, 24);
  assert.ok(first.includes('&lt;i&gt;Film&lt;/i&gt; 29') && !first.includes('<i>Film'));
  const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const second = (await client.send<string>('GET', next)).body;
  assert.equal(second.match(/data-testid="listing"/g)?.length, 6);
  for (const path of ['/provider/listings?before=abc&scope=none', '/provider/listings?q=%00%22%27']) {
    assert.equal((await client.send('GET', path)).status, 200, path);
  }
  assert.equal((await createClient(platform.ready.url).send('GET', '/provider/listings')).status, 303);
});
