import { statfsSync } from 'node:fs';
import type { HealthObservation } from '../model/index.ts';
import { cgroupCpuMs, cpuLimitCores, cpuPressureUs, cpuTimes, memory, openFiles, processTrees, swappedInBytes, type Root } from './system.ts';

/** What one sample says about the generator; the event loop's delay and the users come from elsewhere. */
export type SystemSample = Omit<
  HealthObservation,
  'v' | 'kind' | 'runId' | 'tMs' | 'phase' | 'vu' | 'journey' | 'loopDelayMaxMs' | 'activeUsers'
>;

/** Browsers come and go slowly, and their count costs the most. */
const PROCESSES_EVERY_MS = 2_000;

interface Counters {
  atMs: number;
  cpu: ReturnType<typeof cpuTimes>;
  cgroupMs: number | null;
  pressureUs: number | null;
  swappedInBytes: number | null;
}

/** Reads the machine's counters; each sample tells the difference to the one before. */
export class HealthSampler {
  readonly #root: Root;
  readonly #reportsFolder: string;
  #before: Counters;
  #processes: { atMs: number; trees: ReturnType<typeof processTrees> } | null = null;

  constructor(nowMs: number, reportsFolder: string, root: Root = '/') {
    this.#root = root;
    this.#reportsFolder = reportsFolder;
    this.#before = this.#counters(nowMs);
  }

  /** Returns what happened since the last call. `pids` are the main processes of the run's browsers; null if not known. */
  sample(nowMs: number, pids: readonly number[] | null): SystemSample {
    const before = this.#before;
    const now = this.#counters(nowMs);
    this.#before = now;
    const elapsedMs = nowMs - before.atMs;
    const totalMs = difference(now.cpu?.totalMs, before.cpu?.totalMs);
    const limitCores = cpuLimitCores(this.#root);
    const used = memory(this.#root);
    const trees = pids && this.#trees(nowMs, pids);
    return {
      cpuShare: share(difference(now.cpu?.busyMs, before.cpu?.busyMs), totalMs),
      cpuOfLimitShare: share(difference(now.cgroupMs, before.cgroupMs), limitCores === null ? null : limitCores * elapsedMs),
      cpuPressureShare: atMostOne(share(difference(now.pressureUs, before.pressureUs), elapsedMs * 1_000)),
      cpuStealShare: share(difference(now.cpu?.stolenMs, before.cpu?.stolenMs), totalMs),
      rssBytes: process.memoryUsage.rss(),
      memoryUsedBytes: used.usedBytes,
      memoryAvailableBytes: used.availableBytes,
      swapUsedBytes: used.swapUsedBytes,
      swapInBytesPerSecond: rounded(share(difference(now.swappedInBytes, before.swappedInBytes), elapsedMs / 1_000), 1),
      browserProcesses: trees?.processes ?? null,
      browserMemoryBytes: trees?.bytes ?? null,
      openFiles: openFiles(this.#root),
      diskFreeBytes: this.#diskFree(),
    };
  }

  #counters(atMs: number): Counters {
    const root = this.#root;
    return { atMs, cpu: cpuTimes(root), cgroupMs: cgroupCpuMs(root), pressureUs: cpuPressureUs(root), swappedInBytes: swappedInBytes(root) };
  }

  #trees(nowMs: number, pids: readonly number[]): ReturnType<typeof processTrees> {
    if (!this.#processes || nowMs - this.#processes.atMs >= PROCESSES_EVERY_MS) {
      this.#processes = { atMs: nowMs, trees: processTrees(this.#root, pids) };
    }
    return this.#processes.trees;
  }

  #diskFree(): number | null {
    try {
      const { bavail, bsize } = statfsSync(this.#reportsFolder);
      return bavail * bsize;
    } catch {
      return null;
    }
  }
}

function difference(now: number | null | undefined, before: number | null | undefined): number | null {
  // A counter that went back (a processor taken offline, a restored machine) tells nothing.
  return now === null || now === undefined || before === null || before === undefined || now < before ? null : now - before;
}

/** Rounded, since a long run has very many of them. */
function share(part: number | null, whole: number | null): number | null {
  return part === null || whole === null || whole <= 0 ? null : rounded(part / whole, 1_000);
}

function rounded<T extends number | null>(value: T, steps: number): T {
  return (value === null ? null : Math.round(value * steps) / steps) as T;
}

function atMostOne(value: number | null): number | null {
  return value === null ? null : Math.min(1, value);
}
