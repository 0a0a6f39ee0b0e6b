import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const WORKER = `
  import { parentPort } from 'node:worker_threads';
  const { surviveStrayRejections } = await import(process.env.MODULE);
  surviveStrayRejections((line) => parentPort.postMessage(line));
  for (let i = 0; i < 3; i += 1) void Promise.reject(new Error('page.click: Target page has been closed'));
  setImmediate(() => parentPort.postMessage('still running'));
`;

test('a promise that a journey forgot to await does not end the worker, and is named once', async (t) => {
  const module = new URL('./stray-rejections.ts', import.meta.url).href;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(WORKER)}`), { env: { ...process.env, MODULE: module } });
  t.after(() => worker.terminate());
  const said: unknown[] = [];
  worker.on('message', (line) => said.push(line));
  const [exitCode] = await once(worker, 'exit') as [number];
  assert.equal(exitCode, 0);
  assert.deepEqual(said, ['a journey left a promise without "await", and it failed: page.click: Target page has been closed', 'still running']);
});
