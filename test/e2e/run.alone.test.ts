import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RunRecord } from '../../src/model/index.ts';
import { startPlatform } from '../../src/drive/platform.ts';
import { ROOT, assertAllGone, judge, onlyRun, processesOf, runArtillery, scriptWith, startArtillery, type Finished } from './artillery.ts';

const PHASES = /phases:[\s\S]*?(?= {2}engines:)/;

/** journeys.yml with one short phase, and gates that a few samples can settle. */
function shortScript(test: TestContext, phase: string, gates: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-run-'));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  const slo = join(folder, 'slo.yml');
  writeFileSync(slo, ['version: 1', 'confidence: 0.8', 'gates:', ...gates.map((gate) => `  - ${gate}`), ''].join('\n'));
  return scriptWith('slo: slo.yml', `slo: ${slo}`).replace(PHASES, `phases:\n    - ${phase}\n`).replace('share: 0.7', 'share: 0.5');
}

const LCP_GATE = '{ id: lcp, metric: vital, vital: LCP, stat: p50, max: 10000, unit: ms, source: test }';
const IMPOSSIBLE_GATE = '{ id: too-fast, metric: vital, vital: LCP, stat: p50, max: 1, unit: ms, source: test }';
const ERROR_GATE = '{ id: errors, metric: journey_error_rate, max: 20, unit: "%", source: test }';

function recordOf({ reports }: Finished): RunRecord {
  return RunRecord.parse(JSON.parse(readFileSync(join(onlyRun(reports), 'record.json'), 'utf8')));
}

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

test('Ctrl-C drains, judges what was seen, ends with 130 and leaves nothing behind', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  run.child.kill('SIGINT');
  const finished = await run.finished;
  assert.equal(finished.exitCode, 130, finished.output);
  assert.doesNotMatch(finished.output, /^ GO /m);
  await assertAllGone(run);
  const record = recordOf(finished);
  assert.equal(record.totals.ended, 'interrupted');
  assert.ok((record.totals.byOutcome.passed ?? 0) > 0);
});

test('a second Ctrl-C ends at once and leaves nothing behind', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  run.child.kill('SIGINT');
  await run.said('ending:');
  run.child.kill('SIGINT');
  const { exitCode, output } = await run.finished;
  assert.equal(exitCode, 130, output);
  await assertAllGone(run);
});

test('kill -9 leaves no process, and what was seen can be judged as incomplete', async (t) => {
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]) });
  await run.said(' passed ');
  assert.ok(processesOf(run).length > 3, 'browsers and the platform are running');
  run.child.kill('SIGKILL');
  const { reports } = await run.finished;
  await assertAllGone(run);
  const judged = await judge(onlyRun(reports));
  assert.match(judged.output, /INCOMPLETE/);
  assert.doesNotMatch(judged.output, /^ GO /m);
  assert.notEqual(judged.exitCode, 0);
});

test('against another target nothing is started', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-target-'));
  const platform = await startPlatform({ command: [process.execPath, join(ROOT, 'platform/main.ts')], logFile: join(folder, 'platform.log') });
  t.after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const script = shortScript(t, '{ name: short, duration: 3, arrivalCount: 5 }', [ERROR_GATE]);
  const run = startArtillery(t, { script, args: ['-t', platform.url] });
  await run.said(' 5 passed').catch(() => {});
  assert.deepEqual(processesOf(run).filter((line) => line.includes('platform/main.ts')), []);
  const finished = await run.finished;
  const { plan, totals } = recordOf(finished);
  assert.deepEqual(plan.target, { url: platform.url, embedded: false });
  assert.equal(totals.byOutcome.passed, 5, finished.output);
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

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
test('a disk that fills up ends the run with a harness fault, never with a verdict on half of the data', { skip: mayMount ? false : 'skipped: needs root to mount a small disk' }, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'openshow-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96k', 'tmpfs', disk], { stdio: 'pipe' });
  } catch {
    t.skip('skipped: this system does not let root mount');
    return;
  }
  t.after(() => {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  const run = startArtillery(t, { script: shortScript(t, '{ name: long, duration: 60, arrivalRate: 2 }', [LCP_GATE]), env: { REPORTS_DIR: disk } });
  const finished = await run.finished;
  assert.equal(finished.exitCode, 4, finished.output);
  assert.match(finished.output, /J_OBSERVATIONS_LOST|J_REPORTS_UNWRITABLE/);
  assert.doesNotMatch(finished.output, /^ GO /m);
  assert.doesNotMatch(finished.output, /^\s+at .*:\d+:\d+\)?$/m);
  assert.ok(existsSync(disk) && readdirSync(disk).length === 1);
  await assertAllGone(run);
});
