import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { generateRun, type Generated } from './report/generate.ts';
import type { Judged } from './report/judge-child.ts';
import { ROOT, planOfProfile } from './report/plan.ts';
import { aimLine, atMost, bench, figure, machine, table, type Aim } from './shell.ts';

const USAGE = `usage: npm run bench:report -- [--json] [--quick]
Time and size of the reports of a run: from the first line read to the last report written, and how large the HTML page is.
The runs are generated, as the profiles "baseline" (10 minutes) and "soak" (72 hours: 5 million lines, 1.5 GB in the system's
folder for temporary files, removed at the end) would leave them. About two minutes.
  --quick  the 10 minutes only
  --json   one JSON object on standard output instead of the table
exit code: 0 all aims met, 1 some missed, 3 bad options, 4 the benchmark itself failed`;

const MB = 1e6;
const LIMIT_MS = 900_000;

interface Case {
  id: string;
  profile: string;
  /** Issue 6: report time in seconds, and size of the page in MB. */
  aimSeconds: number;
  aimMb: number;
  /** Judged so many times; the median counts. */
  times: number;
}

const TEN_MINUTES: Case = { id: '10 minutes', profile: 'baseline', aimSeconds: 10, aimMb: 5, times: 3 };
const THREE_DAYS: Case = { id: '72 hours', profile: 'soak', aimSeconds: 60, aimMb: 10, times: 1 };
const PAGE = 'index.html';
const CHILD = join(import.meta.dirname, 'report/judge-child.ts');
/** Nobody else is told of a run that never was. */
const ALONE = { GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '', PUSHGATEWAY_URL: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' };

interface Result extends Case, Generated {
  judged: Judged[];
}

interface Options {
  json: boolean;
  cases: readonly Case[];
}

function read(): Options {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ options: { json: flag, quick: flag } });
  return { json: values.json, cases: values.quick ? [TEN_MINUTES] : [TEN_MINUTES, THREE_DAYS] };
}

async function measure(one: Case, temporary: string, signal: AbortSignal): Promise<Result> {
  const folder = join(temporary, one.profile);
  process.stderr.write(`${one.id}: writing a run\n`);
  const generated = await generateRun(planOfProfile(one.profile), folder);
  const judged: Judged[] = [];
  for (let time = 1; time <= one.times; time += 1) {
    process.stderr.write(`${one.id}: judging ${generated.lines.toLocaleString('en-US')} lines, ${time}/${one.times}\n`);
    const env = { ...process.env, ...ALONE };
    const around = { cwd: ROOT, env, timeout: LIMIT_MS, signal, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, folder], around);
    judged.push(JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Judged);
    const { faults } = judged.at(-1) as Judged;
    if (faults.length > 0) throw new Error(`a reporter failed: ${faults.join('; ')}`);
  }
  rmSync(folder, { recursive: true, force: true });
  return { ...one, ...generated, judged: judged.sort((a, b) => a.totalMs - b.totalMs) };
}

function middle({ judged }: Result): Judged {
  return judged[Math.floor((judged.length - 1) / 2)] as Judged;
}

async function run({ json, cases }: Options): Promise<boolean> {
  const temporary = mkdtempSync(join(tmpdir(), 'openshow-report-'));
  const clear = (): void => rmSync(temporary, { recursive: true, force: true });
  // A gigabyte and a half is no thing to leave behind.
  const stop = new AbortController();
  const interrupted = (): never => {
    // First whoever is still writing there.
    stop.abort();
    clear();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const results: Result[] = [];
    for (const one of cases) results.push(await measure(one, temporary, stop.signal));
    const aims = results.flatMap((result): Aim[] => {
      const { totalMs, sizes } = middle(result);
      const id = result.id.replace(' ', '-');
      const page = sizes[PAGE];
      return [
        atMost(`report-time-${id}`, 's', result.aimSeconds, totalMs / 1_000, result.times),
        atMost(`page-size-${id}`, 'MB', result.aimMb, page === undefined ? null : page / MB, result.times),
      ];
    });
    if (json) {
      const described = results.map((result) => {
        const { id, profile, users, lines, bytes } = result;
        return { id, profile, users, lines, bytes, ...middle(result) };
      });
      const host = machine({ version: 'none', source: 'no browser' });
      console.log(JSON.stringify({ name: 'report', machine: host, cases: described, aims }));
    } else print(results, aims);
    return aims.every((aim) => aim.met);
  } finally {
    clear();
  }
}

function print(results: readonly Result[], aims: readonly Aim[]): void {
  const mb = (bytes: number | undefined): string => (bytes === undefined ? '–' : `${figure(bytes / MB)} MB`);
  const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${figure(ms / 1_000)} s`);
  const names = (of: (one: Judged) => object): string[] =>
    [...new Set(results.flatMap((result) => Object.keys(of(middle(result)))))];
  const row = (name: string, of: (result: Result) => string): string[] => [name, ...results.map(of)];
  console.log(table([
    row('run', ({ id }) => id),
    row('users', ({ users }) => users.toLocaleString('en-US')),
    row('lines', ({ lines }) => lines.toLocaleString('en-US')),
    row('observations', ({ bytes }) => mb(bytes)),
    row('judged and reported in', (result) => seconds(middle(result).totalMs)),
    row('processor time', (result) => seconds(middle(result).processorMs)),
    ...names(({ reportersMs }) => reportersMs).map((name) =>
      row(`  ${name}`, (result) => seconds(middle(result).reportersMs[name]))),
    row('memory at most', (result) => mb(middle(result).peakMemoryBytes)),
    ...names(({ sizes }) => sizes).map((name) => row(`size of ${name}`, (result) => mb(middle(result).sizes[name]))),
  ]));
  console.log('');
  for (const aim of aims) console.log(aimLine(aim, '≤'));
}

await bench(USAGE, read, run);
