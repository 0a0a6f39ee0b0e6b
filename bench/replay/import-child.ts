/** Imports one log in a process of its own and prints what that took: `node import-child.ts <log> <fixture>`. */
import { join } from 'node:path';
import { replayCommand } from '../../src/cli/replay/command.ts';

/** What one import took. */
export interface ImportTook {
  /** From the start of the process. */
  totalMs: number;
  /** What the process had of the processors: on a machine with other work the total is longer. */
  processorMs: number;
  peakMemoryBytes: number;
  exitCode: number;
}

const KIB = 1_024;
const [log = '', fixture = ''] = process.argv.slice(2);
const exitCode = await replayCommand(['import', log, '--out', fixture, '--keep', '/find/:slug,/search?q'], {
  root: join(import.meta.dirname, '../..'), environment: process.env, out: () => {}, progress: null, columns: 120,
  nowMs: Date.now, interrupted: new AbortController().signal,
});
const { user, system } = process.cpuUsage();
const took: ImportTook = {
  totalMs: performance.now(), processorMs: (user + system) / 1_000,
  peakMemoryBytes: process.resourceUsage().maxRSS * KIB, exitCode,
};
console.log(JSON.stringify(took));
