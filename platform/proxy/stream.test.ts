import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../shared/random.ts';
import { createConnection } from './connection.ts';
import type { Toxic } from './input.ts';
import { createProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';
import { dial, echo, endOf, readBytes, readToEnd, startUpstream } from './testing.ts';

const CHURN = 10_000;

const toxic = (type: Toxic['type'], attributes: Record<string, number>, stream: Toxic['stream'] = 'upstream'): Toxic =>
  ({ name: `${type}_${stream}`, type, stream, attributes, toxicity: 1 });

async function proxyTo(upstream: string, toxics: Toxic[] = []): Promise<{ proxy: Proxy; listen: string }> {
  const proxy = createProxy({ name: 'p', listen: '127.0.0.1:0', upstream }, seededRandom(7));
  await proxy.open();
  for (const one of toxics) proxy.add(one);
  return { proxy, listen: proxy.fields().listen };
}

/** The ends of one TCP connection. */
async function pair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = await dial(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [far] = await accepted;
  server.close();
  return [near, far];
}

const upstream = await startUpstream(echo);
after(() => upstream.stop());

const toxicSets = fc.uniqueArray(fc.record({
  stream: fc.constantFrom('upstream' as const, 'downstream' as const),
  choice: fc.constantFrom<[Toxic['type'], Record<string, number>]>(
    ['latency', { latency: 2, jitter: 2 }], ['bandwidth', { rate: 5000 }], ['slow_close', { delay: 2 }],
    ['limit_data', { bytes: 1_000_000 }]),
}), { maxLength: 4, selector: ({ stream, choice }) => `${choice[0]} ${stream}` });

test('bytes come through unchanged and in order, whatever their pieces, with toxics that cut nothing', async () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3000 }), { minLength: 1, maxLength: 20 });
  await fc.assert(fc.asyncProperty(pieces, toxicSets, fc.boolean(), async (sent, chosen, pauses) => {
    const { proxy, listen } = await proxyTo(upstream.address,
      chosen.map(({ stream, choice: [type, attributes] }) => toxic(type, { ...attributes }, stream)));
    const socket = await dial(listen);
    const back = readToEnd(socket);
    for (const piece of sent) {
      socket.write(piece);
      if (pauses) await new Promise(setImmediate);
    }
    socket.end();
    assert.ok(Buffer.concat(sent).equals(await back));
    await proxy.close();
  }), { numRuns: 60, seed: 20261122 });
});

test('bytes stay in order while toxics come and go under them', async () => {
  await fc.assert(fc.asyncProperty(toxicSets, fc.integer({ min: 1, max: 40 }), async (chosen, step) => {
    const { proxy, listen } = await proxyTo(upstream.address);
    const socket = await dial(listen);
    const back = readToEnd(socket);
    const sent = Array.from({ length: 120 }, (_, index) => Buffer.from(`${index},`.repeat(50)));
    const ours = chosen.map(({ stream, choice: [type, attributes] }) => toxic(type, { ...attributes }, stream));
    for (const [index, piece] of sent.entries()) {
      socket.write(piece);
      const one = ours[Math.floor(index / step) % Math.max(1, ours.length)];
      if (one && index % step === 0) {
        if (proxy.toxicList().includes(one)) proxy.remove(one.name);
        else proxy.add(one);
      }
      await new Promise(setImmediate);
    }
    socket.end();
    assert.ok(Buffer.concat(sent).equals(await back));
    await proxy.close();
  }), { numRuns: 30, seed: 20261122 });
});

test('one direction may end while the other goes on', async () => {
  const late = await startUpstream((socket) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).once('end', () => {
      setImmediate(() => socket.end(`heard ${String(Buffer.concat(chunks))}`));
    });
  });
  const { proxy, listen } = await proxyTo(late.address);
  const asking = await dial(listen);
  asking.end('question');
  assert.equal(String(await readToEnd(asking)), 'heard question');
  const first = await startUpstream((socket) => {
    socket.end('greeting');
    socket.once('data', (chunk: Buffer) => socket.emit('heard', chunk));
  });
  const other = await proxyTo(first.address);
  const listening = await dial(other.listen);
  assert.equal(String(await readToEnd(listening)), 'greeting');
  const [far] = first.sockets;
  assert.ok(far);
  const heard = once(far, 'heard') as Promise<[Buffer]>;
  listening.end('answer');
  assert.equal(String((await heard)[0]), 'answer');
  for (const one of [proxy, other.proxy]) await one.close();
  for (const one of [late, first]) one.stop();
});

test('a sender has to wait for a receiver that does not keep up; no more than a megabyte is held', async () => {
  const [near, client] = await pair();
  const [far, server] = await pair();
  const held = toxic('bandwidth', { rate: 0 });
  const connection = createConnection(client, server, [held], seededRandom(1), () => undefined);
  const size = 16 * 1024 * 1024;
  const data = Buffer.alloc(size, 'abcdefgh');
  const paused = once(client, 'pause');
  near.write(data);
  await paused;
  assert.ok(client.bytesRead < 1.2 * 1024 * 1024, `${client.bytesRead} bytes were read`);
  const all = readBytes(far, size);
  connection.remove(held);
  assert.ok(data.equals(await all));
  connection.destroy();
  near.destroy();
  far.destroy();
});

test('without an upstream a connection is closed; one that the upstream resets is not left waiting', async () => {
  const gone = await startUpstream(echo);
  gone.stop();
  const { proxy, listen } = await proxyTo(gone.address);
  const refused = await dial(listen);
  assert.match(await endOf(refused), /^(end|close|ECONNRESET)$/);
  const harsh = await startUpstream((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const other = await proxyTo(harsh.address);
  const socket = await dial(other.listen);
  socket.write('a');
  assert.match(await endOf(socket), /^(end|ECONNRESET)$/);
  for (const one of [refused, socket]) one.destroy();
  for (const one of [proxy, other.proxy]) await one.close();
  harsh.stop();
});

test(`after ${CHURN} connections that ended in every way, nothing is left`, async () => {
  const { proxy, listen } = await proxyTo(upstream.address,
    [toxic('latency', { latency: 1 }), toxic('slow_close', { delay: 1 }, 'downstream')]);
  const ways: ((socket: Socket) => void)[] = [
    (socket) => socket.resetAndDestroy(), (socket) => socket.destroy(), (socket) => void socket.end(),
  ];
  let begun = 0;
  async function oneAfterTheOther(): Promise<void> {
    while (begun < CHURN) {
      const way = ways[(begun += 1) % ways.length];
      const socket = await dial(listen);
      const closed = once(socket.on('error', () => undefined), 'close');
      const back = readBytes(socket, 1);
      socket.write('a');
      // Every hundredth does not wait for what it asked for.
      if (begun % 100 === 0) back.catch(() => undefined);
      else await back;
      socket.resume();
      way?.(socket);
      await closed;
    }
  }
  await Promise.all(Array.from({ length: 50 }, oneAfterTheOther));
  // Both sides hear of an end at their own time.
  while (proxy.connectionCount() + upstream.sockets.size > 0) await new Promise(setImmediate);
  const left = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Timeout');
  assert.deepEqual(left, []);
  await proxy.close();
});
