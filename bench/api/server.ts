/**
 * The server of the benchmark, in a process of its own: `/work` answers after a fixed delay, `/now` at once. It times every
 * request itself, from its arrival to its answer's end, and tells by IPC: what a client measures beyond that is the client's.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server itself saw since it was last asked. */
export interface Truth {
  n: number;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of its clock (Unix time); null without requests. */
  firstMs: number | null;
  lastMs: number | null;
}

const delayMs = Number(process.argv[2]);
let tookMs: number[] = [];
let firstMs: number | null = null;
let lastMs: number | null = null;

const server = createServer((request, response) => {
  const begunMs = performance.now();
  firstMs ??= Date.now();
  const answer = (): void => {
    response.end('{"ok":true}');
    lastMs = Date.now();
    tookMs.push(performance.now() - begunMs);
  };
  response.setHeader('content-type', 'application/json');
  if (request.url === '/now') answer();
  else setTimeout(answer, delayMs);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));

process.on('message', () => {
  const sorted = Float64Array.from(tookMs).sort();
  const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  const truth: Truth = { n: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), firstMs, lastMs };
  tookMs = [];
  firstMs = lastMs = null;
  process.send?.({ truth });
});
process.on('disconnect', () => process.exit(0));
