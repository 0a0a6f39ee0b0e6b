import type { SampledGate, SampledLatency, SampledRun } from '../../model/index.ts';

/** Returns a run for tests: one that completed undisturbed, with the gates and series that are given. */
export function sampledRun(runId: string, parts: Partial<Pick<SampledRun, 'gates' | 'findings' | 'latencies' | 'designEffects'>> = {}): SampledRun {
  return {
    version: 1,
    run: { runId, profile: 'smoke', startedAtEpochMs: 1_700_000_000_000, decision: 'GO', commit: 'abc', target: 'http://127.0.0.1:1' },
    confidence: 0.95,
    conditions: {
      script: 'journeys.yml', embedded: true, sourceHash: 'same', phases: [], journeys: [{ name: 'checkout', weight: 1 }],
      environment: {
        harnessVersion: '0.1.0', commit: 'abc', nodeVersion: 'v24', artilleryVersion: '2', playwrightVersion: '1', os: 'Linux', cpuModel: 'cpu', cores: 2,
        browser: { name: 'chromium', version: '1', source: 'bundled' }, memoryBytes: 1 << 30, memoryLimitBytes: null, crowdPriority: 'lowest',
      },
      ended: 'completed', forced: null, unreadableLines: 0, validity: { state: 'undisturbed', summary: 'observers undisturbed', latencyHeldBack: false },
    },
    gates: [], findings: [], latencies: [], designEffects: [],
    ...parts,
  };
}

/** Returns a gate on a percentile of a step. */
export function stepGate(step: string, stat: string, limit: number, status: SampledGate['status'] = 'pass'): SampledGate {
  return {
    id: step, title: `checkout › ${step}`, metric: 'perceived_latency', scope: { journey: 'checkout', step }, stat, unit: 'ms',
    limit: { kind: 'max', value: limit }, status, observed: 1, observedAbove: null, interval: null, n: 1,
  };
}

/** Returns a step's series; `users` gives the user of each value, each its own when left out. */
export function stepSamples(step: string, values: readonly number[], more: Partial<SampledLatency> = {}): SampledLatency {
  return {
    metric: 'perceived_latency', scope: { journey: 'checkout', step }, unit: 'ms', values: [...values], users: values.map((_, index) => index),
    censored: [], unmeasured: 0, deadlineMs: null, ...more,
  };
}
