import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { Gunzip } from 'fflate';
import { CodedError } from '../errors.ts';
import { TRAFFIC_VERSION, TrafficHeader, TrafficRow } from '../model/index.ts';

export interface TrafficRead {
  header: TrafficHeader;
  /** SHA-256 of the whole file. */
  hash: string;
}

const CHUNK_BYTES = 256 * 1024;
/** No row comes near; what does is no traffic fixture. */
const MOST_LINE_CHARACTERS = 64 * 1024;

/**
 * Reads a traffic fixture (NDJSON, gzipped or plain) as a stream, and hands over its rows in their order until `take` has seen
 * enough and returns false. On fflate, since Node's own unzipping has no synchronous stream: a fixture of hours must neither
 * fit into memory nor be read to its end for the minutes that are played. Throws J_TRAFFIC_INVALID with the line.
 */
export function readTraffic(path: string, take: (row: TrafficRow) => boolean): TrafficRead {
  const lines = new Lines(path, take);
  const hash = createHash('sha256');
  let gunzip: Gunzip | null | undefined;
  const file = opened(path);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const chunk = buffer.subarray(0, read(file, buffer, path));
      hash.update(chunk);
      if (gunzip === undefined) gunzip = chunk[0] === 0x1f && chunk[1] === 0x8b ? new Gunzip((data) => lines.push(data)) : null;
      // What is not read any more still counts for the hash: a plan names the whole file.
      if (!lines.done) unpack(path, () => (gunzip ? gunzip.push(Uint8Array.from(chunk), chunk.length === 0) : lines.push(chunk)));
      if (chunk.length === 0) break;
    }
  } finally {
    closeSync(file);
  }
  return { header: lines.end(), hash: hash.digest('hex') };
}

function opened(path: string): number {
  try {
    const found = statSync(path);
    // The plan reads it and the run once more; and whoever would write into a pipe may never come.
    if (found.isFIFO() || found.isCharacterDevice()) throw unreadable(path, 'is a pipe or a device');
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw unreadable(path, code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`);
  }
}

function unreadable(path: string, message: string): CodedError {
  const hint = 'make one: npm run replay -- import access.log, or npm run replay -- generate';
  return new CodedError('J_TRAFFIC_INVALID', [{ where: path, message, hint }]);
}

function read(file: number, buffer: Buffer, path: string): number {
  try {
    return readSync(file, buffer);
  } catch (error) {
    throw new CodedError('J_TRAFFIC_INVALID', [{ where: path, message: `cannot be read (${(error as NodeJS.ErrnoException).code})` }]);
  }
}

function unpack(path: string, push: () => void): void {
  try {
    push();
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new CodedError('J_TRAFFIC_INVALID', [{ where: path, message: `broken gzip: ${why}`, hint: 'was it copied whole?' }]);
  }
}

/** Cuts text into lines, and lines into the header and rows. */
class Lines {
  /** Nothing more is wanted. */
  done = false;
  readonly #path: string;
  readonly #take: (row: TrafficRow) => boolean;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #line = 0;
  #header: TrafficHeader | null = null;
  #lastMs = 0;
  #rows = 0;

  constructor(path: string, take: (row: TrafficRow) => boolean) {
    this.#path = path;
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    const parts = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split('\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      if (this.done) return;
      this.#one(part);
    }
    if (this.#rest.length > MOST_LINE_CHARACTERS) this.#fail('is far too long: this is no traffic fixture');
  }

  /** Returns the header once everything has been pushed. */
  end(): TrafficHeader {
    if (!this.done && this.#rest.trim() !== '') this.#one(this.#rest);
    if (this.#header === null) {
      const hint = 'make one of a log: npm run replay -- import access.log';
      throw new CodedError('J_TRAFFIC_INVALID', [{ where: this.#path, message: 'is empty', hint }]);
    }
    const { requests } = this.#header;
    // A file that is not packed can be cut between two lines: the last phases would be without load.
    if (!this.done && this.#rows !== requests) this.#fail(`holds ${this.#rows} rows; its header says ${requests}: was it copied whole?`);
    return this.#header;
  }

  #one(text: string): void {
    this.#line += 1;
    if (text.trim() === '') return;
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      this.#fail('is not JSON: this is no traffic fixture, or part of one');
    }
    if (this.#header === null) {
      this.#header = this.#headerOf(json);
      return;
    }
    const row = TrafficRow.safeParse(json);
    if (!row.success) {
      const [issue] = row.error.issues;
      this.#fail(`${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'is not one'}`);
    }
    if (row.data.t < this.#lastMs) this.#fail('its time lies before the row above: a fixture is sorted by time');
    this.#lastMs = row.data.t;
    this.#rows += 1;
    this.done = !this.#take(row.data);
  }

  #headerOf(json: unknown): TrafficHeader {
    const version = (json as { traffic?: unknown } | null)?.traffic;
    if (typeof version === 'number' && version !== TRAFFIC_VERSION) {
      this.#fail(`has version ${version}; this version of the harness reads ${TRAFFIC_VERSION}: import the log again`);
    }
    const header = TrafficHeader.safeParse(json);
    if (header.success) return header.data;
    return this.#fail('is no header of a traffic fixture; raw logs are never played: npm run replay -- import makes one of them');
  }

  #fail(message: string): never {
    throw new CodedError('J_TRAFFIC_INVALID', [{ where: `${this.#path}:${this.#line}`, message }]);
  }
}
