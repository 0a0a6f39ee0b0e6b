import type {
  AgentTaskObservation,
  ColdStartObservation,
  HealthObservation,
  JourneyObservation,
  Observation,
  Outcome,
  Plan,
  ReplayReport,
  RequestObservation,
  StepObservation,
  Validity,
  VitalObservation,
} from '../model/index.ts';
import { REPLAY_JOURNEY } from '../model/index.ts';
import { createColdStarts } from './cold-starts.ts';
import { percent } from './findings.ts';
import { addJourneyDuration } from './journey-durations.ts';
import { createReplay } from './replay.ts';
import { createRequestRates } from './request-rates.ts';
import { createRunEvents } from './run-events.ts';
import type { RunEnd } from './run-events.ts';
import { isAwaited, isError, isSample, measure, seriesKey } from './series.ts';
import type { Failure, LatencySeries, RateSeries } from './series.ts';
import { createSeriesBook } from './series-book.ts';
import { createUserRates } from './user-rates.ts';
import type { Span } from './windowed.ts';
import { watchWindows } from './windows.ts';
import { createServerTimes } from './server-times.ts';
import type { ServerTimes } from './server-times.ts';
import { createTraces } from './traces.ts';

/** What is gathered from observations, one at a time, so that a run need not fit into memory. */
export interface Collected {
  latency: Map<string, LatencySeries>;
  rates: Map<string, RateSeries>;
  serverTimes: ServerTimes;
  /** Steps seen only with the driver's clock: their users' latency is not known. */
  driverSteps: Set<string>;
  /** Users of the run, without dropped and interrupted ones. */
  users: number;
  journeys: number;
  observed: number;
  byOutcome: Map<Outcome, number>;
  firstMs: number | null;
  lastMs: number | null;
  ended: RunEnd;
  /** Why the run ended before its phases did, as planned; null where it did not. */
  stopped: string | null;
  artilleryCreated: number | null;
  /** Users drawn as observers who joined the crowd. */
  demoted: number;
  /** Of the journeys: people of replayed traffic, whom Artillery does not know of. */
  replayed: number;
  /** Null in a run that played no recorded traffic. */
  replay: ReplayReport | null;
  validity: Validity;
  /** Whether the time of a sample lies in the healthy parts of the run. */
  counts: (span: Span) => boolean;
}

export interface Collector {
  add(observation: Observation): void;
  finish(): Collected;
}

