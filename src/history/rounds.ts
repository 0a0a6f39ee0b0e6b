import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { CheckRound } from '../model/index.ts';
import { inTransaction } from './database.ts';
import { keepRound } from './write.ts';

/** Folder of the rounds of checks, inside the reports folder. */
const CHECKS = 'checks';
/** Some hundred rounds: milliseconds of work between two looks at the clock. */
const CHUNK_BYTES = 1 << 20;

/** Returns the files of rounds, as paths inside the reports folder. */
export function roundFiles(reportsDir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(join(reportsDir, CHECKS));
  } catch {
    return [];
  }
  return names.filter((name) => /^\d{4}-\d{2}\.ndjson$/.test(name)).sort().map((name) => `${CHECKS}/${name}`);
}

/**
 * Takes what a file of rounds has more than when it was last read: rounds are only ever appended. A last line without its end is
 * still being written, and left for the next time. A file that became shorter is read from its start. Once `isLate` says so, the
 * rest of the file is left for the next time, too.
 */
export function takeRounds(
  reportsDir: string, database: DatabaseSync, file: string, isLate: () => boolean = () => false,
): { rounds: number; unreadable: number } {
  const { size, mtimeMs } = statSync(join(reportsDir, file));
  const known = database.prepare('SELECT bytes FROM sources WHERE path = ?').get(file) as { bytes: number } | undefined;
  const from = known === undefined || known.bytes > size ? 0 : known.bytes;
  if (from === size) return { rounds: 0, unreadable: 0 };
  return inTransaction(database, () => {
    const taken = { rounds: 0, unreadable: 0 };
    const read = readLines(join(reportsDir, file), from, isLate, (line) => {
      const round = parsed(line);
      if (round === null) taken.unreadable += 1;
      else {
        keepRound(database, file, round);
        taken.rounds += 1;
      }
    });
    database.prepare('INSERT OR REPLACE INTO sources VALUES (?, ?, ?)').run(file, from + read, mtimeMs);
    return taken;
  });
}

function parsed(line: string): CheckRound | null {
  try {
    const round = CheckRound.safeParse(JSON.parse(line));
    return round.success ? round.data : null;
  } catch {
    return null;
  }
}

/** Hands over each whole line from an offset on, a chunk at least, and returns how many bytes those were. */
function readLines(path: string, from: number, isLate: () => boolean, take: (line: string) => void): number {
  const descriptor = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let whole = 0;
    for (let at = from; ;) {
      const bytes = readSync(descriptor, chunk, 0, CHUNK_BYTES, at);
      if (bytes === 0) return whole;
      at += bytes;
      rest = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      const end = rest.lastIndexOf(0x0a) + 1;
      for (const line of rest.subarray(0, end).toString('utf8').split('\n')) if (line.trim() !== '') take(line);
      whole += end;
      rest = rest.subarray(end);
      if (whole > 0 && isLate()) return whole;
    }
  } finally {
    closeSync(descriptor);
  }
}
