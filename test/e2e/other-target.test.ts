import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPlatform } from '../../src/drive/platform.ts';
import { ROOT, processesOf, startArtillery } from './artillery.ts';
import { ERROR_GATE, recordOf, shortScript } from './short.ts';

test('against another target nothing is started, and what was made there is removed, after a kill by command', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-target-'));
  const platform = await startPlatform({ command: [process.execPath, join(ROOT, 'platform/main.ts')], logFile: join(folder, 'platform.log') });
  t.after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const scriptOf = (...plugin: string[]): string => shortScript(t, '{ name: short, duration: 3, arrivalCount: 5 }', [ERROR_GATE])
    .replace(/^( +)slo: .*\n/m, (line, indent: string) => [line, ...plugin.map((one) => `${indent}${one}\n`)].join(''));
  const removes = "teardown: { url: '/api/v1/test-runs/{runId}' }";
  const env = { TEARDOWN_TOKEN: platform.operationsToken ?? '' };
  // A profile in place of the script's phases.
  const profile = join(folder, 'tiny.yml');
  writeFileSync(profile, `config:\n  phases:\n    - { name: only, duration: 3, arrivalCount: 5 }\n  processor: ${join(ROOT, 'artillery/processor.mts')}\n  plugins: { journeys: { profile: tiny } }\n`);
  const run = startArtillery(t, { script: scriptOf(removes), env, args: ['-t', platform.url, '--config', profile] });
  await run.said(' 5 passed').catch(() => {});
  assert.deepEqual(processesOf(run).filter((line) => line.includes('platform/main.ts')), []);
  const finished = await run.finished;
  const { plan, totals, teardown } = recordOf(finished);
  assert.deepEqual(plan.target, { url: platform.url, embedded: false });
  assert.deepEqual([plan.phases.map(({ name }) => name), plan.profile], [['only'], 'tiny'], 'the profile replaces the phases, and names itself');
  assert.equal(totals.byOutcome.passed, 5, finished.output);
  assert.equal(teardown?.outcome, 'removed', 'what it made on a target that stays is removed');
  assert.match(finished.output, /teardown: removed (\d+) of \1 rows?, 0 left \(counted\)/);
  assert.ok((teardown.before?.users ?? 0) >= 1, JSON.stringify(teardown));

  // Of the API lane alone, whose accounts are made first: it takes no browser to owe a target something.
  const killed = startArtillery(t, {
    script: scriptOf(removes, 'browsers: false', 'api: { scenarios: config/loadtests/scenarios.json }'),
    env: { ...env, RUN_ID: 'killed', REPORTS_DIR: finished.reports }, args: ['-t', platform.url],
  });
  const signedUp = async (): Promise<number> => {
    const answer = await fetch(`${platform.url}/api/v1/test-runs/killed`, { headers: { authorization: `Bearer ${platform.operationsToken}` } });
    return ((await answer.json()) as { counts: { users: number } }).counts.users;
  };
  // What happens on the target is no event out here.
  while ((await signedUp()) === 0) await sleep(50);
  killed.child.kill('SIGKILL');
  await killed.finished;
  const clean = (...args: string[]): string => execFileSync(process.execPath, ['src/cli/teardown.ts', 'killed', ...args], {
    cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env, REPORTS_DIR: finished.reports },
  });
  assert.match(clean(), /^killed {2}removed [1-9]\d* of \d+ rows?, 0 left \(counted\)\n$/);
  assert.match(clean('--dry-run'), /^killed {2}0 rows /);
});
