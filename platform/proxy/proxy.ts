import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { createConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { ApiFault } from './input.ts';
import type { ProxyInput, Toxic } from './input.ts';

/** A port that was given up may be somebody's for a moment: half a second in all. */
const REOPEN_TRIES = 10;
const REOPEN_WAIT_MS = 50;
/** Far more than any test needs; each costs time on every piece of every connection. */
const MAX_TOXICS = 64;

export type Proxy = ReturnType<typeof createProxy>;

function hostAndPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/** A listening port whose connections go on to an upstream, through toxics. Closed until `open` or `update`. */
export function createProxy({ name, listen, upstream }: Omit<ProxyInput, 'enabled'>, random: () => number) {
  const toxics = new Map<string, Toxic>();
  const connections = new Set<Connection>();
  /** Accepted, while the upstream is being connected to. */
  const waiting = new Set<Socket>();
  let server: Server | null = null;

  function accept(client: Socket): void {
    const socket = connect({ ...hostAndPort(upstream), allowHalfOpen: true, noDelay: true });
    const both = [client, socket];
    const giveUp = (): void => both.forEach((one) => one.destroy());
    // Each error is followed by 'close', which says it all.
    for (const one of both) one.on('error', () => undefined).once('close', giveUp);
    waiting.add(client);
    client.once('close', () => waiting.delete(client));
    socket.once('connect', () => {
      waiting.delete(client);
      for (const one of both) one.off('close', giveUp);
      const closed = (): void => void connections.delete(connection);
      const connection = createConnection(client, socket, toxics.values(), random, closed);
      connections.add(connection);
    });
  }

  async function listenOnce(): Promise<Server> {
    const next = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, accept);
    next.listen({ ...hostAndPort(listen), backlog: 4096 });
    await once(next, 'listening');
    return next;
  }

  async function open(): Promise<void> {
    for (let tries = 1; server === null; tries += 1) {
      try {
        server = await listenOnce();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= REOPEN_TRIES) {
          throw new ApiFault(500, `listen tcp ${listen}: ${(error as Error).message}`);
        }
        await after(REOPEN_WAIT_MS);
      }
    }
    const { address, family, port } = server.address() as AddressInfo;
    listen = `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async function close(): Promise<void> {
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    server = null;
    for (const client of waiting) client.destroy();
    for (const connection of connections) connection.destroy();
    await closed;
  }

  function toxic(toxicName: string): Toxic {
    const found = toxics.get(toxicName);
    if (found) return found;
    throw new ApiFault(404, 'toxic not found');
  }
  /** Those of the upstream direction first, each in the order in which they came. */
  const toxicList = (): Toxic[] => ['upstream', 'downstream']
    .flatMap((stream) => [...toxics.values()].filter((one) => one.stream === stream));

  return {
    name,
    open,
    /** Closes the port and every connection. */
    close,
    toxic,
    toxicList,
    fields: (): ProxyInput => ({ name, listen, upstream, enabled: server !== null }),
    json: () => ({ name, listen, upstream, enabled: server !== null, toxics: toxicList() }),
    /** Connections that are open now. */
    connectionCount: (): number => connections.size + waiting.size,
    differs: (other: ProxyInput): boolean => other.listen !== listen || other.upstream !== upstream,
    /** Other addresses drop all connections. Throws ApiFault 500 when the port cannot be had. */
    async update(next: ProxyInput): Promise<void> {
      if (next.listen !== listen || next.upstream !== upstream) {
        await close();
        ({ listen, upstream } = next);
      }
      if (next.enabled) await open();
      else await close();
    },
    add(added: Toxic): void {
      if (toxics.has(added.name)) throw new ApiFault(409, 'toxic already exists');
      if (toxics.size >= MAX_TOXICS) throw new ApiFault(400, `too many toxics: ${MAX_TOXICS} at most`);
      toxics.set(added.name, added);
      for (const connection of connections) connection.add(added);
    },
    change(toxicName: string, { attributes, toxicity }: Pick<Toxic, 'attributes' | 'toxicity'>): Toxic {
      const changed = toxic(toxicName);
      const redraw = changed.toxicity !== toxicity;
      // In place: that is where the stages read them.
      Object.assign(changed.attributes, attributes);
      changed.toxicity = toxicity;
      for (const connection of connections) connection.change(changed, redraw);
      return changed;
    },
    remove(toxicName: string): void {
      const removed = toxic(toxicName);
      toxics.delete(toxicName);
      for (const connection of connections) connection.remove(removed);
    },
    removeAll(): void {
      for (const toxicName of [...toxics.keys()]) this.remove(toxicName);
    },
  };
}
