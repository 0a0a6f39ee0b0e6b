import type { Plan, ReplayGroup, ReplayObservation, ReplayReport, ReplayedBy } from '../model/index.ts';
import { latenessOf } from './arrivals.ts';
import { percentileOf } from './findings.ts';
import { RATE_LIMITED, TOO_MANY_REQUESTS } from './rate-limited.ts';
import { addFailure, seriesKey } from './series.ts';
import type { Failure, LatencySeries, RateSeries } from './series.ts';
import type { SeriesBook } from './series-book.ts';
import { ratedVital } from './vital-ratings.ts';

/** A crawler's request that left later than this after its time is told as late, as in the API lane. */
const LATE_SEND_MS = 10;
/** One that left later than this was another load than the recorded one: it is no sample. As users who come in bunches. */
const LATEST_SEND_MS = 1_000;
const BY: readonly ReplayedBy[] = ['person', 'crawler'];
type Group = ReplayReport['groups'][number];
const GROUPS: readonly ReplayGroup[] = ['all', 'hot', 'tail', 'first', 'again', 'revisit'];
/** Under way when the run ended: neither success nor failure. */
const UNFINISHED = 'unfinished';
/** It never left the generator, whose connections were all taken. */
const NOT_SENT = 'not sent';
const NOT_MODIFIED = 304;

export interface Replay {
  add(one: ReplayObservation): void;
  /** Returns the report once the series are settled; null for a run that played nothing. */
  report(): ReplayReport | null;
}

type Book = Pick<SeriesBook, 'latency' | 'rates' | 'latencyOf' | 'wholeRun' | 'rateOf'>;

/** Gathers what replayed traffic met into the series of a run. */
export function createReplay(plan: Plan, book: Book): Replay {
  const warmUp = new Set(plan.warmUpPhases);
  const latenessMs: Record<ReplayedBy, number[]> = { person: [], crawler: [] };

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
    else series.values.push(Math.max(0, one.durationMs - one.lateMs));
  };

  const addMaking = (one: ReplayObservation, scope: Record<string, string>): void => {
    if (one.kept) return;
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
      if (!isUnsent(one)) latenessMs[one.by].push(one.lateMs);
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
      const { person: people, crawler: crawlers } = latenessMs;
      const lateness = { person: latenessOf(people, plan.validity.late_user_ms), crawler: latenessOf(crawlers, LATE_SEND_MS) };
      const due = plan.replay.expected.people + plan.replay.expected.crawlers;
      return {
        groups: BY.flatMap((by) => GROUPS.flatMap((group) => groupReport(book, by, group, plan.confidence))),
        vitals: [...book.latency.values()].flatMap((series) => ratedVital(series, plan.replay?.routes ?? [], plan.confidence)),
        played: {
          people: people.length, crawlers: crawlers.length, late: (lateness.person?.late ?? 0) + (lateness.crawler?.late ?? 0),
          neverSent: Math.max(0, due - people.length - crawlers.length), lateness,
        },
      };
    },
  };
}

function groupsOf(one: ReplayObservation): ReplayGroup[] {
  const { group, first, revisit } = one;
  // Nobody knows whether it would have been the first to ask.
  if (isUnsent(one)) return ['all', group];
  return ['all', group, first ? 'first' : 'again', ...(revisit ? ['revisit' as const] : [])];
}

/** It never left: it is missing in the load that was due, and what it would have met could be anything. */
function isUnsent({ failure }: ReplayObservation): boolean {
  return failure?.startsWith(NOT_SENT) === true;
}

/** Crawlers follow no redirect: however fast that answer was, it is not the page. */
function isElsewhere({ by, status }: ReplayObservation): boolean {
  return by === 'crawler' && status !== null && status >= 300 && status < 400 && status !== NOT_MODIFIED;
}

function isUnknown(one: ReplayObservation): boolean {
  return one.status === TOO_MANY_REQUESTS || one.failure === UNFINISHED || isUnsent(one) || isElsewhere(one);
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
