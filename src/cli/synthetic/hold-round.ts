import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveBrowser, type ResolvedBrowser } from '../../drive/browser.ts';
import type { CreateFixtures } from '../../drive/checks/fixtures.ts';
import { RunLock } from '../../drive/run-folder.ts';
import { asCodedError, CodedError } from '../../errors.ts';
import { keepHistory } from '../../history/keep.ts';
import type { AnyJourney } from '../../journey.ts';
import { CHECK_VERSION, type CheckRound } from '../../model/index.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { blockedNote } from '../../report/blocked.ts';
import type { BudgetRoundFunction } from '../budget/types.ts';
import { writeAllure } from './allure.ts';
import { checkLines, roundLine, roundMarkdown, type LineStyle } from './lines.ts';
import { appendRound, makeChecksFolder, makeRoundId, pruneEvidence } from './record.ts';
import { runChecks } from './round.ts';

/** What every round of one command shares. */
export interface RoundsContext {
  root: string;
  environment: NodeJS.ProcessEnv;
  settings: HarnessSettings;
  target: string;
  /** The folder of the checks. */
  folder: string;
  journeys: readonly AnyJourney[];
  /** Whether these are all there are. */
  allJourneys: boolean;
  fixtures: CreateFixtures;
  retries: number;
  harnessVersion: string;
  commit: string | null;
  style: LineStyle;
  json: boolean;
  out: (text: string) => void;
  err: (text: string) => void;
  interrupted: AbortSignal;
  budgetRound: BudgetRoundFunction;
}

export interface Due {
  dueAtEpochMs: number | null;
  everyMs: number | null;
  /** How long to wait for a round that is under way. */
  lockWaitMs: number;
  /** When the next round is due, for people. */
  nextEpochMs: number | null;
}

const LOCK_LOOK_MS = 500;

/**
 * Holds one round: checks, record, Allure results, error budgets and their alerts. Returns the round as recorded, and what kept
 * it from running, if anything did. Throws J_REPORTS_UNWRITABLE once all has been told.
 */
export async function holdRound(context: RoundsContext, due: Due): Promise<{ round: CheckRound; refused: CodedError | null }> {
  const { folder, out, err, json } = context;
  const say = json ? err : out;
  const startedAtEpochMs = Date.now();
  const roundId = makeRoundId(startedAtEpochMs, Math.random);
  const base = { ...lineOf(context, roundId), dueAtEpochMs: due.dueAtEpochMs, everyMs: due.everyMs, startedAtEpochMs };
  const lock = await takeLock(roundId, folder, due.lockWaitMs, context.interrupted).catch((thrown: unknown) => asCodedError(thrown));
  if (lock instanceof CodedError) {
    const event = lock.code === 'J_CHECKS_LOCKED' ? 'overlapped' : 'refused';
    const round: CheckRound = { ...base, event, endedAtEpochMs: Date.now(), detail: sentence(lock) };
    // One that somebody starts by hand beside another is no round that should have been.
    if (due.dueAtEpochMs !== null) await appendRound(folder, round);
    if (json) out(`${JSON.stringify(round)}\n`);
    return { round, refused: lock };
  }
  try {
    let refused: CodedError | null = null;
    let round: CheckRound;
    try {
      const checks = await runChecks({
        ...context, roundId,
        browser: await browserOf(context.settings),
        onCheck: (check) => say(`${checkLines(check, context.style)}\n`),
        onBlocked: (blocked) => err(` ! ${blockedNote({ blocked })}\n`),
      });
      const detail = context.interrupted.aborted ? 'interrupted' : null;
      round = { ...base, event: 'ran', endedAtEpochMs: Date.now(), checks, detail };
    } catch (thrown) {
      refused = asCodedError(thrown);
      round = { ...base, event: 'refused', endedAtEpochMs: Date.now(), detail: sentence(refused) };
    }
    const unwritten = await appendRound(folder, round).then(() => null, asCodedError);
    if (round.event === 'ran') say(`${roundLine(round, context.style, due.nextEpochMs)}\n`);
    if (json) out(`${JSON.stringify(round)}\n`);
    await afterwards(context, round, say);
    if (unwritten) throw unwritten;
    return { round, refused };
  } finally {
    lock.release();
  }
}

