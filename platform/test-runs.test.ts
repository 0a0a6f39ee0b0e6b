import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { startPlatform } from './testing.ts';
import type { Running } from './testing.ts';
import { createPayer } from './testing-money.ts';

const RUN = 'run-to-remove';
/** Indexes of the full-text search: how many rows they take says nothing about what is in them. */
const INDEX_TABLES = /^sqlite_|_(?:data|idx)$/;

let platform: Running;
let dataDir: string;
before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'openshow-test-runs-'));
  platform = await startPlatform('--workers', '2', '--data', dataDir);
});
after(async () => {
  await platform.stop();
  rmSync(dataDir, { recursive: true });
});

/** Rows of every table of a database of the platform. */
function rowsOf(file: string): Record<string, number> {
  const db = new DatabaseSync(join(dataDir, file), { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    return Object.fromEntries(tables.filter(({ name }) => !INDEX_TABLES.test(name)).map(({ name }) =>
      [name, Number(db.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.['n'])]));
  } finally {
    db.close();
  }
}
const everything = () => ({ platform: rowsOf('platform.db'), storage: rowsOf('storage/objects.db') });

async function ask(method: string, runId: string, token = platform.ready.operationsToken) {
  const answer = await fetch(`${platform.ready.url}/api/v1/test-runs/${encodeURIComponent(runId)}`, {
    method, headers: token === '' ? {} : { authorization: `Bearer ${token}` },
  });
  const body = await answer.json() as { counts?: Record<string, number>; done?: boolean; error?: { code: string } };
  return { status: answer.status, body };
}
const heldBy = async (runId: string): Promise<Record<string, number>> =>
  Object.fromEntries(Object.entries((await ask('GET', runId)).body.counts ?? {}).filter(([, n]) => n > 0));

async function removed(runId: string): Promise<void> {
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    const { status } = await ask('DELETE', runId);
    if (status === 200) return;
    assert.ok([202, 409].includes(status) && Date.now() < deadlineMs, `answered ${status}`);
    await passed(100);
  }
}

type User = Awaited<ReturnType<typeof createPayer>>;
const listing = (externalId: string) =>
  ({ listings: [{ externalId, title: 'Kettle film', skill: 'video-editor', priceCents: 10_000 }] });

/** A listing of the user with its file in storage; returns its id. */
async function list(user: User, externalId: string): Promise<number> {
  const { status } = await user.send('POST', '/api/v1/listings/sync', listing(externalId));
  assert.equal(status, 200);
  const { body } = await user.send<{ listings: { id: number }[] }>('GET', '/api/v1/listings?mine=true');
  return body.listings[0]?.id ?? 0;
}
async function order(user: User, listingId: number, headers: Record<string, string> = {}): Promise<string> {
  const draft = { title: 'A teaser film', amountCents: 10_000, listingId };
  return (await user.send<{ project: { id: string } }>('POST', '/api/v1/projects', draft, headers)).body.project.id;
}
async function pay(user: User, intentId: string): Promise<string> {
  const projectId = await user.newProject();
  assert.equal((await user.lock(projectId, intentId)).status, 200);
  return projectId;
}

test('removing a run takes all it made out of every table and store, and nothing else; asked again it changes nothing', async () => {
  const url = platform.ready.url;
  // Real traffic names no run; another run's data is none of ours.
  const [real, other] = [await createPayer(url, ''), await createPayer(url, 'run-to-stay')];
  const realListing = await list(real, 'real-1');
  const realProject = await real.newProject();
  await pay(real, 'intent-real');
  await pay(other, 'intent-other');
  await list(other, 'other-1');
  const before = everything();

  const [buyer, seller] = [await createPayer(url, RUN), await createPayer(url, RUN)];
  const project = await pay(buyer, 'intent-held');
  await pay(buyer, 'intent-released');
  await buyer.release('intent-released');
  await buyer.refund('intent-released');
  assert.equal((await buyer.lock(await buyer.newProject(), 'intent-declined', 'pm_card_chargeDeclined')).status, 402);
  // The same file twice is one object.
  const ours = await list(seller, 'ours-1');
  await list(seller, 'ours-1');
  await order(buyer, realListing);
  const realOrder = await order(real, ours);
  // Their session outlives the header: what they make without it hangs from them all the same.
  await order(buyer, realListing, { 'x-test-run-id': '' });
  // And a request of the run on somebody else's project.
  await real.send('POST', '/api/v1/payments/escrow/lock',
    { projectId: realProject, intentId: 'intent-strange', paymentMethod: 'pm_card_visa' }, { 'x-test-run-id': RUN });
  assert.equal((await buyer.send('POST', `/api/v1/projects/${project}/brief`)).status, 202);

  assert.deepEqual([(await ask('GET', RUN, '')).status, (await ask('DELETE', RUN, 'another token')).status], [401, 403]);
  const underWay = await ask('DELETE', RUN);
  assert.deepEqual([underWay.status, underWay.body.error?.code], [409, 'RUN_UNDER_WAY']);
  const held = await heldBy(RUN);
  assert.deepEqual(
    { users: held['users'], projects: held['projects'], escrows: held['escrows'], listings: held['listings'], uploads: held['uploads'],
      tasks: held['tasks'], providerPayments: held['providerPayments'], providerRefunds: held['providerRefunds'] },
    { users: 2, projects: 5, escrows: 4, listings: 1, uploads: 2, tasks: 1, providerPayments: 4, providerRefunds: 1 });

  await removed(RUN);
  assert.deepEqual(await heldBy(RUN), {});
  // The read replica hears of it within half a second; until then its feed remembers the removed listing.
  const deadlineMs = Date.now() + 20_000;
  while (everything().platform['replica_feed'] !== before.platform['replica_feed']) {
    assert.ok(Date.now() < deadlineMs, 'the feed still remembers');
    await passed(50);
  }
  const expected = { ...before, platform: { ...before.platform, projects: (before.platform['projects'] ?? 0) + 1 } };
  assert.deepEqual(everything(), expected, 'the order of a real user stays');

  const { body } = await real.send<{ projects: { id: string; status: string }[] }>('GET', '/api/v1/projects');
  const status = (id: string) => body.projects.find((one) => one.id === id)?.status;
  assert.deepEqual([status(realOrder), status(realProject)], ['draft', 'draft'], 'nobody paid for them');
  assert.deepEqual((await heldBy('run-to-stay'))['escrows'], 1);
  assert.equal((await buyer.send('GET', '/api/v1/projects')).status, 401, 'its sessions end');
  assert.equal((await ask('DELETE', RUN)).status, 200);
  assert.deepEqual(everything(), expected);
});

test('the payment provider keeps what is not of the run, and lets go of the rest', async () => {
  await removed('run-to-stay');
  await platform.stop();
  const { objects, replies, conflicts, webhooks } = rowsOf('payments.db');
  assert.deepEqual({ objects, replies, conflicts, webhooks }, { objects: 1, replies: 1, conflicts: 0, webhooks: 0 }, "a real user's payment");
});

test('while the payment provider does not answer nothing is counted as gone', async () => {
  platform = await startPlatform('--workers', '1', '--data', dataDir);
  const pid = platform.ready.pids['payments'] ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    assert.equal((await ask('GET', 'run-x')).status, 503);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  assert.equal((await ask('GET', ' ')).status, 400, 'real traffic has no run id, and cannot be named');
});
