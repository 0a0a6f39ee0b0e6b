import { statSync } from 'node:fs';
import { combinedLineOf } from '../../src/replay/generate/write.ts';
import { visits } from '../../src/replay/generate/visits.ts';
import { seeded } from '../../src/replay/random.ts';
import { LineFile } from '../../src/replay/write.ts';

const DAY_MS = 86_400_000;
const BEGINS_EPOCH_MS = Date.UTC(2026, 0, 5);

export interface WrittenLog {
  path: string;
  lines: number;
  /** Of text, before any packing. */
  bytes: number;
  fileBytes: number;
}

/** Writes a log of a day's search traffic: few pages and busy visitors come again and again, as they do. */
export function writeSearchLog(path: string, lines: number): Promise<WrittenLog> {
  return write(path, lines, function* () {
    // A few more than wanted: the generator gives about as many as it is asked for.
    const wanted = { requests: Math.ceil(lines * 1.1), durationMs: DAY_MS, seed: 1 };
    for (const visit of visits(wanted)) yield combinedLineOf(visit, BEGINS_EPOCH_MS);
  });
}

/** Writes a log in which no address, page, query or referrer comes twice: nothing that is remembered helps. */
export function writeStrangersLog(path: string, lines: number): Promise<WrittenLog> {
  return write(path, lines, function* () {
    const random = seeded(2);
    const letter = (): string => 'abcdefghijklmnopqrstuvwxyz'.charAt(random() * 26);
    const word = (length: number): string => Array.from({ length }, letter).join('');
    for (let line = 0; line < lines; line += 1) {
      const at = new Date(BEGINS_EPOCH_MS + (line * DAY_MS) / lines);
      const time = `05/Jan/2026:${at.toISOString().slice(11, 19)} +0000`;
      const address = `10.${(line >> 16) & 255}.${(line >> 8) & 255}.${line & 255}`;
      const session = line.toString(36) + word(6);
      const path = `/find/${word(8)}-for-${word(9)}?q=${word(7)}+${word(5)}&session=${session}`;
      yield `${address} - - [${time}] "GET ${path} HTTP/1.1" 200 ${9_000 + (line % 977)} `
        + `"https://${word(10)}.example/${word(6)}" `
        + `"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.${line % 1_000}"`;
    }
  });
}

async function write(path: string, wanted: number, of: () => Iterable<string>): Promise<WrittenLog> {
  const file = await LineFile.create(path, path.endsWith('.gz'));
  let [lines, bytes] = [0, 0];
  try {
    for (const line of of()) {
      if (lines === wanted) break;
      lines += 1;
      bytes += line.length + 1;
      if (file.add(line)) await file.drained();
    }
    await file.finish();
  } finally {
    await file.discard();
  }
  return { path, lines, bytes, fileBytes: statSync(path).size };
}
