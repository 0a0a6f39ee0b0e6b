/** Exporters for tests: real HTTP servers on loopback, each on a free port. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface Exporter {
  url: string;
  server: Server;
  /** Requests so far. */
  requests: number;
  /** Ends it with all its connections. */
  close: () => Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const TEXT = 'text/plain; version=0.0.4';

/** Starts a server that ends with the test. */
export async function serve(t: TestContext, answer: Answer): Promise<Exporter> {
  const server = createServer((request, response) => {
    exporter.requests += 1;
    response.on('error', () => {});
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const exporter: Exporter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    server,
    requests: 0,
    close: async () => {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  t.after(exporter.close);
  return exporter;
}

/** Starts an exporter whose page is made anew for each scrape. */
export function serveText(t: TestContext, page: () => string, contentType = TEXT): Promise<Exporter> {
  return serve(t, (_request, response) => response.writeHead(200, { 'content-type': contentType }).end(page()));
}

/** Writes without end, until the other side leaves; `written` says how much it took. */
export function pour(response: ServerResponse, piece: string): { written: () => number } {
  let bytes = 0;
  const more = (): void => {
    while (!response.destroyed) {
      bytes += piece.length;
      if (!response.write(piece)) return;
    }
  };
  response.on('drain', more);
  more();
  return { written: () => bytes };
}

/** Resolves with the first value that is not null; asks every 50 ms. Rejects after 20 s. */
export async function eventually<T>(what: string, ask: () => Promise<T | null> | T | null): Promise<T> {
  const limitMs = 20_000;
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const found = await ask();
    if (found !== null) return found;
    if (performance.now() > untilMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
