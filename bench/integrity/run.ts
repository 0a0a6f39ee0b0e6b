import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPlatform, type RunningPlatform } from '../../src/drive/platform.ts';
import { BREACHES, RunRecord } from '../../src/model/index.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** Payments under load: so many a second by API, and so many browser users in all. */
export interface Load {
  seconds: number;
  paymentsPerSecond: number;
  users: number;
  /** Weights of their journeys. */
  journeys: Record<string, number>;
}

/** Longer than the platform takes to settle what a dead part left behind. */
const SETTLE_S = 20;

/** Starts the bundled platform by itself: it has to outlive the harness, and to tell afterwards what was planted. */
export function startBooks(folder: string, name: string, faults: string): Promise<RunningPlatform> {
  const command = [process.execPath, join(ROOT, 'platform/main.ts'), ...faults.split(',').filter(Boolean).flatMap((fault) => ['--fault', fault])];
  return startPlatform({ command, logFile: join(folder, `${name}.platform.log`) });
}

/** Files of one run: scenarios, gates, profile; and the environment in which Artillery finds them. */
function writeFiles(folder: string, name: string, load: Load, platform: RunningPlatform, settleS: number): { profile: string; env: NodeJS.ProcessEnv } {
  const file = (kind: string, text: string): string => {
    const path = join(folder, `${name}.${kind}`);
    writeFileSync(path, text);
    return path;
  };
  const usual = JSON.parse(readFileSync(join(ROOT, 'config/loadtests/scenarios.json'), 'utf8')) as Record<string, unknown> & {
    scenarios: { name: string; endpoints: { sequence: object[] }[] }[];
  };
  const flow = usual.scenarios.find((one) => one.name.includes('Write_Flow'))?.endpoints[0]?.sequence ?? [];
  const scenarios = file('scenarios.json', JSON.stringify({
    ...usual,
    scenarios: [{
      name: 'payments', type: 'Financial', target_vus: 20, target_rps: Math.max(1, load.paymentsPerSecond), session: true,
      // Half of them are paid out as well: both ends of a hold.
      endpoints: [{ weight: 50, sequence: flow }, { weight: 50, sequence: flow.slice(0, 2) }],
    }],
  }));
  const gates = BREACHES.map((breach) => `  - { id: ${breach.replaceAll('_', '-')}, metric: integrity, breach: ${breach}, unit: breaches, max: 0, source: bench }`);
  const slo = file('slo.yml', ['version: 1', 'gates:', ...gates, ''].join('\n'));
  const journeys = {
    profile: 'integrity', slo, browsers: load.users > 0, weights: { ...NOBODY, ...load.journeys },
    // Nobody's latency is judged: everybody pays at normal priority, also on a machine that has other things to do.
    observers: { share: 1, max: 20 }, stepDeadlineSeconds: 6, traces: { perError: 0, perRun: 0 },
    ...(load.paymentsPerSecond > 0 ? { api: { scenarios, share: 1, timeoutSeconds: 10 } } : {}),
    audit: { platform: `${platform.url}/api/v1/payments/ledger`, provider: platform.paymentsUrl, settleSeconds: settleS },
  };
  const phases = [{ name: 'payments', duration: load.seconds, arrivalCount: Math.max(1, load.users) }];
  const profile = file('yml', JSON.stringify({ config: { phases, processor: join(ROOT, 'artillery/processor.mts'), plugins: { journeys } } }));
  const env: NodeJS.ProcessEnv = {
    ...process.env, TMPDIR: folder, REPORTS_DIR: folder, RUN_ID: name, TARGET_URL: platform.url, HEALTH_PATH: '/healthz', FORCE: '1',
    AUDIT_PROVIDER_KEY: 'sk_test_openshow', GITHUB_STEP_SUMMARY: '',
  };
  return { profile, env };
}

/** Journeys of the script that a benchmark does not ask for send nobody. */
const NOBODY = Object.fromEntries([...readFileSync(join(ROOT, 'journeys.yml'), 'utf8').matchAll(/testFunction: ([^,]+),/g)]
  .map(([, name = '']): [string, number] => [name, 0]));

export interface BooksRun {
  child: ChildProcess;
  /** Resolves when the output holds the text, or the run has ended. */
  said: (text: string) => Promise<void>;
  /** What the run said, once it is over. */
  ended: Promise<string>;
}

/** Starts a run of Artillery as a person does. */
export function startRun(folder: string, name: string, load: Load, platform: RunningPlatform, { settleS = SETTLE_S, resume = false } = {}): BooksRun {
  const { profile, env } = writeFiles(folder, name, load, platform, settleS);
  const child = spawn(process.execPath, ['node_modules/artillery/bin/run', 'run', '--config', profile, 'journeys.yml'], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, ...(resume ? { RESUME: join(folder, name) } : {}) },
  });
  let output = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString();
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'close').then(() => output);
  return {
    child, ended,
    said: (text) => Promise.race([ended.then(() => {}), new Promise<void>((resolve) => {
      const look = (): void => {
        if (!output.includes(text)) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      look();
    })]),
  };
}

/** Returns the record of a run that is over. Throws with what it said where it came to no verdict. */
export async function recordOf(folder: string, name: string, run: BooksRun): Promise<RunRecord> {
  const output = await run.ended;
  try {
    return RunRecord.parse(JSON.parse(readFileSync(join(folder, name, 'record.json'), 'utf8')));
  } catch {
    throw new Error(`"${name}" came to no verdict:\n${output}`);
  }
}
