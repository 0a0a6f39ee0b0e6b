import type { TrafficHeader } from '../../model/index.ts';
import { parseAlb } from './alb.ts';
import { parseCombined } from './combined.ts';
import { Broken, type LogEntry, type ParseLine } from './entry.ts';
import { parseJsonLine } from './json-lines.ts';
import { w3cReader } from './w3c.ts';

export type LogFormat = Exclude<TrafficHeader['source'], 'synthetic'>;
export const LOG_FORMATS: readonly LogFormat[] = ['combined', 'json', 'cloudfront', 'alb', 'har'];

/** Formats of lines; each file gets a reader of its own, since some formats say at the top how to read what follows. */
const READERS: Record<Exclude<LogFormat, 'har'>, () => ParseLine> = {
  cloudfront: w3cReader, json: () => parseJsonLine, alb: () => parseAlb, combined: () => parseCombined,
};
const UNKNOWN = new Broken('in no format that is known');

/** Reads the lines of one file. */
export interface LineReader {
  read: ParseLine;
  /** The file's format; null as long as no line has told it. */
  format: () => LogFormat | null;
}

/** Returns a reader of one file. In `auto` the first line that any format can read decides for the rest of the file. */
export function lineReader(format: Exclude<LogFormat, 'har'> | 'auto'): LineReader {
  if (format !== 'auto') {
    const read = READERS[format]();
    return { read, format: () => format };
  }
  const candidates = Object.entries(READERS).map(([name, make]) => ({ name: name as LogFormat, read: make() }));
  let chosen: { name: LogFormat; read: ParseLine } | null = null;
  return {
    format: () => chosen?.name ?? null,
    read: (line): LogEntry | Broken | null => {
      if (chosen) return chosen.read(line);
      for (const candidate of candidates) {
        const read = candidate.read(line);
        // A directive is read by its own format only; the entry that tells for sure comes later.
        if (read === null) return null;
        if (read instanceof Broken) continue;
        chosen = candidate;
        return read;
      }
      return UNKNOWN;
    },
  };
}
