import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { redactionOf, secretValues } from './redaction.ts';

function folderWith(t: TestContext, env: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'redaction-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, '.env'), env);
  return folder;
}

test('secrets are settings with a secret\'s name, values of header lists, passwords in addresses, and basic authentication as sent', () => {
  assert.deepEqual(secretValues({
    AUDIT_PROVIDER_KEY: 'sk_test_1', TARGET_HTTP_USER: 'qa', TARGET_HTTP_PASSWORD: 'p w', MY_API_TOKENS: 't1', ALERT_WEBHOOK_URL: 'https://hooks.test/x',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=abc, other=def', PUSHGATEWAY_URL: 'https://me:g%20h@gateway.test', AWS_SECRET_ACCESS_KEY: 's3', AWS_ACCESS_KEY_ID: 'id', OTHER_KEY: '/k3y+that/begins',
  }), ['sk_test_1', 'p w', 't1', 'https://hooks.test/x', 'abc', 'def', 'g%20h', 'g h', 's3', 'id', '/k3y+that/begins', Buffer.from('qa:p w').toString('base64')]);
});

test('settings that only sound secret are none', () => {
  assert.deepEqual(secretValues({
    TARGET_URL: 'https://staging.example.com', PWD: '/home/me', SSH_AUTH_SOCK: '/tmp/ssh', SSH_KEY: '~/.ssh/id', TLS_KEY: '/etc', TOKEN: 'true', KEYBOARD: 'de', MONKEY: 'x',
    GUARD_REASON: 'key demo', API_SHARE: '0.5', SESSION_MANAGER: 'local/host', PRIVACY_ALLOW: 'a@firma.de', EMPTY_TOKEN: '',
  }), []);
});

test('.env and the environment are both known, also what one takes the place of; what is allowed comes from either', (t) => {
  const folder = folderWith(t, 'PLATFORM_OPERATIONS_TOKEN=from-the-file\nPRIVACY_ALLOW=a@firma.de, @qa.firma.de\n');
  const redactor = redactionOf(folder, { PLATFORM_OPERATIONS_TOKEN: 'from-outside', OTHER_TOKEN: '' });
  assert.equal(redactor.text('from-the-file from-outside a@firma.de b@qa.firma.de c@firma.de'), '[masked secret] [masked secret] a@firma.de b@qa.firma.de [masked email]');
  assert.deepEqual(redactionOf(folder, { PRIVACY_ALLOW: '93.184.216.34' }).allowed, ['93.184.216.34']);
});
