import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** State of the load generator over the last second; null where this machine cannot tell. */
export interface HealthSample {
  cpuShare: number | null;
  cpuPressureShare: number | null;
  loopDelayMaxMs: number | null;
  rssBytes: number | null;
}

const EVERY_MS = 1_000;

/** Samples the generator once a second. Counters are compared with the sample before, so the first comes after a second. */
export class HealthSampler {
  readonly #onSample: (sample: HealthSample) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #loop = monitorEventLoopDelay({ resolution: 10 });
  #cpu = cpuTimes();
  #pressureUs = pressureTotalUs();
  #atMs = performance.now();

  constructor(onSample: (sample: HealthSample) => void) {
    this.#onSample = onSample;
    this.#loop.enable();
    this.#timer = setInterval(() => this.#sample(), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#loop.disable();
  }

  #sample(): void {
    const nowMs = performance.now();
    const cpu = cpuTimes();
    const pressureUs = pressureTotalUs();
    const busy = cpu.busyMs - this.#cpu.busyMs;
    const total = cpu.totalMs - this.#cpu.totalMs;
    const elapsedUs = (nowMs - this.#atMs) * 1_000;
    // The longest stall, not a percentile: the histogram counts samples, and a long stall is a single one.
    const loopMaxMs = this.#loop.max / 1e6;
    this.#onSample({
      cpuShare: total > 0 ? busy / total : null,
      cpuPressureShare: pressureUs !== null && this.#pressureUs !== null ? Math.min(1, (pressureUs - this.#pressureUs) / elapsedUs) : null,
      // The monitor counts its own 10 ms period in. Without a sample in this second it says 0: not known.
      loopDelayMaxMs: loopMaxMs > 0 ? Math.max(0, loopMaxMs - 10) : null,
      rssBytes: process.memoryUsage.rss(),
    });
    this.#loop.reset();
    this.#cpu = cpu;
    this.#pressureUs = pressureUs;
    this.#atMs = nowMs;
  }
}

function cpuTimes(): { busyMs: number; totalMs: number } {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    totalMs += sum;
    busyMs += sum - times.idle;
  }
  return { busyMs, totalMs };
}

/** Microseconds since boot in which some task waited for a processor (Linux PSI). */
function pressureTotalUs(): number | null {
  try {
    const total = /^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1];
    return total === undefined ? null : Number(total);
  } catch {
    return null;
  }
}
