import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { PartConfig } from '../shared/part.ts';
import { agentRunners, coldStartSeconds, coldStarts } from './metrics.ts';

interface Runner {
  child: ChildProcess;
  url: Promise<string>;
  ready: boolean;
}

export type AgentPool = ReturnType<typeof createAgentPool>;

/** Starts the agent runner when a task needs it and lets it go when it was idle for `agentIdleMs` (scale to zero). */
export function createAgentPool(config: PartConfig) {
  let runner: Runner | null = null;
  let busy = 0;
  let idle: NodeJS.Timeout | null = null;

  function start(): Runner {
    const startedMs = performance.now();
    const part: PartConfig = { ...config, port: 0, temporary: false };
    const child = fork(new URL('../agent/runner.ts', import.meta.url), {
      env: { PATH: process.env['PATH'], OPENSHOW_PART: JSON.stringify(part) },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const url = new Promise<string>((resolve, reject) => {
      child.once('message', (message: { ready?: number; failed?: { message: string } }) => {
        if (message.ready === undefined) return reject(new Error(message.failed?.message));
        started.ready = true;
        coldStartSeconds.observe((performance.now() - startedMs) / 1000);
        resolve(`http://127.0.0.1:${message.ready}/run`);
      });
      child.once('error', reject);
      child.once('exit', () => {
        agentRunners.dec();
        if (runner === started) runner = null;
        reject(new Error('the agent runner ended before it was ready'));
      });
    });
    const started: Runner = { child, url, ready: false };
    url.catch(() => undefined);
    coldStarts.inc();
    agentRunners.inc();
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
        return { url, coldStartMs: cold ? performance.now() - askedMs : null, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    close: letGo,
  };
}
