import { lstat, realpath } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { readTraffic } from '../../plan/replay-traffic.ts';
import { readSettings } from '../../plan/settings.ts';
import { usage } from './arguments.ts';
import type { ReplaySurroundings } from './command.ts';

/** Exit code of a command that was ended by its user. */
export const INTERRUPTED = 130;

/** Returns where to write: as asked, else below the reports folder, which is not under version control. */
export function outPath(out: string | null, name: string, { root, environment }: ReplaySurroundings): string {
  if (out !== null) return resolve(out);
  return join(resolve(root, readSettings(root, environment).REPORTS_DIR), 'traffic', name);
}

/** Returns a path as short as it can be given to the next command. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

/** Returns the name of a log without its endings: `access` of `/var/log/access.log.1.gz`. */
export function bareName(path: string): string {
  return basename(path).replace(/(?<=.)\..*$/, '') || 'traffic';
}

/**
 * Throws J_USAGE where writing to `path` would destroy something: one of the logs, or any file that `mine` does not
 * know as one that this command writes.
 */
export async function refuseToDestroy(
  path: string, logs: readonly string[], mine: (path: string) => boolean,
): Promise<void> {
  const there = await lstat(path).catch(() => null);
  if (!there) return;
  if (there.isDirectory()) throw usage(`--out ${path}: is a folder`, 'name a file');
  const real = await realpath(path).catch(() => path);
  for (const log of logs) {
    const same = (await realpath(log).catch(() => log)) === real;
    if (same) throw usage(`--out ${path}: is one of the logs`, 'name another file');
  }
  if (mine(path)) return;
  throw usage(`--out ${path}: exists, and is not a traffic fixture`, 'name another file, or remove it');
}

/** Returns whether a file is a traffic fixture, by its header and first row. */
export function isFixture(path: string): boolean {
  try {
    readTraffic(path, () => false);
    return true;
  } catch {
    return false;
  }
}
