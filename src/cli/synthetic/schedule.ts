import { CodedError } from '../../errors.ts';

/** When rounds are due. */
export interface Schedule {
  /** For people: `every 5m`. */
  words: string;
  /** Returns the first due time after this one, or null where there is none any more. */
  next(afterEpochMs: number): number | null;
  /** Returns for how long a round of this due time speaks. */
  everyMs(dueEpochMs: number): number;
}

/** Returns a schedule on a grid of its own length since 1970, in UTC: after a restart the rounds fall on the same times. */
export function everySchedule(everyMs: number, words: string): Schedule {
  return {
    words: `every ${words}`,
    next: (after) => (Math.floor(after / everyMs) + 1) * everyMs,
    everyMs: () => everyMs,
  };
}

/**
 * Returns a schedule from a cron pattern in a time zone; this machine's where none is given. A round speaks for the shorter
 * of the times to its neighbours: the last one of an evening says nothing of the night. Throws J_USAGE.
 */
export async function cronSchedule(pattern: string, timeZone: string | undefined): Promise<Schedule> {
  const { Cron } = await import('croner');
  let cron;
  try {
    cron = new Cron(pattern, { paused: true, ...(timeZone === undefined ? {} : { timezone: timeZone }) });
    if (cron.nextRun() === null) throw new Error('never comes');
  } catch (thrown) {
    const hint = 'five fields, such as "*/5 9-17 * * 1-5"';
    throw new CodedError('J_USAGE', [{ where: `--cron ${JSON.stringify(pattern)}`, message: (thrown as Error).message, hint }]);
  }
  const next = (after: number): number | null => cron.nextRun(new Date(after))?.getTime() ?? null;
  return {
    words: `at "${pattern}"${timeZone === undefined ? '' : ` ${timeZone}`}`,
    next,
    everyMs: (due) => {
      const following = next(due);
      const before = cron.previousRuns(1, new Date(due))[0]?.getTime();
      const gaps = [following === null ? Infinity : following - due, before === undefined ? Infinity : due - before];
      const shortest = Math.min(...gaps);
      return Number.isFinite(shortest) && shortest > 0 ? shortest : DAY_MS;
    },
  };
}

const DAY_MS = 86_400_000;

/** More than these are told in pieces: a machine that slept for a year. */
const MOST_DUES = 10_000;

/** Returns the due times after `after` and not later than `upTo`, the first ten thousand. */
export function duesBetween(schedule: Schedule, afterEpochMs: number, upToEpochMs: number): number[] {
  const dues: number[] = [];
  let due = schedule.next(afterEpochMs);
  while (due !== null && due <= upToEpochMs && dues.length < MOST_DUES) {
    dues.push(due);
    due = schedule.next(due);
  }
  return dues;
}
