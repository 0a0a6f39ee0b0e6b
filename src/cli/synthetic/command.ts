import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadFixtures } from '../../drive/checks/fixtures.ts';
import { commitOf, harnessVersion } from '../../drive/environment.ts';
import { loadJourneys } from '../../drive/journeys.ts';
import { asCodedError, CodedError, formatError } from '../../errors.ts';
import type { AnyJourney } from '../../journey.ts';
import { didYouMean } from '../../nearest.ts';
import { readSettings } from '../../plan/settings.ts';
import { counted, harmless } from '../../report/text.ts';
import type { BudgetRoundFunction } from '../budget/types.ts';
import { watchInterrupts } from '../campaign/interrupts.ts';
import { HELP, USAGE, readArguments, type SyntheticArguments } from './arguments.ts';
import { holdRound, recordSkipped, type RoundsContext } from './hold-round.ts';
import { keepChecking } from './keep-checking.ts';
import { clockTime, worstOf } from './lines.ts';
import { checksFolder, makeChecksFolder, newestRound } from './record.ts';
import { ScheduleState } from './schedule-state.ts';
import { cronSchedule, duesBetween, everySchedule, type Schedule } from './schedule.ts';
import { targetOf } from './targets.ts';

export interface SyntheticSurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  color: boolean;
  /** Width of the terminal; undefined where there is none. */
  columns: number | undefined;
  budgetRound: BudgetRoundFunction;
}

const WIDTH = 120;
const MOST_JITTER_MS = 30_000;
const MOST_LOCK_WAIT_MS = 60_000;

/** Does what `npm run synthetic -- …` says and returns the exit code. Throws coded errors. */
export async function syntheticCommand(args: string[], around: SyntheticSurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked === null) {
    around.out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const interrupts = watchInterrupts();
  const ending = new AbortController();
  interrupts.listener = () => {
    // Whoever asks twice does not want to wait; what was started is ended on exit.
    if (interrupts.count > 1) process.exit(130);
    ending.abort();
  };
  try {
    const context = await prepare(asked, around, ending.signal);
    const { plan } = asked;
    if (plan.kind === 'by hand') return await single(context, null, null);
    if (plan.kind === 'once') return await ofSchedule(context, plan.everyMs);
    const schedule = plan.kind === 'cron'
      ? await cronSchedule(plan.pattern, plan.timeZone)
      : everySchedule(plan.everyMs, plan.words);
    return await keepOn(context, schedule, asked);
  } finally {
    interrupts.stop();
  }
}

async function prepare(
  asked: SyntheticArguments, around: SyntheticSurroundings, interrupted: AbortSignal,
): Promise<RoundsContext> {
  const { root, environment } = around;
  const settings = readSettings(root, environment);
  const target = targetOf(settings);
  const reports = resolve(root, settings.REPORTS_DIR);
  const typed = relative(process.cwd(), reports);
  return {
    root, environment, settings, target, interrupted,
    folder: checksFolder(reports),
    journeys: await journeysOf(root, asked.journeys),
    allJourneys: asked.journeys === null,
    fixtures: await loadFixtures(root),
    retries: asked.retries,
    harnessVersion: harnessVersion(),
    commit: commitOf(root),
    style: {
      color: around.color && !asked.json, width: around.columns ?? WIDTH,
      reportsPath: typed === '' || typed.startsWith('..') ? reports : typed,
      timeZone: asked.plan.kind === 'cron' ? asked.plan.timeZone : undefined,
    },
    json: asked.json, out: around.out, err: around.err, budgetRound: around.budgetRound,
  };
}

async function journeysOf(root: string, names: string[] | null): Promise<AnyJourney[]> {
  const { journeys, faults } = await loadJourneys(join(root, 'journeys'));
  if (faults.length > 0) throw new CodedError('J_JOURNEY_FILE', faults);
  const known = [...journeys.keys()];
  const unknown = (names ?? []).filter((name) => !journeys.has(name));
  if (unknown.length > 0) {
    const faults = unknown.map((name) => ({ where: '--journeys', message: `"${harmless(name)}"`, hint: didYouMean(name, known) }));
    throw new CodedError('J_JOURNEY_UNKNOWN', faults);
  }
  const chosen = [...journeys.values()].filter(({ name }) => names === null || names.includes(name));
  if (chosen.length === 0) throw new CodedError('J_JOURNEY_UNKNOWN', [{ where: 'journeys/', message: 'holds no journey' }]);
  return chosen;
}

