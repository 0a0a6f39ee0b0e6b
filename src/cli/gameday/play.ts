import type { GameDay, GameDayDecision } from '../../model/game-day.ts';
import { counted } from '../../report/text.ts';
import type { DayRecord } from './day.ts';
import { decisionText } from './decision.ts';
import type { Hand } from './hand.ts';
import { GOOD_ROUNDS, type Lookout } from './lookout.ts';
import { unlessAborted, type Sleep, type Team } from './team.ts';

export interface PlayOptions {
  record: DayRecord;
  hand: Pick<Hand, 'breakIt' | 'switchFlag' | 'flags' | 'takeOut' | 'isIn'>;
  lookout: Lookout;
  team: Team;
  /** The pages to choose from. */
  pages: readonly string[];
  /** From the steady state to the fault. */
  faultAfterMs: number;
  /** From the fault on; then it is taken out, whatever the team does. */
  giveUpAfterMs: number;
  nowEpochMs: () => number;
  sleep: Sleep;
  /** Aborted when somebody wants the game day to end. */
  ended: AbortSignal;
}

/** Rounds in which the steady state must come. */
const MOST_STEADY_ROUNDS = 8;
/** Rounds after a decision before the team is asked again: breakers close within a few seconds, queues drain. */
const PATIENCE_ROUNDS = 4;
/** And at least so long: rounds may follow each other faster than what waits is done. */
const PATIENCE_MS = 15_000;
/** Rounds for the target to be well again once everything is out. */
const MOST_SETTLE_ROUNDS = 6;

/**
 * Plays one game day: steady state, fault, detection, runbook, decision, roll-back, recovery. Whatever happens,
 * everything is taken out again before it returns. Throws what breaking threw.
 */
export async function play(options: PlayOptions): Promise<GameDay['outcome']> {
  const { record, hand, lookout, ended } = options;
  let outcome: GameDay['outcome'];
  let wasIn: boolean;
  try {
    outcome = await incident(options);
  } finally {
    wasIn = hand.isIn;
    record.day.notUndone.push(...(await hand.takeOut()));
  }
  if (wasIn) {
    // What waits for the dependency is done before the books are read.
    await within(MOST_SETTLE_ROUNDS, lookout, ended, (signal) => lookout.good(options.nowEpochMs(), true, signal));
  }
  return ended.aborted ? 'interrupted' : outcome;
}

async function incident(options: PlayOptions): Promise<GameDay['outcome']> {
  const { record, hand, lookout, faultAfterMs, giveUpAfterMs, nowEpochMs, sleep, ended } = options;
  const steady = await within(MOST_STEADY_ROUNDS, lookout, ended, (signal) => lookout.good(0, true, signal));
  if (steady === null) return 'no steady state';
  record.note('game', `steady state: ${counted(GOOD_ROUNDS, 'good round')} in a row; something will break`);

  const over = new AbortController();
  const signal = AbortSignal.any([ended, over.signal]);
  const faultIn = Promise.withResolvers<void>();
  const alerted = faultIn.promise.then(() => lookout.alerted(signal)).then(() => {});
  const noticing = notice(options, { faultIn: faultIn.promise, alerted }, signal);
  try {
    await sleep(faultAfterMs, signal);
    if (ended.aborted) return 'interrupted';
    lookout.fromHere();
    const faultInMs = nowEpochMs();
    const what = await hand.breakIt();
    record.day.times.faultIn = faultInMs;
    if (record.day.drill) record.day.drill.what = what;
    record.note('fault', `in: ${what.join('; ')}`, false);
    faultIn.resolve();
    void sleep(giveUpAfterMs, signal).then(() => over.abort());
    const recovered = await respond(options, noticing, signal);
    record.day.times.firstFailingCheck = lookout.firstFailingAtEpochMs;
    record.day.times.alert = lookout.firstAlertAtEpochMs;
    if (!recovered && !ended.aborted)
      record.note(
        'game',
        over.signal.aborted ? 'the time is up: the fault is taken out' : 'given up: the fault is taken out',
      );
    return recovered ? 'recovered' : 'not recovered';
  } finally {
    over.abort();
  }
}

