import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { ROOT } from './artillery.ts';

// The benchmark's short form: every kind of breach planted, clean payments, and parts of the platform killed.
test('planted breaches are found, each once and nothing else; after kills the books balance', {
  skip: existsSync('/proc/self/stat') ? false : 'skipped: needs /proc',
}, async () => {
  const child = spawn(process.execPath, ['bench/integrity.ts', '--quick', '--json'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const { aims } = JSON.parse(out || '{"aims":[]}') as { aims: { id: string; met: boolean; observed: number | null }[] };
  assert.deepEqual(aims.filter(({ met }) => !met), [], err);
  assert.equal(aims.length, 7, err);
  assert.equal(code, 0, err);
});
