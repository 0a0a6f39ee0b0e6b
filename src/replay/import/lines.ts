import { isUtf8 } from 'node:buffer';

/** Far above what servers log (nginx takes 8 kB a header line), and small enough to be held. */
const MOST_BYTES = 1 << 16;

/** A line that is no text that could be read, and why. */
export interface Unreadable {
  unreadable: 'longer than 64 kB' | 'not UTF-8';
}

export type Line = string | Unreadable;

const TOO_LONG: Unreadable = { unreadable: 'longer than 64 kB' };
const NOT_UTF8: Unreadable = { unreadable: 'not UTF-8' };
const NEWLINE = 10;

/**
 * Returns the lines of a text in batches, without their ends. However long a line is, no more of it than 64 kB is held.
 * The strings share memory with their whole batch: whoever keeps one must copy it.
 */
export async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let skipping = false;
  for await (let chunk of bytes) {
    const batch: Line[] = [];
    if (skipping) {
      const end = chunk.indexOf(NEWLINE);
      if (end === -1) continue;
      skipping = false;
      batch.push(TOO_LONG);
      chunk = chunk.subarray(end + 1);
    }
    const end = chunk.lastIndexOf(NEWLINE);
    if (end !== -1) {
      addLines(batch, begunBytes === 0 ? chunk.subarray(0, end) : Buffer.concat([...begun, chunk.subarray(0, end)]));
      begun = [];
      begunBytes = 0;
      chunk = chunk.subarray(end + 1);
    }
    if (chunk.length > 0) {
      begun.push(chunk);
      begunBytes += chunk.length;
      if (begunBytes > MOST_BYTES) {
        skipping = true;
        begun = [];
        begunBytes = 0;
      }
    }
    if (batch.length > 0) yield batch;
  }
  const last: Line[] = [];
  if (skipping) last.push(TOO_LONG);
  else if (begunBytes > 0) addLines(last, Buffer.concat(begun));
  if (last.length > 0) yield last;
}

function addLines(batch: Line[], block: Buffer): void {
  const sound = isUtf8(block);
  for (const line of block.toString('utf8').split('\n')) {
    if (line.length > MOST_BYTES) batch.push(TOO_LONG);
    else if (!sound && line.includes('\ufffd')) batch.push(NOT_UTF8);
    else batch.push(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}
