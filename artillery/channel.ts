import { BroadcastChannel } from 'node:worker_threads';
import type { ErrorCode, Fault } from '../src/errors.ts';

/** What the two threads of a run tell each other. */
export type Message =
  | { type: 'ready' }
  | { type: 'phase'; name: string | null; startedMs: number }
  | { type: 'drain'; interrupted: boolean }
  | { type: 'drained'; created: number }
  | { type: 'enough'; reason: string }
  | { type: 'fatal'; code: ErrorCode; faults: Fault[] };

/** A channel between the main thread and its worker; it never keeps the process alive by itself. */
export class Channel {
  readonly #channel = new BroadcastChannel(`openshow-journeys-${process.pid}`);

  constructor(onMessage: (message: Message) => void) {
    this.#channel.onmessage = (event) => onMessage((event as { data: Message }).data);
    this.#channel.unref();
  }

  send(message: Message): void {
    this.#channel.postMessage(message);
  }

  close(): void {
    this.#channel.close();
  }
}
