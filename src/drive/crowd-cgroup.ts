import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The child cgroup that the crowd's browsers live in; a fixed name, so that what a killed run left is used again. */
const NAME = 'openshow-crowd';

interface CpuCgroup {
  folder: string;
  weightFile: string;
  /** The least that the kernel takes: 1 of a usual 100 (v2), 2 of a usual 1,024 (v1). */
  lowest: string;
  /** The machine's own root, where autogroups rule. */
  isRoot: boolean;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Returns whether tasks outside of any CPU cgroup are weighed by session. */
export function autogroupsRule(root = '/'): boolean {
  return read(join(root, 'proc/sys/kernel/sched_autogroup_enabled'))?.trim() === '1' && (ownCpuCgroup(root)?.isRoot ?? true);
}

/** Our own cgroup with the CPU controller: v1 where that is mounted, else v2. */
function ownCpuCgroup(root: string): CpuCgroup | null {
  const lines = (read(join(root, 'proc/self/cgroup')) ?? '').split('\n');
  for (const line of lines) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (!names.split(',').includes('cpu')) continue;
    // Inside a container the path may be the host's, while the mount shows our own group as its root.
    const mounts = [names, 'cpu'].flatMap((mount) => [join(root, 'sys/fs/cgroup', mount, path), join(root, 'sys/fs/cgroup', mount)]);
    const folder = mounts.find((one) => existsSync(join(one, 'cpu.shares')));
    if (folder) return { folder, weightFile: 'cpu.shares', lowest: '2', isRoot: path === '/' };
  }
  const path = lines.map((line) => /^0::(.*)$/.exec(line)?.[1]).find((one) => one !== undefined);
  if (path === undefined) return null;
  const folder = [path, '/'].map((one) => join(root, 'sys/fs/cgroup', one)).find((one) => existsSync(join(one, 'cgroup.procs')));
  // The kernel gives every cgroup a weight but the machine's root.
  return folder ? { folder, weightFile: 'cpu.weight', lowest: '1', isRoot: !existsSync(join(folder, 'cpu.weight')) } : null;
}

/**
 * Makes the crowd's cgroup with the lowest CPU weight and returns its folder. Null where autogroups do that work already,
 * and where the system lets nobody make one: then `nice` inside the common cgroup is all there is.
 */
export function makeCrowdCgroup(root = '/'): string | null {
  const own = ownCpuCgroup(root);
  if (!own || own.isRoot || autogroupsRule(root)) return null;
  const folder = join(own.folder, NAME);
  try {
    mkdirSync(folder, { recursive: true });
    const weight = join(folder, own.weightFile);
    // v2 gives a child no weight of its own unless its parent may hand the controller down.
    if (!existsSync(weight)) throw new Error('no controller');
    writeFileSync(weight, own.lowest);
    return folder;
  } catch {
    removeCrowdCgroup(root);
    return null;
  }
}

/** Takes the crowd's cgroup away again; one that is still in use stays. */
export function removeCrowdCgroup(root = '/'): void {
  const own = ownCpuCgroup(root);
  if (!own) return;
  try {
    rmdirSync(join(own.folder, NAME));
  } catch {
    // Never made, or another run's crowd lives in it.
  }
}

/** Returns whether a process lives in the crowd's cgroup. */
export function isInCrowdCgroup(pid: number, root = '/'): boolean {
  return (read(join(root, `proc/${pid}/cgroup`)) ?? '').split('\n').some((line) => line.endsWith(`/${NAME}`));
}
