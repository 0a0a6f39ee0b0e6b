import type { Plan, ReplayGroup, ReplayObservation, ReplayReport, ReplayedBy } from '../model/index.ts';
import { percentileOf } from './findings.ts';
import { RATE_LIMITED, TOO_MANY_REQUESTS } from './rate-limited.ts';
import { addFailure, seriesKey } from './series.ts';
import type { Failure, LatencySeries, RateSeries } from './series.ts';
import type { SeriesBook } from './series-book.ts';
import { ratedVital } from './vital-ratings.ts';

/** A crawler's request that left later than this after its time is late, as in the API lane. */
const LATE_SEND_MS = 10;
/** One that left later than this was another load than the recorded one: it is no sample. As users who come in bunches. */
const LATEST_SEND_MS = 1_000;
const BY: readonly ReplayedBy[] = ['person', 'crawler'];
type Group = ReplayReport['groups'][number];
const GROUPS: readonly ReplayGroup[] = ['all', 'hot', 'tail', 'first', 'again', 'revisit'];
/** Under way when the run ended: neither success nor failure. */
const UNFINISHED = 'unfinished';
/** It never left the generator, whose connections were all taken: for callers no answer came. */
const NOT_SENT = 'not sent';

export interface Replay {
  add(one: ReplayObservation): void;
  /** Returns the report once the series are settled; null for a run that played nothing. */
  report(): ReplayReport | null;
}

type Book = Pick<SeriesBook, 'latency' | 'rates' | 'latencyOf' | 'wholeRun' | 'rateOf'>;

/** Gathers what replayed traffic met into the series of a run. */
export function createReplay(plan: Plan, book: Book): Replay {
  const warmUp = new Set(plan.warmUpPhases);
  const played = { people: 0, crawlers: 0, late: 0 };

  const addLatency = (one: ReplayObservation, scope: Record<string, string>, failure: Failure | null): void => {
    if (one.by === 'person') {
      // People take part as everybody in a browser does: only what observers saw while they were undisturbed.
      if (one.role !== 'observer') return;
      const span = { fromMs: Math.max(0, one.tMs - (one.durationMs ?? 0)), toMs: one.tMs };
      const series = book.latencyOf('replay_latency', scope);
      if (failure !== null) series.censor(span, plan.settings.stepDeadlineMs, failure);
      else series.measure(span, isUnknown(one) ? null : one.durationMs);
      return;
    }
    const series = book.wholeRun('replay_latency', scope);
    const deadlineMs = plan.replay?.timeoutMs ?? 0;
    if (failure !== null) {
      series.censored += 1;
      series.deadlineMs = deadlineMs;
      addFailure(series.failures, failure);
    } else if (isUnknown(one) || one.durationMs === null || one.lateMs > LATEST_SEND_MS) series.unmeasured += 1;
    // Nothing that the target does can make this thread late: the delay is the generator's, and never the target's latency.
    else series.values.push(one.lateMs > LATE_SEND_MS ? Math.max(0, one.durationMs - one.lateMs) : one.durationMs);
  };

  const addMaking = (one: ReplayObservation, scope: Record<string, string>): void => {
    const generation = book.wholeRun('replay_generation', scope);
    if (one.generationMs === null) generation.unmeasured += 1;
    else generation.values.push(one.generationMs);
    const cache = book.rateOf('replay_cache_hits', scope);
    if (one.cache === null) cache.unknown += 1;
    else cache.n += 1;
    if (one.cache === 'hit') cache.events += 1;
  };

  return {
    add(one) {
      // What never left was not played, though the target was not there for it.
      if (one.failure?.startsWith(NOT_SENT)) return;
      played[one.by === 'person' ? 'people' : 'crawlers'] += 1;
      if (one.lateMs > (one.by === 'person' ? plan.validity.late_user_ms : LATE_SEND_MS)) played.late += 1;
      const failure = failureOf(one);
      const groups = groupsOf(one);
      if (one.by === 'crawler') addRefusal(book.rateOf(RATE_LIMITED, {}), one);
      for (const group of groups) {
        for (const scope of [{ group }, { group, by: one.by }]) addError(book.rateOf('replay_error_rate', scope), one, failure);
      }
      if (one.phase !== null && warmUp.has(one.phase)) return;
      for (const group of groups) {
        addLatency(one, { group, by: one.by }, failure);
        if (failure !== null || isUnknown(one)) continue;
        for (const scope of [{ group }, { group, by: one.by }]) addMaking(one, scope);
      }
    },
    report() {
      if (plan.replay === undefined) return null;
      const { people, crawlers, late } = played;
      const due = plan.replay.expected.people + plan.replay.expected.crawlers;
      return {
        groups: BY.flatMap((by) => GROUPS.flatMap((group) => groupReport(book, by, group, plan.confidence))),
        vitals: [...book.latency.values()].flatMap((series) => ratedVital(series, plan.replay?.routes ?? [], plan.confidence)),
        played: { people, crawlers, late, neverSent: Math.max(0, due - people - crawlers) },
      };
    },
  };
}

function groupsOf({ group, first, revisit }: ReplayObservation): ReplayGroup[] {
  return ['all', group, first ? 'first' : 'again', ...(revisit ? ['revisit' as const] : [])];
}

function isUnknown({ status, failure }: ReplayObservation): boolean {
  return status === TOO_MANY_REQUESTS || failure === UNFINISHED;
}

/** What was answered with status 400 or above, or not at all; null for all else. */
function failureOf(one: ReplayObservation): Failure | null {
  if (isUnknown(one) || (one.status !== null && one.status < 400)) return null;
  const code = one.failure ?? (one.status === null ? 'no answer' : `status ${one.status}`);
  return { tMs: one.tMs, vu: one.vu, code, message: `GET ${one.route}`, screenshot: null };
}

function addError(series: RateSeries, one: ReplayObservation, failure: Failure | null): void {
  if (isUnknown(one)) {
    series.unknown += 1;
    return;
  }
  series.n += 1;
  if (failure === null) return;
  series.events += 1;
  addFailure(series.failures, failure);
}

/** Those of people are among the requests of browsers. */
function addRefusal(series: RateSeries, one: ReplayObservation): void {
  if (one.status === null) return;
  series.n += 1;
  if (one.status !== TOO_MANY_REQUESTS) return;
  series.events += 1;
  addFailure(series.failures, { tMs: one.tMs, vu: null, code: `status ${TOO_MANY_REQUESTS}`, message: `GET ${one.route}`, screenshot: null });
}

function groupReport({ latency, rates }: Book, by: ReplayedBy, group: ReplayGroup, confidence: number): ReplayReport['groups'] {
  const scope = { group, by };
  const answered = latency.get(seriesKey('replay_latency', scope));
  const errors = rates.get(seriesKey('replay_error_rate', scope));
  const made = latency.get(seriesKey('replay_generation', scope));
  const cache = rates.get(seriesKey('replay_cache_hits', scope));
  if (!answered && !errors) return [];
  const known = cache?.n ?? 0;
  return [{
    by, group,
    latency: { failed: errors?.events ?? 0, ...percentiles(answered, confidence) },
    generation: percentiles(made, confidence),
    cacheHitShare: known === 0 ? null : (cache?.events ?? 0) / known,
    cacheKnown: known,
  }];
}

function percentiles(series: LatencySeries | undefined, confidence: number): Group['generation'] {
  const at = (stat: string): number | null => (series ? percentileOf(series, stat, confidence).finding.value : null);
  return { n: series ? series.values.length + series.censored : 0, p50Ms: at('p50'), p75Ms: at('p75'), p95Ms: at('p95') };
}
