import type {
  CanaryObservation,
  CanarySummary,
  DisturbedSpan,
  HealthObservation,
  Role,
  Validity,
  ValidityRules,
  ValidityWindow,
} from '../model/index.ts';
import { excessText, secondsText, summaryOf } from './validity-text.ts';
import type { Span } from './windowed.ts';

export const WINDOW_MS = 10_000;
const MIB = 1024 ** 2;

/** What is known of ten seconds. */
interface Bucket {
  /** Excess of each click over idle; Infinity for one that was never answered. */
  observer: number[];
  crowd: number[];
  /** Those of them that ended here: a long click lies in several windows, and is still one. */
  ended: { observer: number[]; crowd: number[] };
  uncalibrated: boolean;
  loopDelayMs: number;
  steal: number[];
  swapIn: number[];
}

interface Clicks {
  idleMs: number | null;
  excess: number[];
}

export interface WatchedWindows {
  seeCanary(one: CanaryObservation): void;
  seeHealth(one: HealthObservation): void;
  /**
   * Returns the run's validity over the judged time, whether a sample of a span counts, and whether a role's browser was
   * starved in it: so slow that a timeout says nothing about the application.
   */
  finish(judged: Span | null): {
    validity: Validity;
    counts: (span: Span) => boolean;
    starved: (role: Role, span: Span) => boolean;
  };
}

/** Returns the windows of a run: feed them with its observations in any order. */
export function watchWindows(rules: ValidityRules): WatchedWindows {
  const buckets = new Map<number, Bucket>();
  let sawCanary = false;
  const bucketsOf = (span: Span): Bucket[] => {
    const first = windowAt(span.fromMs);
    const last = windowAt(span.toMs);
    return Array.from({ length: last - first + 1 }, (_, index) => {
      const bucket = buckets.get(first + index) ?? emptyBucket();
      buckets.set(first + index, bucket);
      return bucket;
    });
  };
  const idle: Record<Role, number | null> = { observer: null, crowd: null };

  return {
    seeCanary(one) {
      sawCanary = true;
      idle[one.role] = one.idleMs ?? idle[one.role];
      // A page that was lost says nothing about latency; an answer that never came says a lot.
      const excess = one.outcome === 'timeout' ? Infinity : one.excessMs;
      const uncalibrated = one.role === 'observer' && one.latencyMs !== null && one.idleMs === null;
      if (excess === null && !uncalibrated) return;
      for (const bucket of bucketsOf({ fromMs: Math.max(0, one.tMs - one.driverMs), toMs: one.tMs })) {
        if (excess !== null) bucket[one.role].push(excess);
        bucket.uncalibrated ||= uncalibrated;
      }
      if (excess !== null) bucketsOf({ fromMs: one.tMs, toMs: one.tMs })[0]?.ended[one.role].push(excess);
    },
    seeHealth(one) {
      for (const bucket of bucketsOf({ fromMs: one.tMs, toMs: one.tMs })) {
        bucket.loopDelayMs = Math.max(bucket.loopDelayMs, one.loopDelayMaxMs ?? 0);
        if (one.cpuStealShare !== null) bucket.steal.push(one.cpuStealShare);
        if (one.swapInBytesPerSecond !== null) bucket.swapIn.push(one.swapInBytesPerSecond);
      }
    },
    finish(judged) {
      if (!sawCanary || judged === null) return { validity: unwatched(sawCanary), counts: () => true, starved: () => false };
      const windows = cut(judged).map(({ fromMs, toMs, indices }) => {
        const bucket = merge(indices.flatMap((index) => buckets.get(index) ?? []));
        return { ...judge(bucket, rules, idle.observer), fromMs, toMs, bucket };
      });
      const clicksOf = (role: Role): Clicks => ({
        idleMs: idle[role], excess: windows.flatMap(({ bucket }) => bucket.ended[role]),
      });
      // Once: of three days there are a quarter of a million, and each user that timed out asks.
      const clicks: Record<Role, Clicks> = { observer: clicksOf('observer'), crowd: clicksOf('crowd') };
      const shown = windows.map(({ fromMs, toMs, state, reasons, bucket }): ValidityWindow => ({
        fromMs, toMs, state, reasons,
        observerExcessMs: finite(median(bucket.observer)),
        crowdExcessMs: finite(median(bucket.crowd)),
        clicks: bucket.observer.length,
      }));
      const validity = validityOf(shown, rules, clicks.observer, clicks.crowd);
      return {
        validity,
        counts: healthyIn(windows),
        starved: (role, span) => clicks[role].excess.length > 0
          && overlapped(windows, span).some(({ bucket }) => isStarved(bucket[role], idle[role])),
      };
    },
  };
}

