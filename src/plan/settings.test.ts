import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CodedError, formatError } from '../errors.ts';
import { SETTINGS, readSettings } from './settings.ts';

function folderWith(t: TestContext, env?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  if (env !== undefined) writeFileSync(join(folder, '.env'), env);
  return folder;
}

function refusal(folder: string, environment: Record<string, string>): CodedError {
  try {
    readSettings(folder, environment);
  } catch (error) {
    assert.ok(error instanceof CodedError);
    assert.equal(error.code, 'J_ENV_INVALID');
    return error;
  }
  throw new assert.AssertionError({ message: 'the settings were taken' });
}

test('without .env and environment the defaults hold, and nothing else is set', (t) => {
  assert.deepEqual(readSettings(folderWith(t), {}), { BROWSER: 'headless-shell', REPORTS_DIR: 'reports', ALLOW_PARALLEL_RUNS: '0', FORCE: '0' });
});

test('the environment wins over .env, and an empty value in either means "not set"', (t) => {
  const folder = folderWith(t, 'TARGET_URL=http://file\nRUN_ID=from-file\nREPORTS_DIR=\nSEED=7\n');
  const settings = readSettings(folder, { TARGET_URL: 'http://environment', RUN_ID: '' });
  assert.equal(settings.TARGET_URL, 'http://environment');
  assert.equal(settings.RUN_ID, 'from-file');
  assert.equal(settings.REPORTS_DIR, 'reports');
  assert.equal(settings.SEED, 7);
});

test('every fault is told at once, each with where its value came from', (t) => {
  const folder = folderWith(t, 'SEED=minus one\nBROWSER=firefox\n');
  const { faults, exitCode } = refusal(folder, { PLATFORM_PORT: '70000', HEALTH_PATH: 'healthz' });
  assert.deepEqual(faults.map((fault) => fault.where).sort(), ['.env BROWSER', '.env SEED', 'environment HEALTH_PATH', 'environment PLATFORM_PORT']);
  assert.equal(exitCode, 3);
});

test('the settings of the API lane and of metrics are numbers and addresses, and a wrong one is told by name', (t) => {
  const folder = folderWith(t, 'API_SHARE=0.5\nMETRICS_URLS=target, http://127.0.0.1:9100/metrics,\nPROMETHEUS_URL=https://prometheus.example.com\n');
  const { API_SHARE, METRICS_URLS, PROMETHEUS_URL } = readSettings(folder, {});
  assert.deepEqual([API_SHARE, METRICS_URLS, PROMETHEUS_URL], [0.5, ['target', 'http://127.0.0.1:9100/metrics'], 'https://prometheus.example.com']);
  assert.equal(readSettings(folder, { API_SHARE: '0' }).API_SHARE, 0);
  const wrong: [name: string, value: string][] = [
    ['API_SHARE', '-1'], ['API_SHARE', '101'], ['API_SHARE', 'half'], ['METRICS_URLS', ','], ['METRICS_URLS', 'target,localhost:9100'],
    ['METRICS_URLS', 'http://user:password@127.0.0.1'], ['PROMETHEUS_URL', 'target'], ['PROMETHEUS_URL', 'ftp://127.0.0.1'],
  ];
  for (const [name, value] of wrong) assert.deepEqual(refusal(folder, { [name]: value }).faults.map(({ where }) => where), [`environment ${name}`], `${name}=${value}`);
});

test('only the key of a test account is taken for the audit, never one that moves real money', (t) => {
  const folder = folderWith(t);
  for (const AUDIT_PROVIDER_KEY of ['sk_test_abc123', 'rk_test_abc123']) assert.deepEqual(readSettings(folder, { AUDIT_PROVIDER_KEY }).AUDIT_PROVIDER_KEY, AUDIT_PROVIDER_KEY);
  for (const AUDIT_PROVIDER_KEY of ['sk_live_abc123', 'rk_live_abc123', 'pk_test_abc123', 'sk_test_', 'sk_test_a b', 'x sk_test_abc']) {
    assert.match(formatError(refusal(folder, { AUDIT_PROVIDER_KEY })), /AUDIT_PROVIDER_KEY: a test key/);
  }
});

