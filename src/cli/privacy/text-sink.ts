import type { Findings, Place } from './findings.ts';
import { HEAD_BYTES, kindOf } from './kinds.ts';

/** Takes the bytes of one file, in order. */
export interface Sink {
  push: (bytes: Uint8Array, last: boolean) => void;
}

/** A line that is longer is looked through in pieces. */
const LONGEST_LINE = 16_000_000;
/** The end of a piece is looked at again with the next: what is private is shorter. */
const OVERLAP = 1_000;
/**
 * Reports carry their parts as base64: what is shorter than this is an id, a hash or a key. What is longer comes in several
 * parts of whole groups of four: a pattern's memory is bounded.
 */
const BASE64 = /[A-Za-z0-9+/]{160,1500000}={0,2}/g;

/** Text, looked through in whole lines, with what stands encoded in it. */
export class TextSink implements Sink {
  readonly #findings: Findings;
  readonly #file: string;
  readonly #decoder: TextDecoder;
  #waiting: string[] = [];
  #waitingLength = 0;
  #line = 1;

  constructor(findings: Findings, file: string, encoding: string) {
    this.#findings = findings;
    this.#file = file;
    this.#decoder = new TextDecoder(encoding);
  }

  push(bytes: Uint8Array, last: boolean): void {
    const text = this.#decoder.decode(bytes, { stream: !last });
    const end = last ? text.length : text.lastIndexOf('\n') + 1;
    this.#waiting.push(text.slice(0, end));
    this.#waitingLength += end;
    if (end > 0 || last) {
      const whole = this.#take();
      this.#look(whole);
      this.#line += linesIn(whole);
    }
    this.#waiting.push(text.slice(end));
    this.#waitingLength += text.length - end;
    if (this.#waitingLength <= LONGEST_LINE) return;
    const piece = this.#take();
    this.#look(piece);
    this.#waiting.push(piece.slice(-OVERLAP));
    this.#waitingLength = OVERLAP;
  }

  #take(): string {
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    return text;
  }

  #look(text: string): void {
    this.#findings.look(text, { file: this.#file, line: this.#line });
    for (const { 0: encoded, index } of text.matchAll(BASE64)) {
      const bytes = Buffer.from(encoded, 'base64');
      const kind = kindOf(bytes.subarray(0, HEAD_BYTES));
      const place: Place = { file: `${this.#file}!base64`, line: this.#line + linesIn(text.slice(0, index)) };
      // Control characters: not text after all.
      if (kind.kind === 'text' && !/[\0-\x08\x0e-\x1f]/.test(bytes.toString('latin1', 0, HEAD_BYTES))) {
        this.#findings.look(new TextDecoder(kind.encoding).decode(bytes).replaceAll('\n', ' '), place);
      }
    }
  }
}

/** Readable stretches of this length do not come about by chance in compressed data. */
const READABLE = /[\x20-\x7e\t]{16,1500000}/g;
const LONGEST_STRETCH = 10_000;

/** What is no text: its readable stretches, and values of .env wherever they stand. */
export class BinarySink implements Sink {
  readonly #findings: Findings;
  readonly #place: Place;
  #rest = '';

  constructor(findings: Findings, file: string) {
    this.#findings = findings;
    this.#place = { file, line: null };
  }

  push(bytes: Uint8Array, last: boolean): void {
    const text = this.#rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    // The stretch at the end may go on with the next bytes.
    const open = last ? 0 : Math.min(LONGEST_STRETCH, /[\x20-\x7e\t]*$/.exec(text.slice(-LONGEST_STRETCH))?.[0].length ?? 0);
    const done = text.slice(0, text.length - open);
    this.#rest = text.slice(text.length - open);
    const readable = Array.from(done.matchAll(READABLE), ([stretch]) => stretch);
    if (readable.length > 0) this.#findings.look(readable.join('\n'), this.#place);
    this.#findings.look(done.replace(READABLE, '\n'), this.#place, true);
  }
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
