import type { ReplayPlan } from '../model/index.ts';

/** Returns the plan of a replay for tests: 40 visits to 100 pages, and 400 requests of crawlers, in the phase "steady". */
export function replayPlanOf(changes: Partial<ReplayPlan> = {}): ReplayPlan {
  return {
    source: 'traffic.ndjson.gz', sourceHash: '0', synthetic: true, speed: 1, fromMs: 0, routes: ['/find/:slug'], spike: null, phases: ['steady'],
    longestPauseMs: 60_000, timeoutMs: 5_000, hotShare: 0.5, expected: { people: 100, crawlers: 400, leftOut: 0 }, pages: { hot: 5, tail: 20 },
    load: [{ phase: 'steady', visits: 40, views: 100, crawlers: 400, visitsPerSecond: 1, viewsPerSecond: 2, crawlersPerSecond: 7, atOnce: 5 }],
    ...changes,
  };
}
