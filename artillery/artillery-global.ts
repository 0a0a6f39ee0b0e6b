import type { EventEmitter } from 'node:events';
import { redaction } from '../src/collect/redaction.ts';

/** The part of Artillery's global object that the harness uses. */
export interface ArtilleryGlobal {
  globalEvents: EventEmitter;
  log: (...args: unknown[]) => void;
  ext: (extension: { ext: 'beforeExit' | 'onShutdown'; method: (event: ExitEvent) => Promise<void> }) => void;
  shutdown: (options: { exitCode: number; earlyStop?: boolean }) => Promise<void>;
  suggestedExitCode?: number;
  testInfo?: { flags?: { target?: string } };
  /** The engine's shared browser; see engine-seam.ts. */
  __browser?: unknown;
}

export interface ExitEvent {
  exitCode?: number;
  earlyStop?: boolean;
}

/** Returns Artillery's global object. */
export function artillery(): ArtilleryGlobal {
  return (globalThis as unknown as { artillery: ArtilleryGlobal }).artillery;
}

/** Prints a line, without what is private, through Artillery, which keeps it apart from its own spinner; from either thread. */
export function say(text: string): void {
  artillery().globalEvents.emit('log', {}, redaction().text(text));
}

/**
 * Silences Artillery's own tables: they show times taken from outside the page (law 1), and would push the verdict off the
 * screen. What it says as a warning or an error still shows.
 */
export function muteStockTables(): void {
  const host = artillery();
  const stock = host.log.bind(host);
  host.log = (...args) => {
    const level = args.at(-1);
    if (level === 'warn' || level === 'error') stock(...args);
  };
}
