import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../model/index.ts';
import type { ResolvedBrowser } from './browser.ts';

const require = createRequire(import.meta.url);

/** Returns what the machine and the versions are; null for what cannot be told. */
export function describeEnvironment(root: string, browser: ResolvedBrowser, crowdPriority: string): Environment {
  return {
    harnessVersion: versionIn(join(root, 'package.json')),
    commit: commitOf(root),
    nodeVersion: process.version,
    artilleryVersion: packageVersion('artillery'),
    playwrightVersion: packageVersion('playwright'),
    browser: { name: 'chromium', version: browser.version, source: browser.source },
    os: `${type()} ${release()} ${process.arch}`,
    cpuModel: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    memoryLimitBytes: memoryLimit(),
    crowdPriority,
  };
}

let ownVersion: string | undefined;

/** Returns this harness's own version. */
export function harnessVersion(): string {
  return (ownVersion ??= versionIn(fileURLToPath(new URL('../../package.json', import.meta.url))));
}

/** Returns the version of an installed package. */
export function packageVersion(name: string): string {
  // Not every package exports its package.json, so it is looked for where the package's main file lies.
  const folder = `node_modules/${name}`;
  const path = require.resolve(name);
  return versionIn(join(path.slice(0, path.lastIndexOf(folder) + folder.length), 'package.json'));
}

function versionIn(packageFile: string): string {
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}

/** Returns the commit of a checkout, and whether it has changes; null where it is none. */
export function commitOf(root: string): string | null {
  try {
    const git = (...args: string[]): string => execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' with changes' : '');
  } catch {
    return null;
  }
}

/** Returns the container's memory limit (cgroup v2, then v1) in bytes, or null where there is none. */
export function memoryLimit(): number | null {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    try {
      const value = Number(readFileSync(path, 'utf8').trim());
      // v1 says "no limit" with a number near 2^63; v2 says "max", which is no number.
      if (Number.isFinite(value) && value < 2 ** 60) return value;
    } catch {
      continue;
    }
  }
  return null;
}
