import { DRILL_WINDOW_MS, OTHERS, type RequestObservation, type StepObservation } from '../model/index.ts';
import { seconds } from './drill-breaker.ts';
import type { Course } from './drill-course.ts';
import { nearestRank } from './order-bounds.ts';
import { LEAST_BEFORE, LEAST_STABLE, normalBand, recoveryAfter } from './recovery.ts';
import type { Band, P95Window, Recovery } from './recovery.ts';
import { median } from './robust.ts';
import { isSample } from './series.ts';
import type { Span } from './windowed.ts';

/** About as many as one user gives: its steps, and the requests behind them. */
const LEAST_SAMPLES = 5;

/** One step or request of an observer. A failed one took at least its deadline, as everywhere. */
export interface TimedSample {
  journey: string | null;
  /** Samples of one kind resemble each other: a step, or a route. */
  kind: string;
  span: Span;
  ms: number;
  failed: boolean;
}

/** Returns a step as a sample; null where it says nothing of latency. */
export function stepSample(one: StepObservation): TimedSample | null {
  if (one.role !== 'observer' || !isSample(one.outcome)) return null;
  const failed = one.outcome !== 'passed';
  if (!failed && one.perceivedMs === null) return null;
  const span = { fromMs: Math.max(0, one.tMs - one.driverMs), toMs: one.tMs };
  return { journey: one.journey, kind: `${one.journey} › ${one.name}`, span, ms: failed ? one.deadlineMs : (one.perceivedMs ?? 0), failed };
}

/** The same of a request of a page or of its scripts. */
export function requestSample(one: RequestObservation, deadlineMs: number): TimedSample | null {
  if (one.role !== 'observer' || (one.resource !== 'api' && one.resource !== 'document')) return null;
  const failed = one.status === null || one.status >= 400;
  if (!failed && one.durationMs === null) return null;
  const span = { fromMs: Math.max(0, one.tMs - (one.durationMs ?? 0)), toMs: one.tMs };
  return { journey: one.journey, kind: `${one.method} ${one.route}`, span, ms: failed ? deadlineMs : (one.durationMs ?? 0), failed };
}

/** What all drills of a run are held against. */
export interface Normal {
  /** Before the fault of each drill. */
  steady: readonly Span[];
  /** Of each kind of sample: its median over the steady stretches. */
  usual: ReadonlyMap<string, number>;
}

/** Returns what is normal in a run: the steady stretch of one drill alone is a dozen seconds, too few to know a band by. */
export function normalOf(courses: readonly Course[], samples: readonly TimedSample[]): Normal {
  const steady = courses.flatMap(({ begunMs, fault }) => (begunMs === null || fault === null ? [] : [{ fromMs: begunMs, toMs: fault.fromMs }]));
  const byKind = new Map<string, number[]>();
  for (const { kind, span, ms, failed } of samples) {
    if (failed || !steady.some(({ fromMs, toMs }) => span.fromMs >= fromMs && span.toMs < toMs)) continue;
    const list = byKind.get(kind);
    if (list) list.push(ms);
    else byKind.set(kind, [ms]);
  }
  const usual = new Map([...byKind].flatMap(([kind, values]): [string, number][] => {
    const middle = median(values);
    return middle === null || middle <= 0 ? [] : [[kind, middle]];
  }));
  return { steady, usual };
}

export interface DrillRecovery {
  recovery: Recovery | null;
  /** Windows with samples after the fault. */
  n: number;
  doubt: string | null;
  evidence: string[];
}

/**
 * Returns when latency was back where it was before the fault, of the journeys that the fault touches (of all where it touches
 * none). A slow payment among many quick pages would move no percentile of them all; so each sample counts as a multiple of what
 * its kind usually takes, and P95 is that of these multiples, window by window. Samples of disturbed times are left out.
 */
