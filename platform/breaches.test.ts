import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { startPlatform } from './testing.ts';
import type { Running } from './testing.ts';
import { balances, createPayer, paymentsOf } from './testing-money.ts';
import type { Escrow, Payer, ProviderPayment } from './testing-money.ts';

const EVERY = 10;
/** In the order in which they are planted, each into the next payment from the tenth on. */
const KINDS = [
  'duplicate_charge', 'charge_on_failure', 'lost_payment', 'amount_mismatch', 'currency_mismatch', 'wrong_fee',
  'unsettled_escrow', 'key_reuse', 'stuck_refund', 'false_receipt',
] as const;
type Kind = (typeof KINDS)[number];
interface Planted {
  kind: Kind;
  intentId: string;
  subject: string;
}

let platform: Running;
let user: Payer;
/** What each user was told, by intent. */
const told = new Map<string, { status: number; state: string | undefined; projectId: string }>();
before(async () => {
  const faults = KINDS.flatMap((kind) => ['--fault', `breach-${kind.replaceAll('_', '-')}=${EVERY}`]);
  platform = await startPlatform('--workers', '2', ...faults);
  user = await createPayer(platform.ready.url, 'run-planted');
  for (let index = 1; index < EVERY + KINDS.length; index += 1) {
    const projectId = await user.newProject();
    const { status, body } = await user.lock(projectId, `intent-${String(index).padStart(4, '0')}`);
    told.set(`intent-${String(index).padStart(4, '0')}`, { status, state: body.escrow?.state, projectId });
  }
});
after(() => platform.stop());

async function plantedOf(runId: string): Promise<Planted[]> {
  const url = `${platform.ready.url}/api/v1/operations/planted-breaches?run_id=${runId}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${platform.ready.operationsToken}` } });
  assert.equal(answer.status, 200);
  return (await answer.json() as { planted: Planted[] }).planted;
}

test('each kind is planted once, one payment each, and told to whoever has the token', async () => {
  const planted = await plantedOf('run-planted');
  assert.deepEqual(planted.map(({ kind }) => kind), KINDS);
  assert.deepEqual(planted.map(({ intentId }) => intentId), [...told.keys()].slice(EVERY - 1));
  for (const { intentId, subject } of planted) assert.equal(subject, told.get(intentId)?.projectId);
  const strangers = `${platform.ready.url}/api/v1/operations/planted-breaches?run_id=run-planted`;
  assert.equal((await fetch(strangers)).status, 401);
});

test('each planted breach stands in the books, and the other payments are clean', async () => {
  const { escrows } = await user.ledger();
  const payments = await paymentsOf(platform.ready, 'run-planted');
  const planted = new Map((await plantedOf('run-planted')).map(({ kind, intentId }) => [intentId, kind]));
  type Told = { status: number; state: string | undefined };
  type Books = { escrow: Escrow | undefined; there: ProviderPayment[]; was: Told };
  const amounts = ({ escrow }: Books): number[] =>
    [escrow?.amountCents, escrow?.feeCents, escrow?.totalCents].map((cents) => cents ?? NaN);
  const held = ({ there }: Books): boolean[] => there.map(({ status }) => status === 'requires_capture');
  const clean = (books: Books): void => {
    assert.deepEqual([books.escrow?.state, books.escrow?.keyConflicts, held(books), amounts(books), books.was],
      ['held', 0, [true], [10_000, 300, 10_300], { status: 200, state: 'held' }]);
    assert.deepEqual([books.there[0]?.amount, books.there[0]?.currency], [10_300, 'usd']);
  };
  const looks: Record<Kind, (books: Books) => void> = {
    duplicate_charge: (books) => assert.deepEqual([held(books), books.escrow?.state], [[true, true], 'held']),
    charge_on_failure: (books) =>
      assert.deepEqual([held(books), books.escrow?.state, books.was.status], [[true], 'failed', 402]),
    lost_payment: (books) =>
      assert.deepEqual([held(books), books.escrow, books.was.state], [[true], undefined, 'held']),
    amount_mismatch: ({ there, escrow }) => assert.deepEqual([there[0]?.amount, escrow?.totalCents], [10_301, 10_300]),
    currency_mismatch: ({ there, escrow }) => assert.deepEqual([there[0]?.currency, escrow?.currency], ['eur', 'usd']),
    wrong_fee: (books) => assert.deepEqual([amounts(books), books.there[0]?.amount], [[9_999, 301, 10_300], 10_300]),
    unsettled_escrow: (books) =>
      assert.deepEqual([held(books), books.escrow?.state, books.was.status], [[true], 'pending', 202]),
    key_reuse: (books) => assert.deepEqual([held(books), books.escrow?.keyConflicts], [[true], 1]),
    stuck_refund: (books) => assert.deepEqual([held(books), books.escrow?.state], [[true], 'refunding']),
    false_receipt: ({ there, escrow, was }) => assert.deepEqual([there[0]?.status, escrow?.state, was],
      ['requires_payment_method', 'failed', { status: 200, state: 'held' }]),
  };
  for (const [intentId, { status, state }] of told) {
    const there = payments.filter(({ metadata }) => metadata['intent_id'] === intentId);
    const kind = planted.get(intentId);
    const look = kind === undefined ? clean : looks[kind];
    look({ escrow: escrows.find((one) => one.intentId === intentId), there, was: { status, state } });
  }
  // What is booked is booked in balance, also where it is wrong.
  assert.equal([...balances(escrows).values()].reduce((sum, cents) => sum + cents, 0), 0);
});

test('a refund that is stuck stays so when its user asks again, and the provider knows of the reused key', async () => {
  const stuck = (await plantedOf('run-planted')).find(({ kind }) => kind === 'stuck_refund');
  const again = await user.refund(stuck?.intentId ?? '');
  assert.deepEqual([again.status, again.body.escrow.state], [202, 'refunding']);
  assert.equal((await user.ledger()).outbox.waiting, 1);
  const answer = await fetch(`${platform.ready.paymentsUrl}/control/key-conflicts?run_id=run-planted`,
    { headers: { authorization: `Bearer ${platform.ready.operationsToken}` } });
  const { conflicts } = await answer.json() as { conflicts: { key: string; intentId: string }[] };
  const reused = (await plantedOf('run-planted')).find(({ kind }) => kind === 'key_reuse');
  assert.deepEqual(conflicts, [{ key: `lock:${reused?.intentId}`, intentId: reused?.intentId }]);
});

test('each run is counted by itself', async () => {
  const other = await createPayer(platform.ready.url, 'run-other');
  for (let index = 1; index < EVERY; index += 1) {
    assert.equal((await other.lock(await other.newProject(), `intent-other-${index}`)).status, 200);
  }
  assert.deepEqual(await plantedOf('run-other'), []);
});

test('with all breaches planted, everything of the run can be removed', async () => {
  const url = `${platform.ready.url}/api/v1/test-runs/run-planted`;
  const headers = { authorization: `Bearer ${platform.ready.operationsToken}` };
  for (let status = 0; status !== 200;) {
    ({ status } = await fetch(url, { method: 'DELETE', headers }));
    assert.ok([200, 202, 409].includes(status), `answered ${status}`);
    if (status !== 200) await passed(100);
  }
  const { counts } = await (await fetch(url, { headers })).json() as { counts: Record<string, number> };
  assert.deepEqual(Object.entries(counts).filter(([, n]) => n > 0), []);
});
