import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { childrenOf, figuresOf, isGone, startPlatform, untilFigures } from './testing.ts';
import type { Running } from './testing.ts';
import { balances, createPayer, paymentFaults, paymentsOf } from './testing-money.ts';
import type { Payer } from './testing-money.ts';

const LINUX = { skip: process.platform === 'linux' ? false : 'reads /proc' };
const CONFIRMING = 'Your payment is being confirmed. You will not be charged twice.';
const WORKER_STATE = 'circuit_breaker_state{dependency="payments",process="web-1"}';
const HUNG = { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } };

let platform: Running;
let faults: ReturnType<typeof paymentFaults>;
let dataDir: string;
before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'openshow-money-'));
  platform = await startPlatform('--workers', '1', '--data', dataDir);
  faults = paymentFaults(platform.ready);
});
afterEach(() => faults.none());
after(async () => {
  await platform.stop();
  rmSync(dataDir, { recursive: true });
});

/** 0 would be the test's own process group. */
function kill(pid: number | undefined): void {
  assert.ok(pid !== undefined && pid > 0);
  process.kill(pid, 'SIGKILL');
}
const payer = (runId: string): Promise<Payer> => createPayer(platform.ready.url, runId);
/** Until the breakers are closed again, so that each test begins alike. */
const recovered = () => untilFigures(platform.ready.metricsUrl, 'closed breakers', (figures) => [...figures]
  .every(([name, value]) => !name.startsWith('circuit_breaker_state{dependency="payments"') || value === 0));

/** Exactly one payment an intent at the provider, with the platform's amount, and a ledger that adds up. */
async function assertBalanced(user: Payer, runId: string, intents: number): Promise<void> {
  const { escrows, outbox } = await user.ledger();
  const payments = await paymentsOf(platform.ready, runId);
  const ids = payments.map(({ metadata }) => metadata['intent_id']).toSorted();
  assert.deepEqual(ids, escrows.map(({ intentId }) => intentId).toSorted());
  assert.deepEqual([escrows.length, outbox.waiting], [intents, 0]);
  for (const { providerId, totalCents, currency } of escrows) {
    const found = payments.find(({ id }) => id === providerId);
    assert.deepEqual([found?.amount, found?.currency], [totalCents, currency]);
  }
  assert.equal([...balances(escrows).values()].reduce((sum, cents) => sum + cents, 0), 0);
}

test('with the provider cut off, a payment is confirmed later, charged once, and its user told so', async () => {
  const user = await payer('run-cut');
  const projectId = await user.newProject();
  await faults.cut();
  const said = await user.lock(projectId, 'intent-cut-1');
  assert.deepEqual([said.status, said.body.message, said.body.escrow.state], [202, CONFIRMING, 'pending']);
  assert.equal(said.headers.get('location'), '/api/v1/payments/escrow/intent-cut-1');
  const again = await user.lock(projectId, 'intent-cut-1');
  assert.deepEqual([again.status, again.body.message], [202, CONFIRMING], 'a retry is the same payment');
  const other = await user.lock(projectId, 'intent-cut-2');
  assert.deepEqual([other.status, other.body.error.code, other.body.error.intentId],
    [409, 'LOCK_IN_PROGRESS', 'intent-cut-1']);
  const page = await user.send<string>('GET', `/projects/${projectId}`);
  assert.match(page.body, new RegExp(`data-testid="payment-confirming"[^>]*>${CONFIRMING}`));
  assert.match((await user.send<string>('GET', `/projects/${projectId}/checkout`)).body, /data-intent="intent-cut-1"/);
  assert.equal((await paymentsOf(platform.ready, 'run-cut')).length, 0);
  const figures = await untilFigures(platform.ready.metricsUrl, 'one in the outbox', (now) =>
    now.get('queue_length{queue="outbox"}') === 1);
  assert.ok((figures.get('fallbacks_total{dependency="payments"}') ?? 0) >= 2);
  await faults.none();
  await user.until('intent-cut-1', 'held');
  assert.equal((await user.lock(projectId, 'intent-cut-1')).status, 200);
  await assertBalanced(user, 'run-cut', 1);
});

