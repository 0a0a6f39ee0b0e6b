import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';
import { parseTarget } from '../../drive/target.ts';
import { readDurationMs, readNames } from '../argument-values.ts';
import { EMBEDDED } from '../synthetic/targets.ts';

export const USAGE =
  'npm run gameday -- [--practice | --answers <file>] [--drill <name>] [--seed N] [--every 10s] [--within 1m] ' +
  '[--target <address> --profile <file>] [--json]';
export const HELP = `Takes a team through an incident: one dependency, nobody knows which, breaks; the team detects it, picks a
runbook, decides, rolls back; the times are recorded in reports/gamedays/<id>/.
  --practice       nobody is asked: the right answers come at once
  --answers FILE   a team's answers, given beforehand (YAML)
  --drill NAME     breaks this one; drawn from those of ops/game-day.yml when left out
  --seed N         draws the same again: what breaks, and when
  --every 10s      a round of checks begins as often, 2s to 10m
  --within 1m      the fault goes in so long after two good rounds, at most; at once with --practice and --answers
  --journeys A,B   what the checks act; those of ops/game-day.yml when left out
  --targets D,D,D  detection, decision and recovery in time, from the fault on; those of ops/game-day.yml when left out
  --target URL     another system than the bundled platform ("embedded"), whatever TARGET_URL says; --profile names
                   a profile whose drills reach it
  --profile FILE   artillery/profiles/drills.yml when left out
  --json           one JSON object on standard output, the play on standard error
exit code: 0 all aims met, 1 missed, 2 not told, 3 refused, 4 fault of the harness or of a rollback, 130 interrupted`;

export interface GameDayArguments {
  team: { kind: 'people' } | { kind: 'practice' } | { kind: 'answers'; file: string };
  drill: string | null;
  seed: number | null;
  everyMs: number;
  /** The fault goes in within this time of the steady state. */
  withinMs: number;
  journeys: string[] | null;
  /** Detection, decision, recovery. */
  targetsMs: [number, number, number] | null;
  target: string | null;
  profile: string;
  json: boolean;
}

const EVERY_MS = 10_000;
const WITHIN_MS = 60_000;
const DAY_MS = 86_400_000;
/** The profile that ops/game-day.yml was written for. */
export const PROFILE = 'artillery/profiles/drills.yml';

/** Returns what the command line asks for, or null where it asks for help. Throws J_USAGE, J_TARGET_INVALID. */
export function readArguments(args: string[]): GameDayArguments | null {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        practice: flag,
        answers: text,
        drill: text,
        seed: text,
        every: text,
        within: text,
        journeys: text,
        targets: text,
        target: text,
        profile: text,
        json: flag,
        help: { ...flag, short: 'h' },
      },
    }));
  } catch (thrown) {
    throw usage((thrown as Error).message);
  }
  if (values.help) return null;
  const { practice, answers } = values;
  if (practice && answers !== undefined) throw usage('--practice and --answers do not go together: both answer');
  const team: GameDayArguments['team'] = practice
    ? { kind: 'practice' }
    : answers === undefined
      ? { kind: 'people' }
      : { kind: 'answers', file: answers };
  return {
    team,
    drill: values.drill ?? null,
    seed: values.seed === undefined ? null : readSeed(values.seed),
    everyMs: values.every === undefined ? EVERY_MS : readDurationMs('--every', values.every, [2_000, 600_000], usage),
    withinMs:
      values.within === undefined
        ? team.kind === 'people'
          ? WITHIN_MS
          : 0
        : readDurationMs('--within', values.within, [0, DAY_MS], usage),
    journeys: values.journeys === undefined ? null : readNames(values.journeys, usage),
    targetsMs: values.targets === undefined ? null : readTargets(values.targets),
    target: values.target === undefined ? null : values.target === EMBEDDED ? EMBEDDED : parseTarget(values.target),
    profile: values.profile ?? PROFILE,
    json: values.json,
  };
}

function readTargets(list: string): [number, number, number] {
  const [detection, decision, recovery, ...more] = list
    .split(',')
    .map((one) => readDurationMs('--targets', one, [1_000, DAY_MS], usage));
  if (detection === undefined || decision === undefined || recovery === undefined || more.length > 0) {
    throw usage('--targets wants three lengths with commas between them: 5m,10m,15m');
  }
  return [detection, decision, recovery];
}

function readSeed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usage(`--seed ${JSON.stringify(text)}: a whole number of at most nine digits`);
}

export function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'gameday', message, hint: USAGE }]);
}
