import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckAttempt, Observation, PaymentObservation } from '../../model/index.ts';
import { toAttempt } from './go.ts';
import { statusOf } from './status.ts';

type Go = Pick<CheckAttempt, 'outcome' | 'errorCode'>;
const PASSED: Go = { outcome: 'passed', errorCode: null };
const LATE: Go = { outcome: 'timeout', errorCode: 'J_STEP_TIMEOUT' };
const CRASHED: Go = { outcome: 'crashed', errorCode: 'J_BROWSER_CRASHED' };
const OWN: Go = { outcome: 'failed', errorCode: 'J_CHECKER_FAULT' };
const ENDED: Go = { outcome: 'interrupted', errorCode: 'J_JOURNEY_TIMEOUT' };

const STATUSES: [what: string, attempts: Go[], goes: number, status: string][] = [
  ['passed at once', [PASSED], 2, 'up'],
  ['failed, then passed', [LATE, PASSED], 2, 'flaky'],
  ['failed twice, then passed', [LATE, LATE, PASSED], 3, 'flaky'],
  ['failed every time', [LATE, LATE], 2, 'down'],
  ['the page crashed every time: a user would see that, too', [CRASHED, CRASHED], 2, 'down'],
  ['failed, and was not to be tried again', [LATE], 1, 'down'],
  ['failed, and could not be tried again', [LATE, ENDED], 2, 'unknown'],
  ['failed, and then had no browser any more', [LATE, OWN, OWN], 2, 'unknown'],
  ['had no browser at first, then passed: no flake of the target', [OWN, PASSED], 2, 'up'],
  ['had no browser at first, then failed twice', [OWN, LATE, LATE], 2, 'down'],
  ['never had a browser', [OWN, OWN], 2, 'unknown'],
  ['was ended under way', [ENDED], 2, 'unknown'],
  ['was not begun', [], 2, 'unknown'],
];
for (const [what, attempts, goes, status] of STATUSES) {
  test(`a journey that ${what} is ${status}`, () => assert.equal(statusOf(attempts, goes), status));
}

const base = { v: 1, runId: 'r', tMs: 1, phase: null, vu: 'u', journey: 'pay', role: 'observer' } as const;
const shown = (what: PaymentObservation['shown']): Observation => ({
  ...base, kind: 'payment', intentId: 'i', event: 'shown', shown: what, amountMinor: null, currency: null, subject: null,
});
const failedStep: Observation = {
  ...base, kind: 'step', name: 'pay', perceivedMs: null, driverMs: 5, clock: 'page', deadlineMs: 10, outcome: 'timeout',
  errorCode: 'J_STEP_TIMEOUT', message: 'late', screenshot: 'failures/a.jpg', trace: 'failures/a.zip',
};

test('a go names its evidence by its place in the reports folder', () => {
  const attempt = toAttempt(7, { outcome: 'timeout', errorCode: 'J_STEP_TIMEOUT', message: 'late', durationMs: 3 }, [failedStep], false, 'checks/round');
  assert.deepEqual(attempt, {
    startedAtEpochMs: 7, durationMs: 3, outcome: 'timeout', errorCode: 'J_STEP_TIMEOUT', message: 'late',
    steps: [{ name: 'pay', perceivedMs: null, outcome: 'timeout' }], screenshot: 'checks/round/failures/a.jpg', trace: 'checks/round/failures/a.zip',
  });
});

test('a payment that ends without a receipt is no success, whatever its journey says', () => {
  const passed = { outcome: 'passed', durationMs: 3 } as const;
  assert.equal(toAttempt(0, passed, [shown('declined'), shown('receipt')], false, '').outcome, 'passed');
  const unpaid = toAttempt(0, passed, [shown('receipt'), shown('unclear')], false, '');
  assert.equal(unpaid.outcome, 'failed');
  assert.match(unpaid.message ?? '', /"unclear", not the receipt/);
});

test("what this machine's browser or network did is not held against the target", () => {
  const failed = (message: string, browserFailed = false): string | null =>
    toAttempt(0, { outcome: 'failed', errorCode: 'J_STEP_FAILED', message, durationMs: 3 }, [], browserFailed, '').errorCode;
  assert.equal(failed('page.goto: net::ERR_INTERNET_DISCONNECTED at https://x'), 'J_CHECKER_FAULT');
  assert.equal(failed('page.goto: net::ERR_PROXY_CONNECTION_FAILED at https://x'), 'J_CHECKER_FAULT');
  assert.equal(failed('browserType.launch: no room', true), 'J_CHECKER_FAULT');
  assert.equal(failed('page.goto: net::ERR_CONNECTION_REFUSED at https://x'), 'J_STEP_FAILED');
  assert.equal(failed('page.goto: net::ERR_NAME_NOT_RESOLVED at https://x'), 'J_STEP_FAILED');
});
