import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '../..');

/** No run of a test takes as long, on however busy a machine: one that does hangs. */
const LIMIT_MS = 240_000;

export interface Finished {
  exitCode: number | null;
  output: string;
  reports: string;
}

export interface Started {
  child: ChildProcess;
  /** Holds the machine's lock as this run sees it. */
  temporaryFolder: string;
  /** Resolves when the output holds the text; rejects if the run ends first. */
  said: (text: string) => Promise<void>;
  finished: Promise<Finished>;
}

export interface RunOptions {
  args?: string[];
  env?: Record<string, string>;
  /** Another script in place of journeys.yml, written into the repository's folder for the time of the test. */
  script?: string;
}

/** Starts `artillery run` as a user does, with a reports folder and a temporary folder (so, a lock) of its own. */
export function startArtillery(test: TestContext, options: RunOptions = {}): Started {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-e2e-'));
  const script = options.script === undefined ? 'journeys.yml' : `.e2e-${process.pid}-${Math.random().toString(36).slice(2, 8)}.yml`;
  if (options.script !== undefined) writeFileSync(join(ROOT, script), options.script);
  const reports = options.env?.REPORTS_DIR ?? join(folder, 'reports');
  const child = spawn(process.execPath, ['node_modules/artillery/bin/run', 'run', ...(options.args ?? []), script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), TMPDIR: folder, REPORTS_DIR: reports, ...options.env },
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      output += data.toString();
      for (const listener of listeners) listener();
    });
  }
  const limit = setTimeout(() => {
    output += `\n(killed: it had not ended after ${LIMIT_MS / 1_000} s)\n`;
    child.kill('SIGKILL');
  }, LIMIT_MS);
  const finished = once(child, 'close').then(([exitCode]) => {
    clearTimeout(limit);
    return { exitCode: exitCode as number | null, output, reports };
  });
  test.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await finished;
    rmSync(folder, { recursive: true, force: true });
    if (options.script !== undefined) rmSync(join(ROOT, script), { force: true });
  });
  return {
    child,
    temporaryFolder: folder,
    finished,
    said: (text) => new Promise((resolve, reject) => {
      const look = (): void => {
        if (!output.includes(text)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      void finished.then(() => reject(new Error(`ended without saying "${text}":\n${output}`)));
    }),
  };
}

/** Runs `artillery run` to its end. */
export function runArtillery(test: TestContext, options: RunOptions = {}): Promise<Finished> {
  return startArtillery(test, options).finished;
}

/** What a developer has in the environment or in npm's must not change what the tests see. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = { ...process.env };
  for (const name of ['TARGET_URL', 'BROWSER', 'BROWSER_PATH', 'RUN_ID', 'SEED', 'HEALTH_PATH', 'GITHUB_STEP_SUMMARY', 'NODE_TEST_CONTEXT', 'PLATFORM_PORT', 'ALLOWED_HOSTS', 'PRODUCTION_HOSTS', 'LOAD_WINDOW', 'GUARD_OVERRIDES', 'GUARD_REASON']) delete kept[name];
  return kept;
}

/** Returns journeys.yml with one text replaced. Throws when the text is not there, so that a test cannot pass by accident. */
export function scriptWith(search: string, replacement: string): string {
  const script = readFileSync(join(ROOT, 'journeys.yml'), 'utf8');
  if (!script.includes(search)) throw new Error(`journeys.yml has no "${search}"`);
  return script.replace(search, replacement);
}

/** Returns the command lines of living processes that were started, at whatever remove, by a run with this temporary folder. */
export function processesOf({ temporaryFolder }: Pick<Started, 'temporaryFolder'>): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A zombie has no command line any more; it waits for its parent, not for us.
      return line !== '' && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${temporaryFolder}`) ? [`${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until nothing of a run is alive any more. Throws with what still is after ten seconds. */
export async function assertAllGone(run: Pick<Started, 'temporaryFolder'>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const alive = processesOf(run);
    if (alive.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still alive:\n${alive.join('\n')}`);
    await sleep(50);
  }
}

/** Returns the only run folder of a reports folder; the history lies beside it. */
export function onlyRun(reports: string): string {
  const runs = readdirSync(reports, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (runs.length !== 1) throw new Error(`expected one run, found ${runs.length}: ${runs.join(', ')}`);
  return join(reports, runs[0] as string);
}

/** Judges a run folder again, in a process of its own. */
export async function judge(folder: string, ...args: string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, ['src/cli/judge.ts', folder, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}
