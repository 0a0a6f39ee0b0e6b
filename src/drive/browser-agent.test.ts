import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownUserAgent } from './browser-agent.ts';
import { defaultBrowser, temporaryFolder } from './testing.ts';

const ARGS = ['--no-sandbox', '--disable-dev-shm-usage'];

test('a browser is asked once for its user agent; the answer is kept, and what is no answer is asked anew', { timeout: 60_000 }, async (t) => {
  const file = join(temporaryFolder(t), 'deep/agents.json');
  const resolved = await defaultBrowser();
  const key = `${resolved.executablePath} ${resolved.version}`;
  const agent = await ownUserAgent(resolved, ARGS, file);
  assert.match(agent, /^Mozilla\/5\.0 \(.*Chrome\/\d+/);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { [key]: agent });

  const gone = { ...resolved, executablePath: '/nowhere/chromium' };
  const kept = (agentOfGone: unknown): void => writeFileSync(file, JSON.stringify({ [`${gone.executablePath} ${gone.version}`]: agentOfGone }));
  for (const strange of ['Mozilla/5.0\r\nx: y', 7, '--flag']) {
    kept(strange);
    await assert.rejects(ownUserAgent(gone, ARGS, file), /executable|spawn/i, 'it has to be started');
  }
  kept('Mozilla/5.0 (kept)');
  assert.equal(await ownUserAgent(gone, ARGS, file), 'Mozilla/5.0 (kept)');
});