test('lists of hosts, hours and overrides are read as they are meant, and a wrong one is told by name', (t) => {
  const folder = folderWith(t, 'ALLOWED_HOSTS=Staging.example.com, *.preview.example.com\nPRODUCTION_HOSTS=www.example.com\nLOAD_WINDOW=22:00-06:00 UTC\n');
  const read = readSettings(folder, { GUARD_OVERRIDES: 'off-peak, target', GUARD_REASON: 'agreed with the owners' });
  assert.deepEqual([read.ALLOWED_HOSTS, read.PRODUCTION_HOSTS, read.GUARD_OVERRIDES], [['staging.example.com', '*.preview.example.com'], ['www.example.com'], ['off-peak', 'target']]);
  assert.deepEqual(read.LOAD_WINDOW?.map(({ fromMinute, toMinute, timeZone }) => [fromMinute, toMinute, timeZone]), [[1320, 360, 'UTC']]);
  const wrong: [name: string, value: string][] = [
    ['ALLOWED_HOSTS', '*'], ['ALLOWED_HOSTS', 'staging.example.com,https://a.example.com'], ['PRODUCTION_HOSTS', ','], ['LOAD_WINDOW', 'at night'],
    ['GUARD_OVERRIDES', 'all'], ['GUARD_OVERRIDES', 'target,everything'], ['GUARD_REASON', 'because'], ['GUARD_REASON', 'x'.repeat(501)],
  ];
  const reason = 'agreed with the owners';
  for (const [name, value] of wrong) {
    const places = refusal(folder, { ...(name === 'GUARD_OVERRIDES' ? { GUARD_REASON: reason } : {}), [name]: value }).faults.map(({ where }) => where);
    assert.deepEqual([...new Set(places)], [`environment ${name}`], `${name}=${value}`);
  }
  assert.match(formatError(refusal(folder, { GUARD_OVERRIDES: 'target' })), /\.env GUARD_REASON: an override needs its reason/);
  assert.match(formatError(refusal(folder, { GUARD_OVERRIDES: 'everything', GUARD_REASON: reason })), /"target"\|"production"\|"off-peak"/);
});

test('a user without password is a fault, and so is a password without user', (t) => {
  const folder = folderWith(t);
  assert.match(formatError(refusal(folder, { TARGET_HTTP_USER: 'qa' })), /TARGET_HTTP_PASSWORD: user and password go together/);
  assert.match(formatError(refusal(folder, { TARGET_HTTP_PASSWORD: 'x' })), /TARGET_HTTP_USER: user and password go together/);
});

test('a fault never shows the value of a setting, which may be a credential', (t) => {
  const secret = 'hunter2-do-not-show';
  for (const name of Object.keys(SETTINGS)) {
    // Alone, and beside a wrong setting: whatever is told, the value is not.
    const folder = folderWith(t, `${name}=${secret}\nPLATFORM_PORT=0\n`);
    assert.doesNotMatch(formatError(refusal(folder, { PLATFORM_PORT: '0' })), new RegExp(secret), name);
  }
});

test('.env.example documents exactly the settings there are, each under a comment', () => {
  const lines = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n');
  const documented = lines.flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? []);
  assert.deepEqual(documented.sort(), Object.keys(SETTINGS).sort());
  for (const [index, line] of lines.entries()) {
    if (!/^[A-Z_]+=/.test(line)) continue;
    assert.match(line, /=$/, 'an example sets nothing by itself');
    // A group such as user and password shares one comment.
    assert.match(lines[index - 1] ?? '', /^#|^[A-Z_]+=$/, `${line} has no comment`);
  }
});

test('.env.example copied as it is gives the defaults', (t) => {
  const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
  assert.deepEqual(readSettings(folderWith(t, example), {}), readSettings(folderWith(t), {}));
});

test('what may be shown is an address, a domain, a number: nothing that would let everything pass', (t) => {
  const allowed = 'support@site.com, @qa.site.com, +1 (212) 736-5000, 93.184.216.34, 2a00:1450::1';
  assert.equal(readSettings(folderWith(t), { PRIVACY_ALLOW: allowed }).PRIVACY_ALLOW?.length, 5);
  for (const wrong of ['*', '@', '@*.com', 'site.com', 'all', 'a@b']) refusal(folderWith(t), { PRIVACY_ALLOW: wrong });
});
