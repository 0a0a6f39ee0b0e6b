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
  const lineOf = (pid: number): number[] => {
    const line = [pid];
    for (let at = parents.get(pid) ?? 0; at > 1 && line.length < 50; at = parents.get(at) ?? 0) line.push(at);
    return line;
  };
  const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ') ?? '';
  const seen: TreeMemory = { browsersBytes: 0, nodeBytes: 0, platformBytes: 0, browserProcesses: 0 };
  for (const pid of parents.keys()) {
    const line = lineOf(pid);
    if (!line.includes(root)) continue;
    const kib = Number(/^Pss: +(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1] ?? 0);
    if (/chrom/i.test(commandOf(pid))) {
      seen.browsersBytes += kib * 1_024;
      seen.browserProcesses += 1;
      // The platform's parts are processes under its main one: what they take is the site's, not the generator's.
    } else if (line.some((one) => commandOf(one).includes('platform/main.ts'))) seen.platformBytes += kib * 1_024;
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
