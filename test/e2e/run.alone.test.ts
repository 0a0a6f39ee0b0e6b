import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Observation } from '../../src/model/index.ts';
import { assertAllGone, judge, onlyRun, startArtillery, type Finished, type Started } from './artillery.ts';
import { ERROR_GATE, LCP_GATE, recordOf, shortScript } from './short.ts';

const IMPOSSIBLE_GATE = '{ id: too-fast, metric: vital, vital: LCP, stat: p50, max: 1, unit: ms, source: test }';

const linesOf = (folder: string, name: string): Observation[] =>
  readFileSync(join(folder, name), 'utf8').trim().split('\n').map((line) => Observation.parse(JSON.parse(line)));

// One run for both: each takes the machine for itself.
test('a short run on a machine of its own', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: short, duration: 8, arrivalCount: 12 }', [LCP_GATE, ERROR_GATE]) });
  const finished = await run.finished;
  await t.test('watches itself: canaries in both browsers, health twice a second, and the first line says how it went', () => watchesItself(finished));
  // Last, since judging by a stricter limit writes another record.
  await t.test('ends in GO where its observers were undisturbed, leaves nothing behind, and is judged again alike, or as a stricter limit has it', () => endsInGo(run, finished));
});

async function endsInGo(run: Started, finished: Finished): Promise<void> {
  // Whoever else is on this machine may have disturbed its observers, which is then what the run has to say.
  const { latencyHeldBack } = recordOf(finished).validity;
  const [decision, exitCode] = latencyHeldBack ? ['INCONCLUSIVE', 2] : ['GO', 0];
  assert.equal(finished.exitCode, exitCode, finished.output);
  const header = / (GO|INCONCLUSIVE) +\S*\.yml · smoke · \d+ s · 12 journeys, \d+ observed/.exec(finished.output);
  assert.equal(header?.[1], decision, finished.output);
  assert.match(finished.output, /✓ journeys .*≤ 20 % +n 12/);
  assert.doesNotMatch(finished.output, /Metrics for period|vusers\.created/, "Artillery's own tables stay away");
  await assertAllGone(run);

  const folder = onlyRun(finished.reports);
  const record = recordOf(finished);
  assert.equal(record.totals.journeys, 12);
  assert.equal(record.totals.artilleryDifference, 0, 'our count and Artillery’s agree');
  assert.equal(record.totals.byOutcome.passed, 12);
  assert.match(finished.output, /privacy {2}nothing found in \d+ files/);
  assert.ok(latencyHeldBack || record.findings.some((finding) => finding.metric === 'perceived_latency' && finding.n > 0), 'perceived latency was measured');

  const before = readFileSync(join(folder, 'record.json'));
  const again = await judge(folder);
  assert.equal(again.exitCode, exitCode, again.output);
  assert.deepEqual(readFileSync(join(folder, 'record.json')), before);

  const strict = join(folder, 'strict.yml');
  writeFileSync(strict, `version: 1\nconfidence: 0.8\ngates:\n  - ${IMPOSSIBLE_GATE}\n`);
  const missed = await judge(folder, '--slo', strict);
  assert.equal(missed.exitCode, latencyHeldBack ? 2 : 1, missed.output);
  assert.match(missed.output, latencyHeldBack ? / INCONCLUSIVE [\s\S]*\? .*LCP/ : / NO-GO [\s\S]*✗ .*LCP/);
}

function watchesItself(finished: Finished): void {
  const folder = onlyRun(finished.reports);
  const record = recordOf(finished);
  const canary = linesOf(folder, 'observations.worker-1.ndjson').filter((one) => one.kind === 'canary');
  const health = linesOf(folder, 'observations.health.ndjson').filter((one) => one.kind === 'health');
  const { validity } = record;
  for (const role of ['observer', 'crowd'] as const) {
    const clicks = canary.filter((one) => one.role === role && one.outcome === 'passed');
    assert.ok(clicks.length >= 3, `${role}: ${clicks.length} clicks`);
    assert.ok(clicks.every(({ latencyMs }) => (latencyMs ?? 0) >= 50));
  }
  assert.ok((validity.observer?.n ?? 0) >= 3 && (validity.observer?.n ?? 0) <= canary.length);
  const spanS = ((health.at(-1)?.tMs ?? 0) - (health[0]?.tMs ?? 0)) / 1_000;
  assert.ok(health.length / spanS > 1.9, `${health.length} samples in ${spanS} s`);
  assert.ok(health.some(({ activeUsers }) => activeUsers > 0));
  if (process.platform === 'linux') assert.ok(health.some(({ browserProcesses }) => (browserProcesses ?? 0) > 3));
  // Whatever else this machine is doing now: the header, the record and the gates tell the same.
  assert.ok(finished.output.includes(` observed · ${validity.summary}`), finished.output);
  assert.equal(record.totals.journeys, 12, 'a canary is no user');
  assert.equal(record.verdict.gates.find((gate) => gate.id === 'lcp')?.status, validity.latencyHeldBack ? 'inconclusive' : 'pass');
  assert.equal(record.verdict.gates.find((gate) => gate.id === 'errors')?.status, 'pass');
}
