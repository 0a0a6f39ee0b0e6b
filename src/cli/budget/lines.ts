import { createReadStream } from 'node:fs';

/** Longer than any round; more than this without a line break (the zeros that a power cut leaves, say) is not kept. */
const MAX_LINE_CHARACTERS = 4_000_000;

/**
 * Gives a file's lines that have anything on them; null for one that is too long. Throws what reading throws: node:readline, which
 * does the same, lets an error of its stream end the process.
 */
export async function* linesOf(path: string): AsyncGenerator<string | null> {
  let rest = '';
  let overlong = false;
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const pieces = (rest + String(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      if (overlong) yield null;
      else if (piece.trim() !== '') yield piece;
      overlong = false;
    }
    if (rest.length > MAX_LINE_CHARACTERS) {
      overlong = true;
      rest = '';
    }
  }
  if (overlong) yield null;
  else if (rest.trim() !== '') yield rest;
}
