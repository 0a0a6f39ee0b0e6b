import type { BreakerView } from '../shared/breaker.ts';
import { forkPart } from '../shared/fork.ts';
import type { Part } from '../shared/fork.ts';
import type { Figure } from '../shared/figures.ts';
import type { PartConfig } from '../shared/part.ts';
import { agentRunners, coldStartSeconds, coldStarts, instances } from './metrics.ts';
import type { Scrape } from './scrape.ts';

interface Runner {
  child: Part['child'];
  url: Promise<string>;
  ready: boolean;
}

export type AgentPool = ReturnType<typeof createAgentPool>;

/** The figures of a part that serves them at /figures. */
export const figuresAt = async (url: string): Promise<Figure[]> =>
  await (await fetch(`${url}/figures`)).json() as Figure[];

/** Starts the agent runner when a task needs it and lets it go when it was idle for `agentIdleMs` (scale to zero). */
export function createAgentPool(config: PartConfig, scrape: Scrape) {
  let runner: Runner | null = null;
  let busy = 0;
  let idle: NodeJS.Timeout | null = null;

  function count(by: number): void {
    agentRunners.inc(by);
    instances.inc({ service: 'agent' }, by);
  }

  function start(): Runner {
    const startedMs = performance.now();
    const file = new URL('../agent/runner.ts', import.meta.url);
    const { child, ready, ended } = forkPart('agent', file, { ...config, temporary: false });
    const url = ready.then((port) => {
      started.ready = true;
      coldStartSeconds.observe((performance.now() - startedMs) / 1000);
      return `http://127.0.0.1:${port}`;
    });
    const started: Runner = { child, url, ready: false };
    const forget = scrape.add('agent', async () => started.ready ? figuresAt(await url) : []);
    void ended.then(() => {
      count(-1);
      forget();
      if (runner === started) runner = null;
    });
    url.catch(() => undefined);
    coldStarts.inc();
    count(1);
    return started;
  }

  function letGo(): void {
    runner?.child.disconnect();
    runner = null;
  }

  return {
    /**
     * A place in a running runner. `coldStartMs` is what this caller waited for a process to start, null when one was
     * there. Call `release` once when done. Rejects when the runner cannot start.
     */
    async acquire(): Promise<{ url: string; coldStartMs: number | null; release: () => void }> {
      const askedMs = performance.now();
      if (idle) clearTimeout(idle);
      busy += 1;
      const release = (): void => {
        busy -= 1;
        if (busy === 0) idle = setTimeout(letGo, config.agentIdleMs).unref();
      };
      runner ??= start();
      const cold = !runner.ready;
      try {
        const url = await runner.url;
        return { url: `${url}/run`, coldStartMs: cold ? performance.now() - askedMs : null, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    /** The runner's breakers; none while there is no runner. */
    async breakers(): Promise<BreakerView[]> {
      if (!runner?.ready) return [];
      return await (await fetch(`${await runner.url}/breakers`)).json() as BreakerView[];
    },
    close: letGo,
  };
}
