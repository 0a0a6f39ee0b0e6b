import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSupervisor } from './supervisor.ts';
import { isGone, testConfig } from './testing.ts';

/** A supervisor whose words can be waited for. */
function supervised() {
  const said: string[] = [];
  let wake = Promise.withResolvers<void>();
  const say = (text: string): void => {
    said.push(text);
    wake.resolve();
  };
  const supervisor = createSupervisor({ notice: say, lost: (name, why) => say(`lost ${name}: ${why}`) });
  return {
    supervisor, said,
    async until(count: number): Promise<void> {
      while (said.length < count) {
        wake = Promise.withResolvers();
        await wake.promise;
      }
    },
  };
}

const pidOf = (supervisor: ReturnType<typeof createSupervisor>, name: string): number => supervisor.pids()[name] ?? 0;

test('a part that keeps ending is started five times in a minute, on its port, and then left alone', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openshow-supervisor-'));
  const { supervisor, said, until } = supervised();
  const url = await supervisor.start('model', { config: testConfig(dataDir), revive: true });
  const { port } = new URL(url);
  for (let times = 1; times <= 5; times += 1) {
    process.kill(pidOf(supervisor, 'model'), 'SIGKILL');
    await until(times);
    assert.equal(said[times - 1], `P_PART_RESTARTED: model ended: exit SIGKILL; it is back on port ${port}`);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
  }
  const last = pidOf(supervisor, 'model');
  process.kill(last, 'SIGKILL');
  await until(6);
  assert.equal(said[5], 'lost model: exit SIGKILL; 5 starts in a minute are enough');
  assert.ok(isGone(pidOf(supervisor, 'model')) && pidOf(supervisor, 'model') === last);
  await supervisor.stop();
  rmSync(dataDir, { recursive: true });
});

test('a part that is not to be revived is reported once it ends; one that is stopped is not', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'openshow-supervisor-'));
  const { supervisor, said, until } = supervised();
  await supervisor.start('model', { config: testConfig(dataDir), revive: false });
  await supervisor.start('storage', { config: testConfig(dataDir), revive: true });
  const [model, storage] = [pidOf(supervisor, 'model'), pidOf(supervisor, 'storage')];
  process.kill(model, 'SIGKILL');
  await until(1);
  await supervisor.stop();
  assert.deepEqual(said, ['lost model: exit SIGKILL']);
  assert.ok(isGone(model) && isGone(storage));
  rmSync(dataDir, { recursive: true });
});
