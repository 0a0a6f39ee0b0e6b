import { z } from 'zod';
import { ApiWindow } from './api.ts';
import { Attribution } from './attribution.ts';
import { DrillEvent } from './drill.ts';
import { BookEntry, BookRead, BrowserPayment } from './ledger.ts';
import { TeardownResult } from './teardown.ts';
import { ReplayedView } from './traffic.ts';

/** Version of the observation line format; a reader refuses lines of a newer one. */
export const OBSERVATION_VERSION = 1;

/** How a virtual user or a step ended. Only `passed` is a success; nothing else may be read as one. */
export const Outcome = z.enum(['passed', 'failed', 'timeout', 'crashed', 'dropped', 'interrupted']);
export type Outcome = z.infer<typeof Outcome>;

/** Observers measure latency in an undisturbed browser; the crowd makes the load. */
export const Role = z.enum(['observer', 'crowd']);
export type Role = z.infer<typeof Role>;

const base = {
  v: z.literal(OBSERVATION_VERSION),
  runId: z.string(),
  /** Milliseconds since the run's start (`plan.startedAtEpochMs`), from a monotonic clock. */
  tMs: z.number().nonnegative(),
  /** Name of the load phase in force when the virtual user arrived; null outside of phases. */
  phase: z.string().nullable(),
  /** Virtual user id, unique within a run; null for what belongs to no user. */
  vu: z.string().nullable(),
  journey: z.string().nullable(),
};

const perUser = { ...base, role: Role };

/** One virtual user, from arrival to its end. */
export const JourneyObservation = z.strictObject({
  ...perUser,
  kind: z.literal('journey'),
  startedMs: z.number().nonnegative(),
  /** When the plan meant this user to start; null where nobody can know (random arrivals, single checks). */
  intendedMs: z.number().nullable().default(null),
  durationMs: z.number().nonnegative(),
  outcome: Outcome,
  errorCode: z.string().optional(),
  message: z.string().optional(),
  /** What the user was shown in place of the real thing: the text of a fallback. Such a user did not fail. */
  degraded: z.array(z.string()).min(1).optional(),
  /** Turned away because the budget of calls to this third party was used up. */
  budget: z.string().optional(),
  /** Had to wait before it started, so that the calls to this third party stay within their budget. */
  shaped: z.strictObject({ budget: z.string(), waitMs: z.number().nonnegative() }).optional(),
  /** Drawn as an observer, but so many were observing already that it joined the crowd. */
  demoted: z.literal(true).optional(),
});

/** One step. `perceivedMs` is null whenever the page's own clock could not tell: never a driver time in disguise. */
export const StepObservation = z.strictObject({
  ...perUser,
  kind: z.literal('step'),
  name: z.string(),
  perceivedMs: z.number().nonnegative().nullable(),
  driverMs: z.number().nonnegative(),
  clock: z.enum(['page', 'driver']),
  /** The time limit in force: a failed step is known only to have lasted at least this long for its user. */
  deadlineMs: z.number().positive(),
  outcome: Outcome,
  /** Where the perceived time went. */
  attribution: Attribution.optional(),
  /** Why `perceivedMs` is null although an awaited element was named. */
  unmeasured: z.string().optional(),
  errorCode: z.string().optional(),
  message: z.string().optional(),
  /** File name inside the run folder. */
  screenshot: z.string().optional(),
  /** A Playwright trace, masked: file name inside the run folder. */
  trace: z.string().optional(),
});

