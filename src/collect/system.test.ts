import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { HealthSampler } from './health-sampler.ts';
import * as system from './system.ts';

/** A folder that holds what a system would say of itself. */
function fakeSystem(t: TestContext, files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'system-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  write(root, files);
  return root;
}

function write(root: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const MIB = 1024 ** 2;

test('the tightest CPU limit between our own cgroup and the root counts', (t) => {
  const cases: [name: string, files: Record<string, string>, cores: number | null][] = [
    ['v2, own limit', { 'proc/self/cgroup': '0::/a/b\n', 'sys/fs/cgroup/a/b/cpu.max': '150000 100000\n' }, 1.5],
    ['v2, a limit above the own', {
      'proc/self/cgroup': '0::/a/b\n', 'sys/fs/cgroup/a/b/cpu.max': '400000 100000\n', 'sys/fs/cgroup/a/cpu.max': '50000 100000\n',
    }, 0.5],
    ['v2, none', { 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/cpu.max': 'max 100000\n' }, null],
    ['v2 beside v1', { 'proc/self/cgroup': '3:cpu:/\n0::/a\n', 'sys/fs/cgroup/unified/a/cpu.max': '200000 100000\n' }, 2],
    ['v1, own limit', {
      'proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n', 'sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us': '250000\n',
      'sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us': '100000\n',
    }, 2.5],
    ['v1 inside a container, where the path is that of the host', {
      'proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    }, 1],
    ['v1, none', { 'proc/self/cgroup': '4:cpu:/\n', 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', 'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' }, null],
    ['no cgroup', {}, null],
    ['nonsense', { 'proc/self/cgroup': 'x', 'sys/fs/cgroup/cpu.max': 'a b c' }, null],
  ];
  for (const [name, files, cores] of cases) assert.equal(system.cpuLimitCores(fakeSystem(t, files)), cores, name);
});

test('use of the cgroup is read from v2, else from v1', (t) => {
  assert.equal(system.cgroupCpuMs(fakeSystem(t, { 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/cpu.stat': 'usage_usec 12500\nuser_usec 1\n' })), 12.5);
  assert.equal(system.cgroupCpuMs(fakeSystem(t, { 'proc/self/cgroup': '2:cpuacct:/a\n', 'sys/fs/cgroup/cpuacct/a/cpuacct.usage': '7000000\n' })), 7);
  assert.equal(system.cgroupCpuMs(fakeSystem(t)), null);
});

test('processor times, pressure, memory and swap are read as the kernel writes them', (t) => {
  const root = fakeSystem(t, {
    'proc/stat': 'cpu  100 5 50 800 20 3 2 20 9 0\ncpu0 1 2 3\n',
    'proc/pressure/cpu': 'some avg10=1.00 avg60=0.50 avg300=0.10 total=123456\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n',
    'proc/meminfo': 'MemTotal:       4096 kB\nMemFree:        100 kB\nMemAvailable:   1024 kB\nSwapTotal:  512 kB\nSwapFree:   500 kB\n',
    'proc/vmstat': 'pswpin 3\npswpout 9\n',
  });
  assert.deepEqual(system.cpuTimes(root), { busyMs: 1_600, stolenMs: 200, totalMs: 10_000 });
  assert.equal(system.cpuPressureUs(root), 123_456);
  assert.deepEqual(system.memory(root), { usedBytes: 3 * MIB, availableBytes: MIB, swapUsedBytes: 12 * 1024 });
  assert.equal(system.swappedInBytes(root), 3 * 4096);
});

test('what is available respects the memory limit of the cgroup, v1 and v2, and a v1 that has none', (t) => {
  const meminfo = { 'proc/meminfo': 'MemTotal: 8192 kB\nMemAvailable: 4096 kB\n' };
  const available = (files: Record<string, string>): number | null => system.memory(fakeSystem(t, { ...meminfo, ...files })).availableBytes;
  assert.equal(available({ 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': '1048576\n', 'sys/fs/cgroup/a/memory.current': '524288\n' }), 524_288);
  assert.equal(available({ 'proc/self/cgroup': '0::/a\n', 'sys/fs/cgroup/a/memory.max': 'max\n', 'sys/fs/cgroup/a/memory.current': '1\n' }), 4 * MIB);
  const v1 = (limit: string): Record<string, string> => ({
    'proc/self/cgroup': '5:memory:/a\n', 'sys/fs/cgroup/memory/a/memory.limit_in_bytes': limit, 'sys/fs/cgroup/memory/a/memory.usage_in_bytes': '100',
  });
  assert.equal(available(v1('1100')), 1_000);
  assert.equal(available(v1('9223372036854771712')), 4 * MIB);
});

test('the process trees follow the kernel’s lists of children through every thread, once each', (t) => {
  const pages = (resident: number, shared: number): string => `999 ${resident} ${shared} 0 0 0 0\n`;
  const root = fakeSystem(t, {
    'proc/10/statm': pages(100, 40), 'proc/10/task/10/children': '11 ', 'proc/10/task/12/children': '13 99 ',
    'proc/11/statm': pages(50, 10), 'proc/11/task/11/children': '14 ',
    'proc/13/statm': pages(5, 9), 'proc/13/task/13/children': '',
    'proc/14/statm': pages(7, 7), 'proc/14/task/14/children': '',
    'proc/50/statm': pages(1_000, 0), 'proc/50/task/50/children': '',
  });
  assert.deepEqual(system.processTrees(root, [10, 11]), { processes: 4, bytes: 100 * 4096 });
  assert.deepEqual(system.processTrees(root, []), { processes: 0, bytes: 0 });
  const without = fakeSystem(t, { 'proc/10/statm': pages(100, 40), 'proc/10/task/10/stat': '' });
  assert.equal(system.processTrees(without, [10]), null);
});

test('a system that says nothing gives null for everything but the process’s own memory', (t) => {
  const sampler = new HealthSampler(0, '/nowhere/at/all', fakeSystem(t));
  const { rssBytes, ...others } = sampler.sample(500, [1]);
  assert.ok((rssBytes ?? 0) > 0);
  for (const [name, value] of Object.entries(others)) assert.equal(value, null, name);
});

test('a sample tells what happened since the one before', (t) => {
  const at = (busy: number, idle: number, steal: number, more: Record<string, string>): Record<string, string> =>
    ({ 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cpu.max': '200000 100000\n', 'proc/stat': `cpu ${busy} 0 0 ${idle} 0 0 0 ${steal}\n`, ...more });
  const some = (total: number): string => `some avg10=0 total=${total}\n`;
  const root = fakeSystem(t, at(100, 100, 0, { 'proc/pressure/cpu': some(1_000), 'sys/fs/cgroup/cpu.stat': 'usage_usec 0\n', 'proc/vmstat': 'pswpin 0\n' }));
  const sampler = new HealthSampler(1_000, root, root);
  write(root, at(160, 130, 10, { 'proc/pressure/cpu': some(251_000), 'sys/fs/cgroup/cpu.stat': 'usage_usec 500000\n', 'proc/vmstat': 'pswpin 256\n' }));
  const first = sampler.sample(1_500, null);
  assert.deepEqual(
    [first.cpuShare, first.cpuStealShare, first.cpuPressureShare, first.cpuOfLimitShare, first.swapInBytesPerSecond, first.browserProcesses],
    [0.6, 0.1, 0.5, 0.5, 2 * MIB, null],
  );
  assert.ok((first.diskFreeBytes ?? 0) > 0);
  // A counter that went back is no negative share.
  write(root, at(10, 10, 0, { 'proc/pressure/cpu': some(0) }));
  const second = sampler.sample(2_000, null);
  assert.deepEqual([second.cpuShare, second.cpuPressureShare, second.cpuOfLimitShare], [null, null, 0]);
});
