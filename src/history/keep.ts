import { openHistory } from './database.ts';
import { updateHistory } from './update.ts';

/** So long a run or a round of checks may wait for its history, and then so long work on it: the rest is caught up with next time. */
const LIMIT_MS = 2_000;

/**
 * Brings the history up to date after a run or a round of checks. It never throws and never takes long: the files are the truth, and
 * whatever was missed is caught up with by the next call. Returns what to tell the user, or null.
 */
export function keepHistory(reportsDir: string, limitMs = LIMIT_MS): string | null {
  try {
    const database = openHistory(reportsDir, limitMs);
    try {
      updateHistory(reportsDir, database, { limitMs });
    } finally {
      database.close();
    }
    return null;
  } catch (thrown) {
    const message = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
    return `the history was not brought up to date: ${message}; nothing is lost, "npm run history -- rebuild" makes it anew`;
  }
}