/** Records due times at which nothing ran: one line a gap. Throws J_REPORTS_UNWRITABLE. */
export async function recordSkipped(
  context: RoundsContext, event: 'missed' | 'overlapped', duesEpochMs: readonly number[], everyMs: number,
): Promise<void> {
  const [first = 0] = duesEpochMs;
  const last = duesEpochMs.at(-1) ?? first;
  const how = event === 'missed'
    ? 'nothing ran: this machine or the scheduler was down, or slept'
    : 'the round before was still under way';
  const iso = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 19);
  const when = duesEpochMs.length === 1
    ? `the round of ${iso(first)}Z`
    : `${duesEpochMs.length} rounds from ${iso(first)}Z to ${iso(last)}Z`;
  const detail = `${when}: ${how}`;
  await appendRound(context.folder, {
    ...lineOf(context, makeRoundId(first, Math.random)),
    event, detail, dueAtEpochMs: first, startedAtEpochMs: first, endedAtEpochMs: last, everyMs,
  });
  context.err(` ! ${event}: ${detail}\n`);
  const summary = context.environment['GITHUB_STEP_SUMMARY'];
  // A summary that cannot be written is no reason to leave out the round that follows.
  if (summary) await appendFile(summary, `${event}: ${detail}\n\n`).catch(() => {});
}

type Line = Pick<CheckRound, 'v' | 'roundId' | 'target' | 'harnessVersion' | 'commit' | 'checks'>;

function lineOf({ target, harnessVersion, commit }: RoundsContext, roundId: string): Line {
  return { v: CHECK_VERSION, roundId, target, harnessVersion, commit, checks: [] };
}

/** None of this may take the round with it: it is recorded by now. */
async function afterwards(context: RoundsContext, round: CheckRound, say: (text: string) => void): Promise<void> {
  const { folder, environment, err, interrupted } = context;
  const attempt = async (what: string, action: () => Promise<unknown>): Promise<void> => {
    await action().catch((thrown: unknown) => err(` ! ${what}: ${sentence(asCodedError(thrown))}\n`));
  };
  await attempt('old pictures and traces', () => pruneEvidence(folder));
  if (round.event === 'ran') {
    await attempt('Allure results', () => writeAllure(folder, round, context.allJourneys));
    const summary = environment['GITHUB_STEP_SUMMARY'];
    if (summary) await attempt('step summary', () => appendFile(summary, `${roundMarkdown(round)}\n`));
  }
  await attempt('error budgets', async () => {
    const { faults } = await context.budgetRound({
      root: context.root, environment, target: round.target, nowEpochMs: Date.now(), out: say, signal: interrupted,
    });
    for (const fault of faults) err(` ! ${fault}\n`);
  });
  const behind = keepHistory(dirname(folder));
  if (behind !== null) err(` ! ${behind}\n`);
}

async function takeLock(roundId: string, folder: string, waitMs: number, interrupted: AbortSignal): Promise<RunLock> {
  const untilMs = performance.now() + waitMs;
  makeChecksFolder(folder);
  for (;;) {
    try {
      return RunLock.take(roundId, join(folder, 'round.lock'));
    } catch (thrown) {
      const error = asCodedError(thrown);
      if (error.code !== 'J_RUN_LOCKED') throw error;
      if (performance.now() >= untilMs || interrupted.aborted) {
        throw new CodedError('J_CHECKS_LOCKED', error.faults, { cause: error });
      }
      await sleep(LOCK_LOOK_MS);
    }
  }
}

let browser: Promise<ResolvedBrowser> | null = null;

/** Looked for once a process; where none was found, again for the next round. */
function browserOf(settings: HarnessSettings): Promise<ResolvedBrowser> {
  browser ??= resolveBrowser(settings).catch((thrown: unknown) => {
    browser = null;
    throw thrown;
  });
  return browser;
}

function sentence(error: CodedError): string {
  const [fault] = error.faults;
  return fault === undefined ? error.message : `${error.code}: ${fault.where}: ${fault.message}`;
}
