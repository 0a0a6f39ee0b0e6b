import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, afterEach, test } from 'node:test';
import type { Socket } from 'node:net';
import { dial, echo, endOf, readBytes, readToEnd, startApi, startUpstream } from './testing.ts';

/** Long enough that only a change of the toxic can be what ends the wait. */
const FOR_EVER_MS = 3_600_000;

const api = await startApi();
const upstream = await startUpstream(echo);
const { body: { listen } } = await api.send<{ listen: string }>('POST', '/proxies',
  { name: 'p', upstream: upstream.address });
after(async () => {
  await api.stop();
  upstream.stop();
});
afterEach(() => api.send('POST', '/reset'));

type Attributes = Record<string, number>;
async function add(type: string, attributes: Attributes, more = {}): Promise<void> {
  const { status } = await api.send('POST', '/proxies/p/toxics', { name: 't', type, attributes, ...more });
  assert.equal(status, 200);
}
const change = (attributes: Attributes, more = {}) =>
  api.send('PATCH', '/proxies/p/toxics/t', { attributes, ...more });
const remove = (name = 't') => api.send('DELETE', `/proxies/p/toxics/${name}`);

/** A connection that is through to the upstream: what was sent came back. */
async function connected(): Promise<Socket> {
  const socket = await dial(listen);
  await ask(socket, 'hello');
  return socket;
}
async function ask(socket: Socket, text: string): Promise<string> {
  const answer = readBytes(socket, Buffer.byteLength(text));
  socket.write(text);
  return String(await answer);
}
/** Whether something comes within this time; only ever used where nothing may come. */
const silentFor = (socket: Socket, ms: number): Promise<boolean> => new Promise((resolve) => {
  const heard = (): void => resolve(false);
  socket.once('data', heard);
  setTimeout(() => {
    socket.off('data', heard);
    resolve(true);
  }, ms);
});

test('latency delays each direction by at least what was asked, and adds up', async () => {
  await add('latency', { latency: 40 });
  await add('latency', { latency: 30 }, { name: 'up', stream: 'upstream' });
  await add('latency', { latency: 20 }, { name: 'again' });
  const socket = await dial(listen);
  const startedMs = performance.now();
  assert.equal(await ask(socket, 'ping'), 'ping');
  assert.ok(performance.now() - startedMs >= 90);
  socket.destroy();
});

test('latency with jitter keeps the order', async () => {
  await add('latency', { latency: 5, jitter: 5 });
  const socket = await dial(listen);
  const text = Array.from({ length: 200 }, (_, index) => `${index};`);
  const all = readBytes(socket, text.join('').length);
  for (const piece of text) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  assert.equal(String(await all), text.join(''));
  socket.destroy();
});

test('a latency that is added, changed or removed takes effect on what is already on its way', async () => {
  const socket = await connected();
  await add('latency', { latency: FOR_EVER_MS });
  const first = readBytes(socket, 3);
  socket.write('one');
  assert.equal(await silentFor(socket, 30), true);
  await change({ latency: 0 });
  assert.equal(String(await first), 'one');
  await change({ latency: FOR_EVER_MS });
  const second = readBytes(socket, 3);
  socket.write('two');
  assert.equal(await silentFor(socket, 30), true);
  await remove();
  assert.equal(String(await second), 'two');
  assert.equal(await ask(socket, 'three'), 'three');
  socket.destroy();
});

test('bandwidth hands out no more than its rate, holds everything at 0, and lets go of it', async () => {
  const socket = await connected();
  await add('bandwidth', { rate: 100 });
  const startedMs = performance.now();
  await ask(socket, 'x'.repeat(20_000));
  assert.ok(performance.now() - startedMs >= 199, '20 KB at 100 KB a second');
  await change({ rate: 0 });
  const held = readBytes(socket, 50_000);
  socket.write('y'.repeat(50_000));
  assert.equal(await silentFor(socket, 30), true);
  await remove();
  assert.equal(String(await held), 'y'.repeat(50_000));
  socket.destroy();
});

