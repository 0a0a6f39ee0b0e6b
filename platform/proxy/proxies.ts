import { ApiFault } from './input.ts';
import type { ProxyInput } from './input.ts';
import { createProxy } from './proxy.ts';
import type { Proxy } from './proxy.ts';

const MAX_PROXIES = 64;

export type Proxies = ReturnType<typeof createProxies>;

/** All proxies of this process, by name. `random` draws which connections a toxic is for, and jitter. */
export function createProxies(random: () => number) {
  const proxies = new Map<string, Proxy>();

  async function add(input: ProxyInput): Promise<Proxy> {
    if (proxies.size >= MAX_PROXIES) throw new ApiFault(400, `too many proxies: ${MAX_PROXIES} at most`);
    const proxy = createProxy(input, random);
    if (input.enabled) await proxy.open();
    proxies.set(input.name, proxy);
    return proxy;
  }

  return {
    list: (): Proxy[] => [...proxies.values()],
    get(name: string): Proxy {
      const proxy = proxies.get(name);
      if (proxy) return proxy;
      throw new ApiFault(404, 'proxy not found');
    },
    async create(input: ProxyInput): Promise<Proxy> {
      if (proxies.has(input.name)) throw new ApiFault(409, 'proxy already exists');
      return add(input);
    },
    /** One that is there already with the same addresses stays as it is, toxics included. */
    async createOrReplace(input: ProxyInput): Promise<Proxy> {
      const existing = proxies.get(input.name);
      if (existing?.differs(input) === false) return existing;
      await existing?.close();
      proxies.delete(input.name);
      return add(input);
    },
    async remove(name: string): Promise<void> {
      await this.get(name).close();
      proxies.delete(name);
    },
    /** Takes all toxics away and opens every proxy. One that cannot be opened is told, once all others are. */
    async reset(): Promise<void> {
      for (const proxy of proxies.values()) proxy.removeAll();
      const opened = await Promise.allSettled([...proxies.values()].map((proxy) => proxy.open()));
      const failed = opened.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async close(): Promise<void> {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
