import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { judgeRun } from '../cli/judge-run.ts';
import { goldenFiles } from './generate.ts';

const RUN = fileURLToPath(new URL('./run', import.meta.url));
const committed = (name: string): Promise<string> => readFile(join(RUN, name), 'utf8');

test('the golden observations are those that the generator gives', async () => {
  for (const [name, text] of Object.entries(await goldenFiles())) assert.equal(text, await committed(name), name);
});

test('judging the golden run reproduces its record.json and its block exactly', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'golden-'));
  context.after(() => rm(folder, { recursive: true }));
  await cp(RUN, folder, { recursive: true });
  await rm(join(folder, 'record.json'));
  const { block, exitCode } = await judgeRun(folder, { runPath: 'src/golden/run' });
  assert.equal(await readFile(join(folder, 'record.json'), 'utf8'), await committed('record.json'));
  assert.equal(`${block}\n`, await committed('verdict.txt'));
  assert.equal(exitCode, 1);
});
