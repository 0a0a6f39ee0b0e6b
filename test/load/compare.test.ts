import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPlatform } from '../../src/drive/platform.ts';
import { RunRecord } from '../../src/model/index.ts';
import { ROOT, onlyRun, runArtillery, scriptWith } from '../e2e/artillery.ts';
import { findK6, runK6 } from './k6.ts';

/** Planted in every answer of the API, so that there is a truth for both, far above what either tool adds. */
const DELAY_MS = 60;
/** k6 keeps its percentiles to fractions of a millisecond, the lane to 1 %; the rest is what a busy machine adds to one of them. */
const APART_MS = 30;
const ROUTES = ['GET /api/v1/creators', 'GET /api/v1/search/suggestions', 'GET /api/v1/auth/me'];

test('k6 and the API lane, on the same scenarios and platform, measure the same percentiles', async (t) => {
  if (findK6() === null) {
    t.skip('skipped: k6 is not on the PATH');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'openshow-compare-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const platform = await startPlatform({
    command: [process.execPath, join(ROOT, 'platform/main.ts'), '--fault', `api-delay=${DELAY_MS}`], logFile: join(folder, 'platform.log'),
  });
  t.after(() => platform.stop());

  const byK6 = await runK6(platform.url, { share: 0.2, seconds: 8 });
  const slo = join(folder, 'slo.yml');
  writeFileSync(slo, 'version: 1\nconfidence: 0.8\ngates:\n  - { id: errors, metric: api_error_rate, max: 5, unit: "%", source: test }\n');
  const api = 'api: { scenarios: config/loadtests/scenarios.json, share: 0.2, windowSeconds: 2, lateSendMilliseconds: 5000 }';
  const script = scriptWith('      slo: slo.yml', `      slo: ${slo}\n      browsers: false\n      ${api}`)
    .replace(/phases:[\s\S]*?(?= {2}engines:)/, 'phases:\n    - { name: alone, duration: 8, arrivalCount: 1 }\n');
  const { exitCode, output, reports } = await runArtillery(t, { args: ['-t', platform.url], script });
  assert.equal(exitCode, 0, output);
  const { findings } = RunRecord.parse(JSON.parse(readFileSync(join(onlyRun(reports), 'record.json'), 'utf8')));

  for (const route of ROUTES) {
    const k6 = byK6.routes[route];
    for (const [stat, k6Ms] of [['p50', k6?.p50Ms], ['p95', k6?.p95Ms]] as const) {
      // Both count from when a request left; what it waited before that k6 does not know.
      const laneMs = findings.find((one) => one.metric === 'api_service_time' && one.scope.route === route && one.stat === stat)?.value;
      assert.ok(k6Ms != null && laneMs != null && k6Ms >= DELAY_MS && laneMs >= DELAY_MS * 0.98, `${route} ${stat}: k6 ${k6Ms} ms, lane ${laneMs} ms`);
      assert.ok(Math.abs(k6Ms - laneMs) <= APART_MS, `${route} ${stat}: k6 ${k6Ms} ms, lane ${laneMs} ms`);
    }
  }
});
