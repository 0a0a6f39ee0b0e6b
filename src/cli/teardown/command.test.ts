import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { TEARDOWN_FILE, oweTeardown, owedTeardowns, readTeardown } from '../../drive/teardown/state.ts';
import { holdingTarget, status, type HoldingTarget } from '../../drive/teardown/testing.ts';
import type { CodedError } from '../../errors.ts';
import { Observation } from '../../model/index.ts';
import { teardownCommand } from './command.ts';

let target: HoldingTarget;
let root: string;
let reports: string;
/** A process that has ended: whoever owed it was killed. */
const { pid: GONE } = spawnSync('true');
before(async () => (target = await holdingTarget()));
after(() => target.close());
beforeEach(() => {
  if (root !== undefined) rmSync(root, { recursive: true, force: true });
  root = mkdtempSync(join(tmpdir(), 'openshow-teardown-'));
  reports = join(root, 'reports');
  target.held.clear();
  target.seen.length = 0;
  target.answers.length = 0;
});
after(() => rmSync(root, { recursive: true, force: true }));

/** A run folder that owes the target its rows, as a run leaves it; `changed` is what is otherwise. */
function owing(runId: string, changed: object = {}, url = target.url): string {
  const runDir = join(reports, runId);
  mkdirSync(runDir, { recursive: true });
  const state = oweTeardown(runDir, {
    runId, startedAtEpochMs: Date.now() - 60_000, target: { url: target.origin, embedded: false }, teardown: { url, command: null, timeoutMs: 2_000 },
  });
  writeFileSync(join(runDir, TEARDOWN_FILE), JSON.stringify({ ...state, pid: GONE, born: null, ...changed }));
  target.held.set(runId, { users: 2, orders: 1 });
  return runDir;
}

async function command(...args: string[]): Promise<{ exitCode: number; out: string }> {
  const { exitCode, out } = await commandWith({}, ...args);
  return { exitCode, out };
}

async function commandWith(more: Record<string, string>, ...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await teardownCommand(args, {
    root, environment: { REPORTS_DIR: reports, TEARDOWN_TOKEN: 'secret', ...more }, out: (text) => out.push(text), err: (text) => err.push(text),
  });
  return { exitCode, out: out.join(''), err: err.join('') };
}
const refused = (code: string, ...args: string[]) =>
  assert.rejects(command(...args), (error: CodedError) => error.code === code || assert.fail(`${error.code}: ${JSON.stringify(error.faults)}`));

test('what a killed run left is removed by its id, and the run folder knows of it afterwards', async () => {
  const runDir = owing('killed');
  assert.deepEqual(await command('killed'), { exitCode: 0, out: 'killed  removed 3 of 3 rows, 0 left (counted)\n' });
  assert.deepEqual(target.seen, ['GET', 'DELETE', 'GET'].map((method) => `${method} /runs/killed Bearer secret`));
  const state = readTeardown(runDir);
  assert.deepEqual([state?.state, state?.result?.outcome], ['removed', 'removed']);
  const [line = ''] = readFileSync(join(runDir, 'observations.teardown.ndjson'), 'utf8').split('\n');
  const told = Observation.parse(JSON.parse(line));
  assert.ok(told.kind === 'teardown' && told.outcome === 'removed' && told.tMs >= 60_000);
  assert.equal(readFileSync(join(runDir, TEARDOWN_FILE), 'utf8').includes('secret'), false);
  assert.deepEqual(await command(runDir), { exitCode: 0, out: 'killed  removed 0 of 0 rows, 0 left (counted)\n' });
});

test('a run that is under way removes its data itself', async () => {
  owing('running', { pid: process.pid });
  await refused('J_RUN_LOCKED', 'running');
  assert.deepEqual([target.seen, owedTeardowns(reports)], [[], []]);
});

test('--all takes those that still owe it, and goes on where one target does not answer', async () => {
  owing('a-gone', {}, 'http://127.0.0.1:9/{runId}');
  owing('b-owed');
  owing('c-bundled', { embedded: true });
  owing('d-done', { state: 'removed' });
  mkdirSync(join(reports, 'e-no-run'));
  const { exitCode, out } = await command('--all', '--json');
  assert.equal(exitCode, 4);
  const { name, runs } = JSON.parse(out) as { name: string; runs: { runId: string; outcome: string; after: unknown }[] };
  assert.deepEqual([name, runs.map(({ runId, outcome, after: left }) => [runId, outcome, left])],
    ['teardown', [['a-gone', 'failed', null], ['b-owed', 'removed', { users: 0 }]]]);
  assert.deepEqual(owedTeardowns(reports).map(({ state }) => [state?.runId, state?.result?.outcome]), [['a-gone', 'failed']]);
  assert.match((await command('c-bundled')).out, /ended with it/);
});

