import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../errors.ts';
import { resolveBrowser } from './browser.ts';
import { defaultBrowser, temporaryFolder } from './testing.ts';

const BUNDLED = process.platform === 'linux' && process.arch === 'x64';
const CHROMIUM = '#!/bin/sh\necho "Chromium 140.0.1.2 built on tests"\n';

function program(folder: string, name: string, script: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

/** Puts the folder alone on PATH until the test ends. Tests of one file run one after another. */
function onlyOnPath(t: TestContext, folder: string): void {
  const before = process.env.PATH;
  process.env.PATH = `${folder}:/usr/bin:/bin`;
  t.after(() => {
    process.env.PATH = before;
  });
}

test('by default the shell that the lock file pins is taken', { skip: !BUNDLED }, async () => {
  const browser = await defaultBrowser();
  assert.equal(browser.source, 'bundled headless shell');
  assert.match(browser.version, /^\d+(\.\d+)+$/);
  assert.ok(existsSync(browser.executablePath));
});

test('what was half unpacked by a killed process is not taken, and a removed one is unpacked again', { skip: !BUNDLED }, async () => {
  const { executablePath } = await defaultBrowser();
  const folder = dirname(executablePath);
  const partial = `${folder}.partial-1`;
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'chromium'), 'half');
  try {
    assert.equal((await resolveBrowser({ BROWSER: 'headless-shell' })).executablePath, executablePath);
  } finally {
    rmSync(partial, { recursive: true });
  }
});

test('BROWSER_PATH wins over everything', async (t) => {
  const path = program(temporaryFolder(t), 'my browser', CHROMIUM);
  const browser = await resolveBrowser({ BROWSER: 'chrome', BROWSER_PATH: path });
  assert.deepEqual({ ...browser, env: {} }, { executablePath: path, source: 'BROWSER_PATH', version: '140.0.1.2', env: {} });
});

const REFUSED: [why: string, script: string | null, message: RegExp][] = [
  ['is not there', null, /ENOENT/],
  ['is a program that is no browser', '#!/bin/sh\necho "GNU grep 3.11"\n', /does not say that it is Chromium/],
  ['ends with an error', '#!/bin/sh\necho "cannot open display" >&2\nexit 1\n', /cannot open display/],
  ['lacks system libraries', '#!/bin/sh\necho "error while loading shared libraries: libnss3.so" >&2\nexit 127\n', /libnss3\.so/],
];
for (const [why, script, message] of REFUSED) {
  test(`a BROWSER_PATH that ${why} is refused, never silently replaced`, async (t) => {
    const folder = temporaryFolder(t);
    const path = script === null ? join(folder, 'none') : program(folder, 'browser', script);
    await assert.rejects(resolveBrowser({ BROWSER: 'headless-shell', BROWSER_PATH: path }), (error: CodedError) => {
      assert.equal(error.code, 'J_NO_BROWSER');
      assert.deepEqual(error.faults.map((fault) => fault.where), ['BROWSER_PATH']);
      assert.match(error.faults[0]?.message ?? '', message);
      return true;
    });
  });
}

test('a file that may not be executed is refused', async (t) => {
  const path = program(temporaryFolder(t), 'browser', CHROMIUM);
  chmodSync(path, 0o644);
  await assert.rejects(resolveBrowser({ BROWSER: 'headless-shell', BROWSER_PATH: path }), { code: 'J_NO_BROWSER' });
});

test('a full browser is taken only when it is named, and then no other', async (t) => {
  const folder = temporaryFolder(t);
  const path = program(folder, 'google-chrome', CHROMIUM.replace('Chromium', 'Google Chrome'));
  onlyOnPath(t, folder);
  assert.deepEqual((await resolveBrowser({ BROWSER: 'chrome' })).executablePath, path);
  await assert.rejects(resolveBrowser({ BROWSER: 'msedge' }), (error: CodedError) => {
    assert.deepEqual(error.faults, [{ where: 'system browser', message: 'not there' }]);
    return true;
  });
  if (BUNDLED) assert.equal((await resolveBrowser({ BROWSER: 'headless-shell' })).source, 'bundled headless shell');
});
