/** For tests: a server that answers as Toxiproxy's API, a provider's control API and a flags API do, in this process. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { DrillAction, DrillsPlan } from '../../model/index.ts';
import type { Reaches } from './hands.ts';

export interface Dependencies {
  url: string;
  /** What stands, as the APIs have it. */
  proxies: Map<string, { enabled: boolean; toxics: Map<string, unknown> }>;
  flags: Map<string, boolean>;
  fault: unknown;
  killed: number;
  /** Every change that was asked for, in order: `POST /proxies/payments/toxics`. */
  asked: string[];
  /** Each answer is this status from now on; null to answer as usual. */
  failing: number | null;
  /** Resolves once so many changes, one unless said otherwise, were asked for that the pattern fits. */
  when: (pattern: RegExp, times?: number) => Promise<void>;
  close: () => Promise<void>;
}

export const TOKEN = 'operations-token';

/** Starts the server with the proxies `payments` and `model` and the flag `page-cache`; it ends with the test. */
export async function serveDependencies(t: Pick<TestContext, 'after'>): Promise<Dependencies> {
  const waiting = new Set<() => void>();
  const state: Dependencies = {
    url: '', fault: null, killed: 0, asked: [], failing: null,
    proxies: new Map(['payments', 'model'].map((name) => [name, { enabled: true, toxics: new Map() }])),
    flags: new Map([['page-cache', true], ['payment-fallback', true]]),
    when: (pattern, times = 1) => new Promise((resolve) => {
      const look = (): void => {
        if (state.asked.filter((one) => pattern.test(one)).length < times) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    }),
    close: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => void answer(state, request, response).then(() => {
    for (const look of waiting) look();
  }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(state.close);
  return state;
}

async function answer(state: Dependencies, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const { method = '', url = '' } = request;
  if (method !== 'GET') state.asked.push(`${method} ${url}`);
  const [status, said] = state.failing === null ? reply(state, method, url.split('/').slice(1), body, request.headers.authorization) : [state.failing, { error: 'failing' }];
  response.writeHead(status, { 'content-type': 'application/json' }).end(said === undefined ? '' : JSON.stringify(said));
}

function reply(state: Dependencies, method: string, path: string[], body: string, authorization: string | undefined): [number, unknown?] {
  const given = (body === '' ? {} : JSON.parse(body)) as { name?: string; enabled?: boolean };
  const [place = '', name = '', part = '', toxic = ''] = path;
  if (place === 'proxies' && name === '') {
    return [200, Object.fromEntries([...state.proxies].map(([key, { enabled, toxics }]) => [key, { name: key, enabled, toxics: [...toxics].map(([one]) => ({ name: one })) }]))];
  }
  if (place === 'proxies') {
    const proxy = state.proxies.get(name);
    if (!proxy) return [404, { error: 'proxy not found' }];
    if (part === 'toxics' && method === 'POST') {
      if (proxy.toxics.has(given.name ?? '')) return [409, { error: 'toxic already exists' }];
      proxy.toxics.set(given.name ?? '', given);
      return [200, given];
    }
    if (part === 'toxics' && method === 'DELETE') return proxy.toxics.delete(toxic) ? [204] : [404, { error: 'toxic not found' }];
    if (given.enabled !== undefined) proxy.enabled = given.enabled;
    return [200, { name, enabled: proxy.enabled }];
  }
  if (authorization !== `Bearer ${TOKEN}`) return [401, { error: { message: 'who are you?' } }];
  if (place === 'control') {
    if (method === 'PUT') state.fault = given;
    if (method === 'DELETE') state.fault = null;
    return method === 'DELETE' ? [204] : [200, state.fault];
  }
  if (place === 'flags' && method === 'GET') return [200, { flags: Object.fromEntries([...state.flags].map(([flag, enabled]) => [flag, { enabled, help: '' }])) }];
  if (place === 'flags' && state.flags.has(name)) {
    state.flags.set(name, given.enabled === true);
    return [200, {}];
  }
  if (place === 'kill-worker') {
    state.killed += 1;
    return [200, { killed: 'web-1' }];
  }
  return [404, { error: 'no such place' }];
}

/** Returns how drills reach that server, as a target of one's own. */
export function reachesAt(url: string): Reaches {
  const reach = (name: string): Reaches['dependencies'][string] => ({
    toxiproxy: url, proxy: name, control: url, breakerMetric: null, transitionsMetric: null, requestsMetric: null, embedded: { toxiproxy: false, control: false },
  });
  return { dependencies: { payments: reach('payments'), model: reach('model') }, flags: `${url}/flags`, flagsEmbedded: false, killWorker: `${url}/kill-worker` };
}

/** Returns a plan with one drill of these actions, in the phase `held`. */
export function planOf(...actions: DrillAction[]): DrillsPlan {
  return {
    drills: [{
      name: 'held', title: 'A drill', hypothesis: 'It holds.', source: 'test', phase: 'held', steadyState: { minSuccessPercent: 90, minUsers: 5 }, actions,
      expect: {
        breaker: null, breakerOpensWithinS: null, breakerClosesWithinS: null, answersWithinS: null, recoversWithinS: null, requestsPerSecondAtMost: null,
        journeys: { others: { kind: 'unaffected' } },
      },
    }],
    dependencies: {}, flags: null, watchEveryMs: 500,
  };
}