test('a provider that hangs opens the breaker; then nobody waits for it, and afterwards all is paid once', async () => {
  await recovered();
  const user = await payer('run-hung');
  const projects = await Promise.all(Array.from({ length: 8 }, () => user.newProject()));
  // With its webhooks the answers would be 200: they tell what the hung connection does not.
  await faults.provider({ mode: 'no-webhook' });
  await faults.toxic(HUNG);
  const statuses = await Promise.all(projects.slice(0, 4).map(async (projectId, index) =>
    (await user.lock(projectId, `intent-hung-${index}`)).status));
  assert.deepEqual(statuses, [202, 202, 202, 202]);
  await untilFigures(platform.ready.metricsUrl, 'an open breaker', (figures) => figures.get(WORKER_STATE) === 2);
  const before = await figuresOf(platform.ready.metricsUrl);
  for (const [index, projectId] of projects.slice(4).entries()) {
    assert.equal((await user.lock(projectId, `intent-hung-${index + 4}`)).status, 202);
  }
  const figures = await figuresOf(platform.ready.metricsUrl);
  const grown = (name: string): number => (figures.get(name) ?? 0) - (before.get(name) ?? 0);
  assert.ok(grown('dependency_requests_total{dependency="payments",outcome="rejected"}') >= 1, 'it was not asked');
  assert.ok((figures.get('dependency_timeouts_total{dependency="payments"}') ?? 0) >= 3);
  await faults.none();
  for (const [index] of projects.entries()) await user.until(`intent-hung-${index}`, 'held');
  await assertBalanced(user, 'run-hung', 8);
  await recovered();
  const changes = readFileSync(join(dataDir, 'breakers.log'), 'utf8').trim().split('\n')
    .map((line) => JSON.parse(line) as { process: string; dependency: string; to: string })
    .filter(({ process, dependency }) => process === 'web-1' && dependency === 'payments').map(({ to }) => to);
  assert.deepEqual([changes[0], changes.at(-2), changes.at(-1)], ['open', 'half-open', 'closed']);
});

test('a provider that limits its callers is counted apart and left alone for as long as it asks', async () => {
  await recovered();
  const user = await payer('run-limited');
  const projectId = await user.newProject();
  await faults.provider({ mode: 'rate-limit', retryAfterSeconds: 2 });
  assert.equal((await user.lock(projectId, 'intent-limited')).status, 202);
  const figures = await figuresOf(platform.ready.metricsUrl);
  assert.ok((figures.get('dependency_requests_total{dependency="payments",outcome="rate_limited"}') ?? 0) >= 1);
  await faults.none();
  await user.until('intent-limited', 'held');
  await assertBalanced(user, 'run-limited', 1);
});

test('failures of some requests are retried within the answer, and charge once', async () => {
  await recovered();
  const user = await payer('run-partial');
  await faults.provider({ mode: 'error-503', share: 0.3 });
  const intents = Array.from({ length: 12 }, (_, index) => `intent-partial-${index}`);
  for (const intentId of intents) {
    const { status } = await user.lock(await user.newProject(), intentId);
    assert.ok(status === 200 || status === 202, String(status));
  }
  const figures = await figuresOf(platform.ready.metricsUrl);
  assert.ok((figures.get('dependency_retries_total{dependency="payments"}') ?? 0) >= 1);
  await faults.none();
  for (const intentId of intents) await user.until(intentId, 'held');
  await assertBalanced(user, 'run-partial', 12);
});

test('refunds and payouts that the provider does not answer are on their way, and made once', async () => {
  await recovered();
  const user = await payer('run-back');
  const intents = ['intent-back-held', 'intent-back-released', 'intent-back-payout'];
  for (const intentId of intents) await user.lock(await user.newProject(), intentId);
  await user.release('intent-back-released');
  await faults.cut();
  for (const intentId of intents.slice(0, 2)) {
    const said = await user.refund(intentId);
    assert.deepEqual([said.status, said.body.escrow.state, said.body.message],
      [202, 'refunding', 'Your refund is on its way.']);
    assert.equal((await user.refund(intentId)).status, 202, 'asked for twice');
    assert.equal((await user.release(intentId)).status, 409);
  }
  const payout = await user.release('intent-back-payout');
  assert.deepEqual([payout.status, payout.body.escrow.state, payout.body.message],
    [202, 'held', 'Your payout is on its way.']);
  assert.deepEqual((await user.refund('intent-back-payout')).body.error.code, 'MOVE_IN_PROGRESS');
  await untilFigures(platform.ready.metricsUrl, 'two refunds', (figures) =>
    figures.get('queue_length{queue="refunds"}') === 2 && figures.get('queue_length{queue="outbox"}') === 1);
  await faults.none();
  for (const intentId of intents.slice(0, 2)) await user.until(intentId, 'refunded');
  await user.until('intent-back-payout', 'released');
  await assertBalanced(user, 'run-back', 3);
  const statuses = Object.fromEntries((await paymentsOf(platform.ready, 'run-back'))
    .map(({ metadata, status, amount_received: cents }) => [metadata['intent_id'] ?? '', [status, cents]]));
  assert.deepEqual(statuses, {
    'intent-back-held': ['canceled', 0], 'intent-back-released': ['succeeded', 10_300],
    'intent-back-payout': ['succeeded', 10_300],
  });
  const refunds = await fetch(`${platform.ready.paymentsUrl}/v1/refunds?limit=100`,
    { headers: { authorization: 'Bearer sk_test_audit' } });
  assert.equal((await refunds.json() as { data: unknown[] }).data.length, 1);
});

test('with the fallback switched off the answer is 503, and the payment settled all the same', async () => {
  await recovered();
  const user = await payer('run-flag');
  const projectId = await user.newProject();
  const flag = `${platform.ready.url}/api/v1/operations/flags/payment-fallback`;
  const headers = { 'authorization': `Bearer ${platform.ready.operationsToken}`, 'content-type': 'application/json' };
  const put = (enabled: boolean) => fetch(flag, { method: 'PUT', headers, body: JSON.stringify({ enabled }) });
  assert.equal((await put(false)).status, 200);
  await faults.cut();
  const refused = await user.lock(projectId, 'intent-flag');
  assert.deepEqual([refused.status, refused.body.error.code], [503, 'PAYMENTS_UNAVAILABLE']);
  assert.equal((await put(true)).status, 200);
  await faults.none();
  await user.until('intent-flag', 'held');
  await assertBalanced(user, 'run-flag', 1);
});

