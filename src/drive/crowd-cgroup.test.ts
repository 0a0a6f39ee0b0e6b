import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { autogroupsRule, isInCrowdCgroup, makeCrowdCgroup, removeCrowdCgroup } from './crowd-cgroup.ts';
import { temporaryFolder } from './testing.ts';

function fakeSystem(t: TestContext, files: Record<string, string>): string {
  const root = temporaryFolder(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const ENABLED = { 'proc/sys/kernel/sched_autogroup_enabled': '1\n' };
const CONTAINER_V1 = { 'proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n', 'sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.shares': '1024' };
const CONTAINER_V2 = { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cgroup.procs': '', 'sys/fs/cgroup/cpu.weight': '100' };

test('autogroups rule in the root of the CPU controller only, and where the kernel has them switched on', (t) => {
  const cases: [name: string, files: Record<string, string>, rule: boolean][] = [
    ['no cgroups at all', ENABLED, true],
    ['v1 root', { ...ENABLED, 'proc/self/cgroup': '1:cpu:/\n', 'sys/fs/cgroup/cpu/cpu.shares': '1024' }, true],
    ['v2 root', { ...ENABLED, 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/cgroup.procs': '' }, true],
    ['v1 container', { ...ENABLED, ...CONTAINER_V1 }, false],
    ['v2 container, whose root has a weight', { ...ENABLED, ...CONTAINER_V2 }, false],
    ['switched off', { 'proc/sys/kernel/sched_autogroup_enabled': '0\n' }, false],
    ['nothing known', {}, false],
  ];
  for (const [name, files, rule] of cases) assert.equal(autogroupsRule(fakeSystem(t, files)), rule, name);
});

test('in a v1 container the crowd gets a child cgroup of the lowest weight, and it goes again', { skip: process.platform !== 'linux' }, (t) => {
  const root = fakeSystem(t, { ...ENABLED, ...CONTAINER_V1, 'sys/fs/cgroup/cpu,cpuacct/docker/x/openshow-crowd/cpu.shares': '1024' });
  const folder = makeCrowdCgroup(root) ?? '';
  assert.ok(folder.endsWith('cpu,cpuacct/docker/x/openshow-crowd'));
  assert.equal(readFileSync(join(folder, 'cpu.shares'), 'utf8'), '2');
  // The kernel's folders go with their files; these do not, as one that is in use does not.
  removeCrowdCgroup(root);
  assert.ok(existsSync(folder));
});

test('where the controller is not handed down, or nobody may write, there is no cgroup and nothing stays', (t) => {
  const root = fakeSystem(t, { ...ENABLED, ...CONTAINER_V2 });
  assert.equal(makeCrowdCgroup(root), null);
  assert.ok(!existsSync(join(root, 'sys/fs/cgroup/openshow-crowd')));
  assert.equal(makeCrowdCgroup(fakeSystem(t, ENABLED)), null);
});

test('where autogroups rule no cgroup is made: it would take the crowd out of them', (t) => {
  const files = { ...ENABLED, 'proc/self/cgroup': '1:cpu:/\n', 'sys/fs/cgroup/cpu/cpu.shares': '1024' };
  assert.equal(makeCrowdCgroup(fakeSystem(t, files)), null);
});

test('a process is known by its cgroup', (t) => {
  const root = fakeSystem(t, { 'proc/7/cgroup': '4:cpu:/docker/x/openshow-crowd\n0::/\n', 'proc/8/cgroup': '4:cpu:/docker/x\n' });
  assert.deepEqual([7, 8, 9].map((pid) => isInCrowdCgroup(pid, root)), [true, false, false]);
});
