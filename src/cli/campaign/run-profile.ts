import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { markOf } from '../../drive/liveness.ts';

export interface RunCommand {
  /** Program and arguments up to Artillery's own: `run`. */
  command: readonly string[];
  root: string;
  profilePath: string;
  env: Record<string, string>;
  /** Where the run's output goes, as a file descriptor: 1, or 2 where standard output is kept for JSON. */
  output: 1 | 2;
}

/** A run under way, as a child process. */
export interface StartedRun {
  pid: number | null;
  /**
   * When the process began, in the system's own count; tells whether an id was used again. Null where that is unknown.
   */
  born: string | null;
  /** Asks it to end and judge what it saw; asked again, it ends at once. */
  interrupt: () => void;
  /** Its exit code; null where a signal ended it. */
  ended: Promise<number | null>;
}

/**
 * Starts `artillery run` with a profile, as a person would. In a session of its own: a terminal sends Ctrl-C to a whole
 * group, and a run that gets it twice (from there and from here) ends without a verdict.
 */
export function startRun({ command, root, profilePath, env, output }: RunCommand): StartedRun {
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, '--config', profilePath, 'journeys.yml'], {
    cwd: root,
    detached: true,
    stdio: ['ignore', output, 2],
    env: { ...process.env, ...env },
  });
  return {
    pid: child.pid ?? null,
    born: child.pid === undefined ? null : markOf(child.pid).born,
    interrupt: () => void child.kill('SIGINT'),
    ended: endOf(child),
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode;
}
