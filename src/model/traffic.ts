import { z } from 'zod';
import { Lateness } from './arrivals.ts';

/** Version of the traffic fixture's format. */
export const TRAFFIC_VERSION = 1;

const count = z.number().int().nonnegative();
const rate = z.number().nonnegative();

/** Name of the journey that plays the visits of people: nobody else acts it while traffic is replayed. */
export const REPLAY_JOURNEY = 'replayed visit';

/** Who asked: a person in a browser, a search engine's crawler, another program. */
export const VisitorKind = z.enum(['person', 'crawler', 'other']);
export type VisitorKind = z.infer<typeof VisitorKind>;

/** First line of a traffic fixture (NDJSON, gzipped): where it comes from, and what was done to it. */
export const TrafficHeader = z.strictObject({
  traffic: z.literal(TRAFFIC_VERSION),
  /** `synthetic`: generated, no person ever asked for any of it. */
  source: z.enum(['synthetic', 'combined', 'json', 'cloudfront', 'alb', 'har']),
  /** Patterns whose parameters are public words and kept: `/find/:slug`. All other variable parts are hashed. */
  kept: z.array(z.string()),
  requests: count,
  durationMs: z.number().nonnegative(),
  /** Lines of the log that could not be read or were left out, by why. */
  skipped: z.record(z.string(), count),
});
export type TrafficHeader = z.infer<typeof TrafficHeader>;

/** One request of recorded traffic, without anything that tells whose it was. Short keys: there are millions of them. */
export const TrafficRow = z.strictObject({
  /** Milliseconds since the first. */
  t: z.number().nonnegative(),
  /** Path, its variable parts kept or hashed; with the query's classes behind a `?`: `/find?q=word`. */
  p: z.string(),
  /** Keyed hash of who asked (address and user agent), different in every import. */
  c: z.string(),
  k: VisitorKind,
  /** Family of the user agent: `Chrome`, `Googlebot`. */
  u: z.string(),
  /** Host of the referrer; null for none. */
  r: z.string().nullable(),
  m: z.enum(['GET', 'HEAD']),
  s: z.number().int().nullable(),
});
export type TrafficRow = z.infer<typeof TrafficRow>;

/** Recorded search traffic that a run plays. */
export const ReplayPlan = z.strictObject({
  /** The fixture. */
  source: z.string(),
  sourceHash: z.string(),
  synthetic: z.boolean(),
  /** Times the recorded speed; 1 plays it as it was. */
  speed: z.number().positive(),
  /** Which part: from so many recorded milliseconds on, for as long as the phase lasts. */
  fromMs: z.number().nonnegative(),
  /** Only these paths are played (patterns): everything else of the log is left out, and counted. */
  routes: z.array(z.string()).min(1),
  /** Added on top: a burst on the most wanted pages, a crawl over those that are asked for least. */
  spike: z.strictObject({
    kind: z.enum(['burst', 'crawl']),
    phase: z.string(),
    /** Requests a second at its height. */
    requestsPerSecond: z.number().positive(),
    /** How many pages it falls on. */
    slugs: z.number().int().positive(),
    /** Share of it that comes as people in browsers, 0 to 1. */
    people: z.number().min(0).max(1),
  }).nullable(),
  /** The phases in which traffic is played, in order; it stands still in others. */
  phases: z.array(z.string()).min(1),
  /** A person who waits longer for the next page, at the speed of the play, comes back as somebody new. */
  longestPauseMs: z.number().positive(),
  /** A crawler gives up after this. */
  timeoutMs: z.number().positive(),
  /** The most asked-for pages that together draw this share of the requests are the hot ones. */
  hotShare: z.number().gt(0).lt(1),
  /** Page views of people, requests of crawlers; and what lies in the part that is played but is not: other paths, failures. */
  expected: z.strictObject({ people: count, crawlers: count, leftOut: count }),
  pages: z.strictObject({ hot: count, tail: count }),
  /** What each of its phases brings; rates are those of the busiest ten seconds. */
  load: z.array(z.strictObject({
    phase: z.string(),
    /** People who come in it. */
    visits: count,
    /** Page views of people, and requests of crawlers, that are due in it. */
    views: count,
    crawlers: count,
    visitsPerSecond: rate,
    viewsPerSecond: rate,
    crawlersPerSecond: rate,
    /** People who are there at the same time, at most. */
    atOnce: count,
  })),
});
export type ReplayPlan = z.infer<typeof ReplayPlan>;

export const ReplayedBy = z.enum(['person', 'crawler']);
export type ReplayedBy = z.infer<typeof ReplayedBy>;

/** Page views that are told together: of the most wanted pages, of all others; asked for first, again, again by the same person. */
export const ReplayGroup = z.enum(['all', 'hot', 'tail', 'first', 'again', 'revisit']);
export type ReplayGroup = z.infer<typeof ReplayGroup>;

/** One page of replayed traffic, asked for by a plain request (a crawler) or seen by a person's browser. */
export const ReplayedView = {
  route: z.string(),
  by: ReplayedBy,
  /** Of people: only observers are judged by how long it took. */
  role: z.enum(['observer', 'crowd']).optional(),
  group: z.enum(['hot', 'tail']),
  /** The first time in this run that anybody asked for this page: the target has to make it. */
  first: z.boolean(),
  /** This person had it before: their browser has parts of it. */
  revisit: z.boolean(),
  dueMs: z.number().nonnegative(),
  /** How much later than due it left the generator. */
  lateMs: z.number().nonnegative(),
  status: z.number().int().nullable(),
  /** From when it was due (a crawler; how late it left is in it) or sent (a browser) to its last byte; null where no answer came. */
  durationMs: z.number().nonnegative().nullable(),
  /** Making the page, as the target's Server-Timing says; null where it does not. */
  generationMs: z.number().nonnegative().nullable(),
  /** Whether the target's cache had it, as its answer says; null where it does not. */
  cache: z.enum(['hit', 'miss']).nullable(),
  /** This person's browser had the document by itself: the target neither made it nor asked a cache for it. */
  kept: z.literal(true).optional(),
  failure: z.string().optional(),
} as const;

const ms = z.number().nonnegative().nullable();
const latency = z.strictObject({ n: count, failed: count, p50Ms: ms, p75Ms: ms, p95Ms: ms });
const vital = z.strictObject({
  page: z.string(), name: z.string(), p75: z.number().nullable(), n: count,
  rating: z.enum(['good', 'needs improvement', 'poor']).nullable(),
});

/** What replayed traffic met. Shares are of those that are known, 0 to 1, with their n; null where none is. */
export const ReplayReport = z.strictObject({
  groups: z.array(z.strictObject({
    by: ReplayedBy,
    group: ReplayGroup,
    latency,
    generation: latency.omit({ failed: true }),
    cacheHitShare: z.number().min(0).max(1).nullable(),
    cacheKnown: count,
  })),
  /** The 75th percentile of page views, as search engines count them. */
  vitals: z.array(vital),
  /** Late is told of both together; how late, of each by their own tolerance: null where none of theirs was sent. */
  played: z.strictObject({
    people: count, crawlers: count, late: count, neverSent: count,
    /** Left out in records of harnesses that did not tell it. */
    lateness: z.strictObject({ person: Lateness.nullable(), crawler: Lateness.nullable() }).optional(),
  }),
});
export type ReplayReport = z.infer<typeof ReplayReport>;
