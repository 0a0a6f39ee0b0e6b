import type { ApiPlan, ColdStartObservation, Finding, Phase, Plan } from '../model/index.ts';
import { mergedLatency } from './api-timeline.ts';
import type { Slice } from './api-timeline.ts';
import type { KpiSeries } from './kpi-series.ts';
import { loadOf } from './levels.ts';
import { LEAST_BEFORE, LEAST_STABLE, normalBand, recoveryAfter } from './recovery.ts';
import type { P95Window, Recovery } from './recovery.ts';
import type { Scalar } from './scalar.ts';
import { smoothPercentile } from './sketch-bounds.ts';
import { clockText } from './validity-text.ts';
import type { Span } from './windowed.ts';

/** A window in which this share failed: a burst of errors. */
const BURST = 0.05;
/** KPI of how many instances serve. */
const INSTANCES = 'instances';

/** The spike of a run: the phases around it, and when it was. */
interface Spike {
  before: string;
  span: Span;
}

/** The load in a phase at its start and end: of the API lane where it has any, else of the users. */
function loadAt(plan: Plan, phase: Phase): { from: number; to: number } {
  const load = plan.api ? loadOf(plan.api, phase.name) : null;
  if (load !== null) return { from: load.share, to: load.to ?? load.share };
  if (plan.api && plan.api.loads.length > 0) return { from: 0, to: 0 };
  const rate = phase.arrivalCount === null ? (phase.arrivalRate ?? 0) : phase.arrivalCount / Math.max(1, phase.durationS);
  return { from: rate, to: phase.rampTo ?? rate };
}

/**
 * Returns the spike: from the first phase that rises to the highest load until that load ends; null without one, or without a
 * steady phase before it that is no warm-up.
 */
function spikeOf(plan: Plan, startedAtMs: ReadonlyMap<string, number>): Spike | string {
  const loads = plan.phases.map((phase) => ({ ...loadAt(plan, phase), name: phase.name, durationS: phase.durationS }));
  const highest = Math.max(...loads.flatMap(({ from, to }) => [from, to]));
  const last = loads.findLastIndex(({ from, to }) => Math.max(from, to) === highest);
  const peak = loads[last];
  const startMs = startedAtMs.get(peak?.name ?? '');
  if (!peak || highest === 0 || startMs === undefined) return 'no phase with a spike was run';
  let first = last;
  while (first > 0 && (loads[first - 1]?.to === highest || (loads[first - 1]?.from ?? 0) < (loads[first - 1]?.to ?? 0))) first -= 1;
  const before = loads[first - 1];
  if (!before || before.from !== before.to || before.from === 0 || plan.warmUpPhases.includes(before.name)) {
    return 'no phase of steady load before the spike, apart from warm-up: nothing tells what is normal';
  }
  const next = startedAtMs.get(loads[last + 1]?.name ?? '');
  // A ramp down leaves the peak at once.
  const endMs = peak.to < highest ? startMs : (next ?? startMs + peak.durationS * 1_000);
  return { before: before.name, span: { fromMs: startedAtMs.get(loads[first]?.name ?? '') ?? startMs, toMs: endMs } };
}

