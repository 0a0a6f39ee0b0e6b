/** Builders of the API lane's values for tests and the golden run. */
import { DDSketch } from '@datadog/sketches-js';
import type { ApiObservation, ApiPlan, ServerObservation, SketchBins } from '../model/index.ts';

const { mapping } = new DDSketch({ relativeAccuracy: 0.01 });

/** Returns the bins of a sketch of durations in milliseconds, as the lane writes them. */
export function binsOf(durationsMs: readonly number[]): SketchBins {
  const counts = new Map<number, number>();
  let zero = 0;
  for (const durationMs of durationsMs) {
    const us = durationMs * 1_000;
    if (us < 1) zero += 1;
    else counts.set(mapping.key(us), (counts.get(mapping.key(us)) ?? 0) + 1);
  }
  return { zero, bins: [...counts].sort(([a], [b]) => a - b) };
}

type ApiChanges = Partial<ApiObservation> & {
  /** Of the answered requests; service and latency alike unless given apart. */
  durationsMs?: readonly number[];
};

/** Returns one window: every request that has a duration was answered, and all that came to an end were sent. */
export function apiOf({ durationsMs = [], ...changes }: ApiChanges): ApiObservation {
  const failed = Object.values(changes.failed ?? {}).reduce((sum, count) => sum + count, 0);
  const ended = durationsMs.length + failed + (changes.unfinished ?? 0);
  const { fromMs = 0, toMs = fromMs + 10_000 } = changes;
  return {
    v: 1, runId: 'r', kind: 'api', tMs: toMs, phase: 'steady', vu: null, journey: null, scenario: 'reads', route: 'GET /a',
    fromMs, toMs, scheduled: ended, sent: ended, late: 0, maxLateMs: 0, ok: durationsMs.length, failed: {}, unfinished: 0,
    timeoutMs: 10_000, latency: binsOf(durationsMs), service: binsOf(durationsMs), ...changes,
  };
}

/** Returns a lane with one scenario of ten requests a second to `GET /a`. */
export function apiPlanOf(changes: Partial<ApiPlan> = {}): ApiPlan {
  const request = {
    method: 'GET', path: '/a', route: 'GET /a', params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: 100,
  } as const;
  return {
    source: 'scenarios.json', scenarios: [{ name: 'reads', ratePerSecond: 10, users: 0, flows: [{ weight: 1, requests: [{ ...request, params: [], capture: {} }] }] }],
    session: null, arrivals: 'constant', loads: [{ phase: 'steady', share: 1, to: null }], timeoutMs: 10_000, windowMs: 10_000,
    threads: 1, connections: 100, lateSendMs: 10, stopPastKnee: false, ...changes,
  };
}

export function serverOf(changes: Partial<ServerObservation>): ServerObservation {
  return {
    v: 1, runId: 'r', kind: 'server', tMs: 0, phase: 'steady', vu: null, journey: null, metric: 'cpu', labels: {}, value: 1, unit: '%',
    ...changes,
  };
}

interface Stretch {
  phase: string;
  fromMs: number;
  durationMs: number;
  perSecond: number;
  windowMs?: number;
  route?: string;
  /** What one request took that was due at a time; null for one that failed. */
  tookMs: (dueMs: number) => number | null;
}

/** Returns the windows of a stretch of evenly spaced requests. */
export function windowsOf({ phase, fromMs, durationMs, perSecond, windowMs = 10_000, route = 'GET /a', tookMs }: Stretch): ApiObservation[] {
  return Array.from({ length: Math.ceil(durationMs / windowMs) }, (_, window) => {
    const startMs = fromMs + window * windowMs;
    const endMs = Math.min(fromMs + durationMs, startMs + windowMs);
    const count = Math.round((perSecond * (endMs - startMs)) / 1_000);
    const took = Array.from({ length: count }, (__, index) => tookMs(startMs + (index * 1_000) / perSecond));
    const durationsMs = took.flatMap((one) => one ?? []);
    const failed = count - durationsMs.length;
    return apiOf({ phase, route, fromMs: startMs, toMs: endMs, durationsMs, failed: failed === 0 ? {} : { timeout: failed } });
  });
}
