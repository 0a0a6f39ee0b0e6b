import { Gunzip, Unzip, UnzipInflate } from 'fflate';
import type { Findings } from './findings.ts';
import { HEAD_BYTES, kindOf } from './kinds.ts';
import { BinarySink, TextSink, type Sink } from './text-sink.ts';

/** Archives in archives; below that somebody means harm. */
const DEEPEST = 3;
/** Of one file with all that is packed in it: a trace has some 50 MB. */
const MOST_UNPACKED_BYTES = 500_000_000;
/** An unpacker gives all that a piece holds at once: up to a thousand times its size. */
const PIECE_BYTES = 16_384;

/** What is left of the room for one file's contents. */
interface Room {
  bytes: number;
}

class CannotRead extends Error {}

/** A file of any kind: text, binary, or an archive of others. What cannot be read is noted, and never throws. */
export class FileSink implements Sink {
  readonly #findings: Findings;
  readonly #file: string;
  readonly #depth: number;
  readonly #room: Room;
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #inner: Sink | null = null;
  #givenUp = false;

  constructor(findings: Findings, file: string, depth = 0, room: Room = { bytes: MOST_UNPACKED_BYTES }) {
    this.#findings = findings;
    this.#file = file;
    this.#depth = depth;
    this.#room = room;
  }

  /** Nothing that comes after this is looked at. */
  get givenUp(): boolean {
    return this.#givenUp;
  }

  push(bytes: Uint8Array, last: boolean): void {
    if (this.#givenUp) return;
    try {
      if (this.#depth > 0) this.#takeRoom(bytes.length);
      if (this.#inner) return void this.#inner.push(bytes, last);
      // The unpacker uses its memory again for what comes next.
      this.#head.push(bytes.slice());
      this.#headBytes += bytes.length;
      if (this.#headBytes < HEAD_BYTES && !last) return;
      const head = Buffer.concat(this.#head);
      this.#head = [];
      this.#inner = this.#open(head);
      this.#inner.push(head, last);
    } catch (thrown) {
      this.#givenUp = true;
      this.#findings.unread(this.#file, thrown instanceof CannotRead ? thrown.message : whyBroken(thrown));
    }
  }

  #takeRoom(bytes: number): void {
    this.#room.bytes -= bytes;
    if (this.#room.bytes < 0) throw new CannotRead(`unpacks to more than ${MOST_UNPACKED_BYTES / 1e6} MB`);
  }

  #open(head: Uint8Array): Sink {
    const what = kindOf(head.subarray(0, HEAD_BYTES));
    switch (what.kind) {
      case 'text':
        return new TextSink(this.#findings, this.#file, what.encoding);
      case 'picture':
        this.#findings.pictures += 1;
        return new BinarySink(this.#findings, this.#file);
      case 'binary':
        return new BinarySink(this.#findings, this.#file);
      case 'closed':
        throw new CannotRead(`${what.what} is not looked into`);
      case 'gzip':
        return inPieces(gzipSink(this.#below('gz')));
      case 'zip':
        // Bit 0 of the first entry's flags.
        if (((head[6] ?? 0) & 1) === 1 && head[2] === 3) throw new CannotRead('an archive with a password');
        return inPieces(zipSink((name) => this.#below(name), (name, why) => this.#findings.unread(`${this.#file}!${name}`, why)));
    }
  }

  #below(name: string): FileSink {
    if (this.#depth >= DEEPEST) throw new CannotRead(`archives in archives, more than ${DEEPEST} deep`);
    this.#findings.look(name, { file: this.#file, line: null });
    return new FileSink(this.#findings, `${this.#file}!${name}`, this.#depth + 1, this.#room);
  }
}

function inPieces(inner: Sink): Sink {
  return {
    push: (bytes, last) => {
      for (let at = 0; at === 0 || at < bytes.length; at += PIECE_BYTES) {
        inner.push(bytes.subarray(at, at + PIECE_BYTES), last && at + PIECE_BYTES >= bytes.length);
      }
    },
  };
}

function gzipSink(inner: FileSink): Sink {
  let ended = false;
  const gunzip = new Gunzip((bytes, last) => {
    ended = last;
    inner.push(bytes, last);
  });
  return {
    push: (bytes, last) => {
      if (inner.givenUp) return;
      gunzip.push(bytes, last);
      if (last && !ended && !inner.givenUp) throw new CannotRead('ends early');
    },
  };
}

function zipSink(below: (name: string) => FileSink, unread: (name: string, why: string) => void): Sink {
  const open = new Set<string>();
  let entries = 0;
  const unzip = new Unzip((entry) => {
    entries += 1;
    if (entry.name.endsWith('/')) return;
    const inner = below(entry.name);
    open.add(entry.name);
    entry.ondata = (error, bytes, last) => {
      if (error) {
        open.delete(entry.name);
        return unread(entry.name, whyBroken(error));
      }
      if (last || inner.givenUp) open.delete(entry.name);
      if (inner.givenUp) entry.terminate();
      else inner.push(bytes, last);
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  return {
    push: (bytes, last) => {
      unzip.push(bytes, last);
      if (!last) return;
      for (const name of open) unread(name, 'ends early');
      if (entries === 0 && bytes[2] !== 5) throw new CannotRead('no archive after all');
    },
  };
}

function whyBroken(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return /unexpected EOF/i.test(message) ? 'ends early' : `damaged: ${message}`;
}
