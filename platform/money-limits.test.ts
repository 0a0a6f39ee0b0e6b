import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { startPlatform, untilFigures } from './testing.ts';
import type { Running } from './testing.ts';
import { createPayer, paymentFaults, paymentsOf } from './testing-money.ts';

const PENDING_MS = 1000;

let platform: Running;
let faults: ReturnType<typeof paymentFaults>;
before(async () => {
  platform = await startPlatform('--workers', '1', '--payment-pending-ms', String(PENDING_MS));
  faults = paymentFaults(platform.ready);
});
after(() => platform.stop());

/** The primary's breaker may be closed while a worker's is not yet. */
async function untilBreakersAreClosed(): Promise<void> {
  await untilFigures(platform.ready.metricsUrl, 'closed breakers', (figures) => [...figures]
    .every(([name, value]) => !name.startsWith('circuit_breaker_state{dependency="payments"') || value === 0));
}

test('a payment that the provider has nothing of is given up, once the provider has said so', async () => {
  const user = await createPayer(platform.ready.url, 'run-late');
  const projectId = await user.newProject();
  await faults.cut();
  assert.equal((await user.lock(projectId, 'intent-late')).status, 202);
  await passed(2 * PENDING_MS);
  assert.equal((await user.find('intent-late')).body.escrow.state, 'pending', 'nobody has said anything yet');
  await faults.none();
  const { failure } = await user.until('intent-late', 'failed');
  assert.match(failure ?? '', /^not_confirmed: The payment could not be made in time, and you were not charged\.$/);
  assert.deepEqual(await paymentsOf(platform.ready, 'run-late'), []);
  const again = await user.lock(projectId, 'intent-late');
  assert.deepEqual([again.status, again.body.error.code], [402, 'CARD_DECLINED'], 'the same intent stays what it was');
  await untilBreakersAreClosed();
  assert.equal((await user.lock(projectId, 'intent-late-2')).status, 200, 'and another one may follow');
});

test('a payment that the provider does have is not given up, however late it is', async () => {
  await untilBreakersAreClosed();
  const user = await createPayer(platform.ready.url, 'run-held');
  const projectId = await user.newProject();
  await faults.provider({ mode: 'no-webhook' });
  await faults.toxic({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
  assert.equal((await user.lock(projectId, 'intent-held')).status, 202, 'it takes longer than the limit');
  assert.equal((await paymentsOf(platform.ready, 'run-held')).length, 1);
  await faults.none();
  await user.until('intent-held', 'held');
  assert.equal((await paymentsOf(platform.ready, 'run-held')).length, 1);
});
