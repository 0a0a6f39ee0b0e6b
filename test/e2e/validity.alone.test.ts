import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { onlyRun, scriptWith, startArtillery, type Started } from './artillery.ts';
import { recordOf } from './short.ts';

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

/** Keeps every core busy twice over, each burner a session (so, where there are any, a scheduling group) of its own. */
function burn(test: TestContext): () => void {
  const burners = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore', detached: true }));
  const stop = (): void => burners.forEach((burner) => burner.kill('SIGKILL'));
  test.after(stop);
  return stop;
}

/** Resolves when the observations of a run hold the text, or it has ended. */
async function recorded({ child, temporaryFolder }: Started, file: string, text: string): Promise<void> {
  const reports = join(temporaryFolder, 'reports');
  while (child.exitCode === null) {
    const path = existsSync(reports) ? join(onlyRun(reports), file) : '';
    if (existsSync(path) && readFileSync(path, 'utf8').includes(text)) return;
    await sleep(50);
  }
}

test('with the processor taken by others a run is judged where its observers were undisturbed, or says where they were not', async (t) => {
  const run = startArtillery(t, { script: scriptOf(t, 14, 10) });
  await run.said('plan     ');
  // For as long as there are users: neither starting nor judging is what is tried here.
  await recorded(run, 'observations.worker-1.ndjson', '"kind":"step"');
  const stop = burn(t);
  await recorded(run, 'observations.main.ndjson', '"event":"completed"');
  stop();
  const finished = await run.finished;
  const { validity, verdict } = recordOf(finished);
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
