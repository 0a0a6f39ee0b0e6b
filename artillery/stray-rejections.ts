import { plainMessage } from '../src/drive/steps.ts';

/** Distinct messages that are shown; a journey that forgets an await does so for every user. */
const SHOWN = 5;

/**
 * Keeps a promise that a journey did not await from ending the run: its failure (usually "page closed", once its user is
 * done) would kill the worker with all its users. Says so, once for each message, since the step that it belonged to was
 * not measured as its author thinks.
 */
export function surviveStrayRejections(say: (line: string) => void): void {
  const seen = new Set<string>();
  process.on('unhandledRejection', (reason) => {
    const message = plainMessage(reason);
    if (seen.has(message) || seen.size >= SHOWN) return;
    seen.add(message);
    say(`a journey left a promise without "await", and it failed: ${message}`);
  });
}