/** Returns a collector for the observations of one run, in any order. */
export function createCollector(plan: Plan): Collector {
  const warmUp = new Set(plan.warmUpPhases);
  const left = plan.phases.map((phase) => phase.name).filter((name) => warmUp.has(name));
  const judgedWindow = left.length === 0 ? 'whole run' : `without warm-up (${left.join(', ')})`;
  const book = createSeriesBook(judgedWindow);
  const { latency, rates, driverSteps, latencyOf, stepOf, wholeRun, rateOf, settle } = book;
  const replay = createReplay(plan, book);
  const windows = watchWindows(plan.validity);
  const userRates = createUserRates();
  /** When the users lived whose latency is judged. */
  let judgedSpan: Span | null = null;
  const coldStarts = createColdStarts();
  const traces = createTraces();
  let degraded = 0;
  const requestRates = createRequestRates(rateOf);
  let turnedAway = 0;
  const runEvents = createRunEvents();
  const collected: Omit<Collected, 'validity' | 'counts' | 'ended' | 'stopped' | 'artilleryCreated' | 'replay'> = {
    latency,
    rates,
    serverTimes: createServerTimes(judgedWindow),
    driverSteps,
    users: 0,
    journeys: 0,
    observed: 0,
    byOutcome: new Map(),
    firstMs: null,
    lastMs: null,
    demoted: 0,
    replayed: 0,
  };

  const isJudged = (one: { role: string; phase: string | null }): boolean =>
    one.role === 'observer' && isLive(one);
  const isLive = ({ phase }: { phase: string | null }): boolean => phase === null || !warmUp.has(phase);
  const live = (one: { phase: string | null }, span: Span): Span => {
    if (!isLive(one)) return span;
    judgedSpan = {
      fromMs: Math.min(judgedSpan?.fromMs ?? span.fromMs, span.fromMs),
      toMs: Math.max(judgedSpan?.toMs ?? span.toMs, span.toMs),
    };
    return span;
  };
  const addJourney = (one: JourneyObservation): void => {
    collected.journeys += 1;
    if (plan.replay && one.journey === REPLAY_JOURNEY) collected.replayed += 1;
    collected.byOutcome.set(one.outcome, (collected.byOutcome.get(one.outcome) ?? 0) + 1);
    if (one.outcome !== 'dropped' && one.role === 'observer') collected.observed += 1;
    if (isSample(one.outcome)) collected.users += 1;
    if (one.demoted === true) collected.demoted += 1;
    if (one.outcome !== 'dropped') live(one, { fromMs: one.startedMs, toMs: one.tMs });
    if (one.outcome === 'interrupted') return;
    // The budget of a third party is the plan's doing, however fast or slow the target is.
    if (one.budget !== undefined) {
      turnedAway += 1;
      return;
    }
    const failure = failureOf(one, one.errorCode ?? one.outcome);
    if (isJudged(one)) addJourneyDuration(one, latencyOf, plan.settings.journeyDeadlineMs, failure);
    const scopes = [{}, ...(one.journey === null ? [] : [{ journey: one.journey }])];
    const isEvent = isError(one.outcome);
    if (isEvent) requestRates.userFailed(one.vu);
    userRates.add({
      series: scopes.map((scope) => rateOf('journey_error_rate', scope)),
      role: one.role, outcome: one.outcome, isEvent, failure: isEvent ? failure : null,
      span: { fromMs: one.startedMs, toMs: one.tMs },
    });
  };

  const addStep = (one: StepObservation): void => {
    traces.add(one);
    const span = live(one, before(one.tMs, one.driverMs));
    if (!isJudged(one) || !isSample(one.outcome) || one.journey === null) return;
    const scope = { journey: one.journey, step: one.name };
    const series = stepOf(scope);
    const awaited = isAwaited(one);
    const target = awaited ? series.awaited : series.bare;
    if (one.outcome === 'passed') target.measure(span, awaited ? one.perceivedMs : one.driverMs);
    else {
      const failure = failureOf(one, one.errorCode ?? one.outcome);
      target.censor(span, one.deadlineMs, { ...failure, screenshot: one.screenshot ?? null });
    }
  };

  const addVital = (one: VitalObservation): void => {
    // A page that nobody interacted with has no INP at all: that is no gap in the measurement.
    if (!isJudged(one) || (one.name === 'INP' && one.value === null)) return;
    const unit = one.name === 'CLS' ? 'score' : 'ms';
    const span = before(one.tMs, unit === 'ms' ? one.value : null);
    latencyOf('vital', { vital: one.name }, unit).measure(span, one.value);
    latencyOf('vital', { vital: one.name, page: one.page }, unit).measure(span, one.value);
  };

  const addRequest = (one: RequestObservation): void => {
    const route = `${one.method} ${one.route}`;
    const code = one.errorCode ?? (one.status === null ? 'no response' : `status ${one.status}`);
    const failure = failureOf(one, code, route);
    const fate = requestRates.add(one, failure);
    if (one.phase === null || !warmUp.has(one.phase)) collected.serverTimes.add(one);
    if (!isJudged(one)) return;
    const span = before(one.tMs, one.durationMs);
    for (const group of one.resource === 'asset' ? [route] : [route, one.resource]) {
      const series = latencyOf('request_latency', { route: group });
      // An error page is not an answer: a fast one must not make a route look fast.
      if (fate === 'failed') series.censor(span, plan.settings.stepDeadlineMs, failure);
      else series.measure(span, fate === 'refused' ? null : one.durationMs);
    }
  };

  const addTask = (one: AgentTaskObservation): void => {
    if (!isSample(one.outcome)) return;
    coldStarts.addTask(one.vu, one.cold);
    const passed = one.outcome === 'passed';
    const failure = failureOf(one, one.outcome);
    userRates.add({
      series: [rateOf('agent_success_rate', {})],
      role: one.role, outcome: one.outcome, isEvent: passed, failure: passed ? null : failure,
      span: before(one.tMs, plan.settings.stepDeadlineMs),
    });
    if (one.degraded) degraded += 1;
    if (!isJudged(one)) return;
    const span = before(one.tMs, one.completedMs ?? one.firstProgressMs);
    const durations = { agent_completion: passed ? one.completedMs : null, agent_first_progress: one.firstProgressMs };
    for (const [metric, value] of Object.entries(durations)) {
      const series = latencyOf(metric, {});
      if (!passed && value === null) series.censor(span, plan.settings.stepDeadlineMs, failure);
      else series.measure(span, value);
    }
  };

  const addColdStart = (one: ColdStartObservation): void => {
    wholeRun('cold_start_penalty', { service: one.service }).values.push(one.durationMs);
    coldStarts.addStart(one.service, one.vu);
  };

  const addHealth = (one: HealthObservation): void => {
    const inPercent = (share: number | null): number | null => (share === null ? null : percent(share));
    windows.seeHealth(one);
    measure(wholeRun('generator_cpu', {}, '%'), inPercent(one.cpuShare));
    measure(wholeRun('generator_cpu_pressure', {}, '%'), inPercent(one.cpuPressureShare));
    measure(wholeRun('generator_loop_delay', {}), one.loopDelayMaxMs);
  };

  return {
    add(one) {
      // The books are read, and data is removed, when the run is over: waiting for that is no part of it.
      if (one.kind === 'ledger' || one.kind === 'audit' || one.kind === 'teardown') return;
      collected.firstMs = Math.min(collected.firstMs ?? one.tMs, one.tMs);
      collected.lastMs = Math.max(collected.lastMs ?? one.tMs, one.tMs);
      switch (one.kind) {
        case 'journey':
          return addJourney(one);
        case 'step':
          return addStep(one);
        case 'vital':
          return addVital(one);
        case 'request':
          return addRequest(one);
        case 'agentTask':
          return addTask(one);
        case 'coldStart':
          return addColdStart(one);
        case 'run':
          return runEvents.add(one);
        case 'replay':
          return replay.add(one);
        case 'health':
          return addHealth(one);
        case 'canary':
          return windows.seeCanary(one);
        case 'api':
        case 'server':
        case 'payment':
        case 'drill':
        case 'blocked':
          // The analyses of the lane, the KPIs, the payments, the drills and the hosts have them.
          return;
      }
    },
    finish() {
      const { validity, counts, starved } = windows.finish(judgedSpan);
      settle(counts);
      userRates.settle(starved);
      traces.settle(latency, rates);
      for (const series of coldStarts.incidence(collected.users))
        rates.set(seriesKey(series.metric, series.scope), series);
      const note = requestRates.note();
      if (note !== null) rateOf('journey_error_rate', {}).notes.push(note);
      if (turnedAway > 0) rateOf('journey_error_rate', {}).notes.push(`without ${turnedAway} users turned away for a third party's budget`);
      if (degraded > 0) rateOf('agent_success_rate', {}).notes.push(`${degraded} of the tasks were answered degraded`);
      return { ...collected, ...runEvents.finish(), validity, counts, replay: replay.report() };
    },
  };
}

/** The time up to a moment that something took; nothing where that is not known. */
function before(tMs: number, tookMs: number | null): Span {
  return { fromMs: Math.max(0, tMs - (tookMs ?? 0)), toMs: tMs };
}

interface Failed {
  tMs: number;
  vu: string | null;
  message?: string | undefined;
}

function failureOf(one: Failed, code: string, message?: string): Failure {
  return { tMs: one.tMs, vu: one.vu, code, message: message ?? one.message ?? null, screenshot: null };
}