function windowAt(tMs: number): number {
  return Math.floor(tMs / WINDOW_MS);
}

function emptyBucket(): Bucket {
  return { observer: [], crowd: [], ended: { observer: [], crowd: [] }, uncalibrated: false, loopDelayMs: 0, steal: [], swapIn: [] };
}

function merge(parts: readonly Bucket[]): Bucket {
  return {
    observer: parts.flatMap((part) => part.observer),
    crowd: parts.flatMap((part) => part.crowd),
    ended: {
      observer: parts.flatMap((part) => part.ended.observer),
      crowd: parts.flatMap((part) => part.ended.crowd),
    },
    uncalibrated: parts.some((part) => part.uncalibrated),
    loopDelayMs: Math.max(0, ...parts.map((part) => part.loopDelayMs)),
    steal: parts.flatMap((part) => part.steal),
    swapIn: parts.flatMap((part) => part.swapIn),
  };
}

/** Cuts a span into windows. An end that is shorter than half a window has too few clicks: it joins its neighbour. */
function cut(judged: Span): (Span & { indices: number[] })[] {
  const windows: (Span & { indices: number[] })[] = [];
  for (let index = windowAt(judged.fromMs); index <= windowAt(judged.toMs); index += 1) {
    const fromMs = Math.max(judged.fromMs, index * WINDOW_MS);
    const toMs = Math.min(judged.toMs, (index + 1) * WINDOW_MS);
    windows.push({ fromMs, toMs, indices: [index] });
  }
  const short = ({ fromMs, toMs }: Span): boolean => toMs - fromMs < WINDOW_MS / 2;
  const [first, second] = windows;
  if (first && second && short(first)) {
    windows.splice(0, 2, { fromMs: first.fromMs, toMs: second.toMs, indices: [...first.indices, ...second.indices] });
  }
  const last = windows.at(-1);
  const before = windows.at(-2);
  if (last && before && short(last)) {
    windows.splice(-2, 2, { fromMs: before.fromMs, toMs: last.toMs, indices: [...before.indices, ...last.indices] });
  }
  return windows;
}

/**
 * Judges one window. The canary decides: it goes through all that an observer goes through. The other rules are for what
 * a click a second can miss. A busy processor is none of them: with the crowd at the lowest priority it harms nobody.
 */
function judge(bucket: Bucket, rules: ValidityRules, idleMs: number | null): Pick<ValidityWindow, 'state' | 'reasons'> {
  const reasons: string[] = [];
  const limitMs = Math.max(rules.max_canary_excess_ms, ((idleMs ?? 0) * rules.max_canary_excess_percent) / 100);
  const excess = median(bucket.observer);
  if (excess === Infinity) reasons.push('canary unanswered');
  else if (excess !== null && excess > limitMs) reasons.push(`canary ${excessText(excess)}`);
  if (bucket.loopDelayMs > rules.max_loop_delay_ms) {
    reasons.push(`event loop stood still for ${secondsText(bucket.loopDelayMs)}`);
  }
  const steal = 100 * (mean(bucket.steal) ?? 0);
  if (steal > rules.max_steal_percent) reasons.push(`steal ${Math.round(steal)} %`);
  const swapIn = (mean(bucket.swapIn) ?? 0) / MIB;
  if (swapIn > rules.max_swap_in_mib_per_second) reasons.push(`swap in ${Math.round(swapIn * 10) / 10} MiB/s`);
  // An unanswered click took five seconds of the window, so there cannot be many.
  const enough = bucket.observer.length >= rules.min_canary_samples || excess === Infinity;
  if (reasons.length > 0 && (enough || excess === null)) return { state: 'disturbed', reasons };
  if (bucket.uncalibrated) return { state: 'unknown', reasons: ['canary not calibrated'] };
  if (!enough) return { state: 'unknown', reasons: [`${bucket.observer.length} canary clicks`] };
  return { state: 'healthy', reasons: [] };
}

