import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Canary } from '../src/drive/canary.ts';
import { collectGarbage } from '../src/drive/garbage.ts';
import { BrowserPool } from '../src/drive/pool.ts';
import { createLauncher } from '../src/drive/launcher.ts';
import { ArrivalClock, type Arrival } from '../src/drive/arrivals.ts';
import { Budgets, budgetMemory } from '../src/drive/budget.ts';
import { UserShaper } from '../src/drive/budget-users.ts';
import { createSampler } from '../src/drive/observers.ts';
import type { PlayedVisit } from '../src/drive/replay/player.ts';
import { playVisit } from '../src/drive/replay/visit.ts';
import { clockSince } from '../src/drive/run-clock.ts';
import { agentTag } from '../src/drive/tags.ts';
import { runUser, type UserSpec, type UserSurroundings } from '../src/drive/virtual-user.ts';
import { Recorder } from '../src/collect/recorder.ts';
import { HealthMonitor } from '../src/collect/health.ts';
import { asCodedError } from '../src/errors.ts';
import type { AnyJourney } from '../src/journey.ts';
import { OBSERVATION_VERSION, REPLAY_JOURNEY, type JourneyObservation, type Plan } from '../src/model/index.ts';
import { expectedUsers } from '../src/plan/script.ts';
import { say } from './artillery-global.ts';
import { Channel, type Message } from './channel.ts';
import { CostWatch } from './cost-watch.ts';
import { JourneyFailure, arrivedAtMs, installHollowBrowser, muteJourneyFailures } from './engine-seam.ts';
import { LiveLine } from './live-line.ts';
import { surviveStrayRejections } from './stray-rejections.ts';
import { userSurroundings } from './user-surroundings.ts';
import { WORKER_INPUT, basicAuth, type WorkerInput } from './worker-input.ts';
import { WorkerLanes } from './worker-lanes.ts';

/** Users that are still under way when a run is told to end get this long to close their pages. */
const DRAIN_LIMIT_MS = 10_000;
/** And people of replayed traffic this long before that: together with the browsers' end it stays below the main thread's limit. */
const VISITS_END_MS = 2_500;

/** Why a user never began. */
type TurnedAway = Pick<JourneyObservation, 'outcome' | 'message' | 'errorCode' | 'budget' | 'shaped'>;

/** What the worker changes of the script before Artillery makes its runner of it. */
interface WorkerScript {
  config: { phases?: object[] };
  scenarios?: { testFunction?: string; flowFunction?: string; weight?: number }[];
}

/** One run as its worker thread sees it: the browsers, the virtual users, the observations. */
export class WorkerRun {
  static current: WorkerRun | null = null;
  /** All journeys by name, for users whom Artillery does not bring. */
  static journeys: ReadonlyMap<string, AnyJourney> = new Map();