export function recoveryOfDrill(
  { drill, begunMs, endedMs, fault }: Course, samples: readonly TimedSample[], { steady, usual }: Normal, counts: (span: Span) => boolean,
): DrillRecovery {
  if (begunMs === null || endedMs === null || fault === null) return { recovery: null, n: 0, doubt: 'the fault never went in', evidence: [] };
  const expected = Object.entries(drill.expect.journeys);
  const touched = expected.filter(([, { kind }]) => kind !== 'unaffected').map(([name]) => name);
  const all = touched.length === 0 || touched.includes(OTHERS);
  const meant = samples.filter(({ journey }) => all || touched.includes(journey ?? ''));
  const own = meant.filter(({ span }) => counts(span));
  const windows = (span: Span): P95Window[] => windowsOf(span, own, usual);
  const beforeFaults = steady.flatMap(windows);
  const band = normalBand(beforeFaults, 0);
  if (band === null) return { recovery: null, n: 0, doubt: `needs ${LEAST_BEFORE} windows with undisturbed samples before the faults`, evidence: [] };
  const waiting = meant.flatMap((one) => waitingAt(endedMs, one, band.upToMs * (usual.get(one.kind) ?? Infinity))).filter(({ span }) => counts(span));
  const after = windowsOf({ fromMs: fault.toMs, toMs: endedMs }, [...own.filter(({ span }) => span.toMs < endedMs), ...waiting], usual);
  const n = after.filter(({ p95Ms }) => p95Ms !== null).length;
  const since = [...windows(fault), ...after].flatMap(({ p95Ms }) => p95Ms ?? []);
  const worst = Math.max(0, ...since);
  // Where it never left its band there is nothing to recover from, and what was seen in the fault proves it as well.
  const never = n > 0 && since.length >= LEAST_STABLE && worst <= band.upToMs && waiting.length === 0;
  const observedMs = endedMs - fault.toMs;
  const seen = never ? { afterMs: 0, low: 0, high: 0, observedMs, stable: since.length } : recoveryAfter(after, fault.toMs, band);
  const end = never ? null : endOf(after, waiting.length, { band, endedMs, quietMs: longest(windows({ fromMs: begunMs, toMs: fault.fromMs })) });
  const recovery = seen === null || end === null ? seen : { ...seen, afterMs: null, high: null, low: end.isBeyond ? observedMs : seen.low };
  const whose = all ? 'all journeys' : touched.join(', ');
  const evidence = [`${whose}: normal P95 up to ${times(band.upToMs)} the usual time (${band.n} windows before faults), at worst ${times(worst)}${never ? ': it never left its band' : ''}`,
    ...(end === null ? [] : [end.why])];
  const doubt = recovery === null || n === 0 ? 'no undisturbed sample after the fault'
    : recovery.high === null && recovery.stable > 0 && recovery.stable < LEAST_STABLE && recovery.low === 0
      ? `only ${recovery.stable} windows with samples after the fault, and ${LEAST_STABLE} prove it`
      : end?.isBeyond === false && seen?.afterMs != null ? end.why : null;
  // The doubt is told once.
  return { recovery, n, doubt, evidence: evidence.filter((one) => one !== doubt) };
}

/**
 * Returns what began before the drill's end, was not over then and had waited for longer than `upToMs` already: a target that hangs
 * shows in nothing else. What had waited for less says nothing yet.
 */
function waitingAt(endedMs: number, one: TimedSample, upToMs: number): TimedSample[] {
  const { span: { fromMs, toMs }, ms } = one;
  if (fromMs >= endedMs || toMs < endedMs) return [];
  const waitedMs = Math.min(ms, endedMs - fromMs);
  return waitedMs > upToMs ? [{ ...one, span: { fromMs, toMs: endedMs - 1 }, ms: waitedMs }] : [];
}

/** One that is late as the drill ends is chance, two wait for something. */
const LEAST_WAITING = 2;

/**
 * Returns why the end of a drill proves no recovery, whatever was seen before: several still waited, or nobody knows how its last
 * windows went (more of them than a proof needs, and longer than any window before the fault). `isBeyond`: it had not recovered, as
 * enough for a window of their own waited. Null where nothing speaks against it.
 */
function endOf(
  after: readonly P95Window[], waiting: number, { band, endedMs, quietMs }: { band: Band; endedMs: number; quietMs: number },
): { why: string; isBeyond: boolean } | null {
  const known = after.filter(({ p95Ms }) => p95Ms !== null);
  if (waiting >= LEAST_WAITING) {
    return { why: `${waiting} steps or requests were still waiting as the drill ended`, isBeyond: waiting >= LEAST_SAMPLES && (known.at(-1)?.p95Ms ?? 0) > band.upToMs };
  }
  const unknownMs = endedMs - (known.at(-1)?.toMs ?? endedMs);
  if (unknownMs < Math.max(quietMs, LEAST_STABLE * DRILL_WINDOW_MS)) return null;
  return { why: `too few samples in the last ${seconds(unknownMs)} s of the drill to know whether it held`, isBeyond: false };
}

function longest(windows: readonly P95Window[]): number {
  return Math.max(0, ...windows.map(({ fromMs, toMs, p95Ms }) => (p95Ms === null ? 0 : toMs - fromMs)));
}

/**
 * Cuts a span into windows of two seconds, or longer ones until each holds enough samples: of few users a window of fixed length
 * would often hold none at all. What is left at the end is unknown.
 */
function windowsOf({ fromMs, toMs }: Span, samples: readonly TimedSample[], usual: ReadonlyMap<string, number>): P95Window[] {
  const known = samples.flatMap(({ span, kind, ms }) => {
    const middle = usual.get(kind);
    return middle === undefined || span.toMs < fromMs || span.toMs >= toMs ? [] : [{ tMs: span.toMs, multiple: ms / middle }];
  }).sort((a, b) => a.tMs - b.tMs || a.multiple - b.multiple);
  const windows: P95Window[] = [];
  let startMs = fromMs;
  let multiples: number[] = [];
  for (const [index, { tMs, multiple }] of known.entries()) {
    multiples.push(multiple);
    const next = known[index + 1]?.tMs ?? toMs;
    if (multiples.length < LEAST_SAMPLES || next - startMs < DRILL_WINDOW_MS) continue;
    const sorted = multiples.toSorted((a, b) => a - b);
    // It ends with its last sample, but is no shorter than a window: nobody knows what a sample in the gap would have said.
    const endMs = Math.max(startMs + DRILL_WINDOW_MS, tMs);
    windows.push({ fromMs: startMs, toMs: endMs, p95Ms: sorted[nearestRank(sorted.length, 0.95) - 1] ?? null });
    startMs = endMs;
    multiples = [];
  }
  return startMs < toMs ? [...windows, { fromMs: startMs, toMs, p95Ms: null }] : windows;
}

function times(value: number): string {
  return `${Number(value.toPrecision(2))}×`;
}
