import type { ApiObservation, Finding, Plan } from '../model/index.ts';
import { addCounts, countsOf, createTimeline, failuresOf, isLate, noCounts } from './api-timeline.ts';
import type { ApiCounts, Slice } from './api-timeline.ts';
import { RATE_LIMITED, REFUSED_CLASS } from './rate-limited.ts';
import { addFailure, emptyFailures, emptyRate, seriesKey } from './series.ts';
import type { Failure, Failures, RateSeries } from './series.ts';
import { addBins, emptySketch, mergeSketch, sketchPercentileOf } from './sketch-bounds.ts';
import type { SketchSeries } from './sketch-bounds.ts';

/** All routes together, as slo.yml and the findings name them. */
export const ALL_ROUTES = 'all';

/** One route's latency over the judged part of a run, with what a gate needs to know beside it. */
export interface ApiSeries {
  latency: SketchSeries;
  service: SketchSeries;
  /** Of what is in `latency` as censored. */
  failures: Failures;
  /** When a failed request was given up at the latest. */
  deadlineMs: number | null;
  /** Requests of windows in which the lane was late: in neither sketch. */
  leftOut: number;
  counts: ApiCounts;
}

export interface ApiAnalysis {
  /** By `seriesKey('api_latency', { route })`. */
  series: Map<string, ApiSeries>;
  rates: RateSeries[];
  slices: Slice[];
}

/** Gathers the API lane's windows, in any order: they merge by adding. */
export interface ApiCollector {
  add(one: ApiObservation): void;
  finish(): ApiAnalysis;
}

export function createApi(plan: Plan): ApiCollector {
  const warmUp = new Set(plan.warmUpPhases);
  const left = plan.phases.map(({ name }) => name).filter((name) => warmUp.has(name));
  const window = left.length === 0 ? 'whole run' : `without warm-up (${left.join(', ')})`;
  const routes = new Map<string, ApiSeries>();
  const rates = new Map<string, RateSeries>();
  const timeline = createTimeline(plan);
  const rateOf = (metric: string, scope: Record<string, string>): RateSeries => {
    const key = seriesKey(metric, scope);
    const series = rates.get(key) ?? emptyRate(metric, scope);
    rates.set(key, series);
    return series;
  };
  const addRates = (one: ApiObservation, counts: ApiCounts): void => {
    const { sent, late, ok, failed, rateLimited, heldBack, missing } = counts;
    const route = { route: one.route };
    for (const scope of [{}, route]) {
      const errors = rateOf('api_error_rate', scope);
      // Refused with 429 could have been either, had the target let them through.
      count(errors, failed, ok + failed, heldBack + missing + rateLimited);
      addFailures(errors.failures, one);
      count(rateOf('api_late_sends', scope), late, sent, 0);
    }
    for (const scope of [{}, { scenario: one.scenario }]) {
      // Not taken on by a slow target is not answered; what the lane itself left out could have been.
      const answered = rateOf('api_throughput', scope);
      count(answered, ok, ok + failed + rateLimited + heldBack, missing);
      addFailures(answered.failures, one);
      if (rateLimited > 0) addFailure(answered.failures, failureOf(one, REFUSED_CLASS), rateLimited);
    }
    const refusals = rateOf(RATE_LIMITED, {});
    count(refusals, rateLimited, ok + failed + rateLimited, 0);
    if (rateLimited > 0) addFailure(refusals.failures, failureOf(one, REFUSED_CLASS), rateLimited);
  };
  return {
    add(one) {
      const counts = countsOf(one);
      addRates(one, counts);
      if (one.phase !== null && warmUp.has(one.phase)) return;
      const late = isLate(counts);
      timeline.add(one, counts, late);
      const series = routes.get(one.route) ?? emptyApi(one.route, window);
      routes.set(one.route, series);
      addCounts(series.counts, counts);
      if (late) {
        series.leftOut += counts.scheduled;
        return;
      }
      addBins(series.latency, one.latency);
      addBins(series.service, one.service);
      for (const sketch of [series.latency, series.service]) {
        sketch.censored += counts.failed;
        // Not taken on, or still on their way when the run ended: what they would have taken could be anything.
        sketch.unmeasured += counts.heldBack + counts.missing + counts.unfinished + counts.rateLimited;
      }
      if (counts.failed > 0) series.deadlineMs = Math.min(series.deadlineMs ?? one.timeoutMs, one.timeoutMs);
      addFailures(series.failures, one);
    },
    finish() {
      const all = emptyApi(ALL_ROUTES, window);
      for (const series of routes.values()) merge(all, series);
      const known = routes.size === 0 ? [] : [...routes.values(), all];
      for (const series of known) nameLeftOut(series);
      return {
        series: new Map(known.map((series) => [seriesKey(series.latency.metric, series.latency.scope), series])),
        rates: [...rates.values()],
        slices: timeline.slices(),
      };
    },
  };
}

/** Returns the findings of the lane's latency and of its service time, with the statistics that are asked for. */
export function apiFindings({ series }: ApiAnalysis, stats: readonly string[], confidence: number): Finding[] {
  return [...series.values()].flatMap(({ latency, service }) =>
    [latency, service].flatMap((one) => stats.map((stat) => sketchPercentileOf(one, stat, confidence).finding)));
}

function emptyApi(route: string, window: string): ApiSeries {
  return {
    latency: emptySketch('api_latency', { route }, window),
    service: emptySketch('api_service_time', { route }, window),
    failures: emptyFailures(), deadlineMs: null, leftOut: 0, counts: noCounts(),
  };
}

function merge(sum: ApiSeries, one: ApiSeries): void {
  mergeSketch(sum.latency, one.latency);
  mergeSketch(sum.service, one.service);
  addCounts(sum.counts, one.counts);
  sum.leftOut += one.leftOut;
  if (one.deadlineMs !== null) sum.deadlineMs = Math.min(sum.deadlineMs ?? one.deadlineMs, one.deadlineMs);
  for (const failure of one.failures.first) addFailure(sum.failures, failure, 0);
  for (const [code, times] of one.failures.byCode) sum.failures.byCode.set(code, (sum.failures.byCode.get(code) ?? 0) + times);
}

function count(series: RateSeries, events: number, n: number, unknown: number): void {
  series.events += events;
  series.n += n;
  series.unknown += unknown;
}

function addFailures(failures: Failures, one: ApiObservation): void {
  for (const [code, times] of failuresOf(one)) {
    addFailure(failures, failureOf(one, code), times);
  }
}

function failureOf({ fromMs, route }: ApiObservation, code: string): Failure {
  return { tMs: fromMs, vu: null, code, message: route, screenshot: null };
}

/** Says in the series' windows which share of it was left out. */
function nameLeftOut({ latency, service, leftOut, counts }: ApiSeries): void {
  if (leftOut === 0) return;
  const share = Math.max(1, Math.round((100 * leftOut) / counts.scheduled));
  const words = `, ${share} % left out (${leftOut} of ${counts.scheduled}: the API lane was late)`;
  latency.window += words;
  service.window += words;
}
