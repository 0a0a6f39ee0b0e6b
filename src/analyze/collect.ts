import type {
  AgentTaskObservation,
  ColdStartObservation,
  HealthObservation,
  JourneyObservation,
  Observation,
  Outcome,
  Plan,
  RequestObservation,
  StepObservation,
  VitalObservation,
} from '../model/index.ts';
import { createColdStarts } from './cold-starts.ts';
import { percent } from './findings.ts';
import {
  absorb,
  addFailure,
  censor,
  emptyLatency,
  emptyRate,
  isError,
  isSample,
  measure,
  seriesKey,
} from './series.ts';
import type { Failure, LatencySeries, RateSeries } from './series.ts';
import { createServerTimes } from './server-times.ts';
import type { ServerTimes } from './server-times.ts';

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
  ended: { completed: boolean; interrupted: boolean; fault: boolean };
  artilleryCreated: number | null;
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
  const latency = new Map<string, LatencySeries>();
  const rates = new Map<string, RateSeries>();
  const steps = new Map<string, { awaited: LatencySeries; bare: LatencySeries }>();
  const coldStarts = createColdStarts();
  let degraded = 0;
  const collected: Collected = {
    latency,
    rates,
    serverTimes: createServerTimes(judgedWindow),
    driverSteps: new Set(),
    users: 0,
    journeys: 0,
    observed: 0,
    byOutcome: new Map(),
    firstMs: null,
    lastMs: null,
    ended: { completed: false, interrupted: false, fault: false },
    artilleryCreated: null,
  };

  const newLatency = (
    metric: string,
    scope: Record<string, string>,
    unit = 'ms',
    window = judgedWindow,
  ): LatencySeries => emptyLatency(metric, scope, unit, window);
  const latencyOf = (...[metric, scope, unit, window]: Parameters<typeof newLatency>): LatencySeries =>
    entry(latency, seriesKey(metric, scope), () => newLatency(metric, scope, unit, window));
  const rateOf = (metric: string, scope: Record<string, string>): RateSeries =>
    entry(rates, seriesKey(metric, scope), () => emptyRate(metric, scope));
  const isJudged = (one: { role: string; phase: string | null }): boolean =>
    one.role === 'observer' && (one.phase === null || !warmUp.has(one.phase));
  const addJourney = (one: JourneyObservation): void => {
    collected.journeys += 1;
    collected.byOutcome.set(one.outcome, (collected.byOutcome.get(one.outcome) ?? 0) + 1);
    if (one.outcome !== 'dropped' && one.role === 'observer') collected.observed += 1;
    if (isSample(one.outcome)) collected.users += 1;
    if (one.outcome === 'interrupted') return;
    for (const scope of [{}, ...(one.journey === null ? [] : [{ journey: one.journey }])]) {
      const series = rateOf('journey_error_rate', scope);
      series.n += 1;
      if (!isError(one.outcome)) continue;
      series.events += 1;
      addFailure(series.failures, failureOf(one, one.errorCode ?? one.outcome));
    }
  };

  const addStep = (one: StepObservation): void => {
    if (!isJudged(one) || !isSample(one.outcome) || one.journey === null) return;
    const scope = { journey: one.journey, step: one.name };
    const series = entry(steps, seriesKey('step', scope), () => ({
      awaited: newLatency('perceived_latency', scope),
      bare: newLatency('driver_latency', scope),
    }));
    const awaited = one.clock === 'page' || one.unmeasured !== undefined;
    const target = awaited ? series.awaited : series.bare;
    if (one.outcome === 'passed') measure(target, awaited ? one.perceivedMs : one.driverMs);
    else {
      const failure = failureOf(one, one.errorCode ?? one.outcome);
      censor(target, one.deadlineMs, { ...failure, screenshot: one.screenshot ?? null });
    }
  };

  const addVital = (one: VitalObservation): void => {
    // A page that nobody interacted with has no INP at all: that is no gap in the measurement.
    if (!isJudged(one) || (one.name === 'INP' && one.value === null)) return;
    const unit = one.name === 'CLS' ? 'score' : 'ms';
    measure(latencyOf('vital', { vital: one.name }, unit), one.value);
    measure(latencyOf('vital', { vital: one.name, page: one.page }, unit), one.value);
  };

  const addRequest = (one: RequestObservation): void => {
    const bad = one.status === null || one.status >= 400;
    const route = `${one.method} ${one.route}`;
    const code = one.errorCode ?? (one.status === null ? 'no response' : `status ${one.status}`);
    const failure = failureOf(one, code, route);
    for (const scope of [{}, { route }]) {
      const series = rateOf('request_error_rate', scope);
      series.n += 1;
      if (!bad) continue;
      series.events += 1;
      addFailure(series.failures, failure);
    }
    if (one.phase === null || !warmUp.has(one.phase)) collected.serverTimes.add(one);
    if (!isJudged(one)) return;
    for (const group of one.resource === 'asset' ? [route] : [route, one.resource]) {
      const series = latencyOf('request_latency', { route: group });
      // An error page is not an answer: a fast one must not make a route look fast.
      if (bad) censor(series, plan.settings.stepDeadlineMs, failure);
      else measure(series, one.durationMs);
    }
  };

  const addTask = (one: AgentTaskObservation): void => {
    if (!isSample(one.outcome)) return;
    coldStarts.addTask(one.vu, one.cold);
    const passed = one.outcome === 'passed';
    const failure = failureOf(one, one.outcome);
    const success = rateOf('agent_success_rate', {});
    success.n += 1;
    if (passed) success.events += 1;
    else addFailure(success.failures, failure);
    if (one.degraded) degraded += 1;
    if (!isJudged(one)) return;
    const durations = { agent_completion: passed ? one.completedMs : null, agent_first_progress: one.firstProgressMs };
    for (const [metric, value] of Object.entries(durations)) {
      const series = latencyOf(metric, {});
      if (!passed && value === null) censor(series, plan.settings.stepDeadlineMs, failure);
      else measure(series, value);
    }
  };

  const addColdStart = (one: ColdStartObservation): void => {
    latencyOf('cold_start_penalty', { service: one.service }, 'ms', 'whole run').values.push(one.durationMs);
    coldStarts.addStart(one.service, one.vu);
  };

  const addHealth = (one: HealthObservation): void => {
    const inPercent = (share: number | null): number | null => (share === null ? null : percent(share));
    measure(latencyOf('generator_cpu', {}, '%', 'whole run'), inPercent(one.cpuShare));
    measure(latencyOf('generator_cpu_pressure', {}, '%', 'whole run'), inPercent(one.cpuPressureShare));
    measure(latencyOf('generator_loop_delay', {}, 'ms', 'whole run'), one.loopDelayMaxMs);
  };

  const addSteps = (): void => {
    for (const { awaited, bare } of steps.values()) {
      const isAwaited = awaited.values.length + awaited.censored + awaited.unmeasured > 0;
      if (!isAwaited && bare.values.length > 0) {
        latency.set(seriesKey(bare.metric, bare.scope), bare);
        collected.driverSteps.add(seriesKey(awaited.metric, awaited.scope));
        continue;
      }
      // A step that broke before its awaited element was looked for failed all the same.
      absorb(awaited, bare);
      latency.set(seriesKey(awaited.metric, awaited.scope), awaited);
    }
  };

  return {
    add(one) {
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
          if (one.event !== 'started' && one.event !== 'phase' && one.event !== 'drained')
            collected.ended[one.event] = true;
          collected.artilleryCreated = one.counters?.['vusers.created'] ?? collected.artilleryCreated;
          return;
        case 'health':
          return addHealth(one);
      }
    },
    finish() {
      addSteps();
      for (const series of coldStarts.incidence(collected.users))
        rates.set(seriesKey(series.metric, series.scope), series);
      if (degraded > 0) rateOf('agent_success_rate', {}).notes.push(`${degraded} of the tasks were answered degraded`);
      for (const series of latency.values()) series.values.sort((a, b) => a - b);
      return collected;
    },
  };
}

function entry<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

interface Failed {
  tMs: number;
  vu: string | null;
  message?: string | undefined;
}

function failureOf(one: Failed, code: string, message?: string): Failure {
  return { tMs: one.tMs, vu: one.vu, code, message: message ?? one.message ?? null, screenshot: null };
}
