import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Returns the living child of a process in whose command line the text stands, or null (Linux). */
export function childNamed(parent: number, text: string): number | null {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter((pid) => pid !== '').map(Number);
  const found = children.find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      // Gone in the meantime.
      return false;
    }
  });
  return found ?? null;
}

/** Kills again and again for so long; returns how often there was something to kill. */
export async function killOften(forMs: number, everyMs: number, kill: () => Promise<boolean> | boolean): Promise<number> {
  const untilMs = performance.now() + forMs;
  let kills = 0;
  while (performance.now() < untilMs) {
    if (await kill()) kills += 1;
    await sleep(everyMs);
  }
  return kills;
}
