import type { Toxic } from '../../model/index.ts';
import { callJson, DrillCallError } from './call.ts';

/** A proxy as Toxiproxy describes it; only what drills look at. */
export interface ProxyState {
  name: string;
  enabled: boolean;
  /** Names of the toxics that it has. */
  toxics: string[];
}

/** The few calls of Toxiproxy's HTTP API that drills make; fetch does, a client library would add nothing. */
export class Toxiproxy {
  readonly #url: string;

  /** `url`: address of its API, such as http://127.0.0.1:8474. */
  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  /** Returns every proxy. Throws DrillCallError. */
  async proxies(): Promise<ProxyState[]> {
    const answer = await callJson({ method: 'GET', url: `${this.#url}/proxies` });
    if (typeof answer !== 'object' || answer === null) throw new DrillCallError(`GET ${this.#url}/proxies did not answer as Toxiproxy does`);
    return Object.entries(answer as Record<string, { enabled?: boolean; toxics?: { name?: string }[] }>).map(([name, { enabled, toxics }]) => ({
      name, enabled: enabled === true, toxics: (toxics ?? []).flatMap((toxic) => toxic.name ?? []),
    }));
  }

  async addToxic(proxy: string, name: string, { type, stream, toxicity, attributes }: Toxic): Promise<void> {
    await callJson({ method: 'POST', url: `${this.#of(proxy)}/toxics`, body: { name, type, stream, toxicity, attributes } });
  }

  /** Takes a toxic away; one that is not there is gone already. */
  async removeToxic(proxy: string, name: string): Promise<void> {
    await callJson({ method: 'DELETE', url: `${this.#of(proxy)}/toxics/${encodeURIComponent(name)}` }, [404]);
  }

  async setEnabled(proxy: string, enabled: boolean): Promise<void> {
    await callJson({ method: 'POST', url: this.#of(proxy), body: { enabled } });
  }

  #of(proxy: string): string {
    return `${this.#url}/proxies/${encodeURIComponent(proxy)}`;
  }
}