  readonly #plan: Plan;
  /** A resumed run's users are others than those before. */
  readonly #vuPrefix: string;
  readonly #recorder: Recorder;
  readonly #pool: BrowserPool;
  readonly #channel: Channel;
  readonly #around: UserSurroundings;
  readonly #roleOf: (journey: string) => 'observer' | 'crowd';
  readonly #live: LiveLine;
  readonly #health: HealthMonitor;
  readonly #canaries: Canary[];
  readonly #lanes: WorkerLanes;
  readonly #cost: CostWatch;
  readonly #arrivals: ArrivalClock;
  readonly #shaper: UserShaper;
  readonly #interrupt = new AbortController();
  #phase: string | null;
  #active = 0;
  #activeObservers = 0;
  #created = 0;
  #idle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(script: WorkerScript) {
    installHollowBrowser();
    muteJourneyFailures();
    surviveStrayRejections(say);
    this.#channel = new Channel((message) => this.#onMessage(message));
    const input = JSON.parse(process.env[WORKER_INPUT] ?? 'null') as WorkerInput | null;
    // Without its input the preflight was skipped; the main thread ends the run with the reason.
    if (!input) {
      this.#channel.send({ type: 'fatal', code: 'J_PREFLIGHT_MISSING', faults: [] });
      throw new Error('J_PREFLIGHT_MISSING');
    }
    // Before Artillery makes its runner of the script; see effectivePhases for why.
    // The one worker of this machine has every user; left unsaid, Artillery rounds the users of a ramp's seconds down.
    script.config.phases = input.phases.map((phase) => ({ ...phase, worker: 1, totalWorkers: 1 }));
    const plan = JSON.parse(readFileSync(input.planFile, 'utf8')) as Plan;
    this.#plan = plan;
    // A profile may weigh the journeys otherwise; Artillery takes the script's.
    for (const scenario of script.scenarios ?? []) {
      scenario.weight = plan.journeys.find(({ name }) => name === (scenario.testFunction ?? scenario.flowFunction))?.weight ?? scenario.weight ?? 1;
    }
    this.#vuPrefix = `${input.segment === 1 ? '' : `s${input.segment}-`}${process.env.LOCAL_WORKER_ID}-`;
    this.#phase = plan.phases[0]?.name ?? null;
    this.#arrivals = new ArrivalClock(plan.phases);
    const file = join(input.runDir, `observations.worker-${process.env.LOCAL_WORKER_ID}.ndjson`);
    this.#recorder = new Recorder(file, (error) => this.#fatal('J_OBSERVATIONS_LOST', file, error));
    this.#pool = new BrowserPool(
      createLauncher(input.browser, join(input.runDir, 'browsers'), plan.browserHosts, agentTag({ runId: plan.runId, kind: 'load' })),
      { recycleAfterContexts: plan.settings.recycleAfterContexts },
    );
    this.#roleOf = createSampler(plan.seed, plan.settings.observerShare);
    const now = clockSince(input.startedAtMonotonicMs);
    const budgets = { list: plan.budgets, memory: budgetMemory(plan.budgets) };
    this.#shaper = new UserShaper(new Budgets(budgets.list, budgets.memory), now, this.#interrupt.signal);
    this.#around = userSurroundings({
      plan, input, now, pool: this.#pool, interrupted: this.#interrupt.signal,
      sink: { record: (observation) => {
        this.#live.see(observation);
        this.#recorder.record(observation);
      } },
    });
    this.#live = new LiveLine(say, () => ({
      active: this.#active, waiting: this.#shaper.waiting, elapsedMs: now(), phase: this.#phase,
    }));
    // Before the event loop is watched: on a busy machine it stands still for a second.
    collectGarbage();
    const healthFile = join(input.runDir, 'observations.health.ndjson');
    this.#health = new HealthMonitor({
      runId: plan.runId,
      file: healthFile,
      reportsFolder: input.runDir,
      startedAtMonotonicMs: input.startedAtMonotonicMs,
      pids: () => this.#pool.pids,
      onSample: (sample) => this.#live.see(sample),
      onLost: (error) => this.#fatal('J_OBSERVATIONS_LOST', healthFile, error),
    });
    this.#health.phase = this.#phase;
    // The first users must not wait for a browser to start. A failure shows again, and is reported, at the first arrival.
    if (expectedUsers(plan) > 0) this.#pool.warm(['observer', 'crowd']).catch(() => {});
    this.#canaries = this.#startCanaries(input, now);
    this.#cost = new CostWatch(plan, now, (message) =>
      this.#channel.send({ type: 'fatal', code: 'J_COST_CEILING', faults: [{ where: 'slo.yml cost.ceiling', message }] }));
    this.#lanes = new WorkerLanes({
      plan, input, budgets, headers: basicAuth(input),
      onServer: (value) => this.#cost.see(value),
      onApi: (summary) => this.#live.seeApi(summary),
      onLost: (where, error) => this.#fatal('J_OBSERVATIONS_LOST', where, error),
      onPastKnee: (reason) => this.#channel.send({ type: 'enough', reason }),
      onVisit: (visit) => void this.#visit(visit),
    });
    this.#channel.send({ type: 'ready' });
  }

  /** One canary in each browser; they are no users, and none of the users' bounds counts them. */
  #startCanaries({ canary }: WorkerInput, now: () => number): Canary[] {
    if (!canary) return [];
    const { seed, runId } = this.#plan;
    return (['observer', 'crowd'] as const).map((role) => new Canary({
      pool: this.#pool, role, url: canary.url, idleMs: canary.idleMs[role], seed,
      onClick: (click) => this.#around.sink.record({
        v: OBSERVATION_VERSION, kind: 'canary', runId, tMs: now(), phase: this.#phase, vu: null, journey: null, ...click,
      }),
    }));
  }

  /** One arrival of Artillery's. */
  async arrive(journey: AnyJourney, page: unknown): Promise<void> {
    const sinceMs = performance.now() - (arrivedAtMs(page) ?? performance.now());
    await this.#admit(journey, this.#arrivals.arrived(this.#around.now() - sinceMs));
  }

  /** One person of replayed traffic arrives. */
  async #visit(visit: PlayedVisit): Promise<void> {
    const journey = WorkerRun.journeys.get(REPLAY_JOURNEY);
    const { sink, now, interrupted } = this.#around;
    try {
      if (!journey) throw new Error(`there is no journey "${REPLAY_JOURNEY}"`);
      await this.#admit(journey, { phase: visit.phase, intendedMs: () => visit.dueMs }, (user) => ({
        visit: playVisit({ ...user, ...visit, sink, now, dueMs: visit.dueMsOf, ended: interrupted }),
      }));
    } catch (error) {
      if (!(error instanceof JourneyFailure)) this.#fatal('J_HARNESS_FAULT', 'replay', error);
    }
  }

  /**
   * Runs the journey of one user, once its calls fit into the budgets of third parties. Counts it as dropped when they do not
   * in time, and when as many users are under way as the plan allows.
   */
  async #admit(journey: AnyJourney, { phase, intendedMs }: Arrival, fixtures?: UserSpec['fixtures']): Promise<void> {
    this.#created += 1;
    const vu = `${this.#vuPrefix}${this.#created}`;
    const { settings } = this.#plan;
    const wanted = this.#roleOf(journey.name);
    const turnAway = (why: TurnedAway): never => {
      const tMs = this.#around.now();
      this.#around.sink.record({
        v: OBSERVATION_VERSION, kind: 'journey', runId: this.#plan.runId, tMs, phase, vu, journey: journey.name, role: wanted,
        startedMs: tMs, intendedMs: intendedMs(), durationMs: 0, ...why,
      });
      throw new JourneyFailure(why.outcome);
    };
    const admission = await this.#shaper.admit(journey.name);
    if ('endedAfterMs' in admission) {
      const { endedAfterMs, waitsFor: budget } = admission;
      const shaped = budget === null ? {} : { shaped: { budget, waitMs: endedAfterMs } };
      return turnAway({ outcome: 'interrupted', message: `the run ended while its user waited for ${budget}`, ...shaped });
    }
    if ('refusedBy' in admission) {
      const budget = admission.refusedBy;
      return turnAway({ outcome: 'dropped', errorCode: 'J_BUDGET_SPENT', budget, message: `no call to ${budget} came free in time` });
    }
    const { waitMs, waitsFor } = admission;
    // More observers than the machine carries would crowd each other out: the rest join the crowd.
    const role = wanted === 'observer' && this.#activeObservers >= settings.maxObservers ? 'crowd' : wanted;
    if (this.#active >= settings.maxUsers) turnAway({ outcome: 'dropped', message: `${settings.maxUsers} users were under way` });
    this.#active += 1;
    this.#health.activeUsers = this.#active;
    if (role === 'observer') this.#activeObservers += 1;
    try {
      const result = await runUser({
        vu, role, phase, intendedMs, journey, demoted: role !== wanted,
        ...(waitsFor === null ? {} : { shaped: { budget: waitsFor, waitMs } }), ...(fixtures ? { fixtures } : {}),
      }, this.#around);
      if (result.outcome !== 'passed') throw new JourneyFailure(result.errorCode ?? result.outcome);
    } finally {
      this.#active -= 1;
      this.#health.activeUsers = this.#active;
      if (role === 'observer') this.#activeObservers -= 1;
      if (this.#active === 0) this.#idle?.();
    }
  }

  /** Ends the users still under way, the browsers and the file. Bounded in time; safe to call more than once. */
  close(interrupted = false): Promise<void> {
    this.#closing ??= this.#end(interrupted);
    return this.#closing;
  }

  async #end(interrupted: boolean): Promise<void> {
    this.#live.stop();
    this.#cost.stop();
    // Beside the users, so that a browser that hangs is waited for once.
    const canaries = Promise.all(this.#canaries.map((canary) => canary.stop()));
    const lanes = this.#lanes.stop(interrupted);
    // No page of replayed traffic is to come any more: those who have their last may end by themselves.
    await this.#lanes.played;
    if (this.#plan.replay && !interrupted) await this.#nobody(VISITS_END_MS);
    // Of whoever is still under way, or waits to begin.
    this.#interrupt.abort();
    await this.#nobody(DRAIN_LIMIT_MS);
    await Promise.all([canaries, lanes]);
    await this.#pool.close();
    await this.#health.stop();
    this.#recorder.close();
    this.#channel.send({ type: 'drained', created: this.#created });
  }

  /** Resolves when no user is under way, or after the limit. */
  async #nobody(limitMs: number): Promise<void> {
    if (this.#active === 0) return;
    await Promise.race([
      new Promise<void>((resolve) => (this.#idle = resolve)),
      new Promise<void>((resolve) => setTimeout(resolve, limitMs).unref()),
    ]);
  }

  #onMessage(message: Message): void {
    if (message.type === 'phase') {
      this.#phase = message.name;
      this.#health.phase = message.name;
      this.#arrivals.phaseStarted(message.name, message.startedMs);
      this.#lanes.phaseStarted(message.name, message.startedMs);
    }
    if (message.type === 'drain') {
      this.close(message.interrupted).catch((error: unknown) => this.#fatal('J_HARNESS_FAULT', 'drain', error));
    }
  }

  #fatal(code: 'J_OBSERVATIONS_LOST' | 'J_HARNESS_FAULT', where: string, error: unknown): void {
    this.#channel.send({ type: 'fatal', code, faults: [{ where, message: asCodedError(error).faults[0]?.message ?? String(error) }] });
  }
}
