import { z } from 'zod';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes');
const words = z.string().trim().min(1);
const seconds = z.number().nonnegative();

/** True for an address that a drill can speak to. Credentials in it would end up in the plan and in reports, in plain text. */
export function isDrillAddress(text: string): boolean {
  const parsed = URL.parse(text);
  return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.password === '';
}

const url = z.string().refine(isDrillAddress, 'must be an http(s) address without credentials');

/** A fault on the network, in the terms of Toxiproxy's HTTP API. */
export const Toxic = z.strictObject({
  type: z.enum(['latency', 'timeout', 'reset_peer', 'bandwidth', 'slow_close', 'limit_data']),
  stream: z.enum(['upstream', 'downstream']).default('downstream'),
  /** Share of the connections that have it. */
  toxicity: z.number().gt(0).max(1).default(1),
  attributes: z.record(z.string(), z.number().int().nonnegative()).default({}),
});
export type Toxic = z.infer<typeof Toxic>;

/** A fault of the provider itself, by the control API of a local stand-in (documentation/platform.md). */
export const ProviderFault = z.strictObject({
  mode: z.enum(['rate-limit', 'error-500', 'error-503', 'slow', 'no-webhook']),
  /** Share of the requests that meet it. */
  share: z.number().gt(0).max(1).default(1),
  retryAfterSeconds: z.number().int().nonnegative().max(3_600).optional(),
  delayMs: z.number().int().positive().max(600_000).optional(),
});
export type ProviderFault = z.infer<typeof ProviderFault>;

/** An HTTP call of a drill; `{{NAME}}` in a header is a setting of .env, so that no secret stands in a file. */
export const HttpCall = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url,
  headers: z.record(z.string(), z.string()).default({}),
  body: z.json().nullable().default(null),
});
export type HttpCall = z.infer<typeof HttpCall>;

const when = { fromS: seconds, forS: z.number().positive() };

/** One thing that a drill does, and undoes. `fromS` counts from the start of the drill's phase. */
export const DrillAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('toxic'), dependency: id, toxic: Toxic, ...when }),
  /** Nothing comes through to the dependency at all: its proxy is switched off. */
  z.strictObject({ kind: z.literal('cut'), dependency: id, ...when }),
  z.strictObject({ kind: z.literal('provider'), dependency: id, fault: ProviderFault, ...when }),
  z.strictObject({ kind: z.literal('flag'), flag: id, enabled: z.boolean(), ...when }),
  /** A web worker of the bundled platform is killed; it comes back by itself. */
  z.strictObject({ kind: z.literal('kill-worker'), ...when }),
  z.strictObject({ kind: z.literal('command'), run: z.array(words).min(1), undo: z.array(words).min(1).nullable(), ...when }),
  z.strictObject({ kind: z.literal('http'), call: HttpCall, undo: HttpCall.nullable(), ...when }),
]);
export type DrillAction = z.infer<typeof DrillAction>;

/** Stands for all journeys that a drill does not name. */
export const OTHERS = 'others';

/** What a journey may meet while the fault is in. */
export const JourneyExpectation = z.discriminatedUnion('kind', [
  /** No user fails, none is told of a fallback. */
  z.strictObject({ kind: z.literal('unaffected') }),
  /** No user fails; some are told of the fallback with this text in what they see. */
  z.strictObject({ kind: z.literal('degraded'), message: words }),
  /** No user fails; whoever is told of a fallback is told this. */
  z.strictObject({ kind: z.literal('may degrade'), message: words }),
  z.strictObject({ kind: z.literal('may fail') }),
]);
export type JourneyExpectation = z.infer<typeof JourneyExpectation>;

export const DrillExpectations = z.strictObject({
  /** The dependency whose breaker is meant by the next two; null without them. */
  breaker: id.nullable(),
  breakerOpensWithinS: z.number().positive().nullable(),
  /** From the fault's end until it is closed again in every process. */
  breakerClosesWithinS: z.number().positive().nullable(),
  /** Every API request of a user was answered, none with 504, none later than this: no time-out inside. */
  answersWithinS: z.number().positive().nullable(),
  /** From the fault's end until P95 is back, for good, in the band that it had before. */
  recoversWithinS: z.number().positive().nullable(),
  /** From the fault's end on, in any second: nobody storms a provider that has just come back. */
  requestsPerSecondAtMost: z.number().positive().nullable(),
  /** By the journey's name, or `others`. */
  journeys: z.record(z.string(), JourneyExpectation),
});
export type DrillExpectations = z.infer<typeof DrillExpectations>;

/** What must hold before the fault goes in: without it the drill says nothing. */
export const SteadyState = z.strictObject({
  /** Journeys that end well, in per cent, of those that end before the fault. */
  minSuccessPercent: z.number().gt(0).max(100),
  /** Fewer users than this before the fault say nothing. */
  minUsers: z.number().int().positive(),
});
export type SteadyState = z.infer<typeof SteadyState>;

