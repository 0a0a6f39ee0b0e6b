import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunLock } from '../../src/drive/run-folder.ts';
import type { Observation } from '../../src/model/index.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A run of Artillery as a user starts it, with folders (so, a lock) and a session of its own. */
export interface ChaosRun {
  child: ChildProcess;
  folder: string;
  /** Resolves when the output holds the text, or the run has ended. */
  said: (text: string) => Promise<void>;
  ended: Promise<{ exitCode: number | null; output: string }>;
  /** The run's folder, once it is there. */
  runDir: () => string | null;
  remove: () => void;
}

/** Starts the bundled platform and two users a second for so long. */
export function startRun(seconds: number): ChaosRun {
  const folder = mkdtempSync(join(tmpdir(), 'openshow-chaos-'));
  const profile = join(folder, 'chaos.yml');
  const reports = join(folder, 'reports');
  const journeys = { profile: 'chaos', stepDeadlineSeconds: 5, journeyDeadlineSeconds: 15 };
  writeFileSync(profile, JSON.stringify({
    config: {
      phases: [{ name: 'chaos', duration: seconds, arrivalRate: 2 }],
      processor: join(ROOT, 'artillery/processor.mts'),
      plugins: { journeys },
    },
  }));
  const env: NodeJS.ProcessEnv = { ...process.env, TMPDIR: folder, REPORTS_DIR: reports };
  for (const name of ['TARGET_URL', 'RUN_ID', 'PLATFORM_PORT', 'GITHUB_STEP_SUMMARY']) delete env[name];
  const child = spawn(process.execPath, ['node_modules/artillery/bin/run', 'run', '--config', profile, 'journeys.yml'], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env,
  });
  let output = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      output += data.toString();
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'exit').then(([exitCode]) => ({ exitCode: exitCode as number | null, output }));
  return {
    child, folder, ended,
    said: (text) => Promise.race([ended.then(() => {}), new Promise<void>((resolve) => {
      const look = (): void => {
        if (!output.includes(text)) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      look();
    })]),
    runDir: () => {
      const runs = existsSync(reports) ? readdirSync(reports) : [];
      return runs[0] === undefined ? null : join(reports, runs[0]);
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Returns whether the next run could take the machine's lock. */
export function lockIsFree({ folder }: ChaosRun): boolean {
  try {
    RunLock.take('probe', join(folder, 'openshow-journeys.lock')).release();
    return true;
  } catch {
    return false;
  }
}

/** Judges a run folder as a person does. */
export async function judge(runDir: string): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, ['src/cli/judge.ts', runDir], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (output += data.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}

/** Returns what stands in a run's folder, whole lines only. */
export function observationsOf(runDir: string): Observation[] {
  const files = readdirSync(runDir).filter((name) => /^observations.*\.ndjson$/.test(name));
  return files.flatMap((name) => readFileSync(join(runDir, name), 'utf8').split('\n')).flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Observation];
    } catch {
      // The torn last line of a process that was killed while it wrote.
      return [];
    }
  });
}
