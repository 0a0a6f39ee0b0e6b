import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { ROOT } from './artillery.ts';

/** Its kills look up processes there. */
export const needsProc = { skip: existsSync('/proc/self/stat') ? false : 'skipped: needs /proc' };

/** Runs the short form of bench:integrity, or the cases of it whose name has this in it, and expects so many aims, all met. */
export async function benchIntegrity(only: string, aimCount: number): Promise<void> {
  const args = ['bench/integrity.ts', '--quick', '--json', '--only', only];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const { aims } = JSON.parse(out || '{"aims":[]}') as { aims: { id: string; met: boolean; observed: number | null }[] };
  assert.deepEqual(aims.filter(({ met }) => !met), [], err);
  assert.equal(aims.length, aimCount, err);
  assert.equal(code, 0, err);
}
