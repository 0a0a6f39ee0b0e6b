/** Judges one run folder in a process of its own and prints how long that took: `node judge-child.ts <folder>`. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { judgeRun } from '../../src/cli/judge-run.ts';
import { REPORTERS } from '../../src/report/reporter.ts';

/** What one judging took. */
export interface Judged {
  /** From the first line read to the last report written. */
  totalMs: number;
  /** What the process had of the processors: on a machine with other work the total is longer. */
  processorMs: number;
  /** Of the total, by reporter. */
  reportersMs: Record<string, number>;
  faults: string[];
  peakMemoryBytes: number;
  /** By file or folder that the reporters wrote. */
  sizes: Record<string, number>;
}

const KIB = 1_024;

function bytesOf(path: string): number {
  const stat = statSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : stat.size;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const folder = process.argv[2] ?? '';
const INPUT = /^(?:observations\..*\.ndjson|plan\.json|environment\.json)$/;
const reportersMs: Record<string, number> = {};
const reporters = REPORTERS.map(({ name, write }) => ({
  name,
  write: async (...of: Parameters<typeof write>) => {
    const startMs = performance.now();
    await write(...of);
    reportersMs[name] = performance.now() - startMs;
  },
}));
const startMs = performance.now();
const { reporterFaults } = await judgeRun(folder, { reporters });
const written = readdirSync(folder).filter((name) => !INPUT.test(name));
const judged: Judged = {
  totalMs: performance.now() - startMs,
  processorMs: processorMs(),
  reportersMs,
  faults: reporterFaults.map(({ reporter, message }) => `${reporter}: ${message}`),
  peakMemoryBytes: process.resourceUsage().maxRSS * KIB,
  sizes: Object.fromEntries(written.map((name) => [name, bytesOf(join(folder, name))])),
};
console.log(JSON.stringify(judged));
