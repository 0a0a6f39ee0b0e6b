import assert from 'node:assert/strict';
import test from 'node:test';
import { createPaymentLog, type PaymentSample } from './payments.ts';

test('what a journey tells of a payment is recorded as it is', () => {
  const samples: PaymentSample[] = [];
  const log = createPaymentLog((sample) => samples.push(sample));
  log.intended({ intentId: 'a', amountMinor: 103_000, currency: 'usd', subject: 'p' });
  log.shown('a', 'receipt', { amountMinor: 103_000, currency: null });
  log.shown('a', 'unclear');
  assert.deepEqual(samples, [
    { intentId: 'a', event: 'intended', shown: null, amountMinor: 103_000, currency: 'usd', subject: 'p' },
    { intentId: 'a', event: 'shown', shown: 'receipt', amountMinor: 103_000, currency: null, subject: null },
    { intentId: 'a', event: 'shown', shown: 'unclear', amountMinor: null, currency: null, subject: null },
  ]);
});

test('what nobody could judge ends its user with the reason, and is not recorded', () => {
  const log = createPaymentLog(() => assert.fail('recorded'));
  const payment = { intentId: 'a', amountMinor: 1, currency: 'usd', subject: null };
  assert.throws(() => log.intended({ ...payment, intentId: '' }), /^Error: payments\.intended: intentId: /);
  assert.throws(() => log.intended({ ...payment, amountMinor: NaN }), /payments\.intended: amountMinor: /);
  assert.throws(() => log.shown('a', 'receipt', { amountMinor: 10.5, currency: null }), /payments\.shown: amountMinor: /);
});
