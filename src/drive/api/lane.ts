import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ApiPlan, Phase } from '../../model/index.ts';
import { clockSince } from '../run-clock.ts';
import { taggedRequest } from '../tags.ts';
import { Bins } from './bins.ts';
import { PastKnee } from './past-knee.ts';
import type { LaneOrder, LaneSaid, LaneSetup, SharedBudgets, Tally } from './protocol.ts';
import type { Account } from './sessions.ts';

/** How the lane has done since the summary before; for people who watch. */
export interface LaneSummary {
  tMs: number;
  phase: string | null;
  sentPerSecond: number;
  /** Since the run's start. */
  sent: number;
  ok: number;
  failed: number;
  late: number;
  inFlight: number;
  /** From when requests were due, of those answered since the summary before; null of none. */
  p95Ms: number | null;
}

export interface ApiLaneOptions {
  plan: ApiPlan;
  /** The plan's phases: a ramp is as long as its phase. */
  phases: readonly Phase[];
  runId: string;
  seed: number;
  targetUrl: string;
  /** Sent with every request: the target's own credentials. */
  headers: Record<string, string>;
  sessions: Readonly<Record<string, readonly Account[]>>;
  /** What third parties allow, shared with the run's users; nothing is shaped when left out. */
  budgets?: SharedBudgets;
  runDir: string;
  /** The run's start on the monotonic clock, which every thread reads alike. */
  startedAtMonotonicMs: number;
  onWindow: (summary: LaneSummary) => void;
  /** Observations, and with them the run, are lost. */
  onLost: (error: Error) => void;
  /** The target no longer keeps up; told once, and only where the plan asks for it. */
  onPastKnee: (reason: string) => void;
}

const SUMMARY_EVERY_MS = 2_000;
/** A phase begins this much after the news of it, at the same moment in every thread: none begins with late sends. */
const LEAD_MS = 20;
const STOP_GRACE_MS = 3_000;

interface LaneThread {
  worker: Worker;
  tally: Tally | null;
  passedMs: number;
  ready: Promise<void>;
  stopped: Promise<void>;
  ended: boolean;
}

/**
 * The API traffic of a run beside its browsers: an open-loop sender in threads of their own, which write their own files, so
 * that neither the users' event loop nor a dead main thread can hold it up.
 */
export class ApiLane {
  /** Every thread has started. Until then phases wait; never rejects, since `onLost` is told. */
  readonly ready: Promise<unknown>;
  readonly #options: ApiLaneOptions;
  readonly #threads: LaneThread[];
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #knee: PastKnee | null;
  #latency = new Bins();
  #phase: string | null = null;
  #phaseIndex = -1;
  #summaryMs: number;
  #sentBefore = 0;
  #stopping: Promise<void> | null = null;
  #lost = false;

