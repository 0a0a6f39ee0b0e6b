// For tests: a target that holds rows of runs, and can be made to misbehave.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request otherwise than a good target would; false to leave it to that. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface HoldingTarget {
  origin: string;
  /** With `{runId}` in it. */
  url: string;
  held: Map<string, Record<string, number>>;
  /** `method path token` of each request. */
  seen: string[];
  /** In place of good answers, in turn. */
  answers: Answer[];
  close(): Promise<void>;
}

/** Starts a target on loopback that answers as documentation/teardown.md says. */
export async function holdingTarget(): Promise<HoldingTarget> {
  const held = new Map<string, Record<string, number>>();
  const seen: string[] = [];
  const answers: Answer[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push(`${method} ${url} ${headers.authorization ?? ''}`.trim());
    if (answers.shift()?.(request, response) === true) return;
    const runId = decodeURIComponent(url.slice('/runs/'.length));
    if (method === 'DELETE') held.delete(runId);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ counts: held.get(runId) ?? { users: 0 } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin, url: `${origin}/runs/{runId}`, held, seen, answers,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer with a status and nothing else. */
export const status = (code: number, headers: Record<string, string> = {}, body = ''): Answer => (_request, response) => {
  response.writeHead(code, headers).end(body);
  return true;
};

/** Leaves a request to the good target. */
export const asUsual: Answer = () => false;
