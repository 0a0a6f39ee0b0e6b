/** What the plugin's thread and a lane's thread tell each other. */
import type { ApiObservation, ApiPlan, SketchBins, ThirdPartyBudget } from '../../model/index.ts';
import type { Account } from './sessions.ts';

/** Third parties' budgets, and the memory in which all threads of a run share them. */
export interface SharedBudgets {
  list: readonly ThirdPartyBudget[];
  memory: SharedArrayBuffer;
}

export interface LaneSetup {
  plan: ApiPlan;
  budgets: SharedBudgets | null;
  runId: string;
  seed: number;
  targetUrl: string;
  headers: Record<string, string>;
  sessions: Readonly<Record<string, readonly Account[]>>;
  /** Where this thread's observations go. */
  file: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  thread: number;
  /** Finished windows are told, not only written. */
  tellWindows: boolean;
}

/** A phase to run: the share of the target rate at its beginning and end. */
export interface PhaseOrder {
  name: string;
  beginMs: number;
  durationMs: number;
  share: number;
  to: number;
}

export type LaneOrder = { phase: PhaseOrder } | { rest: true } | { stop: { interrupted: boolean } };

/** A thread's requests so far, and the latency of those that ended since it last told. */
export interface Tally {
  sent: number;
  ok: number;
  failed: number;
  late: number;
  inFlight: number;
  latency: SketchBins;
}

export type LaneSaid = { ready: true } | { tally: Tally } | { window: ApiObservation } | { passedMs: number } | { lost: string } | { stopped: true };
