import type {
  AgentTaskObservation, ColdStartObservation, JourneyObservation, Observation, Outcome, Plan, RequestObservation,
  StepObservation, VitalObservation,
} from '../model/index.ts';
import { addFailure, emptyFailures, isError, isSample, seriesKey } from './series.ts';
import type { Failure, LatencySeries, RateSeries } from './series.ts';

/** The service that runs agent tasks; its uses are known one by one from the tasks themselves. */
export const AGENT_SERVICE = 'agent';

/** What is gathered from observations, one at a time, so that a run need not fit into memory. */
export interface Collected {
  latency: Map<string, LatencySeries>;
  rates: Map<string, RateSeries>;
  /** Steps seen only with the driver's clock: their users' latency is not known. */
  driverSteps: Map<string, { journey: string; step: string }>;
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

interface Task { vu: string | null; cold: boolean | null }

/** Returns a collector for the observations of one run, in any order. */
export function createCollector(plan: Plan): Collector {
  const warmUp = new Set(plan.warmUpPhases);
  const left = plan.phases.map((phase) => phase.name).filter((name) => warmUp.has(name));
  const judgedWindow = left.length === 0 ? 'whole run' : `without warm-up (${left.join(', ')})`;
  const latency = new Map<string, LatencySeries>();
  const rates = new Map<string, RateSeries>();
  const steps = new Map<string, { awaited: LatencySeries; bare: LatencySeries }>();
  const coldUsers = new Map<string, Set<string>>();
  const tasks: Task[] = [];
  const collected: Collected = {
    latency, rates, driverSteps: new Map(), users: 0, journeys: 0, observed: 0, byOutcome: new Map(), firstMs: null,
    lastMs: null, ended: { completed: false, interrupted: false, fault: false }, artilleryCreated: null,
  };

  const newLatency = (metric: string, scope: Record<string, string>, unit = 'ms', window = judgedWindow): LatencySeries => ({
    metric, scope, unit, window, values: [], censored: 0, unmeasured: 0, deadlineMs: null, failures: emptyFailures(),
  });
  const latencyOf = (metric: string, scope: Record<string, string>, unit?: string, window?: string): LatencySeries => {
    const key = seriesKey(metric, scope);
    const series = latency.get(key) ?? newLatency(metric, scope, unit, window);
    latency.set(key, series);
    return series;
  };
  const rateOf = (metric: string, scope: Record<string, string>): RateSeries => {
    const key = seriesKey(metric, scope);
    const series = rates.get(key)
      ?? { metric, scope, window: 'whole run', events: 0, n: 0, unknown: 0, failures: emptyFailures(), notes: [] };
    rates.set(key, series);
    return series;
  };
  const isJudged = (one: { role: string; phase: string | null }): boolean =>
    one.role === 'observer' && (one.phase === null || !warmUp.has(one.phase));
  const censor = (series: LatencySeries, deadlineMs: number, failure: Failure): void => {
    series.censored += 1;
    series.deadlineMs = Math.min(series.deadlineMs ?? deadlineMs, deadlineMs);
    addFailure(series.failures, failure);
  };
  const measure = (series: LatencySeries, value: number | null): void => {
    if (value === null) series.unmeasured += 1;
    else series.values.push(value);
  };

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
    const key = seriesKey('step', scope);
    const series = steps.get(key)
      ?? { awaited: newLatency('perceived_latency', scope), bare: newLatency('driver_latency', scope) };
    steps.set(key, series);
    const awaited = one.clock === 'page' || one.unmeasured !== undefined;
    const target = awaited ? series.awaited : series.bare;
    if (one.outcome === 'passed') measure(target, awaited ? one.perceivedMs : one.driverMs);
    else censor(target, one.deadlineMs, { ...failureOf(one, one.errorCode ?? one.outcome), screenshot: one.screenshot ?? null });
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
    const failure = failureOf(one, one.errorCode ?? (one.status === null ? 'no response' : `status ${one.status}`), `${one.method} ${one.route}`);
    const route = `${one.method} ${one.route}`;
    for (const scope of [{}, { route }]) {
      const series = rateOf('request_error_rate', scope);
      series.n += 1;
      if (!bad) continue;
      series.events += 1;
      addFailure(series.failures, failure);
    }
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
    tasks.push({ vu: one.vu, cold: one.cold });
    const passed = one.outcome === 'passed';
    const failure = failureOf(one, one.outcome);
    const success = rateOf('agent_success_rate', {});
    success.n += 1;
    if (passed) success.events += 1;
    else addFailure(success.failures, failure);
    if (one.degraded) degraded += 1;
    if (!isJudged(one)) return;
    for (const [metric, value] of [['agent_completion', passed ? one.completedMs : null], ['agent_first_progress', one.firstProgressMs]] as const) {
      const series = latencyOf(metric, {});
      if (!passed && value === null) censor(series, plan.settings.stepDeadlineMs, failure);
      else measure(series, value);
    }
  };
  let degraded = 0;

