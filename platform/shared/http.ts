import type { IncomingMessage, ServerResponse } from 'node:http';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { continueTrace } from './trace.ts';

/** Reads a whole request body as text; rejects beyond the limit. */
export async function readBody(request: IncomingMessage, limitBytes = 256 * 1024): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new Error('request body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function sendJson(
  response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** One JSON line a finished request, to `<part>.log` in the data directory. */
export function requestLog(
  dataDir: string, part: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const file = createWriteStream(join(dataDir, `${part}.log`), { flags: 'a' });
  return (request, response) => {
    const started = performance.now();
    const { traceId } = continueTrace(request.headers['traceparent']);
    response.once('close', () => {
      const line = {
        time: new Date().toISOString(), part, traceId, method: request.method, url: request.url,
        status: response.statusCode, durationMs: Number((performance.now() - started).toFixed(2)),
      };
      file.write(JSON.stringify(line) + '\n');
    });
  };
}
