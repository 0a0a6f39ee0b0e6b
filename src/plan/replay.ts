import { z } from 'zod';
import { CodedError, type Fault } from '../errors.ts';
import { REPLAY_JOURNEY, type Gate, type Phase, type Plan, type PlannedJourney, type ReplayPlan, type TrafficHeader } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { loadOf } from './replay-load.ts';
import { scheduleBuilder, type ReplaySchedule, type ScheduleRules } from './replay-schedule.ts';
import { readTraffic } from './replay-traffic.ts';
import type { YamlPath } from './yaml.ts';

const route = z.string().regex(/^\/(?!\/)[^\s?#\\]*$/, 'a path such as /find/:slug');

/** `replay` of the journeys plugin: recorded search traffic, and how it is played. */
export const ReplayConfig = z.strictObject({
  /** A traffic fixture (npm run replay -- import), relative to the script. */
  traffic: z.string().min(1).default('fixtures/traffic/search.ndjson.gz'),
  /** Times the recorded speed. */
  speed: z.number().min(0.01).max(1_000).default(1),
  /** Recorded minutes to pass over before the first phase. */
  fromMinutes: z.number().min(0).max(100_000).default(0),
  /** What is played: pages that people and crawlers come to from searches. */
  routes: z.array(route).min(1).default(['/find/:slug']),
  hotShare: z.number().gt(0).lt(1).default(0.5),
  spike: z.strictObject({
    kind: z.enum(['burst', 'crawl']),
    phase: z.string().min(1),
    requestsPerSecond: z.number().positive().max(10_000),
    slugs: z.number().int().positive().max(1_000_000).default(3),
    people: z.number().min(0).max(1).default(0),
  }).optional(),
  /** In which phases; in all when left out. */
  phases: z.array(z.string().min(1)).min(1).optional(),
  longestPauseSeconds: z.number().min(1).max(3_600).default(60),
  timeoutSeconds: z.number().positive().max(600).default(10),
});
export type ReplayConfig = z.infer<typeof ReplayConfig>;

/** Played past its end, a fixture would leave the last phases without load. A row may be the last by a moment. */
const SLACK = 0.01;

/** Returns the faults of a script's `replay` that its own schema cannot see; looks at raw values. */
export function replayFaults(
  raw: unknown, phases: readonly Phase[], journeys: readonly PlannedJourney[], at: (path: YamlPath) => string,
): Fault[] {
  if (raw === undefined) return [];
  const base = ['config', 'plugins', 'journeys', 'replay'];
  const { phases: named, spike } = (raw ?? {}) as { phases?: unknown; spike?: { phase?: unknown } | null };
  const known = phases.map(({ name }) => name);
  const asked = Array.isArray(named) ? named.filter((one) => typeof one === 'string') : known;
  const chosen = known.filter((name) => asked.includes(name));
  const unknown = (name: string, key: string, among: readonly string[]): Fault[] => {
    const message = `no phase ${known.includes(name) ? 'of the replay ' : ''}is named "${name}"`;
    return among.includes(name) ? [] : [{ where: at([...base, key]), message, hint: didYouMean(name, among) }];
  };
  const journey = journeys.find(({ name }) => name === REPLAY_JOURNEY);
  const scenario = `{ name: ${REPLAY_JOURNEY}, engine: playwright, testFunction: ${REPLAY_JOURNEY}, weight: 0 }`;
  return [
    ...(Array.isArray(named) ? asked.flatMap((name) => unknown(name, 'phases', known)) : []),
    ...(typeof spike?.phase === 'string' ? unknown(spike.phase, 'spike', chosen) : []),
    ...(journey?.weight === 0 ? [] : [{
      where: at(['scenarios']), message: `people of a replay act the journey "${REPLAY_JOURNEY}", which needs a scenario of weight 0`, hint: `add - ${scenario}`,
    }]),
  ];
}

interface Around {
  /** Path of the fixture from the working folder. */
  path: string;
  phases: readonly Phase[];
  journeyDeadlineMs: number;
}

/** Returns the plan of a replay. Throws J_TRAFFIC_INVALID where the fixture cannot be played so. */
export function buildReplay(config: ReplayConfig, { path, phases, journeyDeadlineMs }: Around): ReplayPlan {
  const names = phases.map(({ name }) => name).filter((name) => config.phases?.includes(name) ?? true);
  const plan: Omit<ReplayPlan, 'sourceHash' | 'synthetic' | 'expected' | 'pages' | 'load'> = {
    source: path, speed: config.speed, fromMs: config.fromMinutes * 60_000, routes: config.routes, hotShare: config.hotShare,
    spike: config.spike ?? null, phases: names, longestPauseMs: config.longestPauseSeconds * 1_000, timeoutMs: config.timeoutSeconds * 1_000,
  };
  const { schedule, header, hash } = readSchedule(plan, phases, journeyDeadlineMs);
  const faults = fixtureFaults(plan, header, schedule, phases);
  if (faults.length > 0) throw new CodedError('J_TRAFFIC_INVALID', faults.map((fault) => ({ where: path, ...fault })));
  const views = schedule.visits.reduce((sum, visit) => sum + visit.views.length, 0);
  const hot = schedule.pages.filter(({ group }) => group === 'hot').length;
  return {
    ...plan, sourceHash: hash, synthetic: header.source === 'synthetic',
    expected: { people: views, crawlers: schedule.crawls.length, leftOut: schedule.leftOut },
    pages: { hot, tail: schedule.pages.length - hot },
    load: loadOf(schedule, names, phases),
  };
}

/** Reads what a replay sends: the same for the plan and for the run. Throws J_TRAFFIC_INVALID. */
export function readSchedule(
  plan: Omit<ScheduleRules, 'longestVisitMs'> & Pick<ReplayPlan, 'source'>, phases: readonly Phase[], journeyDeadlineMs: number,
): { schedule: ReplaySchedule; header: TrafficHeader; hash: string } {
  // Half of what a user may last: the other half is for pages that are slow.
  const builder = scheduleBuilder({ ...plan, longestVisitMs: journeyDeadlineMs / 2 }, phases);
  const { header, hash } = readTraffic(plan.source, builder.take);
  return { schedule: builder.finish(), header, hash };
}

/** A pattern whatever its parameters are called, without the names of query values. */
function shapeOf(pattern: string): string {
  return (pattern.split('?', 1)[0] ?? '').replace(/\/:[^/]*/g, '/:');
}

function fixtureFaults(
  { fromMs, speed, routes, phases: names }: Pick<ReplayPlan, 'fromMs' | 'speed' | 'routes' | 'phases'>, header: TrafficHeader,
  { pages }: ReplaySchedule, phases: readonly Phase[],
): Omit<Fault, 'where'>[] {
  const neededMs = phases.filter(({ name }) => names.includes(name)).reduce((sum, { durationS }) => sum + durationS * 1_000 * speed, 0);
  const length = (ms: number): string => (ms < 120_000 ? `${Math.floor(ms / 1_000)} s` : `${Math.floor(ms / 6_000) / 10} minutes`);
  const leftMs = Math.max(0, header.durationMs - fromMs);
  const hashed = header.source === 'synthetic' ? [] : routes.filter((one) => one.includes('/:') && !header.kept.map(shapeOf).includes(shapeOf(one)));
  return [
    ...(leftMs < neededMs * (1 - SLACK) ? [{
      message: `holds ${length(leftMs)} of traffic from where it begins, and the phases play ${length(neededMs)} of it`,
      hint: 'shorter phases, a lower speed, an earlier beginning, or more traffic',
    }] : []),
    ...hashed.map((one) => ({
      message: `the names in ${one} were hashed when it was imported, so that no target has such pages`,
      hint: `import the log again with --keep ${one}`,
    })),
    ...(pages.length === 0 ? [{
      message: `in the part that is played nobody asks for ${routes.join(' or ')}`, hint: 'see what it holds: npm run replay -- show <fixture>',
    }] : []),
  ];
}

/** Returns whether a run's only browser users are those of a replay, or there are none at all. */
export function isReplayAlone({ phases, replay }: Pick<Plan, 'phases' | 'replay'>): boolean {
  return replay !== undefined && phases.every((phase) => phase.pause);
}

/** Returns the gates of a run that does nothing but play traffic: those that name its profile, since all others are meant for other users. */
export function replayGates(gates: readonly Gate[], profile: string): Gate[] {
  return gates.filter((gate) => gate.profiles?.includes(profile));
}

/** Returns the script's route patterns with those of the replay: what a page is played as, its vitals are told as. */
export function withReplayed(routes: readonly string[], replay: Pick<ReplayPlan, 'routes'> | null): string[] {
  return [...new Set([...routes, ...(replay?.routes ?? [])])];
}
