import { join } from 'node:path';
import { getEnvironmentData } from 'node:worker_threads';
import { MetricsMonitor } from '../src/collect/metrics/monitor.ts';
import { ApiLane, type LaneSummary } from '../src/drive/api/lane.ts';
import type { SharedBudgets } from '../src/drive/api/protocol.ts';
import type { Account } from '../src/drive/api/sessions.ts';
import { taggedRequest } from '../src/drive/tags.ts';
import { ReplayPlayer, type PlayedVisit } from '../src/drive/replay/player.ts';
import type { Plan, ServerObservation } from '../src/model/index.ts';
import { API_SESSIONS, type WorkerInput } from './worker-input.ts';

export interface LaneOptions {
  plan: Plan;
  input: WorkerInput;
  /** What third parties allow, shared with the run's users. */
  budgets: SharedBudgets;
  headers: Record<string, string>;
  onServer: (value: ServerObservation) => void;
  /** The observations of a file can no longer be written. */
  onLost: (file: string, error: Error) => void;
  onPastKnee: (reason: string) => void;
  onApi: (summary: LaneSummary) => void;
  /** A person of replayed traffic arrives. */
  onVisit: (visit: PlayedVisit) => void;
}

/** What a run does beside its users, each in a thread of its own: the API's traffic, and reading the target's figures. */
export class WorkerLanes {
  readonly #api: ApiLane | null = null;
  readonly #metrics: MetricsMonitor | null = null;
  readonly #replay: ReplayPlayer | null = null;

  constructor({ plan, input, budgets, headers, onServer, onLost, onPastKnee, onApi, onVisit }: LaneOptions) {
    const { runDir, startedAtMonotonicMs } = input;
    const { runId, seed } = plan;
    const tags = taggedRequest({ runId, kind: 'load' });
    if (plan.api) {
      this.#api = new ApiLane({
        plan: plan.api, phases: plan.phases, runId, seed, targetUrl: plan.target.url, headers, budgets, runDir, startedAtMonotonicMs,
        sessions: (getEnvironmentData(API_SESSIONS) as unknown as Record<string, Account[]> | undefined) ?? {},
        onWindow: onApi, onPastKnee,
        onLost: (error) => onLost('observations.api', error),
      });
    }
    if (plan.replay) {
      this.#replay = new ReplayPlayer({
        plan: plan.replay, phases: plan.phases, journeyDeadlineMs: plan.settings.journeyDeadlineMs, runId, targetUrl: plan.target.url,
        headers: { ...tags, ...headers }, runDir, startedAtMonotonicMs, onVisit,
        onLost: (error) => onLost('observations.replay', error),
      });
    }
    if (plan.metrics && plan.kpis.length > 0) {
      const file = join(runDir, 'observations.server.ndjson');
      this.#metrics = new MetricsMonitor({
        metrics: plan.metrics, kpis: plan.kpis, headers: tags, runId, file, startedAtMonotonicMs, onSample: onServer,
        onLost: (error) => onLost(file, error),
      });
    }
  }

  phaseStarted(name: string | null, startedMs: number): void {
    this.#api?.phaseStarted(name, startedMs);
    this.#replay?.phaseStarted(name, startedMs);
    if (this.#metrics) this.#metrics.phase = name;
  }

  /** Resolves when no person of replayed traffic is to come any more; at once without any. */
  get played(): Promise<void> {
    return this.#replay?.played ?? Promise.resolve();
  }

  /** Bounded in time: answers under way are waited for up to the API's timeout. */
  async stop(interrupted: boolean): Promise<void> {
    await Promise.all([this.#api?.stop({ interrupted }), this.#replay?.stop(interrupted)]);
    // Last, so that its figures see the end of the traffic.
    await this.#metrics?.stop();
  }
}
