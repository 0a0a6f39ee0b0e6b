import { nearestRank } from './order-bounds.ts';
import { median, spread } from './robust.ts';

/** One window after the other: the P95 of its requests in ms (its timeout where it lies beyond); null where nobody knows. */
export interface P95Window {
  fromMs: number;
  toMs: number;
  p95Ms: number | null;
}

/**
 * Spreads from the median (Hampel 1974). Leys and others (2013) take three for normal values; P95 of a window is skewed, and its
 * spread known from a few dozen windows only: with three, the tests' noise alone left the band.
 */
const BAND_SPREADS = 4;
/** A P95 that hardly ever moves may move by this without anybody caring. */
const LEAST_BAND = 0.1;
/** A mix in which some windows hold more of the slow routes has two levels, and both are normal: so many windows lie in the band. */
const NORMAL_SHARE = 0.95;
/** Fewer windows before the spike tell nothing of what is normal. */
export const LEAST_BEFORE = 3;
/** As many windows in the band at the end prove that it is for good; one could be chance. */
export const LEAST_STABLE = 3;

/** A window beyond the band is one of a hundred or so, two neighbours still happen in one run of forty: three are no chance. */
const LEAST_RELAPSE = 3;
/** Among so many on either side. */
const NEIGHBOURS = 2;

export interface Band {
  medianMs: number;
  upToMs: number;
  n: number;
}

/**
 * Returns the normal band of P95; null with too few windows. Only its upper end: nothing is too fast to have recovered. What the
 * lane may be late by without counting as late, `toleranceMs`, is no change of the target.
 */
export function normalBand(before: readonly P95Window[], toleranceMs: number): Band | null {
  const values = before.flatMap(({ p95Ms }) => p95Ms ?? []).sort((a, b) => a - b);
  const middle = median(values);
  if (middle === null || values.length < LEAST_BEFORE) return null;
  const reach = middle + Math.max(BAND_SPREADS * spread(values), LEAST_BAND * middle, toleranceMs);
  const usual = values[nearestRank(values.length, NORMAL_SHARE) - 1] ?? middle;
  return { medianMs: middle, upToMs: Math.max(reach, usual), n: values.length };
}

/** When a spike's aftermath was over. Times are in ms from the end of the spike. */
export interface Recovery {
  /** From here on P95 stayed in its band; null if that was not seen. */
  afterMs: number | null;
  /** Not recovered before `low`, and by `high` (null: not within the time observed). */
  low: number;
  high: number | null;
  observedMs: number;
  /** Windows in the band since. */
  stable: number;
}

/**
 * Returns when P95 came back into its band for good, to within one window: somewhere in the last window beyond the band. A
 * few windows beyond it after one within are chance, LEAST_RELAPSE close together a relapse. Windows of which nothing is
 * known are neither: they widen the interval. Null without any window after the spike.
 */
export function recoveryAfter(after: readonly P95Window[], spikeEndMs: number, band: Band): Recovery | null {
  const windows = after.filter(({ toMs }) => toMs > spikeEndMs).toSorted((a, b) => a.fromMs - b.fromMs);
  const last = windows.at(-1);
  if (!last) return null;
  const beyond = windows.map(({ p95Ms }) => p95Ms !== null && p95Ms > band.upToMs);
  const within = (index: number): boolean => windows[index]?.p95Ms != null && beyond[index] === false;
  const directly = beyond.indexOf(false);
  const around = (index: number): number => beyond.slice(Math.max(0, index - NEIGHBOURS), index + NEIGHBOURS + 1).filter(Boolean).length;
  const isLasting = (index: number): boolean =>
    beyond[index] === true && (directly === -1 || index < directly || around(index) >= LEAST_RELAPSE);
  const lastBad = windows.findLastIndex((_, index) => isLasting(index));
  const good = windows.findIndex((_, index) => index > lastBad && within(index));
  const observedMs = last.toMs - spikeEndMs;
  const stable = windows.filter((_, index) => index > lastBad && within(index)).length;
  const since = (tMs: number): number => Math.max(0, tMs - spikeEndMs);
  const low = lastBad === -1 ? 0 : since(windows[lastBad]?.fromMs ?? spikeEndMs);
  const first = windows[good];
  if (good === -1 || !first || stable < LEAST_STABLE) {
    // In the band at the very end, it may have recovered; if not, it had not when the last window ended.
    return { afterMs: null, low: good === -1 ? observedMs : low, high: null, observedMs, stable };
  }
  const afterMs = lastBad === -1 ? 0 : since(first.fromMs);
  return { afterMs, low, high: lastBad === -1 ? since(first.toMs) : afterMs, observedMs, stable };
}
