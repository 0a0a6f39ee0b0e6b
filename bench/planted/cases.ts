import type { GateResult } from '../../src/model/index.ts';

/** A run against the bundled platform with, or without, a planted fault, and what its one gate must say. */
export interface PlantedCase {
  /** What is planted. */
  id: string;
  faults: string;
  planted: boolean;
  profile: string;
  /** Seconds and share of the target rates. */
  phases: readonly { name: string; seconds: number; share: number }[];
  windowSeconds: number;
  stopPastKnee: boolean;
  /** As in slo.yml. */
  gate: string;
  /** Returns whether the gate says the truth. */
  right: (gate: GateResult) => boolean;
  /** What the truth is, in words. */
  truth: string;
  /** Takes so long that --quick leaves it out. */
  long: boolean;
}

/** Requests a second of all scenarios at share 1: 200 + 50 + 5 + 1 flows, the last of three requests. */
const PEAK_PER_SECOND = 258;
const KNEE_PER_SECOND = 120;
const SLOW_FOR_S = 15;

const steps = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7].map((share) => ({ name: `step ${share}x`, seconds: 8, share }));
const spike = [
  { name: 'normal', seconds: 20, share: 0.1 }, { name: 'spike', seconds: 6, share: 1 }, { name: 'after', seconds: 40, share: 0.1 },
];
const steady = (seconds: number): PlantedCase['phases'] => [{ name: 'soak', seconds, share: 0.3 }];
const failed = ({ status }: GateResult): boolean => status === 'fail';
/** Too few windows to be sure is an answer; a failure where nothing is wrong is a false alarm. */
const quiet = ({ status }: GateResult): boolean => status === 'pass' || status === 'inconclusive';

const knee = {
  profile: 'stress', phases: steps, windowSeconds: 1, stopPastKnee: true, long: false,
  gate: '{ id: it, metric: capacity_headroom, unit: x, min: 3, source: planted }',
} as const;
const recovery = {
  profile: 'spike', phases: spike, windowSeconds: 1, stopPastKnee: false, long: false,
  gate: '{ id: it, metric: recovery_time, unit: s, max: 6, source: planted }',
} as const;
const drift = {
  profile: 'soak', phases: steady(60), windowSeconds: 2, stopPastKnee: false, long: false,
  gate: '{ id: it, metric: latency_drift, stat: p95, unit: "%", max: 5, source: planted }',
} as const;
const leak = {
  // Growth an hour is told from ten minutes of load at least.
  profile: 'soak', phases: steady(660), windowSeconds: 10, stopPastKnee: false, long: true,
  gate: '{ id: it, metric: kpi_growth, kpi: external-memory, unit: MiB, max: 30, source: planted }',
} as const;

export const CASES: readonly PlantedCase[] = [
  {
    ...knee, id: 'a knee', planted: true, faults: `capacity=${KNEE_PER_SECOND}`,
    truth: `capacity ${KNEE_PER_SECOND}/s: ${(KNEE_PER_SECOND / PEAK_PER_SECOND).toFixed(2)} x lies in the interval`,
    right: (gate) => failed(gate) && (gate.interval?.low ?? Infinity) <= KNEE_PER_SECOND / PEAK_PER_SECOND
      && (gate.interval?.high ?? 0) >= KNEE_PER_SECOND / PEAK_PER_SECOND,
  },
  {
    ...knee, id: 'no knee', planted: false, faults: '', truth: 'never broke: at least the last step',
    right: ({ interval }) => interval?.high === null && (interval.low ?? 0) > 0.5,
  },
  {
    ...recovery, id: 'a slow recovery', planted: true, faults: `api-delay=100,slow-recovery=${SLOW_FOR_S}`,
    truth: `${SLOW_FOR_S} s and more to recover`, right: failed,
  },
  { ...recovery, id: 'a spike that is borne', planted: false, faults: 'api-delay=100', truth: 'back within 6 s', right: quiet },
  { ...drift, id: 'a drift of 20 % a minute', planted: true, faults: 'drift=1200', truth: 'P95 drifts by far more than 5 %', right: failed },
  { ...drift, id: 'no drift', planted: false, faults: 'api-delay=40', truth: 'P95 stays', right: quiet },
  { ...leak, id: 'a leak of 1 MiB a minute', planted: true, faults: 'leak=1', truth: '60 MiB an hour', right: failed },
  { ...leak, id: 'no leak', planted: false, faults: '', truth: 'memory stays within 30 MiB an hour', right: quiet },
];
