import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRouter } from '../../src/collect/routes.ts';
import { actJourney } from '../../src/drive/act.ts';
import type { ResolvedBrowser } from '../../src/drive/browser.ts';
import { createLauncher } from '../../src/drive/launcher.ts';
import { BrowserPool } from '../../src/drive/pool.ts';
import { askOnce } from '../../src/drive/practice.ts';
import { OBSERVATION_VERSION, type Observation, type Role } from '../../src/model/index.ts';

export const ANSWER_MS = 120;
/** Starts of a measured user, at any load: a sample of the arrivals, few enough to be no load of their own. */
const MEASURED_EVERY_MS = 700;
const STEP_LIMIT_MS = 60_000;

/** `split`: observers apart, the crowd at the lowest priority. `one`: everybody in one browser at normal priority. */
export type Kind = 'split' | 'one';

export interface Seen {
  /** By the page's own script, in the measured users. */
  truthMs: number[];
  /** By the probe, in the measured users. */
  probeMs: number[];
  /** By Playwright from outside, in crowd users. */
  playwrightMs: number[];
  crowdPerSecond: number;
  /** Crowd and measured users together. */
  allPerSecond: number;
  cpuShare: number;
  failed: number;
}

/** The browsers of both arrangements, and the users in them. */
export class Lab {
  readonly #pools: Record<Kind, BrowserPool>;
  readonly #url: string;
  readonly #journey = askOnce(ANSWER_MS);

  constructor(resolved: ResolvedBrowser, folder: string, url: string) {
    const launch = createLauncher(resolved, folder);
    const options = { recycleAfterContexts: 1_000_000 };
    this.#pools = { split: new BrowserPool(launch, options), one: new BrowserPool(() => launch('observer'), options) };
    this.#url = url;
  }

  /** Starts every browser and acts in each, so that nothing is done for the first time later. */
  async warm(): Promise<void> {
    await this.#pools.split.warm(['observer', 'crowd']);
    await this.#pools.one.warm(['observer']);
    for (const kind of ['split', 'one'] as const) {
      for (let i = 0; i < 3; i += 1)
        await Promise.all([this.#live(kind, 'observer', null), this.#live(kind, 'crowd', null)]);
    }
  }

  crowdPid(): Promise<number> {
    return this.#pools.split.pid('crowd');
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.close()));
  }

  /**
   * Has `users` crowd users live journey after journey, each beginning no sooner than `paceMs` after the one before;
   * measured users come at their rate. What begins in the settling time, or ends later, is not kept.
   */
  async stretch(kind: Kind, users: number, paceMs: number | null, settleMs: number, durationMs: number): Promise<Seen> {
    const seen: Seen = {
      truthMs: [],
      probeMs: [],
      playwrightMs: [],
      crowdPerSecond: 0,
      allPerSecond: 0,
      cpuShare: 0,
      failed: 0,
    };
    const counted = { crowd: 0, observer: 0 };
    const fromMs = performance.now() + settleMs;
    const untilMs = fromMs + durationMs;
    const live = async (role: Role): Promise<void> => {
      const startedMs = performance.now();
      const kept = await this.#live(kind, role, startedMs >= fromMs ? seen : null).then(
        () => true,
        () => false,
      );
      const endedMs = performance.now();
      if (!kept) seen.failed += 1;
      else if (endedMs >= fromMs && endedMs < untilMs) counted[role] += 1;
    };
    const crowd = Array.from({ length: users }, async (_, user) => {
      let nextMs = performance.now() + ((paceMs ?? 200) * user) / users;
      while (performance.now() < untilMs) {
        await sleep(Math.max(0, nextMs - performance.now()));
        nextMs = performance.now() + (paceMs ?? 0);
        await live('crowd');
      }
    });
    const measured: Promise<void>[] = [];
    await sleep(settleMs);
    const before = cpuTimes();
    for (let nextMs = fromMs; nextMs < untilMs; nextMs += MEASURED_EVERY_MS) {
      await sleep(Math.max(0, nextMs - performance.now()));
      measured.push(live('observer'));
    }
    await sleep(Math.max(0, untilMs - performance.now()));
    const after = cpuTimes();
    await Promise.all([...crowd, ...measured]);
    seen.cpuShare = (after.busyMs - before.busyMs) / Math.max(1, after.totalMs - before.totalMs);
    seen.crowdPerSecond = (1_000 * counted.crowd) / durationMs;
    seen.allPerSecond = (1_000 * (counted.crowd + counted.observer)) / durationMs;
    return seen;
  }

  async #live(kind: Kind, role: Role, seen: Seen | null): Promise<void> {
    // In one browser a measured user differs from the others by the probe alone.
    const lease = await this.#pools[kind].acquire(kind === 'one' ? 'observer' : role, { baseURL: this.#url });
    try {
      await actJourney(this.#journey, {
        base: { v: OBSERVATION_VERSION, runId: 'bench', phase: null, vu: 'bench', journey: this.#journey.name, role },
        context: lease.context,
        sink: { record: (one) => seen && keep(one, role, seen) },
        now: () => performance.now(),
        route: createRouter(this.#url, []),
        fixtures: {},
        stepDeadlineMs: STEP_LIMIT_MS,
        failuresFolder: null,
        ending: new AbortController().signal,
      });
      if (role === 'observer' && seen) {
        const truthMs = await lease.context
          .pages()[0]
          ?.evaluate(() => (window as unknown as { truthMs?: number }).truthMs);
        if (truthMs !== undefined) seen.truthMs.push(truthMs);
      }
    } finally {
      await lease.release();
    }
  }
}

function keep(one: Observation, role: Role, seen: Seen): void {
  if (one.kind !== 'step' || one.name !== 'ask' || one.outcome !== 'passed') return;
  if (role === 'crowd') seen.playwrightMs.push(one.driverMs);
  else if (one.perceivedMs !== null) seen.probeMs.push(one.perceivedMs);
}

function cpuTimes(): { busyMs: number; totalMs: number } {
  let [busyMs, totalMs] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.idle + times.irq;
    totalMs += sum;
    busyMs += sum - times.idle;
  }
  return { busyMs, totalMs };
}
