/**
 * The page that the canary clicks, and its constant answer; a program of its own, so that no load on the harness's event
 * loop can slow it down. Says `{"port":…}` on standard output, and ends when its standard input does: also after a kill -9
 * of whoever started it.
 */
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setPriority } from 'node:os';

/** The one latency that is known beforehand. */
const HOLD_MS = 50;

/** A pointer that goes down anywhere asks; the answer stands where the last one stood, so that nothing moves. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>canary</title>
<body style="margin:0;height:100vh;font:16px sans-serif"><p id="answer" hidden></p>
<script>
const answer = document.getElementById('answer');
addEventListener('pointerdown', () => { answer.hidden = true; });
addEventListener('click', async () => {
  const response = await fetch('/answer', { cache: 'no-store' });
  answer.textContent = await response.text();
  answer.hidden = false;
});
</script>`;

function raise(): void {
  // Where it is allowed. The observers have no such help, so the canary doubts them rather too early than too late.
  for (const attempt of [() => setPriority(-10), () => writeFileSync('/proc/self/autogroup', '-10')]) {
    try {
      attempt();
    } catch {
      // Normal priority, which is what the observers have.
    }
  }
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

raise();
let answers = 0;
const server = createServer((request, response) => {
  if (request.url !== '/answer') return send(response, 'text/html', PAGE);
  setTimeout(() => send(response, 'text/plain', `answer ${(answers += 1)}`), HOLD_MS);
});
// The canary's connection must outlive the pause between two clicks.
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`));
// A Ctrl-C goes to the whole terminal group; the run ends its own parts in its own order.
process.on('SIGINT', () => {});
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
