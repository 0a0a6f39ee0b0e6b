import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Plan, RunRecord } from '../../src/model/index.ts';
import { inSessions, sessionsBelow } from './processes.ts';
import { judge, lockIsFree, observationsOf, startRun, type ChaosRun } from './run.ts';

/** What was found after one kill. */
export interface Outcome {
  id: string;
  /** Into which part of the run it fell. */
  moment: string;
  faults: string[];
  /** From the last observation in the files to the kill; null where no users were under way. */
  lostMs: number | null;
  /** Until no process of the run was left. */
  goneAfterMs: number | null;
}

/** What is there after this was left. How soon the rest went is a time of its own: on a busy machine, many seconds. */
const LEFT_AFTER_MS = 60_000;

/** Kills everything that is left of a run; for a benchmark that must not leave what it looks for. */
function clear(sessions: ReadonlySet<number>): void {
  for (const line of inSessions(sessions)) {
    try {
      process.kill(Number(line.split(' ')[0]), 'SIGKILL');
    } catch {
      // Gone in the meantime.
    }
  }
}

async function untilGone(sessions: ReadonlySet<number>, faults: string[]): Promise<number | null> {
  const fromMs = performance.now();
  for (;;) {
    const left = inSessions(sessions);
    const tookMs = performance.now() - fromMs;
    if (left.length === 0) return tookMs;
    if (tookMs > LEFT_AFTER_MS) {
      faults.push(`${left.length} processes left: ${left.join(' | ')}`);
      clear(sessions);
      return null;
    }
    await sleep(20);
  }
}

/** Resolves when a user has done a step, or the run has ended: on a busy machine that is many seconds after the plan is told. */
async function untilUsersAct(run: ChaosRun): Promise<void> {
  await run.said('\nplan ');
  while (run.child.exitCode === null) {
    const runDir = run.runDir();
    if (runDir !== null && observationsOf(runDir).some((one) => one.kind === 'step')) return;
    await sleep(100);
  }
}

const MOMENTS = ['preflight', 'load', 'end'] as const;

/** Kills the harness (`kill -9`) once, at a random moment of its preflight, its load or its end, and looks at what is left. */
export async function killHarness(number: number, random: () => number): Promise<Outcome> {
  const moment = MOMENTS[number % MOMENTS.length] ?? 'load';
  const run = startRun(60);
  const faults: string[] = [];
  try {
    if (moment === 'preflight') await sleep(200 + random() * 4_000);
    else {
      await untilUsersAct(run);
      await sleep(500 + random() * 4_000);
    }
    if (moment === 'end') {
      run.child.kill('SIGINT');
      // Closing the users, then the browsers, then judging: about half a second in all.
      await sleep(random() * 500);
    }
    const sessions = sessionsBelow(run.child.pid ?? 0);
    const killedAtEpochMs = Date.now();
    const alive = run.child.exitCode === null;
    run.child.kill('SIGKILL');
    await run.ended;
    const goneAfterMs = await untilGone(sessions, faults);
    if (!lockIsFree(run)) faults.push('the lock blocks the next run');
    const lostMs = await lookAtFolder(run, killedAtEpochMs, faults);
    return { id: `harness-${number + 1}`, moment: alive ? moment : `${moment}, already over`, faults, lostMs: moment === 'load' ? lostMs : null, goneAfterMs };
  } finally {
    clear(sessionsBelow(run.child.pid ?? 0));
    run.remove();
  }
}

async function lookAtFolder(run: ChaosRun, killedAtEpochMs: number, faults: string[]): Promise<number | null> {
  const runDir = run.runDir();
  // Killed before there was anything to record.
  if (runDir === null || !existsSync(join(runDir, 'plan.json'))) return null;
  const plan = Plan.parse(JSON.parse(readFileSync(join(runDir, 'plan.json'), 'utf8')));
  const seen = observationsOf(runDir);
  const judged = await judge(runDir);
  const saidItsEnd = seen.some((one) => one.kind === 'run' && ['completed', 'interrupted', 'fault'].includes(one.event));
  if (!saidItsEnd && !judged.output.includes('INCOMPLETE')) faults.push(`judging does not say INCOMPLETE: ${judged.output.trim().slice(0, 200)}`);
  if (judged.exitCode === 0) faults.push('judging ends with GO');
  if (!existsSync(join(runDir, 'record.json'))) faults.push('judging left no record');
  if (seen.length === 0) return null;
  return killedAtEpochMs - plan.startedAtEpochMs - Math.max(...seen.map((one) => one.tMs));
}

/** Returns the browsers of a run that are alive, by process id. */
function browsersOf(runDir: string): number[] {
  const folder = join(runDir, 'browsers');
  return (existsSync(folder) ? readdirSync(folder) : []).filter((name) => /^(?:crowd|observer)-\d+\.pid$/.test(name)).flatMap((name) => {
    const pid = Number(readFileSync(join(folder, name), 'utf8'));
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--remote-debugging-pipe') ? [pid] : [];
    } catch {
      return [];
    }
  });
}

export interface BrowserKills extends Outcome {
  kills: number;
  crashedUsers: number;
}

/** Kills a browser of one run, now the crowd's and now the observers', at random moments; the run must come to its verdict. */
export async function killBrowsers(kills: number, random: () => number): Promise<BrowserKills> {
  const seconds = 4 + Math.ceil(kills * 3);
  const run = startRun(seconds);
  const faults: string[] = [];
  let killed = 0;
  try {
    await untilUsersAct(run);
    for (; killed < kills; killed += 1) {
      await sleep(500 + random() * 4_000);
      const alive = browsersOf(run.runDir() ?? '');
      const victim = alive[Math.floor(random() * alive.length)];
      if (victim === undefined) {
        faults.push(`no browser was running before kill ${killed + 1}`);
        break;
      }
      process.kill(victim, 'SIGKILL');
    }
    const sessions = sessionsBelow(run.child.pid ?? 0);
    // The phase, the deadline of the last user, the drain.
    const late = setTimeout(() => run.child.kill('SIGKILL'), seconds * 1_000 + 15_000 + 25_000);
    const { exitCode, output } = await run.ended;
    clearTimeout(late);
    const goneAfterMs = await untilGone(sessions, faults);
    if (!lockIsFree(run)) faults.push('the lock blocks the next run');
    const file = join(run.runDir() ?? '', 'record.json');
    const record = existsSync(file) ? RunRecord.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
    if (record === null) faults.push(`no verdict: exit code ${exitCode}, ${output.trim().slice(-200)}`);
    else if (record.totals.ended !== 'completed') faults.push(`the run did not complete but ${record.totals.ended}`);
    if (record && record.verdict.exitCode !== exitCode) faults.push(`exit code ${exitCode}, verdict ${record.verdict.exitCode}`);
    const crashedUsers = record?.totals.byOutcome.crashed ?? 0;
    if (crashedUsers === 0) faults.push('no user counts as crashed');
    if ((record?.totals.artilleryDifference ?? 0) > 0) faults.push(`of ${record?.totals.artilleryDifference} users nothing was recorded`);
    if ((record?.totals.byOutcome.passed ?? 0) === 0) faults.push('no user passed');
    return { id: 'browsers', moment: 'load', kills: killed, crashedUsers, faults, lostMs: null, goneAfterMs };
  } finally {
    clear(sessionsBelow(run.child.pid ?? 0));
    run.remove();
  }
}
