import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../errors.ts';
import { startPlatform, type PlatformOptions, type RunningPlatform } from './platform.ts';

/** A stand-in that keeps the platform's contract: one JSON line when ready, gone when its standard input closes. */
const READY = `console.log(JSON.stringify({ event: 'ready', url: 'http://127.0.0.1:1', args: process.argv.slice(2) }));`;
const UNTIL_STDIN = 'process.stdin.resume().on("end", () => process.exit(0));';

function options(t: TestContext, source: string, more: Partial<PlatformOptions> = {}): PlatformOptions {
  const folder = mkdtempSync(join(tmpdir(), 'platform-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'main.mjs'), source);
  return { command: [process.execPath, join(folder, 'main.mjs')], logFile: join(folder, 'log'), ...more };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function start(t: TestContext, given: PlatformOptions): Promise<RunningPlatform> {
  const platform = await startPlatform(given);
  t.after(() => platform.killNow());
  return platform;
}

test('the platform is started, gives its address, and is gone after stop', async (t) => {
  const platform = await start(t, options(t, READY + UNTIL_STDIN));
  assert.equal(platform.url, 'http://127.0.0.1:1');
  assert.ok(isAlive(platform.pid));
  await platform.stop();
  assert.ok(!isAlive(platform.pid));
  await platform.stop();
});

test('lines before the ready line are not taken for it, and its errors go to the log', async (t) => {
  const given = options(t, `console.log('hello'); console.log('{"event":"starting"}'); console.log('{broken'); console.error('seen'); ${READY}${UNTIL_STDIN}`);
  const platform = await start(t, given);
  await platform.stop();
  assert.equal(readFileSync(given.logFile, 'utf8'), 'seen\n');
});

test('the asked-for port is handed on, any free one otherwise', async (t) => {
  const echo = `console.log(JSON.stringify({ event: 'ready', url: process.argv.slice(2).join(' ') }));${UNTIL_STDIN}`;
  const fixed = await start(t, options(t, echo, { port: 4321 }));
  assert.equal(fixed.url, '--json --exit-with-stdin --port 4321');
  const free = await start(t, options(t, echo));
  assert.match(free.url, /--port 0$/);
  await Promise.all([fixed.stop(), free.stop()]);
});

test('a platform that ends by itself tells how, and one that is stopped tells nothing', async (t) => {
  const platform = await start(t, options(t, `${READY} setTimeout(() => process.exit(7), 20); process.stdin.resume();`));
  assert.equal(await platform.died, 'ended with exit code 7');
  await platform.stop();

  const stopped = await start(t, options(t, READY + UNTIL_STDIN));
  let told = false;
  void stopped.died.then(() => (told = true));
  await stopped.stop();
  await new Promise(setImmediate);
  assert.equal(told, false);
});

const FAULTS: [why: string, source: string, code: string, message: RegExp][] = [
  ['it dies before it is ready', 'console.error("no database"); process.exit(1);', 'J_PLATFORM_START', /no database/],
  ['it dies without a word', 'process.exit(9);', 'J_PLATFORM_START', /ended with exit code 9/],
  ['it ends well before it is ready', '', 'J_PLATFORM_START', /ended with exit code 0/],
  ['its port is taken', 'console.error("P_PORT_TAKEN port 80 is taken"); process.exit(3);', 'J_PORT_TAKEN', /P_PORT_TAKEN/],
];
for (const [why, source, code, message] of FAULTS) {
  test(`a coded error says so when ${why}`, async (t) => {
    await assert.rejects(startPlatform(options(t, source)), (error: CodedError) => {
      assert.equal(error.code, code);
      assert.match(error.faults[0]?.message ?? '', message);
      return true;
    });
  });
}

test('a platform that never gets ready is ended, with what it started', async (t) => {
  const pidFile = join(mkdtempSync(join(tmpdir(), 'platform-pids-')), 'pids');
  t.after(() => rmSync(join(pidFile, '..'), { recursive: true }));
  const source = `
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    writeFileSync(${JSON.stringify(pidFile)}, process.pid + ' ' + child.pid);
    process.on('SIGTERM', () => { child.kill(); child.on('exit', () => process.exit(0)); });
    process.stdin.resume();`;
  await assert.rejects(startPlatform(options(t, source, { readyLimitMs: 700 })), (error: CodedError) => {
    assert.equal(error.code, 'J_PLATFORM_START');
    assert.match(error.faults[0]?.message ?? '', /not ready after 700 ms/);
    return true;
  });
  const pids = readFileSync(pidFile, 'utf8').split(' ').map(Number);
  assert.deepEqual(pids.filter(isAlive), []);
});

test('a program that does not exist is a coded error', async (t) => {
  await assert.rejects(startPlatform({ ...options(t, ''), command: ['/nowhere/platform'] }), { code: 'J_PLATFORM_START' });
});

test('killNow ends it at once, where nothing can be awaited', async (t) => {
  const platform = await start(t, options(t, `${READY} process.on('SIGTERM', () => {}); process.stdin.resume();`));
  platform.killNow();
  await platform.stop();
  assert.ok(!isAlive(platform.pid));
});
