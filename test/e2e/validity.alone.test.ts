import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Observation, RunRecord, type CanaryObservation, type HealthObservation } from '../../src/model/index.ts';
import { assertAllGone, onlyRun, scriptWith, startArtillery, type Finished } from './artillery.ts';

const GATES = [
  '{ id: lcp, metric: vital, vital: LCP, stat: p50, max: 10000, unit: ms, source: test }',
  '{ id: errors, metric: journey_error_rate, max: 50, unit: "%", source: test }',
];

function scriptOf(test: TestContext, seconds: number, users: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-validity-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const slo = join(folder, 'slo.yml');
  writeFileSync(slo, ['version: 1', 'confidence: 0.8', 'gates:', ...GATES.map((gate) => `  - ${gate}`), ''].join('\n'));
  const phase = `phases:\n    - { name: short, duration: ${seconds}, arrivalCount: ${users} }\n`;
  return scriptWith('slo: slo.yml', `slo: ${slo}`).replace(/phases:[\s\S]*?(?= {2}engines:)/, phase).replace('share: 0.7', 'share: 0.5')
    .replace('stepDeadlineSeconds: 15', 'stepDeadlineSeconds: 10').replace('journeyDeadlineSeconds: 60', 'journeyDeadlineSeconds: 20');
}

function seen({ reports }: Finished): { record: RunRecord; canary: CanaryObservation[]; health: HealthObservation[] } {
  const folder = onlyRun(reports);
  const linesOf = (name: string): Observation[] =>
    readFileSync(join(folder, name), 'utf8').trim().split('\n').map((line) => Observation.parse(JSON.parse(line)));
  return {
    record: RunRecord.parse(JSON.parse(readFileSync(join(folder, 'record.json'), 'utf8'))),
    canary: linesOf('observations.worker-1.ndjson').filter((one) => one.kind === 'canary'),
    health: linesOf('observations.health.ndjson').filter((one) => one.kind === 'health'),
  };
}

/** Keeps every core busy twice over, each burner a session (so, where there are any, a scheduling group) of its own. */
function burn(test: TestContext): void {
  const burners = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore', detached: true }));
  test.after(() => burners.forEach((burner) => burner.kill('SIGKILL')));
}

test('a run watches itself: canaries in both browsers, health twice a second, and the first line says how it went', async (t) => {
  const run = startArtillery(t, { script: scriptOf(t, 8, 10) });
  const finished = await run.finished;
  await assertAllGone(run);
  const { record, canary, health } = seen(finished);
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
  assert.equal(record.totals.journeys, 10, 'a canary is no user');
  assert.equal(record.verdict.gates.find((gate) => gate.id === 'lcp')?.status, validity.latencyHeldBack ? 'inconclusive' : 'pass');
  assert.equal(record.verdict.gates.find((gate) => gate.id === 'errors')?.status, 'pass');
});

test('with the processor taken by others a run is judged where its observers were undisturbed, or says where they were not', async (t) => {
  const script = scriptOf(t, 14, 10);
  const run = startArtillery(t, { script });
  await run.said('plan     ');
  burn(t);
  const finished = await run.finished;
  const { record } = seen(finished);
  const { validity, verdict } = record;
  const lcp = verdict.gates.find((gate) => gate.id === 'lcp');
  assert.notEqual(validity.state, 'unknown');
  if (validity.latencyHeldBack) {
    assert.equal(lcp?.status, 'inconclusive');
    assert.match(lcp?.hint ?? '', /^observers (disturbed|unproven) from \d\d:\d\d to \d\d:\d\d.*, (?:\d+ )?(?:canary|event loop|steal|swap in)/);
    assert.match(finished.output, /observers (disturbed|unproven) \d\d:\d\d–\d\d:\d\d/);
  } else {
    // Undisturbed for long enough: what is left is the truth, and the truth is that the limit is kept.
    assert.equal(lcp?.status, 'pass', JSON.stringify(lcp));
  }
  // The crowd, starved, may time out in numbers: neither that nor the slow pages are the application's doing.
  assert.notEqual(verdict.decision, 'NO-GO', finished.output);
});
