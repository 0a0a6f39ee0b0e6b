import { z } from 'zod';
import { ShapedArrivals } from './budget.ts';

const count = z.number().int().nonnegative();
const positive = z.number().positive();

/** One request of a scenario. `{{name}}` in its path, parameters or body is a value of the user, of the data, or captured before. */
export const ApiRequest = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  path: z.string(),
  /** Method and path pattern under which its figures are kept: `GET /api/v1/projects/:id`. */
  route: z.string(),
  /** Query strings to take in turn; empty for none. */
  params: z.array(z.string()),
  /** JSON to send; null for none. */
  body: z.json().nullable(),
  /** Made anew for each request: what a target must not be sent twice. */
  data: z.enum(['unique_email', 'unique_project']).nullable(),
  /** Sent with the session of one of the scenario's users. */
  session: z.boolean(),
  /** Values to take from the JSON answer for the requests after it, by dotted path: `{ projectId: 'project.id' }`. */
  capture: z.record(z.string(), z.string()),
  /** The objective that the scenarios file gives; slo.yml decides. */
  sloP95Ms: positive.nullable(),
});
export type ApiRequest = z.infer<typeof ApiRequest>;

/** What one arrival does: a single request, or several in order that share a user and captured values. */
export const ApiFlow = z.strictObject({ weight: positive, requests: z.array(ApiRequest).min(1) });
export type ApiFlow = z.infer<typeof ApiFlow>;

export const ApiScenario = z.strictObject({
  name: z.string(),
  /** Flows started a second at the full target rate. */
  ratePerSecond: positive,
  /** Accounts made before the first arrival, for requests with a session. */
  users: count,
  flows: z.array(ApiFlow).min(1),
});
export type ApiScenario = z.infer<typeof ApiScenario>;

/** How the accounts of requests with a session are made, and what is then sent with each request. */
export const ApiSession = z.strictObject({
  /** Sign-up and log-in, in order; the last one's captured values fill the headers. */
  requests: z.array(ApiRequest).min(1),
  headers: z.record(z.string(), z.string()),
});
export type ApiSession = z.infer<typeof ApiSession>;

/** The share of the target rate in one phase; with `to`, it moves there evenly over the phase. */
export const ApiLoad = z.strictObject({ phase: z.string(), share: z.number().nonnegative(), to: z.number().nonnegative().nullable() });
export type ApiLoad = z.infer<typeof ApiLoad>;

/** The API lane of a run: traffic beside the browsers, sent in an open model. */
export const ApiPlan = z.strictObject({
  /** The scenarios file. */
  source: z.string(),
  scenarios: z.array(ApiScenario).min(1),
  session: ApiSession.nullable(),
  /** `constant`: evenly spaced; `poisson`: at random times, the rate on average. */
  arrivals: z.enum(['constant', 'poisson']),
  loads: z.array(ApiLoad),
  timeoutMs: positive,
  /** Length of the windows that are kept. */
  windowMs: positive,
  /** Threads that share the rate evenly. */
  threads: z.number().int().min(1).max(64),
  /** Connections a thread may hold open to the target. */
  connections: z.number().int().min(1).max(10_000),
  /** A request that leaves later than this after its time counts as late. */
  lateSendMs: positive,
  /** Ends the run once the target no longer keeps up: a stress test is done when the knee is passed. */
  stopPastKnee: z.boolean(),
});
export type ApiPlan = z.infer<typeof ApiPlan>;

/** The bins of a DDSketch (relative accuracy 1 %, microseconds): merged by adding counts, so that merging is exact. */
export const SketchBins = z.strictObject({ zero: count, bins: z.array(z.tuple([z.number().int(), count])) });
export type SketchBins = z.infer<typeof SketchBins>;

/** One route's requests that were due in one window. Requests are placed by the time they were due, not by their end. */
export const ApiWindow = {
  scenario: z.string(),
  /** `GET /api/v1/creators`. */
  route: z.string(),
  fromMs: z.number().nonnegative(),
  toMs: positive,
  /** Of the phase's rate at this time, requests that were due. */
  scheduled: count,
  /** Left the generator. */
  sent: count,
  /** Of the sent: later than `lateSendMs` after their time. */
  late: count,
  maxLateMs: z.number().nonnegative(),
  /** Answered below 400 within the timeout; only their durations are in the sketches. */
  ok: count,
  /** Failed, by class: `status 500`, `timeout`, `connection refused`, `connection reset`, `bad answer`, … */
  failed: z.record(z.string(), count),
  /** Sent, and neither answered nor timed out when the run ended. */
  unfinished: count,
  /** Arrivals with this as their first request that waited for a third party; due is when they had. Left out where none did. */
  shaped: ShapedArrivals.optional(),
  timeoutMs: positive,
  /** From when the request was due to the last byte of its answer: what a user waits. */
  latency: SketchBins,
  /** From when it left to the last byte: what the server and the network took. */
  service: SketchBins,
} as const;
