import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { HealthObservation } from '../model/index.ts';
import { HealthMonitor, type HealthOptions } from './health.ts';

interface Watched {
  monitor: HealthMonitor;
  file: string;
  /** Resolves with the first sample from now on that holds. */
  sample: (holds?: (one: HealthObservation) => boolean) => Promise<HealthObservation>;
  /** What the file holds. */
  lines: () => HealthObservation[];
}

function watch(t: TestContext, changes: Partial<HealthOptions> = {}): Watched {
  const folder = mkdtempSync(join(tmpdir(), 'health-'));
  const file = join(folder, 'observations.health.ndjson');
  const listeners = new Set<(one: HealthObservation) => void>();
  const monitor = new HealthMonitor({
    runId: 'r', file, reportsFolder: folder, startedAtMonotonicMs: Number(process.hrtime.bigint()) / 1e6, pids: () => [],
    onSample: (one) => listeners.forEach((listener) => listener(one)),
    onLost: (error) => assert.fail(error),
    ...changes,
  });
  // The monitor keeps no process alive by itself.
  const alive = setInterval(() => {}, 1_000);
  t.after(async () => {
    clearInterval(alive);
    await monitor.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    monitor,
    file,
    sample: (holds = () => true) => new Promise((resolve) => {
      listeners.add(function listen(one) {
        if (!holds(one)) return;
        listeners.delete(listen);
        resolve(one);
      });
    }),
    lines: () => readFileSync(file, 'utf8').trim().split('\n').map((line) => HealthObservation.parse(JSON.parse(line))),
  };
}

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test('samples come at least twice a second, each valid, and every one is in the file after stop', { timeout: 30_000 }, async (t) => {
  const { monitor, sample, lines } = watch(t, { pids: () => [process.pid] });
  monitor.phase = 'steady';
  monitor.activeUsers = 7;
  const last = await sample((one) => one.tMs > 2_600 && one.phase === 'steady');
  await monitor.stop();
  const all = lines();
  const times = all.map((one) => one.tMs);
  const gaps = times.slice(1).map((tMs, index) => tMs - (times[index] ?? 0)).sort((a, b) => a - b);
  assert.ok((gaps[Math.floor(gaps.length / 2)] ?? Infinity) <= 500, `gaps ${gaps.join(', ')}`);
  assert.equal(last.activeUsers, 7);
  assert.ok(last.cpuShare !== null && last.cpuShare >= 0 && last.cpuShare <= 1);
  assert.ok(last.cpuPressureShare === null || last.cpuPressureShare <= 1);
  assert.ok((last.rssBytes ?? 0) > 1_000_000);
  assert.ok((last.diskFreeBytes ?? 0) > 0);
  if (process.platform !== 'linux') return;
  assert.ok((last.memoryAvailableBytes ?? 0) > 0 && (last.memoryUsedBytes ?? 0) > 0);
  assert.ok((last.openFiles ?? 0) > 3);
  assert.ok((last.browserProcesses ?? 0) >= 1 && (last.browserMemoryBytes ?? 0) > 1_000_000, 'the process named');
});

test('while the event loop stands still samples are taken, on time, and say for how long it stood', { timeout: 30_000 }, async (t) => {
  const { monitor, sample, lines } = watch(t);
  const before = await sample();
  block(1_600);
  const blockedUntilMs = before.tMs + 1_600;
  await sample((one) => one.tMs > blockedUntilMs + 500);
  await monitor.stop();
  const during = lines().filter((one) => one.tMs > before.tMs && one.tMs < blockedUntilMs);
  assert.ok(during.length >= 2, `${during.length} samples in 1.6 s`);
  const longest = Math.max(...lines().map((one) => one.loopDelayMaxMs ?? 0));
  assert.ok(longest > 1_400 && longest < 3_000, `loop delay ${longest} ms`);
  // It grows from sample to sample while it lasts, and is over afterwards.
  assert.ok((during.at(-1)?.loopDelayMaxMs ?? 0) > 700, `last during: ${during.at(-1)?.loopDelayMaxMs} ms`);
  assert.ok((lines().at(-1)?.loopDelayMaxMs ?? Infinity) < 1_000);
});

test('a file that cannot be written is told, and stop returns all the same', { timeout: 30_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'health-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const lost = new Promise<Error>((resolve) => {
    const { monitor } = watch(t, { file: join(folder, 'missing', 'x.ndjson'), onLost: (error) => {
      resolve(error);
      void monitor.stop();
    } });
  });
  assert.match((await lost).message, /ENOENT/);
});
