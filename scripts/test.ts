/**
 * Runs the parts of the tests that fit into CI's time, or only the named ones (`npm test -- lint unit`), and says how long
 * each took.
 * All parts run even if one fails; the exit code is 1 then. A part with nothing to run counts as failed: absence is no pass.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** What nearly always only calculates, and shares nothing: a start of Node for each of a hundred such files costs a minute. */
const TOGETHER = ['analyze', 'golden', 'history', 'model', 'plan', 'privacy', 'replay', 'report', 'verdict'];
const UNIT_TESTS = [
  '*.test.ts', 'src/*.test.ts', `src/!(${TOGETHER.join('|')})/**/*.test.ts`,
  ...['artillery', 'fixtures', 'journeys', 'bench', 'scripts'].map((folder) => `${folder}/**/*.test.ts`),
];
/** These take ten seconds or more, mostly of waiting. */
const LONG_UNIT_TESTS = [
  'src/drive/{canary,failure-traces,survival}.test.ts', 'src/drive/api/lane.test.ts', 'src/collect/perceived.test.ts',
  'src/collect/metrics/{monitor,prometheus-real}.test.ts', 'src/cli/gameday/command.test.ts', 'src/cli/judge.test.ts',
];

interface Part {
  name: string;
  /** Arguments for this Node; null where there is nothing to run. */
  args: () => string[] | null;
  /** Only where it is named: CI has twelve minutes. */
  byName?: true;
  /** Runs beside its neighbours that say so too: each keeps one processor busy, and looks at no clock. */
  beside?: true;
}

const tool = (path: string, ...args: string[]) => (): string[] => [join(ROOT, 'node_modules', path), ...args];

/** In the order of the patterns, since that is the order in which they are begun: long files last would run alone at the end. */
function testFiles(...patterns: string[]): string[] {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude: (path) => basename(path) === 'node_modules' }).sort());
}

/** Node's runner: one process a file, so many of them at a time, or all in one; a test that takes longer than the minutes hangs. */
function nodeTests(how: number | 'together', minutes: number, ...patterns: string[]): string[] | null {
  const files = [...new Set(testFiles(...patterns))];
  return files.length === 0 ? null : [join(ROOT, 'scripts/test-files.ts'), String(how), String(minutes), ...files];
}

const PARTS: Part[] = [
  { name: 'types', args: tool('typescript/bin/tsc', '-p', '.', '--noEmit'), beside: true },
  { name: 'lint', args: tool('eslint/bin/eslint.js', '.', '--max-warnings=0'), beside: true },
  { name: 'together', args: () => nodeTests('together', 5, `src/{${TOGETHER.join(',')}}/**/*.test.ts`), beside: true },
  // Three at a time, as those with a Prometheus mostly wait; more would stretch the timings that browser tests look at.
  { name: 'unit', args: () => nodeTests(3, 5, ...LONG_UNIT_TESTS, ...UNIT_TESTS) },
  { name: 'journeys', args: tool('@playwright/test/cli.js', 'test') },
  // The platform, and what is refused, lost, or sent: nothing in them depends on how fast this machine is, and they mostly
  // wait, for time limits and for processes to come and go. So several at a time.
  { name: 'e2e', args: () => nodeTests(4, 8, 'platform/**/*.test.ts', 'test/e2e/!(*.alone|*.long).test.ts', 'test/load/**/*.test.ts') },
  // Each is a load test of its own, judged by what its users saw.
  { name: 'e2e-alone', args: () => nodeTests(1, 8, 'test/e2e/*.alone.test.ts') },
  // The short forms of benchmarks, and what takes longer than CI has.
  { name: 'e2e-long', args: () => nodeTests(1, 30, 'test/e2e/*.long.test.ts'), byName: true },
];

interface Result {
  name: string;
  seconds: number;
  passed: boolean;
  note: string;
}

/** Artillery and its like are large: what each of some hundred processes would compile again is kept from the first. */
const ENVIRONMENT = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compile'), ...process.env };

/** Runs one part. With `held`, what it writes is printed when it has ended, so that two do not mix. */
async function run(part: Part, held = false): Promise<Result> {
  const startedMs = performance.now();
  const result = (passed: boolean, note = ''): Result => ({ name: part.name, seconds: (performance.now() - startedMs) / 1_000, passed, note });
  if (!held) console.log(`\n── ${part.name}`);
  const args = part.args();
  if (args === null) return result(false, 'there is nothing to run');
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: held ? ['ignore', 'pipe', 'pipe'] : 'inherit', env: ENVIRONMENT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (held) process.stdout.write(`\n── ${part.name}\n${output}`);
  if (signal === 'SIGINT') process.exit(130);
  return result(code === 0, code === 0 ? '' : (signal ?? `exit code ${code}`));
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are: ${PARTS.map((part) => part.name).join(', ')}`);
  process.exit(3);
}

// A Ctrl-C reaches the part as well, which ends in its own order; this process waits for it.
process.on('SIGINT', () => {});

const chosen = PARTS.filter((part) => (asked.length === 0 ? !part.byName : asked.includes(part.name)));
const together = chosen.filter((part) => part.beside);
const results: Result[] = [];
results.push(...await Promise.all(together.map((part) => run(part, together.length > 1))));
for (const part of chosen) {
  if (!part.beside) results.push(await run(part));
}

console.log('\npart        seconds');
for (const { name, seconds, passed, note } of results) {
  console.log(`${name.padEnd(10)}  ${seconds.toFixed(1).padStart(7)}  ${passed ? 'ok' : 'failed'}${note ? `  (${note})` : ''}`);
}
const failed = results.filter((result) => !result.passed).length;
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
