import { anonymiser } from './anonymise.ts';
import type { LogEntry } from './entry.ts';
import type { LogFormat } from './formats.ts';
import { keyedHash } from './keyed-hash.ts';
import { linesInOrder, type Ordered, type Waiting } from './order.ts';
import type { Keep } from './paths.ts';
import { readLog, type FileReport, type LogFile } from './read-log.ts';
import { Tally } from './tally.ts';

export interface ImportOptions {
  files: readonly LogFile[];
  format: LogFormat | 'auto';
  keeps: readonly Keep[];
  terms: ReadonlySet<string>;
  key: Buffer;
  nowMs: number;
  onBytes: (bytes: number) => void;
}

/** What came of an import; complete when all rows have been taken. */
export interface Imported extends Ordered {
  files: FileReport[];
  /** Rows by format. */
  formats: Map<LogFormat, number>;
}

/** Files read at the same time; logs of several servers overlap, rotated ones do not. */
const OPEN_FILES = 64;

type RowOf = (entry: LogEntry) => Waiting | null;
/** A path that no pattern kept: all of its parts are hashed. */
const HASHED_PATH = /^\/+~[a-p]{12}/;

interface Source {
  batches: AsyncGenerator<Waiting[]>;
  batch: Waiting[];
  at: number;
}

/**
 * Reads logs and returns the lines of a fixture, anonymous and in the order of time, in batches; `imported` grows with
 * them. Throws nothing on account of what stands in a log.
 */
export function importLogs(options: ImportOptions): { imported: Imported; lines: AsyncGenerator<string[]> } {
  const imported: Imported = {
    tally: new Tally(), files: [], requests: 0, durationMs: 0, kinds: { person: 0, crawler: 0, other: 0 }, playable: 0,
    formats: new Map(),
  };
  return { imported, lines: linesInOrder(rowsOf(options, imported), imported) };
}

/** Rows of all files, each time the earliest of those that come next in them. */
async function* rowsOf(options: ImportOptions, imported: Imported): AsyncGenerator<Waiting[]> {
  const queue = await inOrder(options, imported);
  const open: Source[] = [];
  const anonymous = anonymiser({ keeps: options.keeps, terms: options.terms, hash: keyedHash(options.key) });
  let order = 0;
  const rowOf: RowOf = (entry) => {
    const row = anonymous(entry);
    if (typeof row !== 'string') {
      const text = JSON.stringify(row).slice(1);
      return { timeMs: entry.timeMs, order: order++, text, kind: row.k, playable: !HASHED_PATH.test(row.p) };
    }
    imported.tally.leaveOut(row);
    return null;
  };
  try {
    for (;;) {
      const earliest = earliestOf(open);
      const queued = queue[0];
      if (queued && open.length < OPEN_FILES && (!earliest || queued.firstMs <= timeOf(earliest))) {
        queue.shift();
        open.push({ batches: read(queued, options, imported, rowOf), batch: [], at: 0 });
        await refill(open, open.length - 1);
        continue;
      }
      if (!earliest) return;
      yield upTo(earliest, open, queued?.firstMs ?? Infinity);
      if (earliest.at >= earliest.batch.length) await refill(open, open.indexOf(earliest));
    }
  } finally {
    for (const { batches } of open) await batches.return(undefined);
  }
}

const timeOf = ({ batch, at }: Source): number => (batch[at] as Waiting).timeMs;

function earliestOf(open: readonly Source[]): Source | null {
  let earliest: Source | null = null;
  for (const source of open) if (!earliest || timeOf(source) < timeOf(earliest)) earliest = source;
  return earliest;
}

/** Takes rows of the earliest source until another one's are earlier. */
function upTo(earliest: Source, open: readonly Source[], queuedMs: number): Waiting[] {
  let limitMs = queuedMs;
  for (const source of open) if (source !== earliest) limitMs = Math.min(limitMs, timeOf(source));
  const from = earliest.at;
  do earliest.at += 1;
  while (earliest.at < earliest.batch.length && timeOf(earliest) <= limitMs);
  return earliest.batch.slice(from, earliest.at);
}

/** Reads the next rows of a source; one that has no more is taken out. */
async function refill(open: Source[], index: number): Promise<void> {
  const source = open[index] as Source;
  const next = await source.batches.next();
  if (next.done) open.splice(index, 1);
  else [source.batch, source.at] = [next.value, 0];
}

async function* read(
  { file, report }: Queued, options: ImportOptions, imported: Imported, rowOf: RowOf,
): AsyncGenerator<Waiting[]> {
  const { format, nowMs, onBytes } = options;
  for await (const entries of readLog(file, { format, nowMs, onBytes, tally: imported.tally }, report)) {
    const rows = entries.map(rowOf).filter((row) => row !== null);
    if (report.format) imported.formats.set(report.format, (imported.formats.get(report.format) ?? 0) + rows.length);
    if (rows.length > 0) yield rows;
  }
}

interface Queued {
  file: LogFile;
  report: FileReport;
  firstMs: number;
}

/** Files by their first time: rotated logs come in the order of their names, which is not that of time. */
async function inOrder({ files, format, nowMs }: ImportOptions, imported: Imported): Promise<Queued[]> {
  const queued: Queued[] = [];
  for (const file of files) {
    const report: FileReport = { name: file.name, format: null, entries: 0, damage: [] };
    imported.files.push(report);
    let firstMs = -Infinity;
    if (files.length > 1) {
      const peeked = { ...report, damage: [] };
      for await (const [entry] of readLog(file, { format, nowMs, tally: new Tally(), onBytes: () => {} }, peeked)) {
        firstMs = entry?.timeMs ?? -Infinity;
        break;
      }
    }
    queued.push({ file, report, firstMs });
  }
  return queued.sort((a, b) => a.firstMs - b.firstMs);
}
