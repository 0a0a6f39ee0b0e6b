import { setTimeout as sleep } from 'node:timers/promises';
import { cpuTimes, memory, processTrees } from '../collect/system.ts';
import { CodedError } from '../errors.ts';
import type { ValidityRules } from '../model/index.ts';
import { findLaneRate } from './api/lane-rate.ts';
import type { ResolvedBrowser } from './browser.ts';
import { fingerprint, isPlausibleIdle, type Calibration } from './calibration.ts';
import { CanaryPage, calibrateCanary, startCanaryServer } from './canary.ts';
import { createLauncher } from './launcher.ts';
import { offer } from './offer.ts';
import { BrowserPool, type Lease } from './pool.ts';
import { startPracticeSite } from './practice.ts';
import { practiceUsers } from './practice-users.ts';
import { searchRate } from './rate-search.ts';

export interface CalibrateOptions {
  browser: ResolvedBrowser;
  crowdPriority: string;
  /** What counts as disturbed. */
  rules: Pick<ValidityRules, 'max_canary_excess_ms' | 'max_canary_excess_percent'>;
  /** Takes the browsers' start scripts. */
  folder: string;
  /** Told of each step, for people. */
  progress: (line: string) => void;
  startedAt: Date;
}

/** A machine at rest is busy for less than this share of its time. */
const MOST_BUSY_SHARE = 0.2;
const REST_MS = 3_000;
const STEP_MS = 5_000;
const GRACE_MS = 1_000;
const LEAST_IN_TIME = 0.95;
/** Users who stay are brought in as fast as this at most, for this long. */
const FILL = { perSecond: 4, forMs: 30_000, everyMs: 5_000 };
const MEMORY_RESERVE_BYTES = 512 * 1024 ** 2;

/**
 * Finds what this machine makes before it distorts what it measures: journeys a second by a search in which a canary
 * watches, users at once by filling the crowd's browser and its memory. Takes about two minutes of an idle machine.
 * Throws J_BUSY when it is not idle.
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { browser, crowdPriority, folder, progress } = options;
  await mustRest();
  const [site, server] = await Promise.all([startPracticeSite(), startCanaryServer()]);
  const pool = new BrowserPool(createLauncher(browser, folder), { recycleAfterContexts: 1_000_000 });
  try {
    await pool.warm(['observer', 'crowd']);
    const [observer, crowd] = [
      await calibrateCanary(pool, 'observer', server.url),
      await calibrateCanary(pool, 'crowd', server.url),
    ];
    if (!isPlausibleIdle(observer) || !isPlausibleIdle(crowd)) {
      const shown = [observer, crowd].map((ms) => (ms === null ? 'none' : `${ms.toFixed(1)} ms`)).join(' and ');
      throw new CodedError('J_BUSY', [
        { where: 'canary', message: `${shown} without any load; 50 to 130 ms can be believed` },
      ]);
    }
    progress(`canary at rest: observer ${observer.toFixed(1)} ms, crowd ${crowd.toFixed(1)} ms`);
    const watch = await Watch.open(await pool.acquire('observer', {}), server.url, observer, options.rules);
    const perSecond = await findRate(pool, site.url, watch, progress);
    const users = perSecond === null ? null : await findUsers(pool, site.url, watch, progress);
    const apiPerSecond = await findLaneRate(site.url, folder, progress);
    return {
      version: 1,
      fingerprint: fingerprint(browser.version, crowdPriority),
      measuredAt: options.startedAt.toISOString(),
      observerIdleMs: observer,
      crowdIdleMs: crowd,
      journeysPerSecond: perSecond,
      concurrentUsers: users,
      apiPerSecond,
    };
  } finally {
    await pool.close();
    await Promise.all([site.stop(), server.stop()]);
  }
}

/** Before anything of our own runs: what others take now would be taken for the machine's end. */
async function mustRest(): Promise<void> {
  const before = cpuTimes('/');
  await sleep(REST_MS);
  const after = cpuTimes('/');
  if (!before || !after) return;
  const share = (after.busyMs - before.busyMs) / Math.max(1, after.totalMs - before.totalMs);
  if (share <= MOST_BUSY_SHARE) return;
  throw new CodedError('J_BUSY', [
    { where: 'processors', message: `${Math.round(100 * share)} % in use without any load of ours` },
  ]);
}

/** A canary that says whether the observers are undisturbed. */
class Watch {
  readonly #page: CanaryPage;
  readonly #idleMs: number;
  readonly #limitMs: number;

  private constructor(page: CanaryPage, idleMs: number, limitMs: number) {
    this.#page = page;
    this.#idleMs = idleMs;
    this.#limitMs = limitMs;
  }

  static async open(lease: Lease, url: string, idleMs: number, rules: CalibrateOptions['rules']): Promise<Watch> {
    const limitMs = Math.max(rules.max_canary_excess_ms, (idleMs * rules.max_canary_excess_percent) / 100);
    return new Watch(await CanaryPage.open(lease.context, url), idleMs, limitMs);
  }

