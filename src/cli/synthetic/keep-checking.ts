import { duesBetween, type Schedule } from './schedule.ts';

export interface Clock {
  nowEpochMs(): number;
  /** Resolves after this time, or when the signal is aborted; never rejects. */
  sleep(ms: number, ended: AbortSignal): Promise<void>;
  /** From 0 to 1, without 1. */
  random(): number;
}

export interface KeepCheckingOptions {
  schedule: Schedule;
  /** A round begins up to this much after its time, so that many checkers do not come at once. */
  jitterMs: number;
  clock: Clock;
  ended: AbortSignal;
  /** Due times after this one count: now, or the last one of a schedule that was cut short. */
  afterEpochMs: number;
  round(dueEpochMs: number, everyMs: number): Promise<void>;
  /** Tells of due times at which nothing ran. */
  skipped(event: 'missed' | 'overlapped', duesEpochMs: readonly number[]): Promise<void>;
}

/** A machine that sleeps stops the timers as well: so the wall clock is looked at this often. */
const LOOK_EVERY_MS = 15_000;
/** A wall clock that went back by more than this was set. */
const SET_BACK_MS = 1_000;

/**
 * Runs a round at every due time until it is ended. What passed while the machine slept is told as missed: only the newest due
 * time is made up for, and only within half of its interval. What passes during a round is told as overlapped.
 */
export async function keepChecking(options: KeepCheckingOptions): Promise<void> {
  const { schedule, clock, ended } = options;
  let after = options.afterEpochMs;
  while (!ended.aborted) {
    const due = schedule.next(after);
    if (due === null) return;
    const jitterMs = clock.random() * Math.min(options.jitterMs, schedule.everyMs(due) / 2);
    const woke = await sleepUntil(due + jitterMs, clock, ended);
    if (woke === 'ended') return;
    if (woke === 'set back') {
      // Due times that were held already come again: the clock says so, and nobody else knows better.
      after = clock.nowEpochMs();
      continue;
    }
    const now = clock.nowEpochMs();
    const passed = [due, ...duesBetween(schedule, due, now)];
    const newest = passed.at(-1) ?? due;
    const inTime = now - newest <= schedule.everyMs(newest) / 2 + jitterMs;
    const missed = inTime ? passed.slice(0, -1) : passed;
    if (missed.length > 0) await options.skipped('missed', missed);
    after = newest;
    if (!inTime) continue;
    await options.round(newest, schedule.everyMs(newest));
    const overlapped = duesBetween(schedule, newest, clock.nowEpochMs());
    if (overlapped.length > 0 && !ended.aborted) await options.skipped('overlapped', overlapped);
    after = overlapped.at(-1) ?? newest;
  }
}

async function sleepUntil(epochMs: number, clock: Clock, ended: AbortSignal): Promise<'there' | 'ended' | 'set back'> {
  for (let now = clock.nowEpochMs(); now < epochMs; ) {
    await clock.sleep(Math.min(epochMs - now, LOOK_EVERY_MS), ended);
    const then = now;
    now = clock.nowEpochMs();
    if (ended.aborted) return 'ended';
    if (now < then - SET_BACK_MS) return 'set back';
  }
  return ended.aborted ? 'ended' : 'there';
}