test('a timeout lets nothing through and closes; at 0 it hangs until it is removed, and then closes', async () => {
  await add('timeout', { timeout: 20 });
  const closed = await dial(listen);
  closed.write('lost');
  assert.equal(String(await readToEnd(closed)), '');
  await change({ timeout: 0 });
  const hanging = await dial(listen);
  hanging.write('lost');
  assert.equal(await silentFor(hanging, 40), true);
  const end = readToEnd(hanging);
  await remove();
  assert.equal(String(await end), '');
  assert.equal(await (async () => ask(await dial(listen), 'well'))(), 'well');
});

test('a timeout upstream closes too, and the upstream hears nothing of what was sent', async () => {
  const got: Buffer[] = [];
  const quiet = await startUpstream((socket) => void socket.on('data', (chunk: Buffer) => got.push(chunk)));
  await api.send('PATCH', '/proxies/p', { upstream: quiet.address });
  await add('timeout', { timeout: 10 }, { stream: 'upstream' });
  const socket = await dial(listen);
  socket.write('lost');
  assert.equal(await endOf(socket), 'end');
  assert.deepEqual(got, []);
  quiet.stop();
  await api.send('PATCH', '/proxies/p', { upstream: upstream.address });
});

test('reset_peer resets the connection after the first bytes', async () => {
  for (const timeout of [0, 20]) {
    for (const stream of ['upstream', 'downstream']) {
      await add('reset_peer', { timeout }, { stream });
      const socket = await dial(listen);
      const end = endOf(socket);
      socket.write('lost');
      assert.equal(await end, 'ECONNRESET', `${stream}, ${timeout} ms`);
      await remove();
    }
  }
});

test('reset_peer reaches connections that were there before it', async () => {
  const socket = await connected();
  await add('reset_peer', { timeout: 0 });
  const end = endOf(socket);
  socket.write('lost');
  assert.equal(await end, 'ECONNRESET');
});

test('slow_close delays the end, not the bytes', async () => {
  await add('slow_close', { delay: FOR_EVER_MS });
  const socket = await dial(listen);
  const bytes = readBytes(socket, 3);
  socket.end('bye');
  assert.equal(String(await bytes), 'bye');
  const end = once(socket, 'end');
  socket.resume();
  await change({ delay: 10 });
  await end;
  await remove();
});

test('limit_data lets through so many bytes and then closes; live, it counts from when it was added', async () => {
  await add('limit_data', { bytes: 10 });
  const socket = await dial(listen);
  socket.write('0123456789abcdef');
  assert.equal(String(await readToEnd(socket)), '0123456789');
  await remove();
  const live = await connected();
  await add('limit_data', { bytes: 4 });
  assert.equal(await ask(live, 'abc'), 'abc');
  const rest = readToEnd(live);
  live.write('def');
  assert.equal(String(await rest), 'd');
});

test('a limit of 0 closes at the first byte, with nothing', async () => {
  await add('limit_data', { bytes: 0 });
  const socket = await dial(listen);
  socket.write('a');
  assert.equal(String(await readToEnd(socket)), '');
});

test('toxicity is drawn once a connection: of many, about that share', async () => {
  await add('reset_peer', { timeout: 0 }, { toxicity: 0.3 });
  let struck = 0;
  for (let index = 0; index < 200; index += 1) {
    const socket = await dial(listen);
    const well = await ask(socket, 'a').then(() => true, () => false);
    // A connection that was left alone stays so.
    if (well) assert.equal(await ask(socket, 'b'), 'b');
    else struck += 1;
    socket.destroy();
  }
  // The draws come from a seed, so this is no chance: 0.3 of 200, give or take four standard deviations.
  assert.ok(struck > 34 && struck < 86, `${struck} of 200`);
});

test('a toxicity that rises to 1 strikes those that were spared, and of 0 frees those that were held', async () => {
  const socket = await connected();
  await add('latency', { latency: FOR_EVER_MS }, { toxicity: 0 });
  assert.equal(await ask(socket, 'free'), 'free');
  await change({}, { toxicity: 1 });
  const held = readBytes(socket, 4);
  socket.write('held');
  assert.equal(await silentFor(socket, 30), true);
  await change({}, { toxicity: 0 });
  assert.equal(String(await held), 'held');
  socket.destroy();
});
