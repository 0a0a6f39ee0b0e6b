// For the tests of this folder: a proxy with its API in this process, and something to talk to through it.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { seededRandom } from '../shared/random.ts';
import { createApi } from './api.ts';
import { createProxies } from './proxies.ts';

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

export interface Answer<T> {
  status: number;
  body: T;
}
export interface Fault {
  error: string;
  status: number;
}

/** The API on a port of its own. */
export async function startApi() {
  const proxies = createProxies(seededRandom(1));
  const server = createHttpServer(createApi(proxies)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server)}`;
  return {
    url,
    proxies,
    async send<T = Fault>(method: string, path: string, body?: unknown, headers = {}): Promise<Answer<T>> {
      const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
      const answer = await fetch(url + path, { method, headers, body: text });
      const said = await answer.text();
      return { status: answer.status, body: (said === '' ? null : JSON.parse(said)) as T };
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await proxies.close();
    },
  };
}

/** A TCP server on loopback; `serve` gets each connection. */
export async function startUpstream(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${portOf(server)}`,
    sockets,
    stop(): void {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends back whatever comes, and ends when its caller does. */
export const echo = (socket: Socket): void => void socket.pipe(socket);

/** A connection to an address, once it is there. Rejects when it is refused. */
export async function dial(address: string): Promise<Socket> {
  const port = Number(address.split(':')[1]);
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes until the stream ends; rejects when the connection is reset. */
export async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The next `size` bytes. Rejects when the stream ends or breaks before. */
export function readBytes(socket: Socket, size: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (settle: () => void): void => {
      socket.off('data', take).off('end', ended).off('error', reject);
      settle();
    };
    const ended = (): void => done(() => reject(new Error(`ended after ${length} bytes`)));
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= size) done(() => resolve(Buffer.concat(chunks)));
    };
    socket.on('data', take).once('end', ended).once('error', reject);
  });
}

/** How a connection ended for its owner: properly, or with the code of an error. */
export function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('end', () => resolve('end')).once('close', () => resolve('close'));
    socket.resume();
  });
}