test('--all passes over what it cannot read or should not trust, names it, and removes the others', async () => {
  owing('a-owed');
  owing('b-strange', { host: 'elsewhere' });
  mkdirSync(join(reports, 'c-torn'));
  writeFileSync(join(reports, 'c-torn', TEARDOWN_FILE), '{"version":1');
  const { exitCode, out, err } = await commandWith({}, '--all', '--json');
  assert.equal(exitCode, 4);
  const told = JSON.parse(out) as { runs: { runId: string; outcome: string }[]; passedOver: { code: string; where: string }[] };
  assert.deepEqual(told.runs.map(({ runId, outcome }) => [runId, outcome]), [['a-owed', 'removed']]);
  assert.deepEqual(told.passedOver.map(({ code }) => code), ['J_RUN_UNREADABLE', 'J_TEARDOWN_STRANGE']);
  assert.match(err, /J_RUN_UNREADABLE[\s\S]*c-torn[\s\S]*J_TEARDOWN_STRANGE[\s\S]*b-strange/);
});

test('a game day or a run of a campaign that was killed owes it as a run does', async () => {
  for (const [folder, runId] of [['gamedays', 'day-1'], ['campaign-x-2026-11-21T22-33-15Z', 'gate-1']] as const) {
    owing(`${folder}/${runId}`, { runId });
    target.held.set(runId, { users: 1 });
    assert.deepEqual(owedTeardowns(reports).map(({ state }) => state?.runId), [runId]);
    assert.equal((await command(runId, '--dry-run')).out, `${runId}  1 row on ${target.origin} (users 1)\n`);
    assert.equal((await command('--all')).out, `${runId}  removed 1 of 1 row, 0 left (counted)\n`);
  }
});

test('--dry-run only counts', async () => {
  const runDir = owing('kept');
  assert.deepEqual(await command('kept', '--dry-run'), { exitCode: 0, out: `kept  3 rows on ${target.origin} (users 2, orders 1)\n` });
  assert.deepEqual([target.seen.length, readTeardown(runDir)?.state], [1, 'owed']);
});

test('a folder of another machine sends no token and runs no program until somebody trusts it', async () => {
  owing('strange', { host: 'elsewhere' });
  owing('stranger', { host: 'elsewhere', teardown: { url: null, command: ['touch', join(root, 'ran')], timeoutMs: 1_000 } });
  await refused('J_TEARDOWN_STRANGE', 'strange');
  await refused('J_TEARDOWN_STRANGE', 'stranger');
  const all = await commandWith({}, '--all');
  assert.deepEqual([all.exitCode, all.out], [4, '']);
  assert.match(all.err, /J_TEARDOWN_STRANGE/);
  assert.deepEqual(target.seen, []);
  assert.equal((await command('strange', '--trust')).exitCode, 0);
});

test('what is left is told, with what the target said of it', async () => {
  owing('left');
  target.answers.push(() => false, status(403, {}, 'no\u001b[2Jt you'));
  const { exitCode, out } = await command('left');
  assert.equal(exitCode, 4);
  assert.match(out, /^left {2}3 rows left \(users 2, orders 1\): DELETE .* answered 403: no.*t you\n$/);
  assert.equal(out.includes('\u001b'), false);
});

test('without its folder a run is removed where --url says', async () => {
  target.held.set('lost', { users: 5 });
  assert.deepEqual(await command('lost', '--url', target.url), { exitCode: 0, out: 'lost  removed 5 of 5 rows, 0 left (counted)\n' });
});

test('nothing is removed, nor asked, where a run could not have gone', async () => {
  owing('owed');
  await refused('J_TARGET_NOT_ALLOWED', 'x', '--url', 'https://shop.test/runs/{runId}');
  await refused('J_TARGET_NOT_ALLOWED', 'x', '--dry-run', '--url', 'https://shop.test/runs/{runId}');
  const production = { PRODUCTION_HOSTS: '127.0.0.1' };
  for (const args of [['owed'], ['--all'], ['x', '--url', target.url]]) {
    await assert.rejects(commandWith(production, ...args), (error: CodedError) => error.code === 'J_PRODUCTION_TARGET');
  }
  assert.deepEqual(target.seen, []);
  const override = { ...production, GUARD_OVERRIDES: 'production', GUARD_REASON: 'what checks left on 127.0.0.1, agreed' };
  const { exitCode, err } = await commandWith(override, 'owed');
  assert.equal(exitCode, 0);
  assert.match(err, /^guards {3}OVERRIDDEN: production · the teardown is on 127\.0\.0\.1, which is production · what checks left/);
});

test('nothing is sent for a command line, a folder or a file that makes no sense', async () => {
  owing('sound');
  mkdirSync(join(reports, 'torn'));
  writeFileSync(join(reports, 'torn', TEARDOWN_FILE), '{"version":1');
  const usage = [
    [], ['sound', '--all'], ['--nonsense'], [''], ['sound', 'x', '--url', target.url], ['x', '--url', 'https://a.test/'], ['x', '--url', '/{runId}'],
    ['../x', '--url', target.url], ['x', '--url', 'https://u:p@a.test/{runId}'],
  ];
  for (const args of usage) await refused('J_USAGE', ...args);
  for (const run of ['nowhere', '../../etc', 'reports/none', '/']) await refused('J_RUN_NOT_FOUND', run);
  await refused('J_RUN_UNREADABLE', 'torn');
  for (const runId of ['', '..', 'a/b']) {
    owing('sound', { runId });
    await refused('J_RUN_UNREADABLE', 'sound');
  }
  assert.deepEqual(target.seen, []);
  assert.match((await command('--help')).out, /--dry-run/);
});
