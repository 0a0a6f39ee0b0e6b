import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT, assertAllGone, processesOf, runArtillery, startArtillery } from './artillery.ts';
import { ERROR_GATE, recordOf, shortScript } from './short.ts';

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
  assert.match(finished.output, /privacy {2}nothing found in \d+ files/);
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