/** Returns how long P95 took back to its band after the spike, with signs of a thundering herd and of what was started. */
export function recoveryOf(
  plan: Plan & { api: ApiPlan }, slices: readonly Slice[], kpis: KpiSeries,
  coldStarts: readonly ColdStartObservation[], startedAtMs: ReadonlyMap<string, number>,
): Scalar {
  const finding: Finding = {
    metric: 'recovery_time', scope: {}, stat: 'value', value: null, interval: null, unit: 's', n: 0,
    censored: 0, unmeasured: 0, events: null, window: 'after the spike',
  };
  const nothing = (doubt: string): Scalar => ({ finding, doubt, evidence: [] });
  const spike = spikeOf(plan, startedAtMs);
  if (typeof spike === 'string') return nothing(spike);
  const warmUp = new Set(plan.warmUpPhases);
  const windows = p95Windows(slices.filter(({ phase }) => !warmUp.has(phase)));
  const band = normalBand(p95Windows(slices.filter(({ phase }) => phase === spike.before)), plan.api.lateSendMs);
  if (band === null) return nothing(`needs ${LEAST_BEFORE} windows with answers in phase "${spike.before}"`);
  const after = windows.filter(({ fromMs }) => fromMs >= spike.span.toMs);
  const recovery = recoveryAfter(after, spike.span.toMs, band);
  if (recovery === null) return nothing('nothing was sent after the spike');
  finding.n = after.length;
  finding.value = recovery.afterMs === null ? null : tenth(recovery.afterMs / 1_000);
  finding.interval = { low: tenth(recovery.low / 1_000), high: recovery.high === null ? null : tenth(recovery.high / 1_000) };
  const upTo = `normal P95 up to ${ms(band.upToMs)} (median ${ms(band.medianMs)} of ${band.n} windows before)`;
  const end = after.at(-1)?.toMs ?? spike.span.toMs;
  const evidence = [
    `${upTo}, at worst ${worst(windows.filter(({ toMs }) => toMs > spike.span.fromMs))}`,
    ...herd(slices.filter(({ toMs, phase }) => toMs > spike.span.fromMs && !warmUp.has(phase)), spike.span.toMs),
    ...started(kpis, coldStarts, { fromMs: spike.span.fromMs, toMs: end }),
    ...kpis.moved([{ fromMs: startedAtMs.get(spike.before) ?? 0, toMs: spike.span.fromMs }], spike.span),
  ];
  // A recovery that was not seen is settled by a limit shorter than the time observed, or not at all.
  return recovery.high === null ? { finding, doubt: null, evidence, hint: hintOf(recovery) } : { finding, doubt: null, evidence };
}

function hintOf({ stable, observedMs }: Recovery): string {
  const seconds = Math.round(observedMs / 1_000);
  const seen = stable === 0 ? 'not recovered' : `back in its band for ${stable} of the ${LEAST_STABLE} windows that prove it`;
  return `${seen} within the ${seconds} s observed after the spike: observe for longer`;
}

function p95Windows(slices: readonly Slice[]): P95Window[] {
  return slices.map((slice) => ({
    fromMs: slice.fromMs, toMs: slice.toMs, p95Ms: smoothPercentile(mergedLatency([slice], null), 0.95, slice.timeoutMs),
  }));
}

function worst(windows: readonly P95Window[]): string {
  const [one] = windows.toSorted((a, b) => (b.p95Ms ?? 0) - (a.p95Ms ?? 0));
  return one?.p95Ms == null ? 'unknown' : `${ms(one.p95Ms)} at ${clockText(one.fromMs)}`;
}

/** Signs that callers came back all at once: errors in bursts, and requests that the target could not take on. */
function herd(slices: readonly Slice[], spikeEndMs: number): string[] {
  const bursts = slices.filter(({ ok, failed }) => failed > BURST * (ok + failed));
  const failed = slices.reduce((sum, slice) => sum + slice.failed, 0);
  const heldBack = slices.reduce((sum, slice) => sum + slice.heldBack, 0);
  const refused = slices.reduce((sum, slice) => sum + slice.rateLimited, 0);
  const later = bursts.filter(({ fromMs }) => fromMs >= spikeEndMs).length;
  const [first] = bursts;
  return [
    ...(first ? [`errors in bursts: ${failed} requests failed, more than 5 % of them in ${bursts.length} ${bursts.length === 1 ? 'window' : 'windows'}, `
      + `from ${clockText(first.fromMs)} on${later > 0 ? `; ${later} after the spike` : ''}`] : []),
    ...(refused > 0 ? [`${refused} requests were refused with status 429`] : []),
    ...(heldBack > 0 ? [`${heldBack} requests found as many under way as the connections carry`] : []),
  ];
}

function started(kpis: KpiSeries, coldStarts: readonly ColdStartObservation[], span: Span): string[] {
  const during = coldStarts.filter(({ tMs }) => tMs >= span.fromMs && tMs < span.toMs);
  const longestMs = Math.max(0, ...during.map(({ durationMs }) => durationMs));
  const [before] = kpis.values(INSTANCES, { fromMs: 0, toMs: span.fromMs }).slice(-1);
  const most = Math.max(...kpis.values(INSTANCES, span).map(({ value }) => value));
  return [
    ...(before && most > before.value ? [`instances went from ${Math.round(before.value)} to ${Math.round(most)}`] : []),
    ...(during.length > 0 ? [`${during.length} cold ${during.length === 1 ? 'start' : 'starts'}, the longest ${ms(longestMs)}`] : []),
  ];
}

function ms(value: number): string {
  return `${Number(value.toPrecision(3)).toLocaleString('en-US')} ms`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
