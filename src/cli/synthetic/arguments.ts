import { parseArgs } from 'node:util';
import { CodedError } from '../../errors.ts';
import { readDurationMs, readNames } from '../argument-values.ts';

export const USAGE =
  'npm run synthetic -- [--journeys "a,b"] [--every 5m [--once] | --cron "*/5 * * * *" [--tz Europe/Berlin]] ' +
  '[--jitter 20s] [--retries 1] [--json]';
export const HELP = `Runs each journey once in a real browser, as a check, and records the round in reports/checks/<month>.ndjson.
  --journeys A,B   only these
  --every 5m       goes on doing it at this interval, until it is ended by Ctrl-C
  --once           with --every: one round of a schedule that somebody else keeps (a systemd timer, a workflow)
  --cron PATTERN   goes on doing it at these times; --tz names the time zone, this machine's when left out
  --jitter 20s     a round begins up to this much late; a tenth of the interval, 30 s at most, when left out; 0 for none
  --retries N      how often a failed journey is tried again at once, 0 to 5; 1 when left out: passes then, and it was a flake
  --json           one JSON object a round on standard output
exit code: 0 all up (a flake is up), 1 a journey is down, 3 refused, 4 the checker failed, 130 interrupted`;

export interface SyntheticArguments {
  /** Null: every journey. */
  journeys: string[] | null;
  plan:
    | { kind: 'by hand' }
    | { kind: 'once'; everyMs: number }
    | { kind: 'every'; everyMs: number; words: string }
    | { kind: 'cron'; pattern: string; timeZone: string | undefined };
  /** Null: from the interval. */
  jitterMs: number | null;
  retries: number;
  json: boolean;
}

/** A round of a dozen journeys takes some twenty seconds. */
const SHORTEST_EVERY_MS = 10_000;
const LONGEST_EVERY_MS = 7 * 86_400_000;
const MOST_RETRIES = 5;

/** Returns what the command line asks for, or null where it asks for help. Throws J_USAGE. */
export function readArguments(args: string[]): SyntheticArguments | null {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        journeys: text, every: text, cron: text, tz: text, jitter: text, retries: text,
        once: flag, json: flag, help: { ...flag, short: 'h' },
      },
    }));
  } catch (thrown) {
    throw usage((thrown as Error).message);
  }
  if (values.help) return null;
  if (values.every !== undefined && values.cron !== undefined) throw usage('--every and --cron do not go together');
  if (values.once && values.every === undefined) throw usage('--once goes with --every: it says how often the rounds come');
  if (values.tz !== undefined && values.cron === undefined) throw usage('--tz goes with --cron');
  const scheduled = !values.once && (values.every !== undefined || values.cron !== undefined);
  if (values.jitter !== undefined && !scheduled) throw usage('--jitter goes with --every or --cron, without --once');
  return {
    journeys: values.journeys === undefined ? null : readNames(values.journeys, usage),
    plan: readPlan(values),
    jitterMs: values.jitter === undefined ? null : readDurationMs('--jitter', values.jitter, [0, LONGEST_EVERY_MS], usage),
    retries: readRetries(values.retries),
    json: values.json,
  };
}

function readPlan(values: { every?: string; cron?: string; tz?: string; once: boolean }): SyntheticArguments['plan'] {
  if (values.cron !== undefined) return { kind: 'cron', pattern: values.cron, timeZone: values.tz };
  if (values.every === undefined) return { kind: 'by hand' };
  const everyMs = readDurationMs('--every', values.every, [SHORTEST_EVERY_MS, LONGEST_EVERY_MS], usage);
  return values.once ? { kind: 'once', everyMs } : { kind: 'every', everyMs, words: values.every.trim() };
}

function readRetries(text: string | undefined): number {
  if (text === undefined) return 1;
  const retries = /^\d$/.test(text) ? Number(text) : NaN;
  if (retries <= MOST_RETRIES) return retries;
  throw usage(`--retries ${JSON.stringify(text)}: a whole number from 0 to ${MOST_RETRIES}`);
}

function usage(message: string): CodedError {
  return new CodedError('J_USAGE', [{ where: 'synthetic', message, hint: USAGE }]);
}
