import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A `kubectl` line takes seconds; one that hangs is ended. */
const LIMIT_MS = 30_000;
const LONGEST_WORDS = 200;

/**
 * Runs a program with its arguments, without a shell, to its end. In a group of its own: a Ctrl-C in the terminal must not end an
 * undo half way. Throws an Error that says how it ended unless that was with exit code 0.
 */
export async function runCommand([program = '', ...args]: readonly string[], limitMs = LIMIT_MS): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-LONGEST_WORDS);
  });
  const timer = setTimeout(() => {
    // Zero would be our own group.
    if (!child.pid) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }, limitMs);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 0) return;
    const how = signal === null ? `exit code ${code}` : `${signal} after ${limitMs} ms`;
    throw new Error(`${program} ended with ${how}${said.trim() ? `: ${said.trim().split('\n').at(-1)}` : ''}`);
  } finally {
    clearTimeout(timer);
  }
}
