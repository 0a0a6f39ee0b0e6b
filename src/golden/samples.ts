/** Small builders of model values for tests: each gives something valid, and takes what a test is about. */
import { ValidityRules } from '../model/index.ts';
import type {
  AgentTaskObservation,
  JourneyObservation,
  Observation,
  Plan,
  RequestObservation,
  RunObservation,
  StepObservation,
} from '../model/index.ts';

const user = { v: 1, runId: 'r', tMs: 1000, phase: 'steady', vu: 'vu-1', journey: 'signup', role: 'observer' } as const;

export function planOf(changes: Partial<Plan> = {}): Plan {
  const phase = { durationS: 60, arrivalRate: 1, rampTo: null, arrivalCount: null, pause: false };
  return {
    schemaVersion: 1,
    runId: 'r',
    seed: 1,
    startedAtEpochMs: 0,
    script: 'journeys.yml',
    target: { url: 'http://127.0.0.1:8080', embedded: true },
    profile: 'smoke',
    phases: [
      { name: 'warm up', ...phase },
      { name: 'steady', ...phase },
    ],
    journeys: [{ name: 'signup', weight: 1 }],
    settings: {
      observerShare: 0.5,
      maxObservers: 4,
      maxUsers: 50,
      stepDeadlineMs: 10_000,
      journeyDeadlineMs: 60_000,
      recycleAfterContexts: 100,
    },
    confidence: 0.95,
    warmUpPhases: [],
    routes: [],
    validity: ValidityRules.parse({}),
    kpis: [],
    budgets: [],
    gates: [],
    gatesNotInProfile: [],
    sourceHash: '0',
    ...changes,
  };
}

export function stepOf(changes: Partial<StepObservation>): Observation {
  return {
    ...user,
    kind: 'step',
    name: 'submit signup',
    perceivedMs: 100,
    driverMs: 200,
    clock: 'page',
    deadlineMs: 10_000,
    outcome: 'passed',
    ...changes,
  };
}

export function journeyOf(changes: Partial<JourneyObservation>): Observation {
  return { ...user, kind: 'journey', startedMs: 0, intendedMs: 0, durationMs: 1000, outcome: 'passed', ...changes };
}

export function requestOf(changes: Partial<RequestObservation>): Observation {
  return {
    ...user,
    kind: 'request',
    method: 'GET',
    route: '/api/v1/creators',
    resource: 'api',
    status: 200,
    durationMs: 20,
    ...changes,
  };
}

export function taskOf(changes: Partial<AgentTaskObservation>): Observation {
  return {
    ...user,
    journey: 'agent task',
    kind: 'agentTask',
    firstProgressMs: 300,
    completedMs: 2000,
    outcome: 'passed',
    cold: false,
    degraded: false,
    ...changes,
  };
}

export function runOf(event: RunObservation['event'], tMs: number, counters?: Record<string, number>): Observation {
  return {
    v: 1,
    runId: 'r',
    tMs,
    phase: null,
    vu: null,
    journey: null,
    kind: 'run',
    event,
    ...(counters === undefined ? {} : { counters }),
  };
}