/** Until the team has seen something that is there: what it sees before is a false alarm. */
async function notice(
  { team, record }: PlayOptions,
  when: Parameters<Team['notice']>[0],
  signal: AbortSignal,
): Promise<true | null> {
  for (;;) {
    const seen = await team.notice(when, signal);
    if (seen === null || record.day.times.faultIn !== null) return seen;
    record.day.falseAlarms += 1;
    record.note('team', 'a false alarm: nothing is broken yet');
  }
}

/** From the team's noticing to the target's being well again; returns whether it came to that. */
async function respond(options: PlayOptions, noticing: Promise<true | null>, signal: AbortSignal): Promise<boolean> {
  const { record, hand, lookout, team, pages, nowEpochMs } = options;
  if ((await noticing) === null) return false;
  record.reached('detected');
  record.note('team', 'detected');
  const page = await unlessAborted(team.runbook(pages, signal), signal);
  if (page === null) return false;
  record.day.runbook = page;
  record.reached('runbook');
  record.note('team', `runbook: ${page}`);
  let good: Promise<number> = new Promise(() => {});
  let failedOver = false;
  for (let again = false; ; again = true) {
    const asking = new AbortController();
    const either = AbortSignal.any([signal, asking.signal]);
    const decided = hand.flags().then((flags) => unlessAborted(team.decide(flags, again, either), either));
    // What was done before may help while the team still thinks about what to do next.
    const first = await unlessAborted(Promise.race([decided, good]), signal);
    asking.abort();
    if (first === null) return false;
    if (first === 'give up') return false;
    if (typeof first === 'number') return recoveredWith(record, first);
    await carryOut(options, first);
    // A dependency that is passed by is still broken, and its breaker says so.
    if (first.kind !== 'wait') failedOver = first.kind === 'fail-over';
    const watching = lookout.good(nowEpochMs(), !failedOver, signal);
    good = watching.then((atEpochMs) => atEpochMs ?? new Promise<never>(() => {}));
    const patience = Promise.all([
      lookout.moreRounds(PATIENCE_ROUNDS, signal),
      options.sleep(PATIENCE_MS, signal),
    ]).then(([more]) => more);
    const soon = await Promise.race([watching, patience]);
    if (soon === null) return false;
    if (soon !== true) return recoveredWith(record, soon);
  }
}

function recoveredWith(record: DayRecord, atEpochMs: number): true {
  record.day.times.rollback =
    record.day.decisions.findLast(({ decision }) => decision.kind !== 'wait')?.doneAtEpochMs ?? null;
  record.reached('recovered', atEpochMs);
  record.note('game', `recovered: ${counted(GOOD_ROUNDS, 'good round')} in a row`);
  return true;
}

/** Does what was decided; what cannot be done is told, and the team is asked again. */
async function carryOut({ record, hand, nowEpochMs }: PlayOptions, decision: GameDayDecision): Promise<void> {
  const entry = record.decided(decision);
  if (decision.kind === 'wait') return;
  try {
    const failed = decision.kind === 'roll-back' ? await hand.takeOut() : [];
    if (decision.kind === 'fail-over') await hand.switchFlag(decision.flag, decision.enabled);
    if (failed.length > 0) throw new Error(failed.join('; '));
    entry.doneAtEpochMs = nowEpochMs();
    record.note('team', `done: ${decisionText(decision)}`);
  } catch (error) {
    record.note('team', `could not be done: ${decisionText(decision)}: ${(error as Error).message}`);
  }
}

/** Resolves with what is waited for, with null after so many rounds more, or once the game day is ended. */
async function within<T>(
  rounds: number,
  lookout: Lookout,
  ended: AbortSignal,
  wait: (signal: AbortSignal) => Promise<T | null>,
): Promise<T | null> {
  const over = new AbortController();
  const signal = AbortSignal.any([ended, over.signal]);
  try {
    return await Promise.race([wait(signal), lookout.moreRounds(rounds, signal).then(() => null)]);
  } finally {
    over.abort();
  }
}
