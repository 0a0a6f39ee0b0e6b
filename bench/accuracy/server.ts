import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pages } from './pages.ts';

export interface Sites {
  /** the site under test */
  home: string;
  /** another origin of the same site (other port) */
  neighbour: string;
  /** another site (other host name) */
  abroad: string;
  close(): Promise<void>;
}

// A 1 × 1 px GIF.
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==', 'base64');

/** Serves the pages on two ephemeral loopback ports; every page knows its own delays. */
export async function openSites(): Promise<Sites> {
  const timers = new Set<NodeJS.Timeout>();
  const origins = { home: '', neighbour: '', abroad: '' };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://bench');
    const waitMs = Number(url.searchParams.get('wait') ?? 0);
    if (waitMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => { timers.delete(timer); resolve(); }, waitMs);
        timers.add(timer);
      });
    }
    response.setHeader('cache-control', 'no-store');
    response.setHeader('access-control-allow-origin', '*');
    if (url.pathname === '/wait') return void response.end('ok');
    if (url.pathname === '/pixel.gif') return void response.setHeader('content-type', 'image/gif').end(pixel);
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      return void response.writeHead(303, { location: `/arrived?${body}` }).end();
    }
    const page = pages[url.pathname.slice(1)];
    if (!page) return void response.writeHead(404).end();
    const delayMs = Number(url.searchParams.get('delay') ?? 0);
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page(delayMs, origins));
  };

  const listen = async (): Promise<Server> => {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return server;
  };
  const servers = [await listen(), await listen()] as const;
  const port = (server: Server): number => (server.address() as AddressInfo).port;
  origins.home = `http://127.0.0.1:${port(servers[0])}`;
  origins.neighbour = `http://127.0.0.1:${port(servers[1])}`;
  origins.abroad = `http://localhost:${port(servers[1])}`;

  return {
    ...origins,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(servers.map((server) => new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      })));
    },
  };
}
