import { closeSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { redaction } from '../collect/redaction.ts';

/**
 * Appends what a program says to a file, line by line, without what is private. Resolves once it has said everything; a
 * disk that is full loses lines of the log, and nothing else.
 */
export function keepLog(said: Readable, path: string): Promise<void> {
  const file = openSync(path, 'a');
  const lines = createInterface({ input: said });
  lines.on('line', (line) => {
    try {
      writeSync(file, `${redaction().text(line)}\n`);
    } catch {
      // The run goes on: what it saw is in files of its own, which say so when they cannot be written.
    }
  });
  return new Promise((resolve) => {
    lines.once('close', () => {
      closeSync(file);
      resolve();
    });
  });
}
