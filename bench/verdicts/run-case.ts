import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RunRecord, type Decision } from '../../src/model/index.ts';
import type { Outcome, VerdictCase } from './cases.ts';
import type { Fault } from './site.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUN_LIMIT_MS = 120_000;
/** After the plan is said: the canary is at rest until then, and the first users have come. */
const STARVE_AFTER_MS = 3_000;
const BURNERS_PER_CORE = 2;
const DECISION_OF: Record<number, Decision> = { 0: 'GO', 1: 'NO-GO', 2: 'INCONCLUSIVE' };

/** Makes one run of a case; returns what was decided. Throws only when its site does not come up. */
export async function runCase(one: VerdictCase, seed: number, reports: string): Promise<Outcome> {
  const site = await startSite({ ...one.fault, seed });
  const startedMs = performance.now();
  const burners: ChildProcess[] = [];
  const runId = `${one.id.replace(/[^a-z0-9]+/gi, '-').replace(/^-/, '')}-${seed}`;
  const profile = one.profile === undefined ? [] : ['--config', join('bench/verdicts', one.profile)];
  const child = spawn(
    process.execPath,
    [join(ROOT, 'node_modules/artillery/bin/run'), 'run', '-t', site.url, ...profile, 'bench/verdicts/journeys.yml'],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: {
        ...process.env,
        REPORTS_DIR: reports,
        RUN_ID: runId,
        SEED: String(seed),
        TARGET_URL: '',
        FORCE: '1',
        GITHUB_STEP_SUMMARY: '',
      },
    },
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
  let starve: NodeJS.Timeout | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!one.starved || starve || !line.startsWith('plan ')) return;
    starve = setTimeout(() => burners.push(...startBurners()), STARVE_AFTER_MS);
  });
  try {
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    const decision = exitCode === null ? null : (DECISION_OF[exitCode] ?? null);
    const asExpected =
      decision !== null && (one.right === null ? one.allowed.includes(decision) : decision === one.right);
    const because = asExpected ? [] : reasons(join(reports, runId));
    return { id: one.id, decision, exitCode, seconds: (performance.now() - startedMs) / 1_000, seed, because };
  } finally {
    clearTimeout(limit);
    clearTimeout(starve);
    for (const burner of burners) burner.kill('SIGKILL');
    await site.stop();
  }
}

/** Each in a session of its own, so that the scheduler gives every one of them as much as a whole browser. */
function startBurners(): ChildProcess[] {
  return Array.from({ length: BURNERS_PER_CORE * cpus().length }, () =>
    // It ends by itself also when nobody is left to end it.
    spawn(process.execPath, ['-e', `const end = Date.now() + ${RUN_LIMIT_MS}; while (Date.now() < end);`], {
      stdio: 'ignore',
      detached: true,
    }),
  );
}

async function startSite(fault: Fault): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'site.ts'), JSON.stringify(fault)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line', {
    signal: AbortSignal.timeout(10_000),
  })) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  return { url: `http://127.0.0.1:${port}/`, stop };
}

/** The gates that did not pass, as a person needs them to see why. */
function reasons(runDir: string): string[] {
  try {
    const { verdict } = RunRecord.parse(JSON.parse(readFileSync(join(runDir, 'record.json'), 'utf8')));
    const open = verdict.gates.filter((gate) => gate.status !== 'pass');
    return [
      verdict.reason,
      ...open.map(
        (gate) =>
          `${gate.id}: ${gate.status}, ${gate.observed ?? gate.observedAbove ?? 'none'} ${gate.unit}, n ${gate.n}`,
      ),
    ];
  } catch (error) {
    return [`no record: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`];
  }
}
