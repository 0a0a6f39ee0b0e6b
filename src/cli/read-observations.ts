import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Observation } from '../model/index.ts';

/** What was read of one observations file. */
export interface ReadFile {
  /** Lines with anything on them, unreadable ones included. */
  lines: number;
  unreadable: number;
  sha256: string;
}

/** Longer than any observation; more than this without a line break is not a line of ours, and is not kept. */
const MAX_LINE_CHARACTERS = 1_000_000;

function parseLine(line: string, runId: string): Observation | null {
  try {
    const parsed = Observation.safeParse(JSON.parse(line));
    return parsed.success && parsed.data.runId === runId ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Reads one NDJSON file line by line and hands each observation of the run to `take`. What cannot be read (the torn
 * last line of a killed run, a newer format, another run's line) is counted, never guessed at.
 */
export async function readObservations(
  path: string,
  runId: string,
  take: (one: Observation) => void,
): Promise<ReadFile> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  const read: ReadFile = { lines: 0, unreadable: 0, sha256: '' };
  let rest = '';
  let overlong = false;
  const line = (text: string): void => {
    const skip = overlong;
    overlong = false;
    if (!skip && text.trim() === '') return;
    read.lines += 1;
    const observation = skip ? null : parseLine(text, runId);
    if (observation === null) read.unreadable += 1;
    else take(observation);
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    const bytes = chunk as Buffer;
    hash.update(bytes);
    const pieces = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) line(piece);
    if (rest.length > MAX_LINE_CHARACTERS) {
      overlong = true;
      rest = '';
    }
  }
  line(rest + decoder.decode());
  read.sha256 = hash.digest('hex');
  return read;
}
