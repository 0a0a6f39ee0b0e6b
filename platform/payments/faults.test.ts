import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import Stripe from 'stripe';
import type { Figure } from '../shared/figures.ts';
import { startPart } from '../testing.ts';
import { backOffMs } from './webhooks.ts';

const SECRET = 'whsec_of_the_tests';

const payments = await startPart('payments');
const { hostname, port } = new URL(payments.url);
const stripe = new Stripe('sk_test_tests', { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 });

/** Where webhooks go: keeps the events, and answers with what `answers` says. */
const heard: Stripe.Event[] = [];
let answers: (event: Stripe.Event) => number = () => 200;
let wake = Promise.withResolvers<void>();
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += String(chunk)));
  request.once('end', () => {
    const event = Stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), SECRET);
    heard.push(event);
    response.writeHead(answers(event)).end();
    wake.resolve();
  });
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
after(async () => {
  receiver.closeAllConnections();
  receiver.close();
  await payments.stop();
});
beforeEach(async () => {
  await payments.control('DELETE', 'fault');
  heard.length = 0;
  answers = () => 200;
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    wake = Promise.withResolvers();
    await wake.promise;
  }
}
const hold = (intentId: string, runId: string, key: string, method = 'pm_card_visa', amount = 1000) =>
  stripe.paymentIntents.create({
    amount, currency: 'usd', capture_method: 'manual', confirm: true, payment_method: method,
    metadata: { intent_id: intentId, run_id: runId },
  }, { idempotencyKey: key });
const held = async (runId: string): Promise<string[]> =>
  (await stripe.paymentIntents.search({ query: `metadata['run_id']:'${runId}'`, limit: 100 })).data
    .map(({ status }) => status);
async function figure(name: string, labels = {}): Promise<number | undefined> {
  const figures = await (await fetch(`${payments.url}/figures`)).json() as Figure[];
  return figures.filter((one) => one.name === name).flatMap(({ values }) => values)
    .find((value) => Object.entries(labels).every(([label, text]) => value.labels[label] === text))?.value;
}

test('faults of the provider are errors as Stripe\'s client knows them, with nothing done', async () => {
  await payments.control('PUT', 'fault', { mode: 'rate-limit', retryAfterSeconds: 3 });
  await assert.rejects(hold('i-limit', 'r-faults', 'k-limit'), (error: Stripe.errors.StripeRateLimitError) => {
    assert.ok(error instanceof Stripe.errors.StripeRateLimitError);
    assert.deepEqual([error.statusCode, error.code, error.headers?.['retry-after']], [429, 'rate_limit', '3']);
    return true;
  });
  for (const [mode, statusCode] of [['error-500', 500], ['error-503', 503]] as const) {
    await payments.control('PUT', 'fault', { mode });
    await assert.rejects(hold(`i-${mode}`, 'r-faults', `k-${mode}`), { statusCode, type: 'StripeAPIError' });
  }
  await payments.control('DELETE', 'fault');
  assert.deepEqual(await held('r-faults'), []);
  assert.equal((await hold('i-limit', 'r-faults', 'k-limit')).status, 'requires_capture', 'the key is as good as new');
});

test('a slow provider does everything, whether or not its caller is still there', async () => {
  await payments.control('PUT', 'fault', { mode: 'slow', delayMs: 100 });
  const impatient = new Stripe('sk_test_tests', {
    host: hostname, port, protocol: 'http', maxNetworkRetries: 0, timeout: 20,
  });
  await assert.rejects(impatient.paymentIntents.create(
    { amount: 500, currency: 'usd', metadata: { run_id: 'r-slow' } }, { idempotencyKey: 'k-slow' }));
  await payments.control('DELETE', 'fault');
  while ((await held('r-slow')).length === 0) await new Promise(setImmediate);
  await stripe.paymentIntents.create(
    { amount: 500, currency: 'usd', metadata: { run_id: 'r-slow' } }, { idempotencyKey: 'k-slow' });
  assert.equal((await held('r-slow')).length, 1);
});

test('a key that is used for another request is noted, once, with the payment it was about', async () => {
  await hold('i-conflict', 'r-conflict', 'k-conflict');
  const other = { type: 'StripeIdempotencyError' };
  await assert.rejects(hold('i-conflict', 'r-conflict', 'k-conflict', 'pm_card_visa', 2000), other);
  await assert.rejects(hold('i-conflict', 'r-conflict', 'k-conflict', 'pm_card_visa', 3000), other);
  const [one, two] = [await hold('i-one', 'r-conflict', 'k-one'), await hold('i-two', 'r-conflict', 'k-two')];
  await stripe.paymentIntents.capture(one.id, {}, { idempotencyKey: 'k-capture' });
  await assert.rejects(stripe.paymentIntents.capture(two.id, {}, { idempotencyKey: 'k-capture' }), other);
  await Promise.allSettled([1000, 9000].map((cents) => hold('i-race', 'r-race', 'k-race', 'pm_card_visa', cents)));
  assert.deepEqual((await payments.control('GET', 'key-conflicts?run_id=r-conflict')).body,
    { conflicts: [{ key: 'k-conflict', intentId: 'i-conflict' }, { key: 'k-capture', intentId: 'i-two' }] });
  assert.deepEqual((await payments.control('GET', 'key-conflicts?run_id=r-race')).body,
    { conflicts: [{ key: 'k-race', intentId: 'i-race' }] });
  assert.deepEqual((await payments.control('GET', 'key-conflicts?run_id=none')).body, { conflicts: [] });
  assert.equal((await payments.control('GET', 'key-conflicts')).status, 400);
});

