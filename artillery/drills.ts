import { join, relative } from 'node:path';
import { BreakerWatch, type Watched } from '../src/collect/breakers.ts';
import type { Recorder } from '../src/collect/recorder.ts';
import { DrillDriver } from '../src/drive/drills/driver.ts';
import { startGuard, type Guard } from '../src/drive/drills/guard.ts';
import { reachesOf } from '../src/drive/drills/hands.ts';
import { GAME_DAYS, leftovers, RollbackJournal } from '../src/drive/drills/journal.ts';
import { checkDrills } from '../src/drive/drills/preflight.ts';
import { rollBack, type RolledBack } from '../src/drive/drills/rollback.ts';
import { OPERATIONS_TOKEN, secretsOf, type Secrets } from '../src/drive/drills/secrets.ts';
import { addressOf } from '../src/drive/drills/undo.ts';
import type { RunningPlatform } from '../src/drive/platform.ts';
import { taggedRequest } from '../src/drive/tags.ts';
import { CodedError, type Fault } from '../src/errors.ts';
import { OBSERVATION_VERSION, type Drill, type DrillObservation, type DrillsPlan, type Plan } from '../src/model/index.ts';
import { isLoopback } from '../src/plan/drill-config.ts';
import { say } from './artillery-global.ts';

export interface DrillsOptions {
  plan: Plan;
  platform: RunningPlatform | null;
  runDir: string;
  /** Where each action stands in its file. */
  places: ReadonlyMap<string, string>;
  recorder: Recorder;
  /** Milliseconds since the run's start. */
  now: () => number;
}

/** Returns what holds the drills of a run, or null for a run without any. Throws J_DRILL_UNREACHABLE before anything is broken. */
export async function openDrills({ plan, platform, runDir, places, recorder, now }: DrillsOptions): Promise<RunDrills | null> {
  const { drills, metrics, runId } = plan;
  if (!drills) return null;
  const secrets = secretsFor(platform);
  const reaches = reachesOf(drills, platform && { url: platform.url, toxiproxyUrl: platform.toxiproxyUrl, controls: controlsOf(platform) });
  const metricsUrls = metrics?.urls ?? [];
  const headers = taggedRequest({ runId, kind: 'load' });
  await checkDrills({ plan: drills, reaches, secrets, places, metricsUrls, headers });
  const record = (what: Pick<DrillObservation, 'drill' | 'event' | 'dependency'> & Partial<DrillObservation>): void => {
    const { phase = null } = drills.drills.find(({ name }) => name === what.drill) ?? {};
    recorder.record({ v: OBSERVATION_VERSION, kind: 'drill', runId, tMs: now(), vu: null, journey: null, ...what, phase });
  };
  let current: string | null = null;
  const watch = new BreakerWatch({
    urls: metricsUrls, everyMs: drills.watchEveryMs, headers, now,
    onBreaker: ({ dependency, state, sinceMs, detail }) => {
      if (current !== null) record({ drill: current, event: 'breaker', dependency, state, ...(sinceMs === null ? {} : { sinceMs }), ...(detail === undefined ? {} : { detail }) });
    },
    onRequests: ({ dependency, ...counted }) => {
      if (current !== null) record({ drill: current, event: 'requests', dependency, ...counted });
    },
  });
  const journal = RollbackJournal.begin(runDir, runId);
  const guard = startGuard(runDir, secrets);
  if (guard.pid === null) say('drill    WARNING: the guard did not start; if this run is killed (kill -9), its faults stay in until --rollback');
  const driver = new DrillDriver({
    plan: drills, reaches, secrets, journal, now,
    record: (point) => {
      record(point);
      tell(point);
    },
    onDrill: (drill) => {
      current = drill?.name ?? null;
      watch.watch(drill ? watchedBy(drill, drills) : []);
    },
  });
  return new RunDrills(driver, watch, guard);
}

/** Of the bundled platform, the token that it told; of another target, the setting. */
function secretsFor(platform: RunningPlatform | null): Secrets {
  const settings = secretsOf(process.cwd(), process.env);
  return (name) => (name === OPERATIONS_TOKEN && platform?.operationsToken ? platform.operationsToken : settings(name));
}

