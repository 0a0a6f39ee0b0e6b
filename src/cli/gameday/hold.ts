import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { redaction } from '../../collect/redaction.ts';
import type { CreateFixtures } from '../../drive/checks/fixtures.ts';
import { GAME_DAYS } from '../../drive/drills/journal.ts';
import { checkDrills } from '../../drive/drills/preflight.ts';
import { commitOf, harnessVersion } from '../../drive/environment.ts';
import { FailureTraces } from '../../drive/failure-traces.ts';
import { tagHeaders } from '../../drive/tags.ts';
import { asCodedError, CodedError } from '../../errors.ts';
import type { AnyJourney } from '../../journey.ts';
import { GAME_DAY_VERSION, type GameDay } from '../../model/game-day.ts';
import type { Drill, DrillsPlan, GuardOverride, PaymentObservation } from '../../model/index.ts';
import { EMBEDDED as EMBEDDED_BOOK, placedAudit } from '../../plan/audit.ts';
import { createHostGuard, sendsTagHeaders } from '../../plan/browser-hosts.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { counted, harmless } from '../../report/text.ts';
import { clockTime } from '../synthetic/lines.ts';
import { EMBEDDED } from '../synthetic/targets.ts';
import { aimsOf, exitCodeOf } from './aims.ts';
import type { GameDayArguments } from './arguments.ts';
import { DayRecord } from './day.ts';
import { decisionText } from './decision.ts';
import { drawn, share } from './draw.ts';
import { Hand } from './hand.ts';
import { Lookout } from './lookout.ts';
import { auditMoney } from './money.ts';
import type { GameDayPlan } from './plan.ts';
import { play } from './play.ts';
import { gameDayMarkdown } from './report.ts';
import { keepRounds } from './rounds.ts';
import { runbookNames, type Answers, type GameDayScript, type GameDayTargets } from './script.ts';
import { openStage, type Stage } from './stage.ts';
import { tagOf, targetHeaders } from './tags.ts';
import { keepTrickling } from './trickle.ts';
import { GameDayTeardown } from './teardown.ts';
import { answeringTeam, practiceTeam, type Sleep, type Team } from './team.ts';
import { terminalTeam } from './terminal.ts';

export interface HoldOptions {
  asked: GameDayArguments & { targets: GameDayTargets };
  root: string;
  environment: NodeJS.ProcessEnv;
  settings: HarnessSettings;
  target: string;
  id: string;
  folder: string;
  plan: GameDayPlan;
  script: GameDayScript;
  answers: Answers | null;
  overrides: GuardOverride[];
  /** The drills of which one is held. */
  held: Drill[];
  journeys: readonly AnyJourney[];
  fixtures: CreateFixtures;
  ending: AbortController;
  input: Readable;
  say: (text: string) => void;
  width: number;
  sleep: Sleep;
}

/** As in the functional lane; a user who waits longer has gone. */
const STEP_DEADLINE_MS = 15_000;
const JOURNEY_DEADLINE_MS = 60_000;
const TRACES = { perError: 1, perRun: 6 };
const FIXTURE_SEED = 1;
/** The bundled provider takes any test key. */
const EMBEDDED_KEY = 'sk_test_openshow';
/** People are given twice the time that recovery may take, so that they can learn from being late. */
const PEOPLE_GIVE_UP_FACTOR = 2;