/** One round, by hand or of a schedule that somebody else keeps. */
async function single(context: RoundsContext, dueAtEpochMs: number | null, everyMs: number | null): Promise<number> {
  const { round, refused } = await holdRound(context, { dueAtEpochMs, everyMs, lockWaitMs: 0, nextEpochMs: null });
  if (refused) throw refused;
  if (context.interrupted.aborted) return 130;
  return { up: 0, flaky: 0, down: 1, unknown: 4 }[worstOf(round.checks)];
}

/** What should have run since the last round, and did not, is found out by comparing: whoever keeps the schedule does not tell. */
async function ofSchedule(context: RoundsContext, everyMs: number): Promise<number> {
  const due = Math.floor(Date.now() / everyMs) * everyMs;
  const last = await newestRound(
    context.folder, (round) => round.target === context.target && round.everyMs === everyMs && round.dueAtEpochMs !== null,
  );
  if (last !== null) {
    const lastDue = last.event === 'missed' ? last.endedAtEpochMs : (last.dueAtEpochMs ?? due);
    const schedule = everySchedule(everyMs, '');
    // After a long time they come in pieces.
    for (let missed = duesBetween(schedule, lastDue, due - 1); missed.length > 0;) {
      await recordSkipped(context, 'missed', missed, everyMs);
      missed = duesBetween(schedule, missed.at(-1) ?? due, due - 1);
    }
  }
  return single(context, due, everyMs);
}

/** Rounds at their times, until somebody ends it; no fault of one of them ends the others. */
async function keepOn(context: RoundsContext, schedule: Schedule, asked: SyntheticArguments): Promise<number> {
  const { plan, journeys, jitterMs } = asked;
  const { interrupted, err, target } = context;
  const timeZone = plan.kind === 'cron' ? plan.timeZone : undefined;
  const nowEpochMs = Date.now();
  makeChecksFolder(context.folder);
  const kind = { schedule: schedule.words, target, journeys };
  const { state, afterEpochMs } = ScheduleState.take(context.folder, kind, nowEpochMs);
  const first = schedule.next(nowEpochMs);
  const firstEvery = first === null ? 0 : schedule.everyMs(first);
  const begins = first === null ? 'never' : clockTime(first, timeZone);
  err(`checks of ${target} ${schedule.words}, ${counted(context.journeys.length, 'journey')}; first ${begins}; Ctrl-C ends\n`);
  const told = async (action: () => Promise<unknown>): Promise<void> => {
    await action().catch((thrown: unknown) => err(`${formatError(asCodedError(thrown))}\n`));
  };
  await keepChecking({
    schedule, afterEpochMs,
    jitterMs: jitterMs ?? Math.min(firstEvery / 10, MOST_JITTER_MS),
    ended: interrupted,
    clock: {
      nowEpochMs: Date.now,
      random: Math.random,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
    },
    round: (dueAtEpochMs, everyMs) => told(async () => {
      err(`${clockTime(Date.now(), timeZone)}\n`);
      const { refused } = await holdRound(context, {
        dueAtEpochMs, everyMs,
        lockWaitMs: Math.min(everyMs / 2, MOST_LOCK_WAIT_MS),
        nextEpochMs: schedule.next(Math.max(dueAtEpochMs, Date.now())),
      });
      state.held(dueAtEpochMs);
      if (refused) throw refused;
    }),
    skipped: (event, dues) => told(async () => {
      const last = dues.at(-1) ?? nowEpochMs;
      await recordSkipped(context, event, dues, schedule.everyMs(last));
      state.held(last);
    }),
  });
  state.end();
  return interrupted.aborted ? 130 : 0;
}
