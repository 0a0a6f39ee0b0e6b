import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RunRecord } from '../../src/model/index.ts';
import { assertAllGone, onlyRun, scriptWith, startArtillery } from './artillery.ts';

test('a soak that was killed goes on in its own folder for the time that was left, and is judged as one run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-resume-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const slo = join(folder, 'slo.yml');
  const gates = [
    '{ id: users, metric: journey_error_rate, max: 50, unit: "%", source: test }',
    '{ id: api, metric: api_error_rate, max: 5, unit: "%", source: test }',
  ];
  writeFileSync(slo, ['version: 1', 'confidence: 0.8', 'gates:', ...gates.map((gate) => `  - ${gate}`), ''].join('\n'));
  const profile = join(folder, 'soak.yml');
  writeFileSync(profile, JSON.stringify({
    config: {
      // 72 hours of a user a second, made 36 s long.
      phases: [{ name: 'soak', duration: '72h', arrivalCount: 259_200 }],
      processor: join(import.meta.dirname, '../../artillery/processor.mts'),
      plugins: { journeys: { profile: 'soak', slo, api: { scenarios: 'config/loadtests/scenarios.json', share: 0.1, windowSeconds: 2 } } },
    },
  }));
  // One text for both parts: a script that changed in between is refused.
  const script = scriptWith('slo: slo.yml', `slo: ${slo}`);
  const env = { SOAK_DURATION: '36s', SEED: '7' };
  const first = startArtillery(t, { args: ['--config', profile], env, script });
  await first.said('soak       ');
  const running = join(first.temporaryFolder, 'reports');
  const early = await startArtillery(t, {
    args: ['--config', profile], script,
    env: { ...env, RESUME: onlyRun(running), REPORTS_DIR: running, TMPDIR: first.temporaryFolder },
  }).finished;
  assert.equal(early.exitCode, 3, 'a run that is still under way cannot go on');
  assert.match(early.output, /J_RUN_LOCKED/);
  first.child.kill('SIGKILL');
  const { reports } = await first.finished;
  await assertAllGone(first);

  const runFolder = onlyRun(reports);
  // A guard that refuses only when it goes on, overridden: the reports of the whole run must say so.
  const overriding = { PRODUCTION_HOSTS: 'cdn.shop.test', BROWSER_HOSTS: 'cdn.shop.test', GUARD_OVERRIDES: 'production', GUARD_REASON: 'pages need cdn.shop.test today' };
  const second = startArtillery(t, { args: ['--config', profile], env: { ...env, ...overriding, RESUME: runFolder, REPORTS_DIR: reports }, script });
  const { exitCode, output } = await second.finished;
  assert.equal(exitCode, 0, output);
  await assertAllGone(second);
  assert.equal(onlyRun(reports), runFolder, 'no other folder was made');
  const record = RunRecord.parse(JSON.parse(readFileSync(join(runFolder, 'record.json'), 'utf8')));
  assert.equal(record.totals.ended, 'completed');
  assert.equal(record.totals.unreadableLines, 0);
  assert.deepEqual(record.plan.overrides?.map(({ guard, reason }) => [guard, reason]), [['production', overriding.GUARD_REASON]]);
  const [soak] = record.arrivals;
  // Those whom the kill took along began, and did not finish; on a busy machine some had done nothing yet that was on the disk.
  assert.ok((soak?.started ?? 0) >= 24 && (soak?.started ?? 0) <= 37, JSON.stringify(soak));
  const requests = record.findings.find(({ metric, scope }) => metric === 'api_error_rate' && Object.keys(scope).length === 0);
  assert.ok((requests?.n ?? 0) > 600, `${requests?.n} of some 930 requests`);

  const third = await startArtillery(t, { args: ['--config', profile], env: { ...env, RESUME: runFolder, REPORTS_DIR: reports }, script }).finished;
  assert.equal(third.exitCode, 3, 'a run that came to its end cannot go on');
  assert.match(third.output, /J_RESUME/);
});
