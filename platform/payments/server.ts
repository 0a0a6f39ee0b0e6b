// A local stand-in for a payment provider, speaking the part of Stripe's API that the platform and its auditors use.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { ControlFault, FAULT_MODES, createControl } from '../shared/control.ts';
import type { Strike } from '../shared/control.ts';
import { figure, processFigures, requestFigure } from '../shared/figures.ts';
import type { Figure } from '../shared/figures.ts';
import { readBody, requestLog, sendJson } from '../shared/http.ts';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { parseForm } from './form.ts';
import type { Form } from './form.ts';
import { createIdempotency } from './idempotency.ts';
import {
  StripeFault, cancelIntent, captureIntent, confirmIntent, createIntent, createRefund, requireIntent,
} from './intents.ts';
import type { Books, Settle } from './intents.ts';
import { page, search } from './lists.ts';
import { WEBHOOK_OUTCOMES, openStore } from './store.ts';
import type { Store } from './store.ts';
import { createWebhooks, readEndpoint } from './webhooks.ts';

/** `slow`, unless the fault says how slow: beyond the platform's own patience. */
const SLOW_MS = 6000;
/** In Stripe's words (docs.stripe.com/error-low-level). */
const REFUSALS = {
  'rate-limit': [429, { code: 'rate_limit', message: 'Request rate limit exceeded. Retry with exponential backoff.' }],
  'error-500': [500, { type: 'api_error', message: 'An unknown error occurred.' }],
  'error-503': [503, { type: 'api_error', message: 'The service is not available for a moment.' }],
} as const;

const config = partConfig();
const store = openBooks();
const log = requestLog(config.dataDir, 'payments');
const control = createControl({
  token: config.operationsToken, seed: config.seed, modes: FAULT_MODES,
  routes: {
    'GET /control/key-conflicts': async (query) => ({ conflicts: store.conflicts(runOf(query)) }),
    'GET /control/test-runs': async (query) => store.testData.count(runOf(query)),
    'DELETE /control/test-runs': async (query) => store.testData.remove(runOf(query)),
    'GET /control/webhook': async () => ({ url: store.endpoint()?.url ?? null, ...store.webhookCounts() }),
    'PUT /control/webhook': async (_query, body) => {
      const endpoint = readEndpoint(await body());
      if (endpoint === null) {
        throw new ControlFault(400, 'INVALID_INPUT', 'url must be http on loopback, secret 8 to 256 visible signs');
      }
      store.setEndpoint(endpoint);
      return { url: endpoint.url };
    },
  },
});
const webhooks = createWebhooks(store, control.withholds);
const books: Books = { store, announce: (type, object) => webhooks.announce(type, object) };
const executeOnce = createIdempotency(store);

function openBooks(): Store {
  try {
    return openStore(join(config.dataDir, 'payments.db'));
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `the data directory is in use or damaged: ${(error as Error).message}`);
  }
}

/** The load test that is asked about. Payments of real traffic have an empty one, which nobody may name. */
function runOf(query: URLSearchParams): string {
  const runId = query.get('run_id');
  if (!runId) throw new ControlFault(400, 'INVALID_INPUT', 'run_id is needed');
  return runId;
}

function read(path: string, form: Form): unknown {
  if (path === '/v1/payment_intents') return page(store, 'payment_intent', form, path);
  if (path === '/v1/payment_intents/search') return search(store, form, path);
  if (path === '/v1/refunds') return page(store, 'refund', form, path);
  const id = /^\/v1\/payment_intents\/([^/]+)$/.exec(path)?.[1];
  if (id !== undefined) return requireIntent(store, id);
  throw unknownUrl('GET', path);
}

async function write(path: string, form: Form): Promise<Settle<unknown>> {
  if (path === '/v1/payment_intents') return createIntent(books, form);
  if (path === '/v1/refunds') return createRefund(books, form);
  const [, id = '', verb = ''] = /^\/v1\/payment_intents\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  if (verb === 'confirm') return confirmIntent(books, id, form);
  if (verb === 'capture') return captureIntent(books, id, form);
  if (verb === 'cancel') return cancelIntent(books, id);
  throw unknownUrl('POST', path);
}

function unknownUrl(method: string, path: string): StripeFault {
  return new StripeFault(404, { message: `Unrecognized request URL (${method}: ${path}).` });
}

/**
 * What a fault of the provider makes of a request that has come in whole: it is refused before anything is done, or
 * done late, whether or not its caller is still there.
 */
async function meet(strike: Strike | null, response: ServerResponse): Promise<void> {
  if (strike?.kind === 'delay') await after(strike.delayMs ?? SLOW_MS);
  if (strike?.kind !== 'refuse') return;
  const [status, error] = REFUSALS[strike.mode];
  for (const [name, value] of Object.entries(strike.headers)) response.setHeader(name, value);
  throw new StripeFault(status, error);
}

async function handle(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  const body = await readBody(request);
  await meet(control.strike(), response);
  const url = new URL(request.url ?? '/', 'http://payments');
  if (!/^Bearer sk_test_\w+$/.test(request.headers.authorization ?? '')) {
    throw new StripeFault(401, { message: 'You did not provide a test API key (sk_test_…).' });
  }
  const headers: Record<string, string> = { 'request-id': requestId };
  if (request.method === 'GET') return sendJson(response, 200, read(url.pathname, parseForm(url.search)), headers);
  if (request.method !== 'POST') throw unknownUrl(String(request.method), url.pathname);
  const named = request.headers['idempotency-key'];
  const key = typeof named === 'string' ? named : undefined;
  const form = parseForm(body);
  const reply = await executeOnce(key, url.pathname, body, form, () => write(url.pathname, form));
  if (key !== undefined) headers['idempotency-key'] = key;
  if (reply.replayed) headers['idempotent-replayed'] = 'true';
  response.writeHead(reply.status, { 'content-type': 'application/json', ...headers }).end(reply.text);
}

function figures(): Figure[] {
  const help = 'Holds and charges at the provider for an intent that is held or charged already.';
  const { waiting, ended } = store.webhookCounts();
  return [
    ...processFigures('payments'), requestFigure('payments', requests),
    figure('counter', 'payment_duplicate_charges_total', help, {}, store.duplicates()),
    figure('gauge', 'queue_length', 'Waiting, by queue.', { queue: 'webhooks' }, waiting),
    ...WEBHOOK_OUTCOMES.map((outcome) => figure('counter', 'webhooks_total',
      'Webhooks of the payment provider that are over, by what became of them.', { outcome }, ended[outcome])),
  ];
}

let requests = 0;
const server = createServer((request, response) => {
  if (request.url === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (request.url === '/figures') return sendJson(response, 200, figures());
  if (control.handles(request, response)) return;
  log(request, response);
  const requestId = `req_${process.pid}_${(requests += 1)}`;
  handle(request, response, requestId).catch((fault: unknown) => {
    if (!(fault instanceof StripeFault)) {
      return sendJson(response, 500, { error: { type: 'api_error', message: 'An unknown error occurred.' } });
    }
    const executed: Record<string, string> = fault.status === 409 ? { 'stripe-should-retry': 'true' } : {};
    sendJson(response, fault.status, { error: fault.error }, { 'request-id': requestId, ...executed });
  });
});
listen(server, config.port).then((port) => {
  webhooks.start();
  joinParent(port, config, () => {
    webhooks.stop();
    server.closeAllConnections();
    store.close();
  });
}, giveUp);
