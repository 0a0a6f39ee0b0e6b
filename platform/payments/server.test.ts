import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { startPlatform } from '../testing.ts';
import type { Running } from '../testing.ts';

let platform: Running;
let stripe: Stripe;
before(async () => {
  platform = await startPlatform();
  const { hostname, port } = new URL(platform.ready.paymentsUrl);
  stripe = new Stripe('sk_test_tests', { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });
});
after(() => platform.stop());

async function post(body: string, key: string): Promise<{ status: number; replayed: string | null; body: string }> {
  const response = await fetch(`${platform.ready.paymentsUrl}/v1/payment_intents`, {
    method: 'POST', body, headers: { authorization: 'Bearer sk_test_tests', 'idempotency-key': key },
  });
  const replayed = response.headers.get('idempotent-replayed');
  return { status: response.status, replayed, body: await response.text() };
}

const BODY = 'amount=1030&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa&metadata[a]=b';

test('the same key with the same body replays the first reply and makes nothing new', async () => {
  const first = await post(BODY, 'key-replay');
  const second = await post(BODY, 'key-replay');
  assert.deepEqual([first.status, first.replayed], [200, null]);
  assert.deepEqual([second.status, second.replayed, second.body], [200, 'true', first.body]);
});

test('the same key with another body is an idempotency error', async () => {
  await post(BODY, 'key-other');
  const second = await post(BODY.replace('1030', '2060'), 'key-other');
  assert.equal(second.status, 400);
  assert.equal((JSON.parse(second.body) as { error: { type: string } }).error.type, 'idempotency_error');
});

test('of two requests at once with one key, one is executed and the other refused with 409', async () => {
  const both = await Promise.all([post(BODY, 'key-race'), post(BODY, 'key-race')]);
  assert.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
});

test('a decline is replayed as well; a reply to wrong parameters is not kept', async () => {
  const declined = BODY.replace('pm_card_visa', 'pm_card_chargeDeclined');
  const [first, second] = [await post(declined, 'key-decline'), await post(declined, 'key-decline')];
  assert.deepEqual([first.status, second.status, second.replayed], [402, 402, 'true']);
  assert.equal((await post('amount=1&currency=usd', 'key-wrong')).status, 400);
  assert.equal((await post(BODY, 'key-wrong')).status, 200);
});

test('an intent is confirmed, captured once and refunded no further than what was taken', async () => {
  const intent = await stripe.paymentIntents.create({ amount: 5000, currency: 'usd', capture_method: 'manual' });
  const held = await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
  assert.deepEqual([held.status, held.amount_capturable, held.amount_received], ['requires_capture', 5000, 0]);
  const taken = await stripe.paymentIntents.capture(intent.id);
  assert.deepEqual([taken.status, taken.amount_received], ['succeeded', 5000]);
  await assert.rejects(stripe.paymentIntents.capture(intent.id), Stripe.errors.StripeInvalidRequestError);
  await stripe.refunds.create({ payment_intent: intent.id, amount: 2000 });
  await assert.rejects(stripe.refunds.create({ payment_intent: intent.id, amount: 3001 }));
  assert.equal((await stripe.refunds.create({ payment_intent: intent.id })).amount, 3000);
  await assert.rejects(stripe.refunds.create({ payment_intent: intent.id }), /already been refunded/);
});

test('a cancelled hold takes nothing', async () => {
  const held = await stripe.paymentIntents.create({
    amount: 900, currency: 'usd', capture_method: 'manual', confirm: true, payment_method: 'pm_card_visa',
  });
  const gone = await stripe.paymentIntents.cancel(held.id);
  assert.deepEqual([gone.status, gone.amount_capturable, gone.amount_received], ['canceled', 0, 0]);
});

test('lists page through everything once, and search finds by metadata', async () => {
  const made = await Promise.all([1, 2, 3, 4, 5].map((index) => stripe.paymentIntents.create({
    amount: 500 + index, currency: 'usd', metadata: { run_id: "page's run" },
  })));
  const seen: string[] = [];
  for await (const intent of stripe.paymentIntents.list({ limit: 2, created: { gte: made[0]?.created ?? 0 } })) {
    if (intent.metadata['run_id'] === "page's run") seen.push(intent.id);
  }
  assert.deepEqual(seen.toSorted(), made.map(({ id }) => id).toSorted());
  const found = await stripe.paymentIntents.search({ query: 'metadata["run_id"]:"page\'s run"', limit: 3 });
  assert.deepEqual([found.data.length, found.has_more], [3, true]);
});

test('unknown things and missing keys are Stripe-shaped errors', async () => {
  await assert.rejects(stripe.paymentIntents.retrieve('pi_none'), { code: 'resource_missing', statusCode: 404 });
  await assert.rejects(stripe.paymentIntents.create({ amount: 1.5, currency: 'usd' }), { statusCode: 400 });
  assert.equal((await fetch(`${platform.ready.paymentsUrl}/v1/payment_intents`)).status, 401);
});
