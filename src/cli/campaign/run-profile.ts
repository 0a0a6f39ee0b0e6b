import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

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
    born: child.pid === undefined ? null : (statOf(child.pid)?.born ?? null),
    interrupt: () => void child.kill('SIGINT'),
    ended: endOf(child),
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode;
}

/** Returns whether a process of an earlier campaign is still there. */
export function isAlive({ pid, born }: { pid: number | null; born: string | null }): boolean {
  if (pid === null) return false;
  const now = statOf(pid);
  // Ended, but nobody has asked how: a container without an init process keeps such for ever.
  if (now?.state === 'Z') return false;
  // Process ids are used again.
  if (now && born !== null) return now.born === born;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns a process's state, and when it began; null where the system does not tell. */
function statOf(pid: number): { state: string; born: string } | null {
  try {
    // Fields 3 and 22 of stat; the name before them may hold spaces and parentheses.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: fields[0] ?? '', born: fields[19] ?? '' };
  } catch {
    return null;
  }
}
