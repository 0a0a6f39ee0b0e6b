import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAllGone, judge, onlyRun, startArtillery } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, recordOf, shortScript } from './short.ts';

const IMPOSSIBLE_GATE = '{ id: too-fast, metric: vital, vital: LCP, stat: p50, max: 1, unit: ms, source: test }';

test('a short run ends in GO, leaves nothing behind, and is judged again alike, or as a stricter limit has it', async (t) => {
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

  const strict = join(folder, 'strict.yml');
  writeFileSync(strict, `version: 1\nconfidence: 0.8\ngates:\n  - ${IMPOSSIBLE_GATE}\n`);
  const missed = await judge(folder, '--slo', strict);
  assert.equal(missed.exitCode, 1, missed.output);
  assert.match(missed.output, / NO-GO [\s\S]*✗ .*LCP/);
});
