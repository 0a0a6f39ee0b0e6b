/** For tests: a world without browsers, in which time goes by as fast as it can. */
import { setImmediate as turn } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import { GAME_DAY_VERSION, type GameDay, type GameDayDecision } from '../../model/game-day.ts';
import { DayRecord } from './day.ts';
import { Lookout } from './lookout.ts';
import { play, type PlayOptions } from './play.ts';
import type { Sleep, Team } from './team.ts';

const ROUND_MS = 10_000;
/** Turns of the event loop in which everything that waits for a moment has gone on. */
const TURNS = 6;

export interface World {
  nowMs: number;
  /** Whether the dependency is broken, and whether it is passed by. */
  broken: boolean;
  passedBy: boolean;
  /** What a round sees although nothing was broken. */
  illAnyway: boolean;
  roundMs: number;
  /** What was done, in order. */
  deeds: string[];
  /** What people were told. */
  told: string[];
  /** Called before each round. */
  eachRound: (round: number) => void;
  ending: AbortController;
  record: DayRecord;
}

/** A team that answers what it is given, in order; once nothing is left, it never answers. */
export function scriptedTeam({
  notices = ['alerted'],
  page = 'payment-provider',
  decisions,
}: {
  notices?: ('at once' | 'alerted' | 'never')[];
  page?: string | null;
  decisions: (GameDayDecision | 'give up')[];
}): Team {
  const never = <T>(signal: AbortSignal): Promise<T | null> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(null), { once: true });
    });
  const [left, seen] = [[...decisions], [...notices]];
  return {
    kind: 'answers',
    notice: async ({ alerted }, signal) => {
      const how = seen.shift() ?? 'never';
      if (how === 'never') return never<true>(signal);
      if (how === 'alerted') await Promise.race([alerted, never(signal)]);
      return signal.aborted ? null : true;
    },
    runbook: async (_, signal) => page ?? never<string>(signal),
    decide: async (_flags, _again, signal) => left.shift() ?? never<GameDayDecision>(signal),
    close: () => {},
  };
}

/** Plays a game day in a world of its own; `set` changes the world, or what is played in it, before it begins. */
export async function playInWorld(
  t: Pick<TestContext, 'after'>,
  team: Team,
  set: (world: World, options: PlayOptions) => void = () => {},
): Promise<World & { outcome: GameDay['outcome'] }> {
  const nowEpochMs = (): number => world.nowMs;
  const told: string[] = [];
  const record = new DayRecord(
    {
      version: GAME_DAY_VERSION,
      id: 'day',
      team: 'answers',
      target: 'embedded',
      harnessVersion: '1',
      commit: null,
      seed: 1,
      overrides: [],
      startedAtEpochMs: 0,
    },
    { folder: temporaryFolder(t), nowEpochMs, told: (text) => told.push(text) },
  );
  record.day.drill = {
    name: 'payments-down',
    title: 'Down',
    what: [],
    runbooks: ['payment-provider'],
    decisions: ['roll-back'],
  };
  const world: World = {
    nowMs: 1_000_000,
    broken: false,
    passedBy: false,
    illAnyway: false,
    roundMs: ROUND_MS,
    deeds: [],
    told,
    eachRound: () => {},
    ending: new AbortController(),
    record,
  };
  const lookout = new Lookout({ nowEpochMs, tell: (kind, text) => record.note(kind, text) });
  const options: PlayOptions = {
    record,
    lookout,
    team,
    pages: ['payment-provider', 'read-replica'],
    faultAfterMs: 25_000,
    giveUpAfterMs: 600_000,
    nowEpochMs,
    sleep: sleepIn(world),
    ended: world.ending.signal,
    hand: {
      get isIn() {
        return world.broken;
      },
      breakIt: async () => {
        world.broken = true;
        world.deeds.push('break');
        return ['payments: nothing comes through'];
      },
      switchFlag: async (flag, enabled) => {
        if (flag !== 'payment-fallback') throw new Error(`there is no flag "${flag}"`);
        world.passedBy = true;
        world.deeds.push(`${flag} ${enabled ? 'on' : 'off'}`);
        return flag;
      },
      flags: async () => [{ name: 'payment-fallback', enabled: true }],
      takeOut: async () => {
        if (world.broken) world.deeds.push('take out');
        world.broken = false;
        return [];
      },
    },
  };
  set(world, options);
  const over = new AbortController();
  const playing = play(options).finally(() => over.abort());
  playing.catch(() => {});
  for (let round = 1; !over.signal.aborted; round += 1) {
    if (round > 1_000) throw new Error('a game day without an end');
    world.eachRound(round);
    await aRound(world, lookout);
  }
  return { ...world, outcome: await playing };
}

async function aRound(world: World, lookout: Lookout): Promise<void> {
  const startedAtEpochMs = world.nowMs;
  const ill = world.illAnyway || (world.broken && !world.passedBy);
  world.nowMs += world.roundMs / 2;
  lookout.sawBreaker('payments', world.broken ? 'open' : 'closed');
  lookout.sawRound({
    startedAtEpochMs,
    endedAtEpochMs: world.nowMs,
    checks: [
      { journey: 'signup', status: 'up', why: null, degraded: [] },
      { journey: 'escrow checkout', status: ill ? 'down' : 'up', why: ill ? 'no receipt' : null, degraded: [] },
    ],
  });
  world.nowMs += world.roundMs / 2;
  for (let count = 0; count < TURNS; count += 1) await turn();
}

/** Sleeps on the world's clock, which only rounds move. */
function sleepIn(world: World): Sleep {
  return async (ms, signal) => {
    const untilMs = world.nowMs + ms;
    while (world.nowMs < untilMs && !signal.aborted) await turn();
  };
}
