import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second in /proc (USER_HZ; 100 on every Linux that Node runs on). */
const TICKS_PER_SECOND = 100;

interface Stat {
  parent: number;
  ticks: number;
}

/**
 * Returns the CPU time in milliseconds that a process and all its descendants have used so far, ended ones included.
 * Linux only. The grain is 10 ms, so measure over many journeys.
 */
export function treeCpuMs(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? readStat(pid) : null;
    if (stat) stats.set(pid, stat);
  }
  const belongs = (pid: number): boolean => {
    for (let at = pid, depth = 0; at > 1 && depth < 50; at = stats.get(at)?.parent ?? 0, depth += 1) if (at === root) return true;
    return false;
  };
  let ticks = 0;
  for (const [pid, stat] of stats) if (belongs(pid)) ticks += stat.ticks;
  return (ticks * 1_000) / TICKS_PER_SECOND;
}

function readStat(pid: number): Stat | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    const at = (index: number): number => Number(fields[index - 3] ?? 0);
    // proc(5): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime (children that ended and were waited for).
    return { parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
  } catch {
    return null;
  }
}
