import assert from 'node:assert/strict';
import test from 'node:test';
import { planOf } from '../golden/samples.ts';
import { CodedError } from '../errors.ts';
import type { Gate } from '../model/index.ts';
import { AuditConfig, auditable, buildAudit, placedAudit } from './audit.ts';

const GATE: Gate = { id: 'duplicates', source: 's', metric: 'integrity', breach: 'duplicate_charge', unit: 'breaches', max: 0 };
const LEDGER = 'https://staging.example.com/ledger';

function planWith(config: Partial<AuditConfig> = {}): ReturnType<typeof planOf> {
  return planOf({ audit: buildAudit(AuditConfig.parse(config)), gates: [GATE] });
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CodedError);
    return `${error.code} ${error.faults[0]?.where}: ${error.faults[0]?.message}`;
  }
  throw new assert.AssertionError({ message: 'it was taken' });
}

test('the bundled platform is audited without a word, by its own addresses once they are known', () => {
  const plan = planWith();
  assert.equal(auditable(plan, { embedded: true, key: undefined, where: 'journeys.yml' }), plan);
  assert.deepEqual(placedAudit(plan, { url: 'http://127.0.0.1:1', paymentsUrl: 'http://127.0.0.1:2' }).audit, {
    platform: 'http://127.0.0.1:1/api/v1/payments/ledger', provider: 'http://127.0.0.1:2', settleMs: 30_000, feeBasisPoints: 300,
  });
});

test('without a word about its books another target is not audited, and its gates on payments are set aside', () => {
  const { audit, gates, gatesNotInProfile } = auditable(planWith(), { embedded: false, key: 'sk_test_x', where: 'journeys.yml' });
  assert.deepEqual([audit, gates, gatesNotInProfile], [undefined, [], ['duplicates']]);
});

test('another target is audited with its ledger and a test key; without the key, or with a provider that is not there, it is refused', () => {
  const plan = planWith({ platform: LEDGER });
  assert.equal(plan.audit?.provider, 'https://api.stripe.com');
  assert.equal(auditable(plan, { embedded: false, key: 'sk_test_x', where: 'journeys.yml' }), plan);
  assert.deepEqual(placedAudit(plan, null), {});
  assert.match(refusal(() => auditable(plan, { embedded: false, key: undefined, where: 'journeys.yml' })),
    /^J_ENV_INVALID AUDIT_PROVIDER_KEY: is needed to read the book of api\.stripe\.com$/);
  assert.match(refusal(() => auditable(planWith({ platform: LEDGER, provider: 'embedded' }), { embedded: false, key: 'sk_test_x', where: 'p.yml' })),
    /^J_SCRIPT_INVALID p\.yml audit\.provider: is "embedded", but the target is not/);
});

test('a key goes to encrypted addresses and to this machine only', () => {
  const taken = (provider: string): boolean => AuditConfig.safeParse({ provider }).success;
  assert.deepEqual(['https://api.stripe.com', 'http://127.0.0.1:8080', 'http://localhost:1', 'http://[::1]:1', 'embedded'].map(taken), [true, true, true, true, true]);
  assert.deepEqual(['http://api.stripe.com', 'http://127.0.0.1.example.com', 'https://a:b@example.com', 'api.stripe.com', 'ftp://127.0.0.1', ''].map(taken),
    [false, false, false, false, false, false]);
});
