/** What tests with a real browser share: a place for files, a small site, a launcher. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { resolveBrowser, type ResolvedBrowser } from './browser.ts';
import { createLauncher, type Launch } from './launcher.ts';

type Cleanup = Pick<TestContext, 'after'>;

/** Returns a folder that is removed with the test. */
export function temporaryFolder(t: Cleanup, name = 'openshow-test-'): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Serves on any free port of loopback until the test ends; returns the address. */
export async function serveSite(t: Cleanup, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let resolved: Promise<ResolvedBrowser> | null = null;

/** Returns the browser that a run with default settings would use, looked for once a process. */
export function defaultBrowser(): Promise<ResolvedBrowser> {
  return (resolved ??= resolveBrowser({ BROWSER: 'headless-shell' }));
}

/** Returns the real launcher with a folder of its own. */
export async function realLauncher(t: Cleanup): Promise<Launch> {
  return createLauncher(await defaultBrowser(), temporaryFolder(t));
}

/** Returns whether a process runs; a zombie, which only waits to be counted by its parent, does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !existsSync('/proc/self/stat') || existsSync(`/proc/${pid}/exe`);
}

/**
 * Returns the processes of a session, as "pid command": a browser leads a session of its own, and its renderers stay in it
 * also when they outlive it. Linux only.
 */
export function processesOfSession(session: number): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // proc(5): state, parent, group, session. A zombie only waits to be counted by its parent.
      return fields[0] !== 'Z' && Number(fields[3]) === session ? [`${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
}
