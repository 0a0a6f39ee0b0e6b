/** What the operating system says about the machine, its cgroup and processes; every answer null where it gives none. */
import { readFileSync, readdirSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';

/** The folder that holds `proc` and `sys`; tests give another. */
export type Root = string;

export interface CpuTimes {
  busyMs: number;
  stolenMs: number | null;
  totalMs: number;
}

/** Clock ticks of /proc/stat: 100 a second on every Linux that user space gets to see (sysconf _SC_CLK_TCK). */
const TICK_MS = 10;
const PAGE_BYTES = 4096;

function read(root: Root, path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}

function number(text: string | null | undefined): number | null {
  const value = text === null || text === undefined || text.trim() === '' ? NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Returns the processors' times since boot. */
export function cpuTimes(root: Root): CpuTimes | null {
  const fields = /^cpu +(.*)$/m.exec(read(root, 'proc/stat') ?? '')?.[1]?.trim().split(/\s+/).map(Number);
  if (fields) {
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal] = fields;
    const busy = user + nice + system + irq + softirq;
    const total = busy + idle + iowait + (steal ?? 0);
    return { busyMs: busy * TICK_MS, stolenMs: steal === undefined ? null : steal * TICK_MS, totalMs: total * TICK_MS };
  }
  if (root !== '/') return null;
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    busyMs += times.user + times.nice + times.sys + times.irq;
    totalMs += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return totalMs > 0 ? { busyMs, stolenMs: null, totalMs } : null;
}

/** Returns the microseconds since boot in which some task waited for a processor (Linux PSI). */
export function cpuPressureUs(root: Root): number | null {
  return number(/^some .*total=(\d+)/m.exec(read(root, 'proc/pressure/cpu') ?? '')?.[1]);
}

/** The folders of a cgroup controller from our own group up to the root: v2 (`controller` null) or v1. */
function cgroupFolders(root: Root, controller: string | null): string[] {
  for (const line of (read(root, 'proc/self/cgroup') ?? '').split('\n')) {
    const [, names = '', path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined || (controller === null ? names !== '' : !names.split(',').includes(controller))) continue;
    // v1 mounts a controller under its own name or under that of all it is mounted with.
    const mounts = controller === null ? ['', 'unified'] : [...new Set([names, controller])];
    const parts = path.split('/').filter((part) => part !== '' && part !== '..');
    const paths = Array.from({ length: parts.length + 1 }, (_, up) => parts.slice(0, parts.length - up).join('/'));
    return mounts.flatMap((mount) => paths.map((one) => join('sys/fs/cgroup', mount, one)));
  }
  return [];
}

function tightest(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Returns how many processors our cgroup, or one above it, may use; null without a limit. */
export function cpuLimitCores(root: Root): number | null {
  const v2 = cgroupFolders(root, null).map((folder) => {
    const [quota, period] = (read(root, join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
    return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : null;
  });
  const v1 = cgroupFolders(root, 'cpu').map((folder) => {
    const quota = number(read(root, join(folder, 'cpu.cfs_quota_us')));
    const period = number(read(root, join(folder, 'cpu.cfs_period_us')));
    return quota !== null && period !== null && quota > 0 && period > 0 ? quota / period : null;
  });
  return tightest([...v2, ...v1]);
}

/** Returns the processor time that our cgroup has used so far, in milliseconds. */
export function cgroupCpuMs(root: Root): number | null {
  for (const folder of cgroupFolders(root, null)) {
    const usedUs = number(/^usage_usec (\d+)/m.exec(read(root, join(folder, 'cpu.stat')) ?? '')?.[1]);
    if (usedUs !== null) return usedUs / 1_000;
  }
  for (const folder of cgroupFolders(root, 'cpuacct')) {
    const usedNs = number(read(root, join(folder, 'cpuacct.usage')));
    if (usedNs !== null) return usedNs / 1e6;
  }
  return null;
}

/** v1 says "no limit" with a number near 2^63; v2 says "max", which is no number. */
function memoryRoom(root: Root): number | null {
  const rooms = [
    ...cgroupFolders(root, null).map((folder) => [join(folder, 'memory.max'), join(folder, 'memory.current')]),
    ...cgroupFolders(root, 'memory').map((folder) => [join(folder, 'memory.limit_in_bytes'), join(folder, 'memory.usage_in_bytes')]),
  ].map(([limitFile = '', usedFile = '']) => {
    const limit = number(read(root, limitFile));
    const used = number(read(root, usedFile));
    return limit === null || used === null || limit >= 2 ** 60 ? null : Math.max(0, limit - used);
  });
  return tightest(rooms);
}

export interface Memory {
  usedBytes: number | null;
  availableBytes: number | null;
  swapUsedBytes: number | null;
}

/** Returns the machine's memory; what is available respects the cgroup's limit too. */
export function memory(root: Root): Memory {
  const text = read(root, 'proc/meminfo');
  const bytes = (name: string): number | null => {
    const kib = number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text ?? '')?.[1]);
    return kib === null ? null : kib * 1024;
  };
  const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);
  const total = bytes('MemTotal');
  const available = bytes('MemAvailable');
  if (total === null && root === '/') return { usedBytes: totalmem() - freemem(), availableBytes: freemem(), swapUsedBytes: null };
  return {
    usedBytes: minus(total, available),
    availableBytes: tightest([available, memoryRoom(root)]),
    swapUsedBytes: minus(bytes('SwapTotal'), bytes('SwapFree')),
  };
}

/** Returns the bytes read back from swap since boot. */
export function swappedInBytes(root: Root): number | null {
  const pages = number(/^pswpin (\d+)/m.exec(read(root, 'proc/vmstat') ?? '')?.[1]);
  return pages === null ? null : pages * PAGE_BYTES;
}

/** Returns the number of this process's open file descriptors. */
export function openFiles(root: Root): number | null {
  try {
    return readdirSync(join(root, 'proc/self/fd')).length;
  } catch {
    return null;
  }
}

/**
 * Returns the processes under some others, those included, and their resident memory without shared pages. It follows the
 * kernel's own lists of children, so that it never walks over all of /proc; null where the kernel keeps none.
 */
export function processTrees(root: Root, pids: readonly number[]): { processes: number; bytes: number } | null {
  const seen = new Set<number>();
  let bytes = 0;
  let listed = pids.length === 0;
  const visit = (pid: number): void => {
    if (seen.has(pid)) return;
    const statm = read(root, `proc/${pid}/statm`)?.split(' ').map(Number);
    if (!statm) return;
    seen.add(pid);
    bytes += Math.max(0, (statm[1] ?? 0) - (statm[2] ?? 0)) * PAGE_BYTES;
    for (const thread of threads(root, pid)) {
      const children = read(root, `proc/${pid}/task/${thread}/children`);
      if (children === null) continue;
      listed = true;
      for (const child of children.trim().split(' ')) if (child !== '') visit(Number(child));
    }
  };
  pids.forEach(visit);
  return listed ? { processes: seen.size, bytes } : null;
}

function threads(root: Root, pid: number): string[] {
  try {
    return readdirSync(join(root, `proc/${pid}/task`));
  } catch {
    return [];
  }
}
