import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { OPERATIONS_TOKEN, type Secrets } from './secrets.ts';

/** What the guard is told when it starts: through a pipe, which nobody can read later. */
export interface GuardOrder {
  runDir: string;
  /** The token of the operations API, which no file holds; null without one. */
  token: string | null;
}

export interface Guard {
  /** Null where the system let none start: nothing is undone then if this process is killed. */
  readonly pid: number | null;
  /** Lets it go; it finds nothing left to undo, and ends. */
  release(): void;
}

/**
 * Starts the process that undoes what drills did if this one dies, however it does: it waits for its standard input to close,
 * which the system does for a process that is killed. In a session of its own, so that what ends this one spares it.
 */
export function startGuard(runDir: string, secrets: Secrets, program = process.execPath): Guard {
  const child = spawn(program, [fileURLToPath(new URL('./guard-process.ts', import.meta.url))], {
    stdio: ['pipe', 'ignore', 'inherit'], detached: true,
  });
  // It must not keep a run from ending, nor end one.
  child.on('error', () => {});
  // There is none where the system had no file left for it.
  const stdin = child.stdin as (Writable & { unref?: () => void }) | undefined;
  stdin?.on('error', () => {});
  child.unref();
  stdin?.unref?.();
  const order: GuardOrder = { runDir, token: secrets(OPERATIONS_TOKEN) ?? null };
  stdin?.write(`${JSON.stringify(order)}\n`);
  return { pid: child.pid ?? null, release: () => void stdin?.end() };
}
