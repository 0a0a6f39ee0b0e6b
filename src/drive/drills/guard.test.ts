import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, temporaryFolder } from '../testing.ts';
import { startGuard } from './guard.ts';
import { leftovers, RollbackJournal } from './journal.ts';
import { rollBack } from './rollback.ts';
import { serveDependencies, TOKEN, type Dependencies } from './testing.ts';

/** A harness in small: breaks two things, with the guard beside it, says so, and waits to be killed. */
const HARNESS = `
  import { RollbackJournal } from '${new URL('./journal.ts', import.meta.url).href}';
  import { startGuard } from '${new URL('./guard.ts', import.meta.url).href}';
  import { Toxiproxy } from '${new URL('./toxiproxy.ts', import.meta.url).href}';
  const [url, runDir, ending] = process.argv.slice(1);
  const guard = startGuard(runDir, () => '${TOKEN}');
  const journal = RollbackJournal.begin(runDir, 'killed');
  journal.owe('a/0', 'payments: nothing comes through', { undo: { kind: 'proxy', api: url, proxy: 'payments' }, embedded: false });
  journal.owe('a/1', 'flag page-cache off', { undo: { kind: 'flag', flags: url + '/flags', flag: 'page-cache', enabled: true }, embedded: false });
  await new Toxiproxy(url).setEnabled('payments', false);
  if (ending === 'release') { journal.settle('a/0', null); journal.settle('a/1', null); guard.release(); }
  console.log(guard.pid);
  setInterval(() => {}, 1000);
`;

async function harness(t: Parameters<typeof serveDependencies>[0], dependencies: Dependencies, runDir: string, ending = ''): Promise<{ guardPid: number; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HARNESS, dependencies.url, runDir, ending], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.after(kill);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { guardPid: Number(line), kill };
}

async function ended(pid: number): Promise<void> {
  for (let tries = 0; isRunning(pid); tries += 1) {
    assert.ok(tries < 1_000, 'the guard has not ended');
    await sleep(20);
  }
}

test('a harness that is killed leaves nothing broken: its guard undoes what is owed, notes it, and ends', async (t) => {
  const dependencies = await serveDependencies(t);
  dependencies.flags.set('page-cache', false);
  const runDir = temporaryFolder(t);
  const { guardPid, kill } = await harness(t, dependencies, runDir);
  assert.equal(dependencies.proxies.get('payments')?.enabled, false);
  await kill();
  await ended(guardPid);
  assert.equal(dependencies.proxies.get('payments')?.enabled, true);
  // The operations token came to the guard through its pipe: no file holds it.
  assert.equal(dependencies.flags.get('page-cache'), true);
  assert.doesNotMatch(readFileSync(join(runDir, 'rollback.json'), 'utf8'), new RegExp(TOKEN));
  assert.deepEqual(RollbackJournal.read(runDir)?.open, []);
});

test('a harness that has undone its drills lets the guard go, which does nothing', async (t) => {
  const dependencies = await serveDependencies(t);
  const { guardPid, kill } = await harness(t, dependencies, temporaryFolder(t), 'release');
  await ended(guardPid);
  assert.deepEqual(dependencies.asked, ['POST /proxies/payments']);
  await kill();
});

test('what is left where the guard was killed too is found by the next run, and can be rolled back', async (t) => {
  const dependencies = await serveDependencies(t);
  const reports = temporaryFolder(t);
  const runDir = join(reports, 'run');
  mkdirSync(runDir);
  const { guardPid, kill } = await harness(t, dependencies, runDir);
  assert.deepEqual(leftovers(reports), [], 'the harness lives');
  process.kill(guardPid, 'SIGKILL');
  await kill();
  const [left] = leftovers(reports);
  assert.ok(left?.journal);
  assert.equal(left.journal.runId, 'killed');
  const results = await rollBack(left.journal, () => TOKEN);
  // The last first, as things are taken off that were put on.
  assert.deepEqual(results, [{ what: 'flag page-cache off', why: null }, { what: 'payments: nothing comes through', why: null }]);
  assert.equal(dependencies.proxies.get('payments')?.enabled, true);
  assert.deepEqual(leftovers(reports), []);
  writeFileSync(join(runDir, 'rollback.json'), '{');
  assert.match(leftovers(reports)[0]?.fault?.message ?? '', /no rollback file of this version/);
});

test('a fault inside of the bundled platform is gone with it', async (t) => {
  const dependencies = await serveDependencies(t);
  const runDir = temporaryFolder(t);
  const journal = RollbackJournal.begin(runDir, 'run');
  journal.owe('a/0', 'cut', { undo: { kind: 'proxy', api: dependencies.url, proxy: 'payments' }, embedded: true });
  await dependencies.close();
  assert.deepEqual(await rollBack(journal, () => undefined), [{ what: 'cut', why: null }]);
});

test('where the file cannot be written any more, all is undone all the same, and that is told', async (t) => {
  const dependencies = await serveDependencies(t);
  const runDir = join(temporaryFolder(t), 'run');
  mkdirSync(runDir);
  const journal = RollbackJournal.begin(runDir, 'run');
  for (const proxy of ['payments', 'model']) {
    journal.owe(proxy, proxy, { undo: { kind: 'proxy', api: dependencies.url, proxy }, embedded: false });
    dependencies.proxies.set(proxy, { enabled: false, toxics: new Map() });
  }
  rmSync(runDir, { recursive: true });
  const results = await rollBack(journal, () => undefined);
  assert.deepEqual([...dependencies.proxies.values()].map(({ enabled }) => enabled), [true, true]);
  assert.deepEqual(results.map(({ what }) => what), ['model', 'payments']);
  for (const { why } of results) assert.match(why ?? '', /^undone, but that could not be noted: .*rollback\.json: ENOENT$/);
});

test('a guard that the system does not let start says so, and ends nothing', (t) => {
  const folder = temporaryFolder(t);
  const guard = startGuard(folder, () => undefined, join(folder, 'no-such-program'));
  assert.equal(guard.pid, null);
  guard.release();
});
