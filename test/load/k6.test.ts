import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPlatform } from '../../src/drive/platform.ts';
import { findK6, runK6 } from './k6.ts';

const ROUTES = [
  'GET /api/v1/auth/me', 'GET /api/v1/creators', 'GET /api/v1/projects', 'GET /api/v1/projects/:id', 'GET /api/v1/search/suggestions',
  'POST /api/v1/auth/signup', 'POST /api/v1/payments/escrow/lock', 'POST /api/v1/payments/escrow/release', 'POST /api/v1/projects',
];

test('the k6 script sends every route of the scenarios file, and every answer is good', async (t) => {
  if (findK6() === null) {
    t.skip('skipped: k6 is not on the PATH');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'openshow-k6-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const platform = await startPlatform({
    command: [process.execPath, join(import.meta.dirname, '../../platform/main.ts')], logFile: join(folder, 'platform.log'),
  });
  t.after(() => platform.stop());

  const { routes, checks, output } = await runK6(platform.url, { share: 0.5, seconds: 6 });
  assert.deepEqual(Object.keys(routes).sort(), ROUTES, output);
  for (const [route, { n, failed, p50Ms, p95Ms }] of Object.entries(routes)) {
    assert.ok(n > 0 && failed === 0 && p50Ms !== null && p95Ms !== null && p50Ms > 0 && p95Ms >= p50Ms, `${route}: ${n} sent, ${failed} failed\n${output}`);
  }
  assert.ok(checks.passed > 100 && checks.failed === 0, output);
});

test('one scenario alone sends its own routes and no others', async (t) => {
  if (findK6() === null) {
    t.skip('skipped: k6 is not on the PATH');
    return;
  }
  // Nothing listens there: failures are counted, and have no percentiles.
  const { routes, exitCode } = await runK6('http://127.0.0.1:9', { share: 0.05, seconds: 1, scenarios: ['S_01'] });
  assert.deepEqual(Object.keys(routes).sort(), ['GET /api/v1/creators', 'GET /api/v1/search/suggestions']);
  for (const one of Object.values(routes)) assert.ok(one.failed === one.n && one.p50Ms === null);
  assert.notEqual(exitCode, 0);
});
