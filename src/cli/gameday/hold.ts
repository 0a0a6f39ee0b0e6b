import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redaction } from '../../collect/redaction.ts';
import { checkDrills } from '../../drive/drills/preflight.ts';
import { commitOf, harnessVersion } from '../../drive/environment.ts';
import { taggedRequest } from '../../drive/tags.ts';
import { asCodedError, CodedError } from '../../errors.ts';
import { GAME_DAY_VERSION, type GameDay } from '../../model/game-day.ts';
import type { DrillsPlan, PaymentObservation } from '../../model/index.ts';
import { clockTime } from '../synthetic/lines.ts';
import { aimsOf, exitCodeOf } from './aims.ts';
import { introduce, teamOf } from './begin.ts';
import { DayRecord } from './day.ts';
import { decisionText } from './decision.ts';
import { drawn, share } from './draw.ts';
import { Hand } from './hand.ts';
import type { HoldOptions } from './hold-options.ts';
import { Lookout } from './lookout.ts';
import { askBooks } from './money.ts';
import { play } from './play.ts';
import { gameDayMarkdown } from './report.ts';
import { keepRounds, surroundings } from './rounds.ts';
import { runbookNames } from './script.ts';
import { openStage } from './stage.ts';
import { tagOf, targetHeaders } from './tags.ts';
import type { Team } from './team.ts';
import { GameDayTeardown } from './teardown.ts';
import { keepTrickling } from './trickle.ts';

/** People are given twice the time that recovery may take, so that they can learn from being late. */
const PEOPLE_GIVE_UP_FACTOR = 2;
/** What has not alerted by then will not: nobody is to sit before a first look for a quarter of an hour. */
const PRACTICE_GIVE_UP_MS = 180_000;

