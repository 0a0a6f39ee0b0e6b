import type { Decision, GateStatus } from './verdict.ts';

/** A run of the history; what is null was never known. */
export interface PastRun {
  /** Name of its folder in the reports folder. */
  folder: string;
  runId: string;
  startedAtEpochMs: number;
  profile: string;
  target: string;
  embedded: boolean;
  /** Null for a run that was never judged; `reason` says why. */
  decision: Decision | null;
  reason: string | null;
  journeys: number | null;
  durationMs: number | null;
  commit: string | null;
  machine: string | null;
  /** Gates by status; `open` are those neither passed nor failed. */
  passed: number;
  failed: number;
  open: number;
}

/** A gate in one run of the past. */
export interface PastGate {
  runId: string;
  startedAtEpochMs: number;
  profile: string;
  commit: string | null;
  title: string;
  stat: string;
  status: GateStatus;
  observed: number | null;
  observedAbove: number | null;
  low: number | null;
  high: number | null;
  limitKind: 'max' | 'min';
  limitValue: number;
  unit: string;
  n: number;
}

/** How the checks of one journey went, over the rounds asked for. */
export interface PastChecks {
  journey: string;
  up: number;
  flaky: number;
  down: number;
  unknown: number;
  lastDownAtEpochMs: number | null;
  lastError: string | null;
}

/** Rounds of checks over a stretch of time. */
export interface CheckHistory {
  sinceEpochMs: number;
  /** By event: `ran`, `missed`, … */
  rounds: Record<string, number>;
  journeys: PastChecks[];
}
