import { closeSync, openSync, writeSync } from 'node:fs';
import type { Observation } from '../model/index.ts';
import { redaction } from './redaction.ts';

/** Where observations go. */
export interface ObservationSink {
  record(observation: Observation): void;
}

/** How long a line may wait in memory: what a killed process can lose at most. */
const FLUSH_EVERY_MS = 500;

/**
 * Appends observations to a file, one JSON line each, at least twice a second, without what is private. A write that fails (a full disk) is told to
 * `onLost` once, and everything after it is refused: a run must never be judged on part of its data without anyone knowing.
 */
export class Recorder implements ObservationSink {
  readonly #file: number;
  readonly #onLost: (error: Error) => void;
  readonly #timer: NodeJS.Timeout;
  #waiting: string[] = [];
  #lost = false;
  #closed = false;
  #written = 0;

  constructor(path: string, onLost: (error: Error) => void) {
    this.#file = openSync(path, 'a');
    this.#onLost = onLost;
    this.#timer = setInterval(() => this.flush(), FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /** Lines handed to the operating system so far. */
  get written(): number {
    return this.#written;
  }

  record(observation: Observation): void {
    if (this.#closed || this.#lost) return;
    this.#waiting.push(redaction().line(observation));
  }

  /** Writes what is waiting. Synchronous, so that a line is either whole in the file or still in memory. */
  flush(): void {
    if (this.#waiting.length === 0 || this.#lost) return;
    const lines = this.#waiting;
    this.#waiting = [];
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    try {
      // A nearly full disk takes part of a buffer without an error; the next write then says so.
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
      this.#written += lines.length;
    } catch (error) {
      this.#lost = true;
      this.#onLost(error as Error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    clearInterval(this.#timer);
    closeSync(this.#file);
  }
}

/** Keeps observations in memory: for tests, and for the single runs under Playwright. */
export class MemoryRecorder implements ObservationSink {
  readonly observations: Observation[] = [];

  record(observation: Observation): void {
    this.observations.push(observation);
  }
}