/** One drill: a hypothesis, a fault, and what must come of it. It lasts as long as its phase. */
export const Drill = z.strictObject({
  name: id,
  title: words,
  /** The hypothesis in words. */
  hypothesis: words,
  /** Where it comes from: a document, an incident, a decision. */
  source: words,
  /** The load phase in which it is held. */
  phase: z.string(),
  steadyState: SteadyState,
  actions: z.array(DrillAction).min(1),
  expect: DrillExpectations,
});
export type Drill = z.infer<typeof Drill>;

/** Length of the windows in which a drill's latency is looked at; it recovers to within one of them. */
export const DRILL_WINDOW_MS = 2_000;
/** So many windows tell what is normal before a fault, and as many in that band that it is over for good. */
export const DRILL_LEAST_WINDOWS = 3;

/** Returns from when to when a drill's faults are in, in seconds from its phase's start. */
export function faultSpan({ actions }: Pick<Drill, 'actions'>): { fromS: number; toS: number } {
  return {
    fromS: Math.min(...actions.map(({ fromS }) => fromS)),
    toS: Math.max(...actions.map(({ fromS, forS }) => fromS + forS)),
  };
}

/** How the drills reach a dependency; a null means that this cannot be done or seen there. */
export const DependencyAccess = z.strictObject({
  /** Address of the Toxiproxy API, and the proxy's name there; `embedded` is the bundled platform's own. */
  toxiproxy: z.string().nullable(),
  proxy: z.string().nullable(),
  /** Address of a local provider's control API; `embedded` as above. */
  control: z.string().nullable(),
  /** Metric of its breaker on the target's metrics page, labels included: 0 closed, 1 half open, 2 open; the worst process counts. */
  breakerMetric: z.string().nullable(),
  /** Counter of its breaker's changes by the label `to` (`open`, `half-open`, `closed`): what came and went between two looks. */
  transitionsMetric: z.string().nullable(),
  /** Counter of the requests sent to it, on the same page, labels included. */
  requestsMetric: z.string().nullable(),
});
export type DependencyAccess = z.infer<typeof DependencyAccess>;

export const DrillsPlan = z.strictObject({
  drills: z.array(Drill).min(1),
  dependencies: z.record(z.string(), DependencyAccess),
  /** Address under which flags are read (GET) and set (PUT <flags>/<name>); `embedded` as above; null for none. */
  flags: z.string().nullable(),
  /** How often breakers are looked at. */
  watchEveryMs: z.number().positive(),
});
export type DrillsPlan = z.infer<typeof DrillsPlan>;

/** A turning point of a drill. */
export const DrillEvent = {
  drill: z.string(),
  event: z.enum(['begun', 'fault-in', 'fault-out', 'breaker', 'requests', 'action-failed', 'rollback-failed', 'ended']),
  dependency: z.string().nullable(),
  /** Of a breaker; `unknown` where nobody could be asked. */
  state: z.enum(['closed', 'half-open', 'open', 'unknown']).optional(),
  /** Of a breaker: when the look before saw another state, so that the change lies in between. */
  sinceMs: z.number().nonnegative().optional(),
  /** Of requests to a dependency: so many in so long, up to now. */
  requests: z.number().int().nonnegative().optional(),
  overMs: z.number().positive().optional(),
  /** How long the look took that counted them: the counter was read at some time within. */
  tookMs: z.number().nonnegative().optional(),
  detail: z.string().optional(),
} as const;

const counted = z.number().int().nonnegative();

/** Users of one journey that were under way while the fault was in. */
export const DrillJourney = z.strictObject({
  journey: z.string(),
  n: counted,
  unaffected: counted,
  degraded: counted,
  failed: counted,
  /** Distinct texts that degraded users were shown. */
  messages: z.array(z.string()),
});
export type DrillJourney = z.infer<typeof DrillJourney>;

/** What became of one drill, for the record and its reports. */
export const DrillReport = z.strictObject({
  name: z.string(),
  title: z.string(),
  hypothesis: z.string(),
  /** `not judged`: it was not held, or the steady state was not there. */
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'not judged']),
  reason: z.string(),
  /** Seconds from fault in to breaker open, and from fault out to P95 back in band; null where not seen or not asked. */
  opensAfterS: z.number().nonnegative().nullable(),
  closesAfterS: z.number().nonnegative().nullable(),
  recoversAfterS: z.number().nonnegative().nullable(),
  journeys: z.array(DrillJourney),
  /** Breaches among the payments intended in its phase; null where no audit could tell. */
  integrityBreaches: counted.nullable(),
  /** In order of time: fault in, breaker open, first degraded page, fault out, half open, closed, P95 back in band. */
  timeline: z.array(z.strictObject({ tMs: z.number().nonnegative(), event: z.string(), detail: z.string().optional() })),
});
export type DrillReport = z.infer<typeof DrillReport>;
