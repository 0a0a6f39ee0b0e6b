/**
 * The benchmark's site and, before it, a proxy that makes one known fault. A program of its own; takes the fault as
 * JSON in its first argument, says `{"port":…}` of the proxy on standard output, and ends when its standard input does.
 */
import { createServer, request as call, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';
import { writeFileSync } from 'node:fs';

export interface Fault {
  /** Added to the one call of the step `ask`. */
  slowMs?: number;
  /** Share of the ten calls of the step `open` that are answered 500. */
  errorShare?: number;
  /** The call of the step `ask` is never answered. */
  hung?: boolean;
  /** Makes the choice of failing calls the same in every run with it. */
  seed: number;
}

const DOCUMENT_MS = 20;
const PART_MS = 20;
const TOTAL_MS = 40;

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Verdicts</title>
<h1>Verdicts</h1><button id="ask" hidden>Ask</button><p id="answer" role="status" hidden></p><script>
const ask = document.getElementById('ask');
const parts = Array.from({ length: 10 }, (_, n) => fetch('/api/part/' + n, { cache: 'no-store' }).catch(() => {}));
Promise.all(parts).then(() => { ask.hidden = false; });
ask.addEventListener('click', async () => {
  const total = await fetch('/api/total', { cache: 'no-store' });
  const answer = document.getElementById('answer');
  answer.textContent = await total.text();
  answer.hidden = false;
});</script></html>`;

function answer(response: ServerResponse, delayMs: number, type: string, text: string): void {
  setTimeout(() => response.writeHead(200, { 'content-type': type }).end(text), delayMs);
}

const site = createServer((request, response) => {
  const { url = '/' } = request;
  if (url.startsWith('/api/part/')) answer(response, PART_MS, 'application/json', '{}');
  else if (url === '/api/total') answer(response, TOTAL_MS, 'text/plain', 'total 10');
  else if (url === '/') answer(response, DOCUMENT_MS, 'text/html; charset=utf-8', PAGE);
  else response.writeHead(404).end();
});

const fault = JSON.parse(process.argv[2] ?? '{"seed":1}') as Fault;

/** Evenly spread over the calls: every run has the share that is its truth, whatever the seed. */
let owed = (fault.seed % 50) / 50;
function fails(): boolean {
  owed += fault.errorShare ?? 0;
  if (owed < 1) return false;
  owed -= 1;
  return true;
}

function proxy(request: IncomingMessage, response: ServerResponse): void {
  const { url = '/' } = request;
  if (url.startsWith('/api/part/') && fault.errorShare !== undefined && fails())
    return void response.writeHead(500).end('a known fault');
  if (url === '/api/total' && fault.hung) return;
  const forward = (): void => {
    const { port } = site.address() as AddressInfo;
    const onward = call(
      { host: '127.0.0.1', port, path: url, method: request.method, headers: request.headers },
      (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers);
        upstream.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  if (url === '/api/total' && fault.slowMs !== undefined) setTimeout(forward, fault.slowMs);
  else forward();
}

/** What is true of the site must stay true while everything else on the machine is starved; where that is allowed. */
for (const raise of [() => setPriority(-15), () => writeFileSync('/proc/self/autogroup', '-15')]) {
  try {
    raise();
  } catch {
    // At normal priority the site itself is slow while the generator is starved.
  }
}

site.listen(0, '127.0.0.1', () => {
  const before = createServer(proxy).listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (before.address() as AddressInfo).port })}\n`);
  });
});
process.on('SIGINT', () => {});
process.stdin
  .on('end', () => process.exit(0))
  .on('error', () => process.exit(0))
  .resume();