test('an endpoint for webhooks is on loopback and has a secret', async () => {
  const elsewhere = ['http://example.com/', 'https://127.0.0.1/', 'file:///etc/passwd', 'x'];
  for (const endpoint of [
    null, {}, { url: receiverUrl }, { url: receiverUrl, secret: 'short' }, { url: receiverUrl, secret: 'a\nb c d e f' },
    ...elsewhere.map((url) => ({ url, secret: SECRET })),
  ]) assert.equal((await payments.control('PUT', 'webhook', endpoint)).status, 400, JSON.stringify(endpoint));
  assert.deepEqual((await payments.control('GET', 'webhook')).body,
    { url: null, waiting: 0, ended: { delivered: 0, failed: 0, withheld: 0 } });
});

test('everything that happens is told, signed, and again until it is heard', async () => {
  assert.equal((await payments.control('PUT', 'webhook', { url: receiverUrl, secret: SECRET })).status, 200);
  const first = new Set<string>();
  // Each is refused once: it comes a second time.
  answers = ({ id }) => first.has(id) ? 200 : (first.add(id), 500);
  const paid = await hold('i-told', 'r-told', 'k-told');
  await stripe.paymentIntents.capture(paid.id);
  await stripe.refunds.create({ payment_intent: paid.id, amount: 400 });
  await assert.rejects(hold('i-declined', 'r-told', 'k-declined', 'pm_card_chargeDeclined'));
  await stripe.paymentIntents.cancel((await hold('i-cancelled', 'r-told', 'k-cancelled')).id);
  await until(() => heard.length >= 12);
  const told = heard.map(({ type, data }) => {
    const object = data.object as unknown as { metadata: { intent_id: string }; amount_refunded?: number };
    return `${object.metadata.intent_id} ${type} ${object.amount_refunded ?? ''}`.trim();
  });
  const once = [
    'i-told payment_intent.amount_capturable_updated', 'i-told payment_intent.succeeded', 'i-told charge.refunded 400',
    'i-declined payment_intent.payment_failed', 'i-cancelled payment_intent.amount_capturable_updated',
    'i-cancelled payment_intent.canceled',
  ];
  assert.deepEqual(told.toSorted(), [...once, ...once].toSorted());
  assert.deepEqual([backOffMs(1), backOffMs(2), backOffMs(20)], [500, 1000, 30_000]);
});

test('with no-webhook nothing is told, ever, and the payment is made all the same', async () => {
  const before = await figure('webhooks_total', { outcome: 'withheld' }) ?? 0;
  await payments.control('PUT', 'fault', { mode: 'no-webhook' });
  await hold('i-silent', 'r-silent', 'k-silent');
  await payments.control('DELETE', 'fault');
  await hold('i-loud', 'r-silent', 'k-loud');
  await until(() => heard.length >= 1);
  assert.deepEqual(heard.map(({ data }) => (data.object as Stripe.PaymentIntent).metadata['intent_id']), ['i-loud']);
  assert.deepEqual([await held('r-silent'), await figure('webhooks_total', { outcome: 'withheld' })],
    [['requires_capture', 'requires_capture'], before + 1]);
});

test('killed in the midst of payments, the books are whole: each key is done once, every event is told', async () => {
  const keys = Array.from({ length: 60 }, (_, index) => `k-kill-${index}`);
  const payAll = () => Promise.allSettled(keys.map((key) => hold(`i-${key}`, 'r-kill', key)));
  const first = payAll();
  while ((await held('r-kill').catch(() => [])).length === 0) await new Promise(setImmediate);
  await payments.restart();
  await first;
  const second = await payAll();
  assert.deepEqual(second.filter(({ status }) => status === 'rejected'), []);
  assert.deepEqual(await held('r-kill'), keys.map(() => 'requires_capture'));
  assert.equal(await figure('payment_duplicate_charges_total'), 0);
  const intents = (): Set<string | undefined> => new Set(heard
    .map(({ data }) => (data.object as Stripe.PaymentIntent).metadata['intent_id'])
    .filter((id) => id?.startsWith('i-k-kill-')));
  await until(() => intents().size === keys.length);
});

test('a second charge for the same intent is counted, and the count outlives the process', async () => {
  await hold('i-double', 'r-double', 'k-double-1');
  await hold('i-double', 'r-double', 'k-double-2');
  assert.equal(await figure('payment_duplicate_charges_total'), 1);
  await payments.restart();
  assert.equal(await figure('payment_duplicate_charges_total'), 1);
});

test('a search goes through many payments page by page, also while more are made', async () => {
  const ids = Array.from({ length: 120 }, (_, index) => `i-page-${index}`);
  await Promise.all(ids.map((id) => hold(id, 'r-page', `k-${id}`)));
  const seen: (string | undefined)[] = [];
  for await (const intent of stripe.paymentIntents.search({ query: "metadata['run_id']:'r-page'", limit: 50 })) {
    seen.push(intent.metadata['intent_id']);
    if (seen.length === 10) await hold('i-page-late', 'r-page', 'k-page-late');
  }
  assert.deepEqual(seen.toSorted(), ids.toSorted());
  const both = await stripe.paymentIntents.search(
    { query: "metadata['run_id']:'r-page' AND metadata['intent_id']:'i-page-3' AND status:'requires_capture'" });
  assert.equal(both.data.length, 1);
});
