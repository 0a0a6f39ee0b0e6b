import { z } from 'zod';
import { GuardOverride } from './guard.ts';
import { IntegrityReport } from './ledger.ts';
import { TeardownReport } from './teardown.ts';

export const GAME_DAY_VERSION = 1;

const epochMs = z.number().int().nonnegative();
const point = epochMs.nullable();

/** What a team may do about an incident. `flag` is the one that is switched, and what to; null for the others. */
export const GameDayDecision = z.discriminatedUnion('kind', [
  /** What was changed last goes back: here the fault itself, taken out by the drill's own hand. */
  z.strictObject({ kind: z.literal('roll-back') }),
  /** The part is taken out, or another way is taken, by a switch of the target. */
  z.strictObject({ kind: z.literal('fail-over'), flag: z.string().min(1), enabled: z.boolean() }),
  z.strictObject({ kind: z.literal('wait') }),
]);
export type GameDayDecision = z.infer<typeof GameDayDecision>;

/** When what happened, on the wall clock; null for what did not happen. */
export const GameDayTimes = z.strictObject({
  faultIn: point,
  /** The end of the first round in which a journey was not simply up: failed, flaky, or given a fallback. */
  firstFailingCheck: point,
  /** The first alert: a journey is down, or circuit breakers opened. */
  alert: point,
  /** The team said that something is wrong. */
  detected: point,
  /** The team had chosen its runbook. */
  runbook: point,
  /** The first decision. */
  decision: point,
  /** The deed that helped was done; null where the target mended by itself, or did not. */
  rollback: point,
  /**
   * From when on it was well: the end of the first of the good rounds that showed it, or the closing of the last
   * breaker.
   */
  recovered: point,
});
export type GameDayTimes = z.infer<typeof GameDayTimes>;
/** Of a day on which nothing has come yet. */
export const NO_TIMES: GameDayTimes = {
  faultIn: null, firstFailingCheck: null, alert: null, detected: null, runbook: null, decision: null, rollback: null, recovered: null,
};

export const GameDayAimId = z.enum(['detection', 'decision', 'recovery', 'runbook', 'money']);
export type GameDayAimId = z.infer<typeof GameDayAimId>;

/**
 * One aim of a game day. `missed` is also what did not happen before the time was up; `not told` is what nobody knows.
 */
export const GameDayAim = z.strictObject({
  id: GameDayAimId,
  unit: z.enum(['s', 'wrong runbooks', 'breaches']),
  limit: z.number().nonnegative(),
  observed: z.number().nonnegative().nullable(),
  /** What it was seen on: one incident, or so many payments. */
  n: z.number().int().nonnegative(),
  state: z.enum(['met', 'missed', 'not told']),
  /** In one sentence; null where the figures say it all. */
  why: z.string().nullable(),
});
export type GameDayAim = z.infer<typeof GameDayAim>;

/** A game day, as reports/gamedays/<id>/gameday.json says it; written anew at each turning point. */
export const GameDay = z.strictObject({
  version: z.literal(GAME_DAY_VERSION),
  id: z.string(),
  /**
   * `people` were asked; `answers` came from a file, `practice` needs none. Only the first one shows anything of a
   * team.
   */
  team: z.enum(['people', 'answers', 'practice']),
  /** An address, or "embedded". */
  target: z.string(),
  harnessVersion: z.string(),
  commit: z.string().nullable(),
  seed: z.number().int().nonnegative(),
  /** Guards that would have refused it, and were told not to. */
  overrides: z.array(GuardOverride),
  startedAtEpochMs: epochMs,
  endedAtEpochMs: point,
  /**
   * How it ended: `recovered`; `not recovered`: before the time was up, or it was given up; `no steady state`:
   * something was wrong before anything was broken, so nothing was; `interrupted`; `under way`, also where it was
   * killed.
   */
  outcome: z.enum(['under way', 'recovered', 'not recovered', 'no steady state', 'interrupted', 'fault']),
  /** What was broken; null while nothing is. */
  drill: z
    .strictObject({
      name: z.string(),
      title: z.string(),
      what: z.array(z.string()),
      /** The pages that fit, and the decisions that they name, as the team could have given them. */
      runbooks: z.array(z.string()),
      decisions: z.array(z.string()),
    })
    .nullable(),
  times: GameDayTimes,
  /** Times at which the team saw something before there was anything. */
  falseAlarms: z.number().int().nonnegative(),
  /** The page that the team chose; null where it came to none. */
  runbook: z.string().nullable(),
  decisions: z.array(
    z.strictObject({
      decision: GameDayDecision,
      atEpochMs: epochMs,
      /** When it was done; null for one that could not be. */
      doneAtEpochMs: point,
    }),
  ),
  /** What was said and seen, in order of time. */
  timeline: z.array(
    z.strictObject({
      atEpochMs: epochMs,
      kind: z.enum(['check', 'alert', 'team', 'fault', 'game']),
      text: z.string(),
    }),
  ),
  rounds: z.number().int().nonnegative(),
  /** Payments of all rounds: browsers, platform and provider against each other; null where the books were not read. */
  money: IntegrityReport.nullable(),
  /** Why the books were not read; null where they were. */
  moneyUnread: z.string().nullable(),
  /** How what the checks made was removed; null where nobody was to: the bundled platform ends with it. */
  teardown: TeardownReport.nullable(),
  aims: z.array(GameDayAim),
  /** What could not be taken out again. */
  notUndone: z.array(z.string()),
});
export type GameDay = z.infer<typeof GameDay>;