function validityOf(windows: ValidityWindow[], rules: ValidityRules, observer: Clicks, crowd: Clicks): Validity {
  const lengthOf = (some: readonly ValidityWindow[]): number => some.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const all = lengthOf(windows);
  const healthy = windows.filter((window) => window.state === 'healthy');
  // A span of no length still has its one window.
  const share = all > 0 ? lengthOf(healthy) / all : healthy.length / windows.length;
  const disturbed = spansOf(windows);
  const validity: Omit<Validity, 'summary'> = {
    state: disturbed.length === 0 ? 'undisturbed' : 'disturbed',
    healthyShare: Math.round(share * 10_000) / 10_000,
    latencyHeldBack: 100 * share < rules.min_healthy_percent,
    observer: summarize(observer),
    crowd: summarize(crowd),
    disturbed,
    windows,
  };
  return { ...validity, summary: summaryOf(validity) };
}

function unwatched(sawCanary: boolean): Validity {
  const validity: Omit<Validity, 'summary'> = {
    state: 'unknown', healthyShare: null, latencyHeldBack: false, observer: null, crowd: null, disturbed: [], windows: [],
  };
  return { ...validity, summary: sawCanary ? 'nobody to observe' : 'canary not run' };
}

/** Neighbouring windows of the same state, the healthy ones left out. */
function spansOf(windows: readonly ValidityWindow[]): DisturbedSpan[] {
  const spans: DisturbedSpan[] = [];
  let before: ValidityWindow['state'] = 'healthy';
  for (const { state, fromMs, toMs, reasons, observerExcessMs } of windows) {
    const open = before === state ? spans.at(-1) : undefined;
    if (open && state !== 'healthy') {
      open.toMs = toMs;
      if (observerExcessMs !== null && observerExcessMs > (open.canaryExcessMs ?? -Infinity)) {
        open.canaryExcessMs = observerExcessMs;
        // The worst window tells the reason, if it was the canary's.
        if (reasons[0]?.startsWith('canary +') && open.reason !== 'canary unanswered') open.reason = reasons[0];
      }
      if (reasons[0] === 'canary unanswered') open.reason = reasons[0];
    } else if (state !== 'healthy') {
      spans.push({ fromMs, toMs, state, reason: reasons[0] ?? '', canaryExcessMs: observerExcessMs });
    }
    before = state;
  }
  return spans;
}

function summarize({ idleMs, excess }: Clicks): CanarySummary | null {
  if (excess.length === 0 && idleMs === null) return null;
  const answered = excess.filter((one) => Number.isFinite(one));
  return {
    idleMs,
    n: excess.length,
    timeouts: excess.length - answered.length,
    medianExcessMs: finite(median(excess)),
    // Not by spreading them: three days have more clicks than a function takes arguments.
    maxExcessMs: answered.length === 0 ? null : rounded(answered.reduce((most, one) => Math.max(most, one), -Infinity)),
  };
}

/** Everything takes this many times as long as on the idle machine: what usually takes a tenth of its deadline runs into it. */
const STARVED_TIMES = 10;

/** No click at all within ten seconds is one that never came to its page. */
function isStarved(excess: readonly number[], idleMs: number | null): boolean {
  const middle = median(excess);
  return middle === null || middle === Infinity || (idleMs !== null && middle > (STARVED_TIMES - 1) * idleMs);
}

/** Returns whether a sample of a span counts, by a run's windows: as they stand in its record, say. All do without windows. */
export function healthyIn(windows: readonly (Span & Pick<ValidityWindow, 'state'>)[]): (span: Span) => boolean {
  return (span) => overlapped(windows, span).every(({ state }) => state === 'healthy');
}

/** The windows that a span overlaps. Outside of the judged time the nearest one speaks for it. */
function overlapped<Window extends Span>(windows: readonly Window[], span: Span): Window[] {
  const at = (tMs: number): number => {
    // Windows are in order and without gaps: the last one that begins at or before the time.
    let low = 0;
    let high = windows.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((windows[middle]?.fromMs ?? 0) <= tMs) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return windows.slice(at(span.fromMs), at(span.toMs) + 1);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function finite(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : rounded(value);
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
