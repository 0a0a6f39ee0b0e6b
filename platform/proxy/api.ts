import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, sendJson } from '../shared/http.ts';
import { ApiFault, parseJson, readProxies, readProxy, readToxic, readToxicChange } from './input.ts';
import type { Proxies } from './proxies.ts';
import type { Proxy } from './proxy.ts';

/** The version of Toxiproxy whose API this is (github.com/Shopify/toxiproxy). */
const VERSION = '2.12.0+openshow';

type Answer = { status: number; body: unknown };

const ok = (body: unknown): Answer => ({ status: 200, body });
const NOTHING: Answer = { status: 204, body: undefined };

/**
 * Answers requests in the way of Toxiproxy's HTTP API. What changes something is done one after the other, in the order
 * in which it came.
 */
export function createApi(proxies: Proxies): (request: IncomingMessage, response: ServerResponse) => void {
  let last: Promise<unknown> = Promise.resolve();

  async function populate(body: unknown): Promise<Answer> {
    const made: Proxy[] = [];
    const inputs = readProxies(body);
    try {
      for (const input of inputs) made.push(await proxies.createOrReplace(input));
    } catch (error) {
      if (!(error instanceof ApiFault)) throw error;
      const answer = { error: error.message, status: error.status, proxies: made.map((proxy) => proxy.json()) };
      return { status: error.status, body: answer };
    }
    return { status: 201, body: { proxies: made.map((proxy) => proxy.json()) } };
  }

  async function root(method: string, path: string, body: () => unknown): Promise<Answer> {
    switch (`${method} ${path}`) {
      case 'GET version': return ok({ version: VERSION });
      case 'GET proxies': return ok(Object.fromEntries(proxies.list().map((proxy) => [proxy.name, proxy.json()])));
      case 'POST proxies': return { status: 201, body: (await proxies.create(readProxy(body(), null))).json() };
      case 'POST populate': return populate(body());
      case 'POST reset': return proxies.reset().then(() => NOTHING);
      default: throw unknown(['version', 'proxies', 'populate', 'reset'].includes(path));
    }
  }

  async function one(method: string, name: string, body: () => unknown): Promise<Answer> {
    const proxy = proxies.get(name);
    switch (method) {
      case 'GET': return ok(proxy.json());
      case 'POST': case 'PATCH':
        await proxy.update(readProxy(body(), proxy.fields()));
        return ok(proxy.json());
      case 'DELETE': return proxies.remove(name).then(() => NOTHING);
      default: throw unknown(true);
    }
  }

  function toxics(method: string, proxy: Proxy, name: string | undefined, body: () => unknown): Answer {
    const what = `${method}${name === undefined ? '' : ' one'}`;
    switch (what) {
      case 'GET': return ok(proxy.toxicList());
      case 'POST': {
        const toxic = readToxic(body());
        proxy.add(toxic);
        return ok(toxic);
      }
      case 'GET one': return ok(proxy.toxic(name ?? ''));
      case 'POST one': case 'PATCH one':
        return ok(proxy.change(name ?? '', readToxicChange(body(), proxy.toxic(name ?? ''))));
      case 'DELETE one':
        proxy.remove(name ?? '');
        return NOTHING;
      default: throw unknown(true);
    }
  }

  async function route(method: string, path: string[], body: () => unknown): Promise<Answer> {
    const [first = '', name, list, toxic, ...more] = path;
    if (name === undefined) return root(method, first, body);
    if (first !== 'proxies' || more.length > 0 || (list !== undefined && list !== 'toxics')) throw unknown(false);
    return list === undefined ? one(method, name, body) : toxics(method, proxies.get(name), toxic, body);
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    // No page of a browser may reach it (DNS rebinding); Toxiproxy guards itself in the same way.
    if (request.headers['user-agent']?.startsWith('Mozilla/')) throw new ApiFault(403, 'User agent not allowed');
    const path = segments(request.url ?? '/');
    const text = await readBody(request).catch((error: unknown) => {
      throw new ApiFault(400, `bad request body: ${(error as Error).message}`);
    });
    const done = last.then(() => route(request.method ?? '', path, () => parseJson(text)));
    last = done.catch(() => undefined);
    return done;
  }

  return (request, response) => {
    answer(request).catch((error: unknown): Answer => {
      const status = error instanceof ApiFault ? error.status : 500;
      return { status, body: { error: (error as Error).message, status } };
    }).then(({ status, body }) => {
      if (body === undefined) response.writeHead(status).end();
      else sendJson(response, status, body);
    }).catch(() => response.destroy());
  };
}

const unknown = (isKnown: boolean): ApiFault =>
  isKnown ? new ApiFault(405, 'method not allowed') : new ApiFault(404, 'there is nothing at this address');

function segments(url: string): string[] {
  try {
    return (url.split('?', 1)[0] ?? '').split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw unknown(false);
  }
}
