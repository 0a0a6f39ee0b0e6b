import { once } from 'node:events';
import { setTimeout as after } from 'node:timers/promises';
import { forkPart } from './shared/fork.ts';
import type { Part } from './shared/fork.ts';
import type { PartConfig } from './shared/part.ts';

/** A part that ends more often than this is beyond help by another start. */
const MAX_RESTARTS = 5;
const RESTART_WINDOW_MS = 60_000;
/** After a start that failed: its port may be somebody's for a moment. */
const RETRY_MS = 250;
/** From the signal to the last child gone; then they are killed. */
const STOP_LIMIT_MS = 1500;

interface Options {
  config: PartConfig;
  /** Whether it is started again when it ends, on the same port with the same data; if not, `lost` is told. */
  revive: boolean;
  /** What has to be done once it is back. */
  restored?: () => Promise<void>;
}

/** Starts the parts of the platform, keeps them up, and ends them. */
export function createSupervisor(told: { notice(text: string): void; lost(name: string, why: string): void }) {
  const parts = new Map<string, Part>();
  let stopping = false;

  function fork(name: string, config: PartConfig): Part {
    const part = forkPart(name, new URL(`./${name}/server.ts`, import.meta.url), config);
    parts.set(name, part);
    part.child.on('message', ({ notice }: { notice?: string }) => {
      if (notice !== undefined) told.notice(notice);
    });
    return part;
  }

  async function revive(name: string, why: string, options: Options, endsMs: number[]): Promise<void> {
    let reason = why;
    for (;;) {
      if (stopping) return;
      const nowMs = performance.now();
      const recentMs = endsMs.filter((endMs) => nowMs - endMs < RESTART_WINDOW_MS);
      if (recentMs.length >= MAX_RESTARTS) {
        return told.lost(name, `${reason}; ${MAX_RESTARTS} starts in a minute are enough`);
      }
      recentMs.push(nowMs);
      endsMs.splice(0, Infinity, ...recentMs);
      const part = fork(name, options.config);
      try {
        await part.ready;
        await options.restored?.();
        told.notice(`P_PART_RESTARTED: ${name} ended: ${why}; it is back on port ${options.config.port}`);
        void part.ended.then((next) => revive(name, next, options, endsMs));
        return;
      } catch (error) {
        reason = (error as Error).message;
        part.child.kill('SIGKILL');
        await after(RETRY_MS);
      }
    }
  }

  return {
    /** Starts a part; resolves with its address once it serves. Rejects with a PartFault when it cannot. */
    async start(name: string, options: Options): Promise<string> {
      const part = fork(name, options.config);
      const port = await part.ready;
      const again = { ...options, config: { ...options.config, port } };
      void part.ended.then((why) => {
        if (stopping) return;
        if (options.revive) void revive(name, why, again, []);
        else told.lost(name, why);
      });
      return `http://127.0.0.1:${port}`;
    },
    /** The processes of the parts, by name, as they are now. */
    pids: (): Record<string, number> =>
      Object.fromEntries([...parts].map(([name, { child }]) => [name, child.pid ?? 0])),
    /** Ends all parts, the last one started first, so that each ends while what it calls is still there. */
    async stop(): Promise<void> {
      stopping = true;
      const alive = [...parts.values()].map(({ child }) => child)
        .filter((child) => child.exitCode === null && child.signalCode === null);
      const gone = alive.map((child) => once(child, 'exit'));
      const kill = setTimeout(() => alive.forEach((child) => child.kill('SIGKILL')), STOP_LIMIT_MS);
      for (const child of alive.toReversed()) child.kill('SIGTERM');
      await Promise.all(gone);
      clearTimeout(kill);
    },
  };
}
