/**
 * A small site of known delays to practise on: for calibration and benchmarks. A program of its own, so that no load on
 * the harness's event loop slows it down. Says `{"port":…}` on standard output, and ends when its standard input does:
 * also after a kill -9 of whoever started it. `?delay=` (ms) on a page holds back its document, `?answer=` the answers
 * to its button.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const CARDS = 24;
const MAX_DELAY_MS = 10_000;

const STYLE = `body { font: 16px/1.4 sans-serif; margin: 0 auto; max-width: 960px }
ul { display: grid; gap: 12px; grid-template-columns: repeat(3, 1fr); list-style: none; padding: 0 }
li { border: 1px solid #ccc; border-radius: 8px; padding: 12px }`;

/** `truthMs` is the page's own: from the trusted pointer event to the frame that shows the answer. */
const SCRIPT = `let downMs = null;
addEventListener('pointerdown', (event) => { downMs = event.timeStamp; }, true);
document.getElementById('ask').addEventListener('click', async () => {
  const response = await fetch('/answer' + location.search, { cache: 'no-store' });
  const answer = document.getElementById('answer');
  answer.textContent = await response.text();
  answer.hidden = false;
  requestAnimationFrame(() => {
    const painted = new MessageChannel();
    painted.port1.onmessage = () => { window.truthMs = performance.now() - downMs; };
    painted.port2.postMessage(null);
  });
});`;

function page(title: string, link: string): string {
  const cards = Array.from(
    { length: CARDS },
    (_, i) => `<li><h2>Card ${i + 1}</h2><p>Words that say what this card is about.</p></li>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style>
<h1>${title}</h1><p>${link} <button id="ask">Ask</button></p><p id="answer" role="status" hidden></p>
<ul>${cards.join('')}</ul><script>${SCRIPT}</script></html>`;
}

function body(url: URL): { type: string; text: string } | null {
  if (url.pathname === '/answer') return { type: 'text/plain', text: 'the answer' };
  if (url.pathname === '/')
    return { type: 'text/html', text: page('Practice', `<a href="/second${url.search}">Second page</a>`) };
  if (url.pathname === '/second')
    return { type: 'text/html', text: page('Second page', `<a href="/${url.search}">First page</a>`) };
  return null;
}

function send(response: ServerResponse, found: { type: string; text: string } | null): void {
  const text = found?.text ?? 'not found';
  response.writeHead(found ? 200 : 404, {
    'content-type': `${found?.type ?? 'text/plain'}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://practice');
  const found = body(url);
  const asked = url.searchParams.get(url.pathname === '/answer' ? 'answer' : 'delay');
  const delayMs = Math.min(MAX_DELAY_MS, Number(asked) || 0);
  if (found && delayMs > 0) setTimeout(() => send(response, found), delayMs);
  else send(response, found);
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`),
);
// A Ctrl-C goes to the whole terminal group; whoever started this ends it.
process.on('SIGINT', () => {});
process.stdin
  .on('end', () => process.exit(0))
  .on('error', () => process.exit(0))
  .resume();
