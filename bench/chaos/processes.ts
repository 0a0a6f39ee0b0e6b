import { readFileSync, readdirSync } from 'node:fs';

interface Process {
  pid: number;
  parent: number;
  session: number;
  line: string;
}

/** Returns every living process (Linux). A zombie only waits to be counted by its parent, and is left out. */
function processes(): Process[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // proc(5): state, parent, group, session.
      return fields[0] === 'Z' ? [] : [{ pid: Number(name), parent: Number(fields[1]), session: Number(fields[3]), line }];
    } catch {
      return [];
    }
  });
}

/**
 * Returns the sessions of a process and all its descendants. Each browser and the platform lead one, and what they start
 * stays in it: so it can be found again when its parents are gone.
 */
export function sessionsBelow(root: number): Set<number> {
  const all = processes();
  const sessions = new Set<number>();
  const below = new Set([root]);
  // Parents need not come first in the list.
  for (let found = -1; found !== below.size; ) {
    found = below.size;
    for (const one of all) if (below.has(one.pid) || below.has(one.parent)) {
      below.add(one.pid);
      sessions.add(one.session);
    }
  }
  return sessions;
}

/** Returns the living processes of these sessions, as "pid command". */
export function inSessions(sessions: ReadonlySet<number>): string[] {
  return processes().filter(({ session }) => sessions.has(session)).map(({ pid, line }) => `${pid} ${line.slice(0, 120)}`);
}
