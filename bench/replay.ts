import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { readTraffic } from '../src/plan/replay-traffic.ts';
import type { ImportTook } from './replay/import-child.ts';
import { writeSearchLog, writeStrangersLog, type WrittenLog } from './replay/logs.ts';
import { aimLine, atLeast, atMost, bench, figure, machine, table, type Aim } from './shell.ts';

const USAGE = `usage: npm run bench:replay -- [--json] [--quick]
Time and memory of the import of logs ("npm run replay -- import"), each in a process of its own: a day of search
traffic, as text and packed, and a log in which nothing comes twice. The logs are generated (a million lines each, a
quarter of a gigabyte at a time in the system's folder for temporary files, removed at the end). About two minutes.
  --quick  100,000 lines each
  --json   one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

/** Issue 7: 200 MB of log in 20 s and 300 MB of memory; times are given for as much text, however long the log is. */
const AIM_SECONDS = 20;
const AIM_MEMORY_MB = 300;
const PER_BYTES = 200e6;
const MB = 1e6;
const LIMIT_MS = 300_000;
const CHILD = join(import.meta.dirname, 'replay/import-child.ts');
/** As people call it: `node <flags> src/cli/replay.ts`. */
const PACKAGE = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
const FLAGS = (JSON.parse(PACKAGE) as { scripts: { replay: string } }).scripts.replay.split(' ').slice(1, -1);

interface Case {
  id: string;
  file: string;
  write: (path: string, lines: number) => Promise<WrittenLog>;
}

const CASES: readonly Case[] = [
  { id: 'search traffic', file: 'search.log', write: writeSearchLog },
  { id: 'packed', file: 'search.log.gz', write: writeSearchLog },
  { id: 'all different', file: 'strangers.log', write: writeStrangersLog },
];

interface Result extends ImportTook {
  id: string;
  lines: number;
  logBytes: number;
  fileBytes: number;
  requests: number;
  fixtureBytes: number;
}

interface Options {
  json: boolean;
  lines: number;
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, quick: flag } });
  return { json: values.json, lines: values.quick ? 100_000 : 1_000_000 };
}

async function measure({ id, file, write }: Case, lines: number, folder: string, signal: AbortSignal): Promise<Result> {
  process.stderr.write(`${id}: writing a log\n`);
  const log = await write(join(folder, file), lines);
  const fixture = join(folder, 'fixture.ndjson.gz');
  process.stderr.write(`${id}: importing ${log.lines.toLocaleString('en-US')} lines\n`);
  const around = { timeout: LIMIT_MS, signal, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, CHILD, log.path, fixture], around);
  const took = JSON.parse(stdout) as ImportTook;
  let requests = 0;
  readTraffic(fixture, () => (requests += 1) > 0);
  const fixtureBytes = statSync(fixture).size;
  rmSync(log.path);
  rmSync(fixture);
  return { id, lines: log.lines, logBytes: log.bytes, fileBytes: log.fileBytes, requests, fixtureBytes, ...took };
}

async function run({ json, lines }: Options): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-replay-'));
  const clear = (): void => rmSync(folder, { recursive: true, force: true });
  const stop = new AbortController();
  const interrupted = (): never => {
    stop.abort();
    clear();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const results: Result[] = [];
    for (const one of CASES) results.push(await measure(one, lines, folder, stop.signal));
    const aims = results.flatMap(({ id, totalMs, logBytes, peakMemoryBytes, requests }): Aim[] => {
      const name = id.replace(' ', '-');
      return [
        atMost(`import-time-per-200-MB-${name}`, 's', AIM_SECONDS, ((totalMs / 1_000) * PER_BYTES) / logBytes, 1),
        atMost(`import-memory-${name}`, 'MB', AIM_MEMORY_MB, peakMemoryBytes / MB, 1),
        atLeast(`imported-${name}`, '%', 100, (100 * requests) / lines, lines),
      ];
    });
    if (json) {
      const host = machine({ version: 'none', source: 'no browser' });
      console.log(JSON.stringify({ name: 'replay', machine: host, cases: results, aims }));
    } else print(results, aims);
    return aims.every(({ met }) => met);
  } finally {
    clear();
  }
}

function print(results: readonly Result[], aims: readonly Aim[]): void {
  const row = (name: string, of: (result: Result) => string): string[] => [name, ...results.map(of)];
  console.log(table([
    row('log', ({ id }) => id),
    row('lines', ({ lines }) => lines.toLocaleString('en-US')),
    row('text', ({ logBytes }) => `${figure(logBytes / MB)} MB`),
    row('file', ({ fileBytes }) => `${figure(fileBytes / MB)} MB`),
    row('imported in', ({ totalMs }) => `${figure(totalMs / 1_000)} s`),
    row('processor time', ({ processorMs }) => `${figure(processorMs / 1_000)} s`),
    row('lines a second', ({ lines, totalMs }) => Math.round((lines * 1_000) / totalMs).toLocaleString('en-US')),
    row('memory at most', ({ peakMemoryBytes }) => `${figure(peakMemoryBytes / MB)} MB`),
    row('fixture', ({ fixtureBytes }) => `${figure(fixtureBytes / MB)} MB`),
  ]));
  console.log('');
  for (const aim of aims) console.log(aimLine(aim, aim.id.startsWith('imported') ? '≥' : '≤'));
}

await bench(USAGE, read, run);
