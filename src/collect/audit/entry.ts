import type { LedgerObservation } from '../../model/index.ts';

/** One payment in a book, before it is placed in a run. */
export type BookLine = Omit<LedgerObservation, 'v' | 'runId' | 'tMs' | 'phase' | 'vu' | 'journey' | 'kind' | 'source'>;

/** Takes the lines of a book as they come: a book need not fit into memory. */
export type TakeLine = (line: BookLine) => void;

/** Returns an error's first line, without what a key could stand in. */
export function plainReason(error: unknown): string {
  const { cause } = error as { cause?: { code?: string } };
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const text = cause?.code === undefined ? line : `${line} (${cause.code})`;
  return text.replace(/\b[sr]k_(?:test|live)_\w+/g, 'the key').slice(0, 300);
}
