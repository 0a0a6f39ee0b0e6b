import type { Finding, RequestObservation } from '../model/index.ts';
import { emptySketch, mergeSketch, sketchMs, sketchPercentileOf } from './sketch-bounds.ts';
import type { SketchSeries } from './sketch-bounds.ts';

const METRIC = 'server_time';
const STATS = ['p50', 'p95', 'p99'] as const;
/** A header is the target's to write: a day or more, and less than nothing, is no time that an answer took. */
const MOST_MS = 86_400_000;

/**
 * Gathers how long the target says it took (`total` of Server-Timing), by route and for all of a kind. The server's own
 * clock holds however busy the generator is, so crowd and observers count alike; that is nearly every request of a run,
 * so only sketches are kept: their size does not grow with a run of days.
 */
export interface ServerTimes {
  /** One request of the judged part of a run. Without a `total` nothing is known of it, and nothing added. */
  add(request: RequestObservation): void;
  findings(confidence: number): Finding[];
}

export function createServerTimes(window: string): ServerTimes {
  const gathered = new Map<string, { scopes: readonly string[]; series: SketchSeries }>();
  return {
    add({ method, route, resource, status, serverTiming }) {
      const totalMs = serverTiming?.['total'];
      if (totalMs === undefined || totalMs < 0 || totalMs > MOST_MS) return;
      if (resource === 'asset' || resource === 'stream') return;
      const scopes = [`${method} ${route}`, resource];
      const key = JSON.stringify(scopes);
      const one = gathered.get(key) ?? { scopes, series: emptySketch(METRIC, {}, window) };
      gathered.set(key, one);
      // An error page is not an answer: a fast one must not make a route look fast.
      if (status === null || status >= 400) one.series.censored += 1;
      else sketchMs(one.series, totalMs);
    },
    findings(confidence) {
      const sums = new Map<string, SketchSeries>();
      for (const { scopes, series } of gathered.values()) {
        for (const route of scopes) {
          const sum = sums.get(route) ?? emptySketch(METRIC, { route }, window);
          mergeSketch(sum, series);
          sums.set(route, sum);
        }
      }
      return [...sums.values()].flatMap((series) =>
        STATS.map((stat) => sketchPercentileOf(series, stat, confidence).finding));
    },
  };
}
