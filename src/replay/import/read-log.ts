import { createReadStream } from 'node:fs';
import { bytesOf } from './bytes.ts';
import { Broken, type LogEntry } from './entry.ts';
import { lineReader, type LogFormat } from './formats.ts';
import { harEntries, harReader, looksLikeHar } from './har.ts';
import { linesOf } from './lines.ts';
import type { Tally } from './tally.ts';

const CHUNK_BYTES = 1 << 17;
/** Year 2000: earlier times are of clocks that were never set. */
const EARLIEST_MS = Date.UTC(2000, 0);
const DAY_MS = 86_400_000;

export interface LogFile {
  path: string;
  /** How it is called to people. */
  name: string;
  bytes: number;
}

export interface ReadOptions {
  format: LogFormat | 'auto';
  nowMs: number;
  tally: Tally;
  /** Told how many more bytes of the file, as it is on the disk, were taken in. */
  onBytes: (bytes: number) => void;
}

/** What came of one file, complete when it has been read. */
export interface FileReport {
  name: string;
  /** Null where nothing told it. */
  format: LogFormat | null;
  entries: number;
  /** What is wrong with the file as a whole. */
  damage: string[];
}

/**
 * Reads a log from its beginning to its end, in batches, and counts what it leaves out. Never throws on what is in it.
 */
export async function* readLog(file: LogFile, options: ReadOptions, report: FileReport): AsyncGenerator<LogEntry[]> {
  const damaged = (what: string): void => void report.damage.push(what);
  const stream = createReadStream(file.path, { highWaterMark: CHUNK_BYTES });
  const bytes = bytesOf(counted(stream, options.onBytes, damaged), damaged);
  const first = await bytes.next();
  if (first.done) {
    if (report.damage.length === 0) damaged('is empty');
    return;
  }
  const all = (async function* () {
    try {
      yield first.value;
      yield* bytes;
    } finally {
      // Also for whoever takes only the first lines.
      await bytes.return(undefined);
    }
  })();
  const isHar = options.format === 'har' || options.format === 'auto' && looksLikeHar(first.value);
  if (isHar) report.format = 'har';
  yield* isHar ? fromHar(all, file, options, report) : fromLines(all, options, report);
}

/** A disk that fails is a damaged file like others. */
async function* counted(
  stream: AsyncIterable<Buffer>, onBytes: (bytes: number) => void, damaged: (what: string) => void,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) {
      onBytes(chunk.length);
      yield chunk;
    }
  } catch (thrown) {
    damaged(`cannot be read on: ${(thrown as NodeJS.ErrnoException).code ?? 'unknown'}`);
  }
}

async function* fromLines(
  bytes: AsyncIterable<Buffer>, options: ReadOptions, report: FileReport,
): AsyncGenerator<LogEntry[]> {
  const { format, tally } = options;
  const reader = lineReader(format === 'har' ? 'auto' : format);
  for await (const lines of linesOf(bytes)) {
    const batch: LogEntry[] = [];
    for (const line of lines) {
      tally.lines += 1;
      if (typeof line !== 'string') tally.leaveOut(line.unreadable);
      else if (line === '' || line.trim() === '') tally.others += 1;
      else take(line, reader.read(line), options, batch);
    }
    report.format = reader.format();
    report.entries += batch.length;
    if (batch.length > 0) yield batch;
  }
}

async function* fromHar(
  bytes: AsyncIterable<Buffer>, file: LogFile, options: ReadOptions, report: FileReport,
): AsyncGenerator<LogEntry[]> {
  const read = harReader(file.path);
  for await (const texts of harEntries(bytes)) {
    const batch: LogEntry[] = [];
    for (const text of texts) {
      options.tally.lines += 1;
      if (text instanceof Broken) options.tally.leaveOut(text.why);
      else take(text, read(text), options, batch);
    }
    report.entries += batch.length;
    if (batch.length > 0) yield batch;
  }
}

function take(line: string, read: LogEntry | Broken | null, { tally, nowMs }: ReadOptions, batch: LogEntry[]): void {
  if (read === null) tally.others += 1;
  else if (read instanceof Broken) tally.leaveOut(/[\0-\x08\x0e-\x1f]/.test(line) ? 'binary data' : read.why, line);
  else if (read.timeMs < EARLIEST_MS || read.timeMs > nowMs + DAY_MS) {
    tally.leaveOut('a time before 2000 or in the future', line);
  } else batch.push(read);
}
