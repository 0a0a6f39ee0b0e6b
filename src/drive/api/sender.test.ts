import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { Sender, type Answer, type Outgoing, type SenderOptions } from './sender.ts';
import { badTarget } from './testing.ts';

function sender(t: TestContext, origin: string, changes: Partial<SenderOptions> = {}): Sender {
  const own = new Sender({ origin, connections: 4, timeoutMs: 300, nowMs: () => performance.now(), ...changes });
  t.after(() => own.destroy());
  return own;
}

function get(own: Sender, path: string, changes: Partial<Outgoing> = {}): Promise<Answer> {
  const outgoing: Outgoing = { method: 'GET', path, headers: {}, body: null, keepBody: false, ...changes };
  return new Promise((resolve) => own.send(outgoing, resolve));
}

const CASES: [path: string, status: number | null, failure: string | null][] = [
  ['/ok', 200, null],
  ['/fail', 500, null],
  ['/elsewhere', 302, null],
  ['/drip', 200, null],
  ['/reset', null, 'connection reset'],
  ['/half', null, 'connection reset'],
  ['/nonsense', null, 'bad answer'],
  ['/hang', null, 'timeout'],
  ['/hang-in-body', null, 'timeout'],
  ['/big', null, 'answer over 10 MB'],
  ['/endless', null, 'answer over 10 MB'],
];

for (const [path, status, failure] of CASES) {
  test(`${path} ends as ${failure ?? `status ${status}`}, and the connections go on`, async (t) => {
    const { url } = await badTarget(t);
    const own = sender(t, url, { timeoutMs: path.includes('big') || path.includes('endless') ? 10_000 : 300 });
    const answer = await get(own, path);
    assert.deepEqual([answer.status, answer.failure], [status, failure]);
    assert.ok(answer.leftMs !== null && answer.endedMs >= answer.leftMs);
    assert.equal((await get(own, '/ok')).status, 200);
    assert.equal(own.inHand, 0);
  });
}

test('a port that nobody listens on and a name that nobody has are told apart', async (t) => {
  const gone = await badTarget(t);
  await gone.stop();
  assert.equal((await get(sender(t, gone.url), '/ok')).failure, 'connection refused');
  assert.equal((await get(sender(t, 'http://nobody.invalid', { timeoutMs: 10_000 }), '/ok')).failure, 'name not found');
});

test('connections are bounded and used again; a body is kept only where it is wanted', async (t) => {
  const target = await badTarget(t);
  const own = sender(t, target.url, { connections: 3, timeoutMs: 5_000 });
  for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: 12 }, () => get(own, '/ok')));
  assert.equal(target.connections(), 3);
  assert.equal((await get(own, '/ok')).body, null);
  assert.match(String((await get(own, '/ok', { keepBody: true })).body), /prj_1/);
});

test('what times out while it waits for a connection never leaves any more', async (t) => {
  const target = await badTarget(t);
  const own = sender(t, target.url, { connections: 1, timeoutMs: 800 });
  assert.equal((await get(own, '/ok')).status, 200);
  const both = Promise.all([get(own, '/hang'), get(own, '/echo')]);
  while (!target.heard.some(({ url }) => url === '/hang')) await immediate();
  // Past both deadlines at once: a moment between them would let the second leave on a new connection, and rightly so.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 850);
  const [first, second] = await both;
  assert.deepEqual([first.failure, second.failure, second.leftMs], ['timeout', 'timeout', null]);
  assert.equal((await get(own, '/ok')).status, 200);
  assert.deepEqual(target.heard.map(({ url }) => url), ['/ok', '/hang', '/ok']);
  // The first timeout cost its connection; the second left the next one whole.
  assert.equal(target.connections(), 2);
  assert.equal(own.inHand, 0);
});

test('it says when it is full, and a request that cannot be written fails alone', async (t) => {
  const { url } = await badTarget(t);
  const own = sender(t, url, { connections: 1, timeoutMs: 5_000 });
  const all = Array.from({ length: 50 }, () => get(own, '/ok'));
  assert.ok(own.full);
  await Promise.all(all);
  assert.ok(!own.full);
  assert.equal((await get(own, '/with a space')).failure, 'invalid request');
  assert.equal((await get(own, '/ok', { headers: { 'x-a': 'line\nbreak' } })).failure, 'invalid request');
  assert.equal(own.inHand, 0);
});