export const VitalName = z.enum(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']);

/** A Core Web Vital of one page view: milliseconds, CLS without unit; null where the page gave none. */
export const VitalObservation = z.strictObject({
  ...perUser,
  kind: z.literal('vital'),
  page: z.string(),
  name: VitalName,
  value: z.number().nonnegative().nullable(),
});

/** One HTTP exchange as the browser's network stack timed it. `status` is null where no response came. */
export const RequestObservation = z.strictObject({
  ...perUser,
  kind: z.literal('request'),
  method: z.string(),
  route: z.string(),
  /** A stream (server-sent events) is timed to its first byte, and counts with no other kind. */
  resource: z.enum(['document', 'api', 'asset', 'stream']),
  status: z.number().int().nullable(),
  durationMs: z.number().nonnegative().nullable(),
  /** Server-Timing durations in milliseconds by metric name. */
  serverTiming: z.record(z.string(), z.number()).optional(),
  errorCode: z.string().optional(),
});

/** A service had to be started to serve this user. */
export const ColdStartObservation = z.strictObject({
  ...perUser,
  kind: z.literal('coldStart'),
  service: z.string(),
  durationMs: z.number().nonnegative(),
});

/** One agent task as its user saw it; a duration is null where that point was never reached. */
export const AgentTaskObservation = z.strictObject({
  ...perUser,
  kind: z.literal('agentTask'),
  firstProgressMs: z.number().nonnegative().nullable(),
  completedMs: z.number().nonnegative().nullable(),
  outcome: Outcome,
  cold: z.boolean().nullable(),
  degraded: z.boolean(),
});

const known = z.number().nonnegative().nullable();
/** Unknown in runs of before it was measured, and where this machine cannot tell. */
const since = known.default(null);

/** State of the load generator since the sample before; null where this machine cannot tell. */
export const HealthObservation = z.strictObject({
  ...base,
  kind: z.literal('health'),
  /** Share of all processors in use, 0 to 1. */
  cpuShare: known,
  /** Use of the cgroup's CPU limit, 0 to 1; null without a limit. */
  cpuOfLimitShare: since,
  /** Share of time in which some task waited for a processor (PSI `some`), 0 to 1. */
  cpuPressureShare: known,
  /** Share of processor time that the hypervisor gave to others, 0 to 1. */
  cpuStealShare: since,
  /** The longest time for which the users' event loop did not turn. */
  loopDelayMaxMs: known,
  /** Memory of the harness's own process. */
  rssBytes: known,
  memoryUsedBytes: since,
  /** What may still be taken, of the machine and of the cgroup's limit. */
  memoryAvailableBytes: since,
  swapUsedBytes: since,
  swapInBytesPerSecond: since,
  /** Processes of the run's browsers. */
  browserProcesses: since,
  /** Their resident memory, without what they share with others. */
  browserMemoryBytes: since,
  /** File descriptors that the harness's own process holds. */
  openFiles: since,
  /** Room left for reports. */
  diskFreeBytes: since,
  activeUsers: z.number().int().nonnegative(),
});

/** One click on a page of known, constant latency: what it took more than on the idle machine is the generator's doing. */
export const CanaryObservation = z.strictObject({
  ...base,
  kind: z.literal('canary'),
  role: Role,
  /** `timeout`: no answer was shown before the click's deadline; `crashed`, `failed`: the page itself was lost. */
  outcome: Outcome,
  /** As the page's own clock saw it; null where there is none. */
  latencyMs: known,
  /** The median of the same click on the idle machine; null where none could be had. */
  idleMs: known,
  /** `latencyMs` over `idleMs`; below zero where it was faster. */
  excessMs: z.number().nullable(),
  /** From the click to the driver's knowing: the time this observation speaks for, up to `tMs`. */
  driverMs: z.number().nonnegative(),
  message: z.string().optional(),
});

/** What the API lane sent to one route in one window, and what came of it. */
export const ApiObservation = z.strictObject({ ...base, kind: z.literal('api'), ...ApiWindow });

/** One value of the target's own figures (a KPI of slo.yml) at one time; null where its exporter gave none. */
export const ServerObservation = z.strictObject({
  ...base,
  kind: z.literal('server'),
  /** Id of the KPI. */
  metric: z.string(),
  labels: z.record(z.string(), z.string()),
  value: z.number().nullable(),
  unit: z.string(),
  /** Why there is no value: `no answer`, `stale`, `not exposed`, `not a metrics page`. */
  missing: z.string().optional(),
});

/** A payment as its user's browser knew it. */
export const PaymentObservation = z.strictObject({ ...perUser, kind: z.literal('payment'), ...BrowserPayment });

/** A payment in the platform's or the provider's book, read after the run. */
export const LedgerObservation = z.strictObject({ ...base, kind: z.literal('ledger'), ...BookEntry });

/** How the reading of one book ended. */
export const AuditObservation = z.strictObject({ ...base, kind: z.literal('audit'), ...BookRead });

/** A turning point of a drill. */
export const DrillObservation = z.strictObject({ ...base, kind: z.literal('drill'), ...DrillEvent });

/** A page of recorded traffic that was played. */
export const ReplayObservation = z.strictObject({ ...base, kind: z.literal('replay'), ...ReplayedView });

/** What a browser was kept from sending: its host is on no list. */
export const BlockedObservation = z.strictObject({ ...perUser, kind: z.literal('blocked'), host: z.string(), requests: z.number().int().positive() });

/** How the removing of what the run created ended. */
export const TeardownObservation = z.strictObject({ ...base, kind: z.literal('teardown'), ...TeardownResult });

/** A turning point of the run itself; `counters` are Artillery's own totals, kept to show any difference. */
export const RunObservation = z.strictObject({
  ...base,
  kind: z.literal('run'),
  /**
   * `stopped`: it ended before its phases did, as planned: past the knee, say. `resumed`: a run that was cut short goes on;
   * what its segments before said of their end holds no longer.
   */
  event: z.enum(['started', 'resumed', 'phase', 'drained', 'stopped', 'completed', 'interrupted', 'fault']),
  detail: z.string().optional(),
  counters: z.record(z.string(), z.number()).optional(),
});

export const Observation = z.discriminatedUnion('kind', [
  JourneyObservation,
  StepObservation,
  VitalObservation,
  RequestObservation,
  ColdStartObservation,
  AgentTaskObservation,
  HealthObservation,
  CanaryObservation,
  ApiObservation,
  ServerObservation,
  PaymentObservation,
  LedgerObservation,
  AuditObservation,
  DrillObservation,
  ReplayObservation,
  BlockedObservation,
  TeardownObservation,
  RunObservation,
]);
export type Observation = z.infer<typeof Observation>;
export type JourneyObservation = z.infer<typeof JourneyObservation>;
export type StepObservation = z.infer<typeof StepObservation>;
export type VitalObservation = z.infer<typeof VitalObservation>;
export type RequestObservation = z.infer<typeof RequestObservation>;
export type ColdStartObservation = z.infer<typeof ColdStartObservation>;
export type AgentTaskObservation = z.infer<typeof AgentTaskObservation>;
export type HealthObservation = z.infer<typeof HealthObservation>;
export type CanaryObservation = z.infer<typeof CanaryObservation>;
export type ApiObservation = z.infer<typeof ApiObservation>;
export type ServerObservation = z.infer<typeof ServerObservation>;
export type PaymentObservation = z.infer<typeof PaymentObservation>;
export type LedgerObservation = z.infer<typeof LedgerObservation>;
export type AuditObservation = z.infer<typeof AuditObservation>;
export type DrillObservation = z.infer<typeof DrillObservation>;
export type ReplayObservation = z.infer<typeof ReplayObservation>;
export type BlockedObservation = z.infer<typeof BlockedObservation>;
export type TeardownObservation = z.infer<typeof TeardownObservation>;
export type RunObservation = z.infer<typeof RunObservation>;
