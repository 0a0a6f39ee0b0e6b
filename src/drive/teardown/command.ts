import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MOST_ANSWER_BYTES, TeardownProblem, readCounts, type TeardownTarget } from './target.ts';

const LONGEST_WORDS = 200;

/**
 * Returns the target behind a program, run without a shell: it gets `count` or `remove` and the run's id as its last arguments.
 * Counting prints `{ "counts": { … } }`; exit code 0 is success, 75 (EX_TEMPFAIL of sysexits.h) means "not now, ask again".
 */
export function commandTarget(command: readonly string[], runId: string, environment: NodeJS.ProcessEnv): TeardownTarget {
  async function call(what: 'count' | 'remove', limitMs: number): Promise<string> {
    const [program = '', ...args] = command;
    // In a group of its own: a Ctrl-C in the terminal must not end it half way.
    const child = spawn(program, [...args, what, runId], { stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: environment });
    let printed = '';
    let said = '';
    const end = (): void => {
      try {
        // Zero would be our own group.
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
      // What left the group may hold them open for ever; without them, its end counts.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < MOST_ANSWER_BYTES) printed += text;
      else end();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-LONGEST_WORDS)));
    const timer = setTimeout(end, limitMs);
    try {
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (code === 0) return printed;
      const how = signal === null ? `exit code ${code}` : `${signal} after ${Math.ceil(limitMs)} ms`;
      const last = said.trim().split('\n').at(-1) ?? '';
      throw new TeardownProblem(`${program} ${what} ended with ${how}${last === '' ? '' : `: ${last}`}`, code === 75);
    } catch (error) {
      if (error instanceof TeardownProblem) throw error;
      throw new TeardownProblem(`${program}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`, false);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    count: async (limitMs) => readCounts(await call('count', limitMs), 'it'),
    async remove(limitMs) {
      await call('remove', limitMs);
      return 'done';
    },
  };
}
