import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriterThread } from './writer-thread.ts';

type Order = { say: string } | { stop: true };

function thread(code: string): { thread: WriterThread<{ said: string }, Order>; said: string[]; lost: string[]; told: Promise<void> } {
  const said: string[] = [];
  const lost: string[] = [];
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const script = new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from 'node:worker_threads';${code}`)}`);
  const own = new WriterThread<{ said: string }, Order>(script, { name: 'echo' }, {
    message: (message) => {
      said.push(message.said);
      resolve();
    },
    lost: (error) => {
      lost.push(error.message);
      resolve();
    },
  });
  return { thread: own, said, lost, told };
}

test('it hands on orders and messages, and stops when the thread says that it has', async () => {
  const { thread: own, said, lost, told } = thread(`parentPort.on('message', (order) => {
    parentPort.postMessage('stop' in order ? { said: 'last' } : { said: workerData.name + ' ' + order.say });
    if ('stop' in order) parentPort.postMessage({ stopped: true });
  });`);
  own.order({ say: 'one' });
  await told;
  await own.stop(60_000);
  assert.deepEqual([said, lost], [['echo one', 'last'], []]);
});

test('one that never answers is ended after the bound', async () => {
  const { thread: own, lost } = thread('parentPort.on("message", () => {}); for (;;);');
  await own.stop(20);
  assert.deepEqual(lost, []);
});

test('what it lost is told, and so is its own end', async () => {
  const told = thread('parentPort.postMessage({ lost: "ENOSPC" });');
  await told.told;
  assert.deepEqual(told.lost, ['ENOSPC']);
  await told.thread.stop(60_000);
  const broken = thread('throw new Error("broken");');
  await broken.told;
  assert.deepEqual(broken.lost, ['broken']);
  await broken.thread.stop(60_000);
});