test('a worker killed in the middle of a payment loses nothing, without any webhook', LINUX, async () => {
  await recovered();
  const user = await payer('run-killed');
  const projectId = await user.newProject();
  await faults.provider({ mode: 'no-webhook' });
  await faults.toxic({ type: 'latency', stream: 'downstream', attributes: { latency: 1500 } });
  const paying = user.lock(projectId, 'intent-killed').catch((error: unknown) => error);
  while ((await paymentsOf(platform.ready, 'run-killed')).length === 0) await new Promise(setImmediate);
  kill(childrenOf(platform.ready.pids['web'] ?? 0)[0]);
  assert.ok(await paying instanceof Error, 'its user was never answered');
  await faults.none();
  await user.until('intent-killed', 'held');
  await assertBalanced(user, 'run-killed', 1);
});

test('the provider killed in the middle of payments has each of them once when it is back', async () => {
  await recovered();
  const user = await payer('run-provider');
  const projects = await Promise.all(Array.from({ length: 16 }, () => user.newProject()));
  const paying = projects.map((projectId, index) => user.lock(projectId, `intent-provider-${index}`));
  while ((await paymentsOf(platform.ready, 'run-provider')).length === 0) await new Promise(setImmediate);
  kill(platform.ready.pids['payments']);
  for (const { status } of await Promise.all(paying)) assert.ok(status === 200 || status === 202, String(status));
  for (const [index] of projects.entries()) await user.until(`intent-provider-${index}`, 'held');
  // All may have been held before it died: then its book is not back yet.
  const isBack = (): Promise<boolean> => fetch(`${platform.ready.paymentsUrl}/healthz`).then(({ ok }) => ok, () => false);
  while (!(await isBack())) await new Promise(setImmediate);
  await assertBalanced(user, 'run-provider', 16);
});

test('the whole platform killed in the middle of payments settles them when it is started again', async () => {
  await recovered();
  const user = await payer('run-restart');
  const [first, second] = [await user.newProject(), await user.newProject()];
  await user.lock(second, 'intent-restart-refund');
  await faults.cut();
  assert.equal((await user.lock(first, 'intent-restart-lock')).status, 202);
  assert.equal((await user.refund('intent-restart-refund')).status, 202);
  await platform.stop('SIGKILL');
  // Its parts go as soon as they notice, and let go of their books.
  while (!Object.values(platform.ready.pids).every(isGone)) await new Promise(setImmediate);
  platform = await startPlatform('--workers', '1', '--data', dataDir);
  faults = paymentFaults(platform.ready);
  // Another port and another session, the same books.
  const reader = await payer('run-restart');
  await untilFigures(platform.ready.metricsUrl, 'empty queues', (figures) =>
    figures.get('queue_length{queue="refunds"}') === 0 && figures.get('queue_length{queue="outbox"}') === 0);
  await assertBalanced(reader, 'run-restart', 2);
  const { escrows } = await reader.ledger();
  assert.deepEqual(Object.fromEntries(escrows.map(({ intentId, state }) => [intentId, state])),
    { 'intent-restart-lock': 'held', 'intent-restart-refund': 'refunded' });
});

test('the ledger comes in pages that hold every escrow once, and only those of the run', async () => {
  const user = await payer('run-pages');
  for (let index = 0; index < 5; index += 1) await user.lock(await user.newProject(), `intent-page-${index}`);
  const seen: string[] = [];
  let next: string | null = '0';
  for (let pages = 0; next !== null && pages < 10; pages += 1) {
    const page = await user.ledger(`?limit=2&after=${next}`);
    assert.ok(page.escrows.length <= 2);
    seen.push(...page.escrows.map(({ intentId }) => intentId));
    ({ next } = page);
  }
  assert.deepEqual(seen, Array.from({ length: 5 }, (_, index) => `intent-page-${index}`));
  for (const query of ['?after=x', '?limit=0', '?limit=1001', '?after=-1']) {
    assert.equal((await user.send('GET', `/api/v1/payments/ledger${query}`)).status, 400, query);
  }
  const none = await fetch(`${platform.ready.url}/api/v1/payments/ledger`);
  assert.equal(none.status, 403);
});

test('what is not signed by the provider is no webhook', async () => {
  const url = `${platform.ready.url}/webhooks/payments`;
  const event = { id: 'evt_x', object: 'event', type: 'payment_intent.canceled', data: { object: {} } };
  for (const headers of [{}, { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` }]) {
    const answer = await fetch(url, {
      method: 'POST', body: JSON.stringify(event), headers: { 'content-type': 'application/json', ...headers },
    });
    assert.equal(answer.status, 400);
    assert.equal((await answer.json() as { error: { code: string } }).error.code, 'WRONG_SIGNATURE');
  }
});