function controlsOf({ paymentsUrl, modelUrl, storageUrl }: RunningPlatform): Record<string, string> {
  const all = { payments: paymentsUrl, model: modelUrl, storage: storageUrl };
  return Object.fromEntries(Object.entries(all).flatMap(([name, url]) => (url === null ? [] : [[name, url]])));
}

/** The breakers that a drill may move; requests are counted only where it bounds them. */
function watchedBy({ actions, expect }: Drill, { dependencies }: DrillsPlan): Watched[] {
  const names = new Set([...actions.flatMap((action) => ('dependency' in action ? [action.dependency] : [])), ...(expect.breaker === null ? [] : [expect.breaker])]);
  return [...names].flatMap((dependency): Watched[] => {
    const { breakerMetric = null, transitionsMetric = null, requestsMetric = null } = dependencies[dependency] ?? {};
    const counts = expect.requestsPerSecondAtMost !== null && expect.breaker === dependency;
    return [{ dependency, breakerMetric, transitionsMetric, requestsMetric: counts ? requestsMetric : null }];
  });
}

/** The turning points that somebody who watches the run wants to see. */
function tell({ drill, event, detail }: Pick<DrillObservation, 'drill' | 'event'> & { detail?: string }): void {
  if (event === 'begun' || event === 'ended') return;
  say(`drill    ${drill}: ${event === 'fault-in' ? 'in' : event === 'fault-out' ? 'out' : event.replace('-', ' ').toUpperCase()} · ${detail ?? ''}`);
}

/** The drills of a run under way. */
export class RunDrills {
  readonly #driver: DrillDriver;
  readonly #watch: BreakerWatch;
  readonly #guard: Guard;
  #ending: Promise<RolledBack[]> | null = null;

  constructor(driver: DrillDriver, watch: BreakerWatch, guard: Guard) {
    this.#driver = driver;
    this.#watch = watch;
    this.#guard = guard;
  }

  phaseStarted(name: string | null): void {
    this.#driver.phaseStarted(name);
  }

  /** Takes out whatever is still in, and returns what could not be. May be called again. */
  end(): Promise<RolledBack[]> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<RolledBack[]> {
    const failed = await this.#driver.end();
    await this.#watch.stop();
    this.#guard.release();
    return failed;
  }
}

/**
 * Undoes what drills of earlier runs left in, whose harness and guard were both ended: a run must not measure a target that an
 * earlier one broke. A file that came from elsewhere, or would call hosts that are not allowed here, is left to a person.
 * Throws J_DRILL_LEFTOVER where that cannot be done.
 */
export async function undoLeftovers(reports: string, hosts: readonly string[]): Promise<void> {
  const faults: Fault[] = [];
  for (const { runDir, journal, fault } of [...leftovers(reports), ...leftovers(join(reports, GAME_DAYS))]) {
    if (fault) faults.push(fault);
    if (!journal) continue;
    const path = relative(process.cwd(), journal.path);
    const strange = strangeness(journal, hosts);
    if (strange !== null) {
      faults.push({ where: path, message: strange, hint: `npm run drills -- --rollback ${relative(process.cwd(), runDir)}, once you trust it` });
      continue;
    }
    const results = await rollBack(journal, secretsFor(null));
    for (const { what, why } of results) {
      if (why === null) say(`drill    undone, left by ${journal.runId}: ${what}`);
      else faults.push({ where: path, message: `${what}: ${why}`, hint: `npm run drills -- --rollback ${relative(process.cwd(), runDir)}` });
    }
  }
  if (faults.length > 0) throw new CodedError('J_DRILL_LEFTOVER', faults);
}

/** Returns why what a journal owes is not to be done unasked; null where it may be. */
function strangeness(journal: RollbackJournal, hosts: readonly string[]): string | null {
  if (!journal.isOwn) return 'was written on another machine';
  for (const owed of journal.open) {
    const address = addressOf(owed);
    const host = address === null ? null : (URL.parse(address)?.hostname ?? address);
    if (address === null || host === null || isLoopback(address) || hosts.includes(host)) continue;
    return `would call ${host}, which DRILL_HOSTS does not allow`;
  }
  return null;
}
