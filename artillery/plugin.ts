import type { EventEmitter } from 'node:events';
import { MainRun } from './main-run.ts';
import { WorkerRun } from './worker-run.ts';

/** Artillery hands over its metrics as they are, not in the form of version 1. */
export const LEGACY_METRICS_FORMAT = false;

/** Artillery constructs the plugin twice: in the main thread, and in the worker that makes the virtual users. */
export class Plugin {
  constructor(script: { config: object }, events: EventEmitter, options: { absoluteScriptPath?: string; absoluteConfigPath?: string }) {
    if (process.env.LOCAL_WORKER_ID === undefined) MainRun.current = new MainRun(script, events, options);
    else WorkerRun.current = new WorkerRun(script);
  }

  /** Artillery calls this in both threads when it ends. */
  cleanup(done: (error: Error | null) => void): void {
    void (WorkerRun.current?.close() ?? Promise.resolve()).then(() => done(null), done);
  }
}