  constructor(options: ApiLaneOptions) {
    this.#options = options;
    const { plan, startedAtMonotonicMs } = options;
    this.#nowMs = clockSince(startedAtMonotonicMs);
    this.#summaryMs = this.#nowMs();
    this.#knee = plan.stopPastKnee ? new PastKnee(plan) : null;
    this.#threads = Array.from({ length: plan.threads }, (_, thread) => this.#start(thread));
    this.ready = Promise.all(this.#threads.map((thread) => thread.ready));
    this.#timer = setInterval(() => this.#summarize(), SUMMARY_EVERY_MS);
    this.#timer.unref();
  }

  /** Artillery's phase has changed; null where none is in force. A phase without a load of its own has no API traffic. */
  phaseStarted(name: string | null, startedMs: number): void {
    this.#phase = name;
    const load = this.#options.plan.loads.find(({ phase }) => phase === name);
    const phase = this.#durationOf(name);
    void this.ready.then(() => {
      if (this.#stopping) return;
      if (name === null || !load || !phase) {
        this.#tell({ rest: true });
        return;
      }
      const beginMs = Math.max(startedMs, this.#nowMs() + LEAD_MS);
      const durationMs = phase.durationS * 1_000;
      this.#tell({ phase: { name, beginMs, durationMs, share: load.share, to: load.to ?? load.share } });
    });
  }

  /**
   * Ends the traffic. Waits for what is in flight, the plan's timeout at most; interrupted, it does not wait, and counts that
   * as unfinished. Resolves when every thread's lines are in its file, or after a bound, which `onLost` is told of.
   */
  stop({ interrupted }: { interrupted: boolean }): Promise<void> {
    this.#stopping ??= this.#stop(interrupted);
    return this.#stopping;
  }

  async #stop(interrupted: boolean): Promise<void> {
    clearInterval(this.#timer);
    this.#tell({ stop: { interrupted } });
    let timer: NodeJS.Timeout | undefined;
    const limitMs = (interrupted ? 0 : this.#options.plan.timeoutMs) + STOP_GRACE_MS;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([Promise.all(this.#threads.map(({ stopped }) => stopped)), late]);
    clearTimeout(timer);
    if (this.#threads.some(({ ended }) => !ended)) this.#lose(new Error('a thread of the API lane did not stop in time'));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    this.#summarize();
  }

  #start(thread: number): LaneThread {
    const { plan, budgets, runId, seed, targetUrl, sessions, runDir, startedAtMonotonicMs } = this.#options;
    const workerData: LaneSetup = {
      plan, budgets: budgets ?? null, runId, seed, targetUrl, sessions, startedAtMonotonicMs, thread,
      headers: { ...taggedRequest({ runId, kind: 'load' }), ...this.#options.headers },
      file: join(runDir, `observations.api-${thread}.ndjson`), tellWindows: this.#knee !== null,
    };
    const worker = new Worker(new URL('./lane-thread.ts', import.meta.url), { workerData });
    worker.unref();
    const { promise: ready, resolve: start } = Promise.withResolvers<void>();
    const { promise: stopped, resolve: end } = Promise.withResolvers<void>();
    const own: LaneThread = { worker, tally: null, passedMs: 0, ready, stopped, ended: false };
    worker.on('message', (said: LaneSaid) => {
      if ('ready' in said) start();
      else if ('stopped' in said) {
        own.ended = true;
        end();
      } else this.#hear(own, said);
    });
    worker.on('error', (error: Error) => this.#lose(error));
    worker.on('exit', () => {
      if (!own.ended) this.#lose(new Error('a thread of the API lane ended by itself'));
      own.ended = true;
      end();
    });
    return own;
  }

  #hear(thread: LaneThread, said: Exclude<LaneSaid, { ready: true } | { stopped: true }>): void {
    if ('tally' in said) {
      thread.tally = said.tally;
      this.#latency.merge(said.tally.latency);
    } else if ('window' in said) this.#knee?.add(said.window);
    else if ('lost' in said) this.#lose(new Error(said.lost));
    else {
      thread.passedMs = said.passedMs;
      const reason = this.#knee?.passed(Math.min(...this.#threads.map(({ passedMs }) => passedMs))) ?? null;
      if (reason !== null && !this.#stopping) this.#options.onPastKnee(reason);
    }
  }

  /** Phases come in their order: of two with one name, the next is meant. */
  #durationOf(name: string | null): Phase | undefined {
    const { phases } = this.#options;
    const after = phases.findIndex((phase, index) => index > this.#phaseIndex && phase.name === name);
    const index = after === -1 ? phases.findIndex((phase) => phase.name === name) : after;
    if (index !== -1) this.#phaseIndex = index;
    return phases[index];
  }

  #summarize(): void {
    const tallies = this.#threads.flatMap(({ tally }) => (tally ? [tally] : []));
    const sum = (name: 'sent' | 'ok' | 'failed' | 'late' | 'inFlight'): number => tallies.reduce((all, tally) => all + tally[name], 0);
    const [tMs, sent] = [this.#nowMs(), sum('sent')];
    const seconds = (tMs - this.#summaryMs) / 1_000;
    this.#options.onWindow({
      tMs, phase: this.#phase, sentPerSecond: seconds > 0 ? (sent - this.#sentBefore) / seconds : 0, sent,
      ok: sum('ok'), failed: sum('failed'), late: sum('late'), inFlight: sum('inFlight'), p95Ms: this.#latency.percentileMs(95),
    });
    this.#latency = new Bins();
    this.#summaryMs = tMs;
    this.#sentBefore = sent;
  }

  #lose(error: Error): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#options.onLost(error);
  }

  #tell(order: LaneOrder): void {
    for (const { worker } of this.#threads) worker.postMessage(order);
  }
}
