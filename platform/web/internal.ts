// What the primary serves to its web workers, on a port of its own: the agent queue, uploads, and what concerns all
// processes together.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import type { BreakerView } from '../shared/breaker.ts';
import { readBody, sendJson } from '../shared/http.ts';
import { eventText } from './queue.ts';
import type { Live, Queue, TaskEvent, TaskRequest } from './queue.ts';
import type { Scrape } from './scrape.ts';
import type { Uploader } from './uploader.ts';
import type { Workers } from './workers.ts';

/** A worker that has files of a load test removed asks again for the rest. */
const REMOVAL_LIMIT_MS = 2000;

/** Sends a task's events from its beginning, as they happen; begins when the task has its turn. */
async function sendEvents({ task, events, listeners, placed }: Live, response: ServerResponse): Promise<void> {
  await placed.promise;
  if (response.closed) return;
  const runner = task.state === 'running' ? { 'x-cold-ms': String(task.coldStartMs ?? 'warm') } : {};
  response.writeHead(200, runner).write('retry: 1000\n\n');
  const push = (event: TaskEvent): void => {
    response.write(eventText(event));
    if (event.event === 'completed' || event.event === 'failed') response.end();
  };
  for (const event of events) push(event);
  listeners.add(push);
  response.once('close', () => listeners.delete(push));
}

/** What the workers share. */
export interface Shared {
  queue: Queue;
  scrape: Scrape;
  uploader: Uploader;
  workers: Pick<Workers, 'kill' | 'serving'>;
  breakers: () => Promise<BreakerView[]>;
}

/** Handles one request of a web worker. */
export function internalRequests({ queue, scrape, uploader, workers, breakers }: Shared) {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (url === '/metrics') {
      const text = await scrape.text();
      response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(text);
      return;
    }
    if (method === 'POST' && url === '/tasks') {
      const added = queue.add(JSON.parse(await readBody(request)) as TaskRequest);
      return sendJson(response, 'id' in added ? 202 : 503, added);
    }
    if (url === '/instances') return sendJson(response, 200, { web: workers.serving() });
    if (url === '/breakers') return sendJson(response, 200, await breakers());
    const upload = /^\/uploads\/([\w-]+)$/.exec(url)?.[1];
    if (method === 'POST' && upload !== undefined) return sendJson(response, 200, { state: await uploader.send(upload) });
    const runId = /^\/test-runs\/([^/]+)\/uploads$/.exec(url)?.[1];
    if (method === 'DELETE' && runId !== undefined) return removeUploads(decodeURIComponent(runId), response);
    const slot = /^\/kill-worker\/(\d+)$/.exec(url)?.[1];
    if (method === 'POST' && slot !== undefined) return sendJson(response, 200, { killed: workers.kill(Number(slot)) });
    const live = queue.find(/^\/tasks\/([\w-]+)\/events$/.exec(url)?.[1] ?? '');
    if (live) return sendEvents(live, response);
    sendJson(response, 404, { code: 'NOT_LIVE', message: 'There is no such task that has not ended.' });
  }

  async function removeUploads(runId: string, response: ServerResponse): Promise<void> {
    try {
      sendJson(response, 200, { done: await uploader.removeOf(runId, REMOVAL_LIMIT_MS) });
    } catch (error) {
      sendJson(response, 503, { message: error instanceof Error ? error.message : String(error) });
    }
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
}
