// What the primary serves to its web workers, on a port of its own: the agent queue, and the figures of all processes.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Registry } from 'prom-client';
import { readBody, sendJson } from '../shared/http.ts';
import { eventText } from './queue.ts';
import type { Live, Queue, TaskEvent, TaskRequest } from './queue.ts';
import type { Scrape } from './scrape.ts';

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

/** Handles one request of a web worker. */
export function internalRequests(queue: Queue, scrape: Scrape) {
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
    const live = queue.find(/^\/tasks\/([\w-]+)\/events$/.exec(url)?.[1] ?? '');
    if (live) return sendEvents(live, response);
    sendJson(response, 404, { code: 'NOT_LIVE', message: 'There is no such task that has not ended.' });
  }

  return (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
}
