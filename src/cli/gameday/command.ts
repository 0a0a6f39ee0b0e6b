import { join, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { CodedError } from '../../errors.ts';
import { loadFixtures } from '../../drive/checks/fixtures.ts';
import { redaction } from '../../collect/redaction.ts';
import { GAME_DAYS, leftovers } from '../../drive/drills/journal.ts';
import { loadJourneys } from '../../drive/journeys.ts';
import { makeRunFolder, makeRunId, RunLock } from '../../drive/run-folder.ts';
import type { AnyJourney } from '../../journey.ts';
import { didYouMean } from '../../nearest.ts';
import { readSettings } from '../../plan/settings.ts';
import { harmless } from '../../report/text.ts';
import { watchInterrupts } from '../campaign/interrupts.ts';
import { scanRun } from '../privacy/command.ts';
import { privacyExitCode, privacyLines } from '../privacy/lines.ts';
import { EMBEDDED, targetOf } from '../synthetic/targets.ts';
import { HELP, PROFILE, USAGE, readArguments, usage, type GameDayArguments } from './arguments.ts';
import { candidates } from './draw.ts';
import { passGuards } from './guards.ts';
import { holdGameDay } from './hold.ts';
import { checkHosts, readPlan } from './plan.ts';
import { gameDayJson, gameDayLines } from './report.ts';
import { readAnswers, readScript, type GameDayScript } from './script.ts';
import { targetHeaders } from './tags.ts';
import type { Sleep } from './team.ts';

export interface GameDaySurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Where people answer. */
  input: Readable & { isTTY?: boolean };
  /** Width of the terminal; undefined where there is none. */
  columns: number | undefined;
}

const WIDTH = 120;
const LEAST_WIDTH = 60;

/** Waits, and resolves early once the signal is aborted. */
export const sleep: Sleep = (ms, signal) =>
  after(ms, undefined, { signal }).then(
    () => {},
    () => {},
  );

/** Does what `npm run gameday -- …` says and returns the exit code. Throws coded errors. */
export async function gameDayCommand(args: string[], around: GameDaySurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked === null) {
    around.out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const { root, environment, input } = around;
  if (asked.team.kind === 'people' && input.isTTY !== true)
    throw usage('nobody is at a terminal to be asked: --practice, or --answers <file>');
  const settings = readSettings(root, environment);
  const target = asked.target ?? targetOf(settings);
  const embedded = target === EMBEDDED;
  const allJourneys = await journeysOf(root);
  const plan = readPlan(root, asked.profile, embedded ? null : target);
  const drills = plan.read.map(({ drill }) => drill);
  const script = readScript(root, {
    drills: asked.profile === PROFILE ? drills.map(({ name }) => name) : null,
    journeys: [...allJourneys.keys()],
  });
  const answers = asked.team.kind === 'answers' ? readAnswers(asked.team.file) : null;
  const held = candidates(drills, script, asked.drill);
  checkHosts(
    plan,
    held.map(({ name }) => name),
    embedded,
    settings.DRILL_HOSTS ?? [],
  );
  const journeys = chosen(allJourneys, asked.journeys ?? script.journeys);
  const fixtures = await loadFixtures(root);
  const reports = resolve(root, settings.REPORTS_DIR);
  refuseLeftovers(reports);
  const id = makeRunId(undefined, new Date(), 'gameday', !embedded);
  const overrides = await passGuards(target, plan, settings, targetHeaders(id, 'marker', settings));
  // A terminal that does not tell its width says 0.
  const width = Math.max(LEAST_WIDTH, around.columns || WIDTH);
  const lock = settings.ALLOW_PARALLEL_RUNS === '1' ? null : RunLock.take(id);
  const interrupts = watchInterrupts();
  try {
    const folder = makeRunFolder(join(reports, GAME_DAYS), id);
    const ending = new AbortController();
    interrupts.listener = () => {
      // Whoever asks twice does not want to wait; the guard takes out what is still in.
      if (interrupts.count > 1) process.exit(130);
      around.err('ending: what is broken is taken out\n');
      ending.abort();
    };
    // The address of the target itself is no secret.
    if (!embedded) redaction().know(new URL(target).hostname);
    const say = asked.json ? around.err : around.out;
    const { day, exitCode } = await holdGameDay({
      asked: { ...asked, ...targetsOf(asked, script) },
      root,
      environment,
      settings,
      target,
      id,
      folder,
      plan,
      script,
      answers,
      overrides,
      held,
      journeys,
      fixtures,
      ending,
      input,
      say,
      width,
      sleep,
    });
    const path = typed(join(folder, 'gameday.md'));
    const report = await scanRun(folder, redaction());
    const lines = privacyLines(report, typed(folder)).map((line) => `   ${line}\n`);
    if (asked.json) around.out(`${JSON.stringify(gameDayJson(day))}\n`);
    else around.out(`\n${gameDayLines(day, { width, path })}\n`);
    say(lines.join(''));
    // What holds something private is not to be sent around, and so is no success.
    return exitCode === 0 ? privacyExitCode(report) : exitCode;
  } finally {
    interrupts.stop();
    lock?.release();
  }
}

function targetsOf({ targetsMs }: GameDayArguments, { targets }: GameDayScript): { targets: GameDayScript['targets'] } {
  if (targetsMs === null) return { targets };
  const [detectionMs, decisionMs, recoveryMs] = targetsMs;
  return { targets: { detectionMs, decisionMs, recoveryMs } };
}

async function journeysOf(root: string): Promise<Map<string, AnyJourney>> {
  const { journeys, faults } = await loadJourneys(join(root, 'journeys'));
  if (faults.length > 0) throw new CodedError('J_JOURNEY_FILE', faults);
  return journeys;
}

function chosen(known: ReadonlyMap<string, AnyJourney>, names: readonly string[]): AnyJourney[] {
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new CodedError(
      'J_JOURNEY_UNKNOWN',
      unknown.map((name) => ({
        where: '--journeys',
        message: `"${harmless(name)}"`,
        hint: didYouMean(name, [...known.keys()]),
      })),
    );
  }
  return names.flatMap((name) => known.get(name) ?? []);
}

/**
 * A game day begins with everything in order: what an earlier run or game day left in is taken out first, by a person.
 */
function refuseLeftovers(reports: string): void {
  const open = [...leftovers(reports), ...leftovers(join(reports, GAME_DAYS))];
  if (open.length === 0) return;
  throw new CodedError(
    'J_DRILL_LEFTOVER',
    open.map(
      ({ runDir, fault }) =>
        fault ?? {
          where: typed(runDir),
          message: 'something is still to be undone',
          hint: `npm run drills -- --rollback ${typed(runDir)}`,
        },
    ),
  );
}

function typed(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') ? path : near;
}
