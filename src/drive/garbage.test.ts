import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** Compiles two thousand functions in V8's own threads while memory is spared, and as many once it is not. */
const COMPILES = `
  import { collectGarbage, growFreely } from ${JSON.stringify(join(import.meta.dirname, 'garbage.ts'))};
  const body = 's += i ^ b; s ^= s << 1;'.repeat(150);
  const round = (r) => {
    const all = Array.from({ length: 1000 }, (_, n) => (0, eval)('(function f' + r + '_' + n + '(a, b) { let s = 0; for (let i = 0; i < a; i++) { ' + body + ' } return s; })'));
    for (let n = 0; n < 2; n++) for (const one of all) one(180, 1);
  };
  collectGarbage();
  for (let r = 0; r < 2; r++) round(r);
  growFreely();
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log('free');
  for (let r = 2; r < 4; r++) round(r);
`;

test('once the users are gone no compiling thread waits for a collection, with which a process that ends would hang', () => {
  const output = execFileSync(process.execPath, ['--trace-gc', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', COMPILES], { encoding: 'utf8' });
  const [spared = '', free = ''] = output.split('\nfree\n');
  const waits = (text: string): number => text.split('background allocation failure').length - 1;
  assert.ok(waits(spared) > 0, 'while memory is spared they do');
  assert.equal(waits(free), 0, free);
});