/** Holds one game day in its folder. Returns its record, which is on disk, and the exit code. Throws coded errors. */
export async function holdGameDay(options: HoldOptions): Promise<{ day: GameDay; exitCode: number }> {
  const { asked, root, target, id, folder, plan, script, held, ending, say } = options;
  const seed = asked.seed ?? randomInt(1_000_000_000);
  const drill = drawn(held, seed);
  const answer = script.drills[drill.name];
  if (!answer) throw new Error(`ops/game-day.yml says nothing of ${drill.name}`);
  const spoken = (text: string): void => say(`${clockTime(Date.now(), undefined)}  ${text}\n`);
  const record = new DayRecord(
    {
      version: GAME_DAY_VERSION,
      id,
      team: asked.team.kind,
      target,
      seed,
      overrides: options.overrides,
      startedAtEpochMs: Date.now(),
      harnessVersion: harnessVersion(),
      commit: commitOf(root),
    },
    { folder, nowEpochMs: Date.now, told: spoken },
  );
  record.day.drill = {
    name: drill.name,
    title: drill.title,
    what: [],
    runbooks: answer.runbooks,
    decisions: answer.decisions.map(decisionText),
  };
  // What ends the platform, a round or the record ends the play, which waits for rounds.
  const broken: unknown[] = [];
  const end = (error: unknown): void => {
    broken.push(error);
    ending.abort();
  };
  const lookout = new Lookout({
    nowEpochMs: Date.now,
    tell: (kind, text) => {
      try {
        record.note(kind, text);
      } catch (error) {
        end(error);
      }
    },
  });
  const drills: DrillsPlan = { ...plan.drills, drills: held };
  const stage = await openStage({
    ...options,
    drills,
    metricsUrls: options.settings.METRICS_URLS ?? plan.metricsUrls,
    onBreaker: (dependency, state) => lookout.sawBreaker(dependency, state),
  });
  const payments: PaymentObservation[] = [];
  const resting = new AbortController();
  void stage.platform?.died.then((how) =>
    end(new CodedError('J_HARNESS_FAULT', [{ where: 'bundled platform', message: how }])),
  );
  let team: Team | null = null;
  let rounds: Promise<unknown> = Promise.resolve();
  try {
    const places = new Map(
      plan.read.flatMap(({ drill: { name }, actions }) =>
        actions.map((where, index) => [`${name}/${index}`, where] as const),
      ),
    );
    await checkDrills({
      plan: drills,
      reaches: stage.reaches,
      secrets: stage.secrets,
      places,
      metricsUrls: stage.metricsUrls,
      headers: taggedRequest(tagOf(id)),
    });
    const teardown =
      plan.teardown === null
        ? null
        : await GameDayTeardown.open({
            id,
            folder,
            url: target,
            startedAtEpochMs: record.day.startedAtEpochMs,
            teardown: plan.teardown,
            headers: targetHeaders(id, 'teardown', options.settings),
            token: options.settings.TEARDOWN_TOKEN,
          });
    introduce(options);
    if (!stage.guarded)
      spoken('WARNING: the guard did not start; if this is killed (kill -9), what is broken stays in until --rollback');
    record.save();
    team = teamOf(options, answer, lookout, spoken);
    const untilRest = AbortSignal.any([ending.signal, resting.signal]);
    rounds = Promise.all([
      keepRounds(
        {
          journeys: options.journeys,
          around: surroundings(options, stage),
          everyMs: asked.everyMs,
          sleep: options.sleep,
          onRound: (round) => lookout.sawRound(round),
          onPayment: (payment) => payments.push(payment),
        },
        untilRest,
      ),
      script.trickle === null
        ? null
        : keepTrickling(
            {
              trickle: script.trickle,
              url: stage.url,
              headers: (number) => targetHeaders(id, `trickle-${number}`, options.settings),
              sleep: options.sleep,
            },
            untilRest,
          ),
    ]);
    rounds.catch(end);
    record.day.outcome = await play({
      record,
      lookout,
      team,
      pages: runbookNames(root),
      nowEpochMs: Date.now,
      sleep: options.sleep,
      ended: ending.signal,
      hand: new Hand({ drill, reaches: stage.reaches, secrets: stage.secrets, journal: stage.journal }),
      faultAfterMs: share(seed, 'when') * asked.withinMs,
      giveUpAfterMs: giveUpAfterMs(asked),
    });
    resting.abort();
    await rounds.catch(() => {});
    if (broken.length > 0) throw asCodedError(broken[0]);
    await askBooks(options, stage, record.day, payments, spoken);
    record.day.teardown = (await teardown?.remove()) ?? null;
    return conclude(options, record, lookout);
  } catch (error) {
    record.day.outcome = 'fault';
    conclude(options, record, lookout);
    throw error instanceof CodedError
      ? error
      : new CodedError(
          'J_DRILL_UNREACHABLE',
          [{ where: drill.name, message: asCodedError(error).faults[0]?.message ?? '' }],
          { cause: error },
        );
  } finally {
    team?.close();
    resting.abort();
    await rounds.catch(() => {});
    await stage.close();
  }
}

function giveUpAfterMs({ team, targets: { recoveryMs } }: HoldOptions['asked']): number {
  if (team.kind === 'people') return recoveryMs * PEOPLE_GIVE_UP_FACTOR;
  return team.kind === 'practice' ? Math.min(recoveryMs, PRACTICE_GIVE_UP_MS) : recoveryMs;
}

/** Brings the record to its end, and writes it with its page. Throws J_REPORTS_UNWRITABLE. */
function conclude(
  { asked, folder }: HoldOptions,
  record: DayRecord,
  lookout: Lookout,
): { day: GameDay; exitCode: number } {
  const { day } = record;
  day.endedAtEpochMs = Date.now();
  day.rounds = lookout.rounds;
  day.aims = aimsOf(day, asked.targets);
  record.save();
  const path = join(folder, 'gameday.md');
  try {
    writeFileSync(path, redaction().text(gameDayMarkdown(day)));
  } catch (error) {
    throw new CodedError(
      'J_REPORTS_UNWRITABLE',
      [{ where: path, message: (error as NodeJS.ErrnoException).code ?? String(error) }],
      { cause: error },
    );
  }
  return { day, exitCode: exitCodeOf(day) };
}
