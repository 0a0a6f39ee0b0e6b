import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, assertAllGone, judge, onlyRun, processesOf, runArtillery, startArtillery } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, recordOf, shortScript } from './short.ts';

const IMPOSSIBLE_GATE = '{ id: too-fast, metric: vital, vital: LCP, stat: p50, max: 1, unit: ms, source: test }';

test('a short run ends in GO with a record that judging again reproduces, and leaves nothing behind', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: short, duration: 6, arrivalCount: 12 }', [LCP_GATE, ERROR_GATE]) });
  const finished = await run.finished;
  assert.equal(finished.exitCode, 0, finished.output);
  assert.match(finished.output, / GO +\S*\.yml · smoke · \d+ s · 12 journeys, \d+ observed/);
  assert.match(finished.output, /✓ journeys .*≤ 20 % +n 12/);
  assert.doesNotMatch(finished.output, /Metrics for period|vusers\.created/, "Artillery's own tables stay away");
  await assertAllGone(run);

  const folder = onlyRun(finished.reports);
  const record = recordOf(finished);
  assert.equal(record.totals.journeys, 12);
  assert.equal(record.totals.artilleryDifference, 0, 'our count and Artillery’s agree');
  assert.equal(record.totals.byOutcome.passed, 12);
  assert.ok(record.findings.some((finding) => finding.metric === 'perceived_latency' && finding.n > 0), 'perceived latency was measured');

  const before = readFileSync(join(folder, 'record.json'));
  const again = await judge(folder);
  assert.equal(again.exitCode, 0, again.output);
  assert.deepEqual(readFileSync(join(folder, 'record.json')), before);
});

test('a missed limit is NO-GO with exit code 1', async (t) => {
  const finished = await runArtillery(t, { script: shortScript(t, '{ name: short, duration: 4, arrivalCount: 8 }', [IMPOSSIBLE_GATE, ERROR_GATE]) });
  assert.equal(finished.exitCode, 1, finished.output);
  assert.match(finished.output, / NO-GO /);
  assert.match(finished.output, /✗ .*LCP/);
});

test('a profile replaces the phases of the script, and names itself', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-profile-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const profile = join(folder, 'tiny.yml');
  writeFileSync(profile, `config:\n  phases:\n    - { name: only, duration: 2, arrivalCount: 3 }\n  processor: ${join(ROOT, 'artillery/processor.mts')}\n  plugins: { journeys: { profile: tiny } }\n`);
  const finished = await runArtillery(t, { args: ['--config', profile] });
  assert.equal(finished.exitCode, 2, finished.output);
  const { plan, totals, verdict } = recordOf(finished);
  assert.deepEqual(plan.phases.map((phase) => phase.name), ['only']);
  assert.equal(plan.profile, 'tiny');
  assert.equal(totals.journeys, 3);
  assert.equal(verdict.decision, 'INCONCLUSIVE', 'three users settle nothing');
});

test('a platform that dies under load fails its users and the verdict, never the harness', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 20, arrivalRate: 2 }', [ERROR_GATE]).replace('stepDeadlineSeconds: 15', 'stepDeadlineSeconds: 3') });
  await run.said(' passed ');
  const main = processesOf(run).find((line) => line.includes('platform/main.ts'));
  assert.ok(main);
  process.kill(Number(main.split(' ')[0]), 'SIGKILL');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 1, finished.output);
  assert.match(finished.output, /the bundled platform ended/);
  assert.match(finished.output, / NO-GO /);
  await assertAllGone(run);
});