  const addColdStart = (one: ColdStartObservation): void => {
    latencyOf('cold_start_penalty', { service: one.service }, 'ms', 'whole run').values.push(one.durationMs);
    const users = coldUsers.get(one.service) ?? new Set();
    users.add(one.vu ?? `#${users.size}`);
    coldUsers.set(one.service, users);
  };

  const addColdRates = (): void => {
    if (tasks.length > 0) {
      const series = rateOf('cold_start_incidence', { service: AGENT_SERVICE });
      const started = coldUsers.get(AGENT_SERVICE);
      for (const task of tasks) {
        const cold = task.vu !== null && started?.has(task.vu) ? true : task.cold;
        if (cold === null) series.unknown += 1;
        else series.n += 1;
        if (cold) series.events += 1;
      }
    }
    for (const [service, users] of coldUsers) {
      if (service === AGENT_SERVICE && tasks.length > 0) continue;
      const series = rateOf('cold_start_incidence', { service });
      series.events = users.size;
      series.n = Math.max(collected.users, users.size);
    }
  };

  const addSteps = (): void => {
    for (const { awaited, bare } of steps.values()) {
      const journey = awaited.scope['journey'] ?? '';
      const step = awaited.scope['step'] ?? '';
      const isAwaited = awaited.values.length + awaited.censored + awaited.unmeasured > 0;
      if (!isAwaited && bare.values.length > 0) {
        latency.set(seriesKey(bare.metric, bare.scope), bare);
        collected.driverSteps.set(seriesKey('perceived_latency', awaited.scope), { journey, step });
        continue;
      }
      // A step that broke before its awaited element was looked for failed all the same.
      awaited.censored += bare.censored;
      awaited.unmeasured += bare.values.length + bare.unmeasured;
      if (bare.deadlineMs !== null) awaited.deadlineMs = Math.min(awaited.deadlineMs ?? bare.deadlineMs, bare.deadlineMs);
      for (const [code, count] of bare.failures.byCode) {
        awaited.failures.byCode.set(code, (awaited.failures.byCode.get(code) ?? 0) + count);
      }
      awaited.failures.first = [...awaited.failures.first, ...bare.failures.first].sort((a, b) => a.tMs - b.tMs).slice(0, 3);
      latency.set(seriesKey(awaited.metric, awaited.scope), awaited);
    }
  };

  return {
    add(one) {
      collected.firstMs = Math.min(collected.firstMs ?? one.tMs, one.tMs);
      collected.lastMs = Math.max(collected.lastMs ?? one.tMs, one.tMs);
      switch (one.kind) {
        case 'journey': return addJourney(one);
        case 'step': return addStep(one);
        case 'vital': return addVital(one);
        case 'request': return addRequest(one);
        case 'agentTask': return addTask(one);
        case 'coldStart': return addColdStart(one);
        case 'run':
          if (one.event === 'completed' || one.event === 'interrupted' || one.event === 'fault') collected.ended[one.event] = true;
          collected.artilleryCreated = one.counters?.['vusers.created'] ?? collected.artilleryCreated;
          return;
        case 'health': return;
      }
    },
    finish() {
      addSteps();
      addColdRates();
      if (degraded > 0) rateOf('agent_success_rate', {}).notes.push(`${degraded} of the tasks were answered degraded`);
      for (const series of latency.values()) series.values.sort((a, b) => a - b);
      return collected;
    },
  };
}

interface Failed { tMs: number; vu: string | null; message?: string | undefined }

function failureOf(one: Failed, code: string, message?: string): Failure {
  return { tMs: one.tMs, vu: one.vu, code, message: message ?? one.message ?? null, screenshot: null };
}