  /** Clicks for so long; a click without an answer is slower than all others. */
  async during(durationMs: number): Promise<{ excessMs: number; undisturbed: boolean }> {
    const untilMs = performance.now() + durationMs;
    const excesses: number[] = [];
    while (performance.now() < untilMs || excesses.length === 0) {
      const { latencyMs } = await this.#page.click();
      excesses.push(latencyMs === null ? Infinity : latencyMs - this.#idleMs);
      await sleep(150 + (excesses.length % 5) * 17);
    }
    excesses.sort((a, b) => a - b);
    const excessMs = excesses[Math.floor((excesses.length - 1) / 2)] ?? Infinity;
    return { excessMs, undisturbed: excessMs <= this.#limitMs };
  }
}

/** Returns the most journeys a second of which 95 % keep up while the observers are undisturbed. */
async function findRate(
  pool: BrowserPool,
  url: string,
  watch: Watch,
  progress: (line: string) => void,
): Promise<number | null> {
  const user = practiceUsers(pool, url);
  // The first users fill caches.
  await offer({ ratePerSecond: 2, durationMs: 2_000, maxUnderWay: 10, graceMs: GRACE_MS }, user);
  const found = await searchRate(
    { startPerSecond: 2, maxPerSecond: 64, refinements: 2, chances: 1 },
    async (ratePerSecond) => {
      const maxUnderWay = 10 + Math.ceil(2 * ratePerSecond);
      const [offered, seen] = await Promise.all([
        offer({ ratePerSecond, durationMs: STEP_MS, maxUnderWay, graceMs: GRACE_MS }, user),
        watch.during(STEP_MS),
      ]);
      const kept = offered.inTime / Math.round((ratePerSecond * STEP_MS) / 1_000);
      const held = kept >= LEAST_IN_TIME && seen.undisturbed;
      progress(
        `${ratePerSecond} journeys a second: ${Math.round(100 * kept)} % kept up, ` +
          `canary ${signed(seen.excessMs)}${held ? '' : ': too many'}`,
      );
      return held;
    },
  );
  return found.bestPerSecond;
}

/**
 * Returns how many users fit at once. Pages are opened and stay, until the observers are disturbed or the time is over;
 * in the latter case memory is the bound: what is left of it, by what each of those pages took.
 */
async function findUsers(
  pool: BrowserPool,
  url: string,
  watch: Watch,
  progress: (line: string) => void,
): Promise<number | null> {
  const leases: Lease[] = [];
  const before = await room(pool);
  const untilMs = performance.now() + FILL.forMs;
  try {
    while (performance.now() < untilMs) {
      const filling = fill(pool, url, leases, Math.min(untilMs, performance.now() + FILL.everyMs));
      const [seen] = await Promise.all([watch.during(FILL.everyMs), filling]);
      progress(
        `${leases.length} users at once: canary ${signed(seen.excessMs)}${seen.undisturbed ? '' : ': too many'}`,
      );
      if (!seen.undisturbed) return Math.max(1, leases.length - Math.round((FILL.perSecond * FILL.everyMs) / 1_000));
    }
    const after = await room(pool);
    if (
      before.browsersBytes === null ||
      after.browsersBytes === null ||
      after.freeBytes === null ||
      leases.length === 0
    )
      return leases.length;
    const bytesPerUser = Math.max(1, (after.browsersBytes - before.browsersBytes) / leases.length);
    const more = Math.max(0, Math.floor((after.freeBytes - MEMORY_RESERVE_BYTES) / bytesPerUser));
    progress(`${Math.round(bytesPerUser / 1024 ** 2)} MiB a user: room for ${leases.length + more}`);
    return leases.length + more;
  } finally {
    await Promise.all(leases.map((lease) => lease.release()));
  }
}

async function fill(pool: BrowserPool, url: string, leases: Lease[], untilMs: number): Promise<void> {
  for (let nextMs = performance.now(); nextMs < untilMs; nextMs += 1_000 / FILL.perSecond) {
    await sleep(Math.max(0, nextMs - performance.now()));
    const lease = await pool.acquire('crowd', { baseURL: url });
    leases.push(lease);
    const page = await lease.context.newPage();
    await page.goto('/');
  }
}

async function room(pool: BrowserPool): Promise<{ browsersBytes: number | null; freeBytes: number | null }> {
  const [observer, crowd] = [await pool.pid('observer'), await pool.pid('crowd')];
  return { browsersBytes: processTrees('/', [observer, crowd])?.bytes ?? null, freeBytes: memory('/').availableBytes };
}

function signed(excessMs: number): string {
  if (excessMs === Infinity) return 'without an answer';
  return `${excessMs < 0 ? '−' : '+'}${Math.abs(excessMs).toFixed(1)} ms`;
}
