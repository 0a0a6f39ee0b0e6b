import { readFileSync, readdirSync } from 'node:fs';

/** Proportional memory of a process tree in bytes, by what the processes are. */
export interface TreeMemory {
  browsersBytes: number;
  nodeBytes: number;
  platformBytes: number;
  browserProcesses: number;
}

/**
 * Returns the memory (PSS: what processes share counts once) of a process and all under it. Linux only; processes that
 * end meanwhile are left out. Costs about a millisecond a process, so sample it seldom.
 */
export function treeMemory(root: number): TreeMemory {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? read(`/proc/${pid}/stat`) : null;
    // proc(5): the parent is the second field after the command's name in brackets.
    if (stat) parents.set(pid, Number(stat.replace(/^.*\) /s, '').split(' ')[1]));
  }
  const belongs = (pid: number): boolean => {
    for (let at = pid, depth = 0; at > 1 && depth < 50; at = parents.get(at) ?? 0, depth += 1)
      if (at === root) return true;
    return false;
  };
  const seen: TreeMemory = { browsersBytes: 0, nodeBytes: 0, platformBytes: 0, browserProcesses: 0 };
  for (const pid of parents.keys()) {
    if (!belongs(pid)) continue;
    const kib = Number(/^Pss: +(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
    const command = read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '';
    if (/chrom/i.test(command)) {
      seen.browsersBytes += kib * 1_024;
      seen.browserProcesses += 1;
    } else if (command.includes('platform/main.ts')) seen.platformBytes += kib * 1_024;
    else seen.nodeBytes += kib * 1_024;
  }
  return seen;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
