// A local stand-in for a payment provider, speaking the part of Stripe's API that the platform and its auditors use.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { figure, processFigures, requestFigure } from '../shared/figures.ts';
import { readBody, requestLog, sendJson } from '../shared/http.ts';
import { PartFault, giveUp, joinParent, listen, partConfig } from '../shared/part.ts';
import { parseForm } from './form.ts';
import type { Form } from './form.ts';
import {
  StripeFault, cancelIntent, captureIntent, confirmIntent, createIntent, createRefund, requireIntent,
} from './intents.ts';
import { page, search } from './lists.ts';
import { openStore } from './store.ts';
import type { Store } from './store.ts';

const config = partConfig();
const store = openBooks();
const log = requestLog(config.dataDir, 'payments');
/** Keys whose first request is still being executed. */
const inFlight = new Set<string>();

function openBooks(): Store {
  try {
    return openStore(join(config.dataDir, 'payments.db'));
  } catch (error) {
    throw new PartFault('P_DATA_DIR', `the data directory is in use or damaged: ${(error as Error).message}`);
  }
}

function read(path: string, form: Form): unknown {
  if (path === '/v1/payment_intents') return page(store.intents(), form, path);
  if (path === '/v1/payment_intents/search') return search(store.intents(), form, path);
  if (path === '/v1/refunds') return page(store.refunds(form.text['payment_intent'] ?? null), form, path);
  const id = /^\/v1\/payment_intents\/([^/]+)$/.exec(path)?.[1];
  if (id !== undefined) return requireIntent(store, id);
  throw unknownUrl('GET', path);
}

async function write(path: string, form: Form): Promise<unknown> {
  if (path === '/v1/payment_intents') return createIntent(store, form);
  if (path === '/v1/refunds') return createRefund(store, form);
  const [, id = '', verb = ''] = /^\/v1\/payment_intents\/([^/]+)\/(\w+)$/.exec(path) ?? [];
  if (verb === 'confirm') return confirmIntent(store, id, form);
  if (verb === 'capture') return captureIntent(store, id, form);
  if (verb === 'cancel') return cancelIntent(store, id);
  throw unknownUrl('POST', path);
}

function unknownUrl(method: string, path: string): StripeFault {
  return new StripeFault(404, { message: `Unrecognized request URL (${method}: ${path}).` });
}

/**
 * Stripe's idempotency (docs.stripe.com/api/idempotent_requests): the first executed reply to a key is kept, errors
 * included, and replayed; the same key with other parameters is refused; so is a key still in flight.
 */
async function writeOnce(
  key: string | undefined, path: string, body: string,
): Promise<{ status: number; text: string; replayed: boolean }> {
  const execute = async (): Promise<string> => JSON.stringify(await write(path, parseForm(body)));
  if (key === undefined) return { status: 200, text: await execute(), replayed: false };
  if (key.length > 255) throw new StripeFault(400, { message: 'Idempotency keys are up to 255 characters long.' });
  const fingerprint = createHash('sha256').update(`${path}\n${body}`).digest('hex');
  if (inFlight.has(key)) {
    throw new StripeFault(409, {
      code: 'idempotency_key_in_use', message: `Another request with the Idempotency-Key '${key}' is in progress.`,
    });
  }
  const kept = store.reply(key);
  if (kept) {
    if (kept.fingerprint === fingerprint) return { status: kept.status, text: kept.body, replayed: true };
    throw new StripeFault(400, {
      type: 'idempotency_error',
      message: `The Idempotency-Key '${key}' was first used with other parameters; use another key.`,
    });
  }
  inFlight.add(key);
  try {
    const text = await execute();
    store.keepReply(key, { fingerprint, status: 200, body: text });
    return { status: 200, text, replayed: false };
  } catch (fault) {
    if (fault instanceof StripeFault && fault.executed) {
      store.keepReply(key, { fingerprint, status: fault.status, body: JSON.stringify({ error: fault.error }) });
    }
    throw fault;
  } finally {
    inFlight.delete(key);
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://payments');
  if (!/^Bearer sk_test_\w+$/.test(request.headers.authorization ?? '')) {
    throw new StripeFault(401, { message: 'You did not provide a test API key (sk_test_…).' });
  }
  const headers: Record<string, string> = { 'request-id': requestId };
  if (request.method === 'GET') return sendJson(response, 200, read(url.pathname, parseForm(url.search)), headers);
  if (request.method !== 'POST') throw unknownUrl(String(request.method), url.pathname);
  const key = request.headers['idempotency-key'];
  const body = await readBody(request);
  const reply = await writeOnce(typeof key === 'string' ? key : undefined, url.pathname, body);
  if (typeof key === 'string') headers['idempotency-key'] = key;
  if (reply.replayed) headers['idempotent-replayed'] = 'true';
  response.writeHead(reply.status, { 'content-type': 'application/json', ...headers }).end(reply.text);
}

let requests = 0;
const server = createServer((request, response) => {
  if (request.url === '/healthz') return sendJson(response, 200, { status: 'ok' });
  if (request.url === '/figures') {
    const help = 'Holds and charges at the provider for an intent that is held or charged already.';
    const duplicates = figure('counter', 'payment_duplicate_charges_total', help, {}, store.duplicates());
    return sendJson(response, 200, [...processFigures('payments'), requestFigure('payments', requests), duplicates]);
  }
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
listen(server).then((port) => joinParent(port, config, () => {
  server.closeAllConnections();
  store.close();
}), giveUp);