/** Holds one game day in its folder. Returns its record, which is on disk, and the exit code. Throws coded errors. */
export async function holdGameDay(options: HoldOptions): Promise<{ day: GameDay; exitCode: number }> {
  const { asked, root, target, id, folder, plan, script, held, ending, say } = options;
  const seed = asked.seed ?? randomInt(1_000_000_000);
  const drill = drawn(held, seed);
  const answer = script.drills[drill.name];
  if (!answer) throw new Error(`ops/game-day.yml says nothing of ${drill.name}`);
  const spoken = (text: string): void => say(`${clockTime(Date.now(), undefined)}  ${text}\n`);
  const record = new DayRecord({
    version: GAME_DAY_VERSION, id, team: asked.team.kind, target, seed, overrides: options.overrides, startedAtEpochMs: Date.now(),
    harnessVersion: harnessVersion(), commit: commitOf(root),
  }, { folder, nowEpochMs: Date.now, told: spoken });
  record.day.drill = {
    name: drill.name, title: drill.title, what: [], runbooks: answer.runbooks, decisions: answer.decisions.map(decisionText),
  };
  const lookout = new Lookout({ nowEpochMs: Date.now, tell: (kind, text) => record.note(kind, text) });
  const drills: DrillsPlan = { ...plan.drills, drills: held };
  const stage = await openStage({
    ...options, drills, metricsUrls: options.settings.METRICS_URLS ?? plan.metricsUrls,
    onBreaker: (dependency, state) => lookout.sawBreaker(dependency, state),
  });
  const payments: PaymentObservation[] = [];
  const resting = new AbortController();
  // What ends the platform or a round ends the play, which waits for rounds.
  const broken: unknown[] = [];
  const end = (error: unknown): void => {
    broken.push(error);
    ending.abort();
  };
  void stage.platform?.died.then((how) => end(new CodedError('J_HARNESS_FAULT', [{ where: 'bundled platform', message: how }])));
  let team: Team | null = null;
  let rounds: Promise<unknown> = Promise.resolve();
  try {
    const places = new Map(plan.read.flatMap(({ drill: { name }, actions }) => actions.map((where, index) => [`${name}/${index}`, where] as const)));
    await checkDrills({ plan: drills, reaches: stage.reaches, secrets: stage.secrets, places, metricsUrls: stage.metricsUrls });
    const teardown = plan.teardown === null ? null : await GameDayTeardown.open({
      id, folder, url: target, startedAtEpochMs: record.day.startedAtEpochMs, teardown: plan.teardown,
      headers: targetHeaders(id, 'teardown', options.settings), token: options.settings.TEARDOWN_TOKEN,
    });
    introduce(options);
    record.save();
    team = teamOf(options, answer, lookout, spoken);
    const untilRest = AbortSignal.any([ending.signal, resting.signal]);
    rounds = Promise.all([
      keepRounds({
        journeys: options.journeys, around: surroundings(options, stage), everyMs: asked.everyMs, sleep: options.sleep,
        onRound: (round) => lookout.sawRound(round), onPayment: (payment) => payments.push(payment),
      }, untilRest),
      script.trickle === null ? null : keepTrickling({
        trickle: script.trickle, url: stage.url, headers: (number) => targetHeaders(id, `trickle-${number}`, options.settings), sleep: options.sleep,
      }, untilRest),
    ]);
    rounds.catch(end);
    record.day.outcome = await play({
      record, lookout, team, pages: runbookNames(root), nowEpochMs: Date.now, sleep: options.sleep, ended: ending.signal,
      hand: new Hand({ drill, reaches: stage.reaches, secrets: stage.secrets, journal: stage.journal }),
      faultAfterMs: share(seed, 'when') * asked.withinMs,
      giveUpAfterMs: asked.targets.recoveryMs * (asked.team.kind === 'people' ? PEOPLE_GIVE_UP_FACTOR : 1),
    });
    resting.abort();
    await rounds.catch(() => {});
    if (broken.length > 0) throw asCodedError(broken[0]);
    await askBooks(options, stage, record.day, payments, spoken);
    record.day.teardown = await teardown?.remove() ?? null;
    return conclude(options, record, lookout);
  } catch (error) {
    record.day.outcome = 'fault';
    conclude(options, record, lookout);
    throw error instanceof CodedError ? error : new CodedError('J_DRILL_UNREACHABLE', [{ where: drill.name, message: asCodedError(error).faults[0]?.message ?? '' }], { cause: error });
  } finally {
    team?.close();
    resting.abort();
    await rounds.catch(() => {});
    await stage.close();
  }
}

function introduce({ target, journeys, asked, script, id, say, held, overrides }: HoldOptions): void {
  const { team, everyMs, targets } = asked;
  const minutes = (ms: number): string => `${Number((ms / 60_000).toFixed(1))} min`;
  const what = team.kind === 'practice' ? 'practice: the right answers come at once' : team.kind === 'answers' ? 'answers from a file' : 'one of these dependencies breaks, soon';
  const drawnFrom = held.length === 1 ? 'one drill' : `one of ${counted(held.length, 'drill')}`;
  say([
    ` GAME DAY  ${id} · ${harmless(target)} · ${counted(journeys.length, 'journey')} every ${everyMs / 1_000} s · ${what}`,
    `   drawn from ${drawnFrom} of ${Object.keys(script.drills).length} · runbooks: ops/runbooks/README.md`,
    `   aims, from the fault on: detected within ${minutes(targets.detectionMs)}, decided within ${minutes(targets.decisionMs)}, recovered within ${minutes(targets.recoveryMs)}`,
    ...overrides.map((one) => `   OVERRIDDEN: ${one.guard} · ${harmless(one.what)} · ${harmless(one.reason)}`),
    '   Ctrl-C ends it, and takes out what is broken', '',
  ].join('\n'));
}

