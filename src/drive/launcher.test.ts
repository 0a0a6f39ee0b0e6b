import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createLauncher, describePriority, endLeftovers, probePriority, type LaunchedBrowser } from './launcher.ts';
import { defaultBrowser, isRunning, temporaryFolder } from './testing.ts';

const LINUX = process.platform === 'linux';
const hasAutogroup = existsSync('/proc/self/autogroup') && readFileSync('/proc/sys/kernel/sched_autogroup_enabled', 'utf8').trim() === '1';

async function launch(t: TestContext, role: 'observer' | 'crowd', folder = temporaryFolder(t)): Promise<LaunchedBrowser> {
  const launched = await createLauncher(await defaultBrowser(), folder)(role);
  t.after(() => launched.browser.close());
  return launched;
}

function niceOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[16]);
}

test('the process id given is that of the browser itself', { skip: !LINUX }, async (t) => {
  const { pid, browser } = await launch(t, 'observer');
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /--remote-debugging-pipe/);
  const disconnected = once(browser as unknown as NodeJS.EventEmitter, 'disconnected');
  process.kill(pid, 'SIGKILL');
  await disconnected;
});

test('the crowd runs at the lowest priority, with every child, and observers at the normal one', { skip: !LINUX }, async (t) => {
  const folder = temporaryFolder(t);
  const [crowd, observer] = await Promise.all([launch(t, 'crowd', join(folder, 'a')), launch(t, 'observer', join(folder, 'b'))]);
  await (await crowd.browser.newPage()).goto('data:text/html,<p>a renderer');
  assert.equal(niceOf(crowd.pid), 19);
  // Run by root, Chromium raises its own main threads; lowered they must never be.
  assert.ok(niceOf(observer.pid) <= niceOf(process.pid));
  const children = readFileSync(`/proc/${crowd.pid}/task/${crowd.pid}/children`, 'utf8').trim().split(' ').map(Number);
  assert.ok(children.length > 0);
  for (const child of children) assert.equal(niceOf(child), 19, `child ${child}`);
  assert.match(describePriority(crowd.pid), /^lowest/);
  assert.match(describePriority(observer.pid), /^not in force/);
});

test("the crowd's autogroup has the lowest priority where the system has autogroups", { skip: !hasAutogroup }, async (t) => {
  const { pid } = await launch(t, 'crowd');
  // A container may refuse the write; what is said of it must be true either way.
  const inForce = /nice 19/.test(readFileSync(`/proc/${pid}/autogroup`, 'utf8'));
  assert.equal(describePriority(pid).startsWith('lowest (autogroup 19'), inForce);
});

test('the probe says what a crowd browser gets here, and leaves no file and no process', { skip: !LINUX }, async (t) => {
  const folder = temporaryFolder(t);
  const said = await probePriority(folder);
  const { pid } = await launch(t, 'crowd');
  assert.equal(said, describePriority(pid));
  assert.deepEqual(readdirSync(folder), []);
});

test('paths with spaces, quotes and dollars start the browser all the same', { skip: !LINUX }, async (t) => {
  const odd = join(temporaryFolder(t), `it's "odd" $HOME \`id\` ;#`);
  mkdirSync(odd);
  const browser = await defaultBrowser();
  const executablePath = join(odd, 'run the browser');
  // The browser finds its own files through the link.
  symlinkSync(browser.executablePath, executablePath);
  const launched = await createLauncher({ ...browser, executablePath }, join(odd, 'pids'))('crowd');
  t.after(() => launched.browser.close());
  assert.equal(await (await launched.browser.newPage()).evaluate(() => 1 + 1), 2);
});

test('leftovers are ended, and nothing else: not a process that took over the id, nor what is no id', { skip: !LINUX }, async (t) => {
  const folder = temporaryFolder(t);
  const { pid, browser } = await launch(t, 'crowd', folder);
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.after(() => stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  for (const [name, content] of [['stranger', String(stranger.pid)], ['self', String(process.pid)], ['empty', ''], ['text', 'abc'], ['all', '-1'], ['zero', '0']] as const) {
    writeFileSync(join(folder, `${name}.pid`), content);
  }
  const disconnected = once(browser as unknown as NodeJS.EventEmitter, 'disconnected');
  assert.equal(endLeftovers(folder), 1);
  await disconnected;
  assert.ok(!isRunning(pid));
  assert.ok(isRunning(stranger.pid ?? 0));
});

test('a folder without leftovers, or none at all, is nothing to end', (t) => {
  assert.equal(endLeftovers(temporaryFolder(t)), 0);
  assert.equal(endLeftovers('/nowhere'), 0);
});
