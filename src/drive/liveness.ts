import { readFileSync } from 'node:fs';

/** Which process is meant. Its number alone would be somebody else's one day: numbers are used again. */
export interface ProcessMark {
  pid: number;
  /** When it began, in clock ticks since boot; null where the system does not tell. */
  born: string | null;
}

/** A zombie has ended, and only waits for its parent to ask how, which may be never; X is all but gone. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/** Returns the mark of a process that runs now. */
export function markOf(pid: number): ProcessMark {
  return { pid, born: processOf(pid)?.born ?? null };
}

/** Returns whether that very process still runs; one without a number never began. */
export function isAlive({ pid, born }: Pick<ProcessMark, 'born'> & { pid: number | null }): boolean {
  if (pid === null) return false;
  const found = processOf(pid);
  if (found !== null) return !ENDED.has(found.state) && (born === null || born === found.born);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process, alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Returns a process's state and start; null where there is none, or the system shows neither. */
function processOf(pid: number): { state: string; born: string } | null {
  try {
    // Fields 3 and 22 of stat; the name before them, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    const [state, born] = [fields[0], fields[19]];
    return state === undefined || born === undefined ? null : { state, born };
  } catch {
    return null;
  }
}