function teamOf({ asked, answers, input, width, ending, sleep }: HoldOptions, answer: GameDayScript['drills'][string], lookout: Lookout, say: (text: string) => void): Team {
  if (asked.team.kind === 'practice') return practiceTeam(answer, sleep);
  if (answers !== null) return answeringTeam(answers, sleep);
  return terminalTeam({ input, say, width, standing: () => lookout.standing(), onGone: () => ending.abort() });
}

function surroundings({ id, folder, target, settings, fixtures, ending }: HoldOptions, { url, hosts, pool }: Stage): Parameters<typeof keepRounds>[0]['around'] {
  const { TARGET_HTTP_USER: username, TARGET_HTTP_PASSWORD: password } = settings;
  const sendsTags = sendsTagHeaders({ target: { url, embedded: target === EMBEDDED }, browserHosts: [...hosts] }, settings.BROWSER_TAGS);
  return {
    roundId: id, url, pool,
    contextOptions: { baseURL: url, ...(username && password ? { httpCredentials: { username, password } } : {}) },
    ...(sendsTags ? { tags: (vu: string) => tagHeaders(tagOf(id), vu) } : {}),
    keptFrom: createHostGuard(hosts),
    fixtures: ({ vu, context }) => fixtures({ context, vu, runId: id, seed: FIXTURE_SEED }),
    stepDeadlineMs: STEP_DEADLINE_MS, journeyDeadlineMs: JOURNEY_DEADLINE_MS,
    failuresFolder: join(folder, 'failures'), evidencePath: `${GAME_DAYS}/${id}`,
    traces: new FailureTraces(TRACES, join(folder, 'failures'), ['observer']),
    interrupted: ending.signal, nowEpochMs: Date.now,
  };
}

/** "Without revenue impact": what the books say, once everything is out again. */
async function askBooks({ plan, settings, id, ending, target }: HoldOptions, { platform }: Stage, day: GameDay, payments: readonly PaymentObservation[], say: (text: string) => void): Promise<void> {
  if (ending.signal.aborted) {
    day.moneyUnread = 'interrupted before the books were read';
    return;
  }
  const { audit } = plan;
  const own = target === EMBEDDED && audit?.provider === EMBEDDED_BOOK;
  const key = settings.AUDIT_PROVIDER_KEY ?? (own ? EMBEDDED_KEY : undefined);
  const { audit: placed = audit } = placedAudit(audit === null ? {} : { audit }, platform);
  const token = settings.AUDIT_PLATFORM_TOKEN;
  const { report, unread } = placed !== null && key === undefined
    ? { report: null, unread: 'AUDIT_PROVIDER_KEY is not set' }
    : await auditMoney({
      id, startedAtEpochMs: day.startedAtEpochMs, audit: placed, payments, now: () => performance.now(), say: (text) => say(`audit: ${text}`),
      platformHeaders: { ...targetHeaders(id, 'audit', settings), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      providerKey: key ?? EMBEDDED_KEY, controlToken: own ? (platform?.operationsToken ?? null) : null,
    });
  day.money = report;
  day.moneyUnread = unread;
}

/** Brings the record to its end, and writes it with its page. Throws J_REPORTS_UNWRITABLE. */
function conclude({ asked, folder }: HoldOptions, record: DayRecord, lookout: Lookout): { day: GameDay; exitCode: number } {
  const { day } = record;
  day.endedAtEpochMs = Date.now();
  day.rounds = lookout.rounds;
  day.aims = aimsOf(day, asked.targets);
  record.save();
  const path = join(folder, 'gameday.md');
  try {
    writeFileSync(path, redaction().text(gameDayMarkdown(day)));
  } catch (error) {
    throw new CodedError('J_REPORTS_UNWRITABLE', [{ where: path, message: (error as NodeJS.ErrnoException).code ?? String(error) }], { cause: error });
  }
  return { day, exitCode: exitCodeOf(day) };
}
