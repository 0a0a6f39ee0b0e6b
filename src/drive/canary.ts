import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Locator, Page } from 'playwright';
import { installPerceivedClock, type PerceivedClock } from '../collect/perceived.ts';
import type { CanaryObservation, Role } from '../model/index.ts';
import { seededRandom } from './observers.ts';
import type { BrowserPool, Lease } from './pool.ts';
import { outcomeOf, plainMessage } from './steps.ts';

/** The median of a canary click on the idle machine, by role; null where none could be had. */
export type IdleMs = Record<Role, number | null>;

/** One click. */
export type CanaryClick = Pick<CanaryObservation, 'outcome' | 'latencyMs' | 'driverMs' | 'message'>;

export interface CanaryServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
  /** For the process's own exit, where nothing can be awaited. */
  killNow(): void;
}

const READY_LIMIT_MS = 10_000;
/** A click that has no answer after this is a sample of its own: slower than anything. */
const CLICK_LIMIT_MS = 5_000;
const STOP_LIMIT_MS = 2_000;
/** The crowd's canary decides nothing, so it may cost less: a click takes about 26 ms of CPU (18 of them in the browser). */
const EVERY_MS: Record<Role, number> = { observer: 1_000, crowd: 2_000 };
/** The first clicks of a page compile its code. */
const WARM_UP_CLICKS = 3;
const CALIBRATION_CLICKS = 11;
/** Four seconds are usual; on a machine that is not idle there is nothing to find. */
const CALIBRATION_LIMIT_MS = 8_000;
/** Uneven, so that the clicks fall into every part of the browser's frames. */
const CALIBRATION_PAUSES_MS = [90, 210, 130, 170, 150];

/** Starts the canary's server in a process and session of its own. Throws when it does not come up. */
export async function startCanaryServer(): Promise<CanaryServer> {
  // A session of its own is a scheduling group of its own: it shares its part of the processor with nobody.
  const child = spawn(process.execPath, [fileURLToPath(new URL('./canary-server.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'ignore'], detached: true,
  });
  child.stdin.on('error', () => {});
  const ended = once(child, 'exit').then(() => {}, () => {});
  try {
    const said = once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(READY_LIMIT_MS) });
    const gone = ended.then(() => Promise.reject(new Error("the canary's server ended before it was ready")));
    const [line] = (await Promise.race([said, gone])) as [string];
    gone.catch(() => {});
    const { port } = JSON.parse(line) as { port: number };
    return {
      url: `http://127.0.0.1:${port}/`,
      pid: child.pid ?? 0,
      stop: async () => {
        child.stdin.end();
        child.kill();
        await ended;
      },
      killNow: () => kill(child),
    };
  } catch (error) {
    kill(child);
    throw error;
  }
}

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}

/** The canary's page in one browser context. */
export class CanaryPage {
  readonly #page: Page;
  readonly #clock: PerceivedClock;
  readonly #answer: Locator;

  private constructor(page: Page, clock: PerceivedClock) {
    this.#page = page;
    this.#clock = clock;
    this.#answer = page.locator('#answer');
  }

  /** Opens the page and warms it up. Throws when it cannot be opened. */
  static async open(context: BrowserContext, url: string): Promise<CanaryPage> {
    const clock = await installPerceivedClock(context);
    const page = await context.newPage();
    await page.goto(url, { timeout: READY_LIMIT_MS });
    const canary = new CanaryPage(page, clock);
    for (let click = 0; click < WARM_UP_CLICKS; click += 1) await canary.click();
    return canary;
  }

  /** Clicks once, as a step would, and says what its user perceived. Never throws. */
  async click(): Promise<CanaryClick> {
    const startedMs = performance.now();
    const driverMs = (): number => performance.now() - startedMs;
    try {
      const mark = await this.#clock.beginStep(this.#answer, this.#page);
      // No locator's click: its checks would cost more CPU than all the rest, and the pointer's events are the same.
      await within(CLICK_LIMIT_MS, this.#page.mouse.click(50, 50));
      // The page hides the last answer with the pointer going down, so what is visible from here on is the new one.
      await this.#answer.waitFor({ state: 'visible', timeout: CLICK_LIMIT_MS });
      const { perceivedMs, reason } = await this.#clock.measure(mark, this.#answer);
      if (perceivedMs === null) return { outcome: 'failed', latencyMs: null, driverMs: driverMs(), message: reason ?? 'not measured' };
      return { outcome: 'passed', latencyMs: perceivedMs, driverMs: driverMs() };
    } catch (error) {
      return { outcome: outcomeOf(error), latencyMs: null, driverMs: driverMs(), message: plainMessage(error) };
    }
  }
}

async function within(limitMs: number, action: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  const late = sleep(limitMs, null, { signal: limit.signal }).then(() => {
    throw Object.assign(new Error(`not done after ${limitMs} ms`), { name: 'TimeoutError' });
  });
  try {
    await Promise.race([action, late]);
  } finally {
    limit.abort();
    late.catch(() => {});
    action.catch(() => {});
  }
}

/** Returns the median latency of some clicks, for an idle machine; null where half of them could not be measured in time. */
export async function calibrateCanary(pool: BrowserPool, role: Role, url: string, clicks = CALIBRATION_CLICKS): Promise<number | null> {
  const lease = await pool.acquire(role, {});
  try {
    const page = await CanaryPage.open(lease.context, url);
    const latencies: number[] = [];
    const untilMs = performance.now() + CALIBRATION_LIMIT_MS;
    for (let click = 0; click < clicks && performance.now() < untilMs; click += 1) {
      await sleep(CALIBRATION_PAUSES_MS[click % CALIBRATION_PAUSES_MS.length]);
      const { latencyMs } = await page.click();
      if (latencyMs !== null) latencies.push(latencyMs);
    }
    latencies.sort((a, b) => a - b);
    return latencies.length * 2 <= clicks ? null : (latencies[Math.floor((latencies.length - 1) / 2)] ?? null);
  } finally {
    await lease.release();
  }
}

export interface CanaryOptions {
  pool: BrowserPool;
  role: Role;
  url: string;
  idleMs: number | null;
  seed: number;
  onClick: (click: CanaryClick & Pick<CanaryObservation, 'role' | 'idleMs' | 'excessMs'>) => void;
}

/** Clicks about once a second on a page that lives as long as its browser; a lost page is replaced. */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #ending = new AbortController();
  #lease: Lease | null = null;
  readonly #running: Promise<void>;

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends the click under way, which then counts for nothing, and closes its context. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#lease?.release();
    // A browser that hangs answers nothing; its end is the pool's work.
    await Promise.race([this.#running, sleep(STOP_LIMIT_MS, null, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { seed, role } = this.#options;
    // Jittered, so that it never beats in time with the arrivals.
    const random = seededRandom(`${seed}/canary/${role}`);
    let held: { lease: Lease; page: CanaryPage } | null = null;
    while (!this.#ending.signal.aborted) {
      // A browser that is being replaced ends with its last context: the canary moves on with the users.
      if (held?.lease.retired) held = await letGo(held);
      held ??= await this.#open();
      if (held && !this.#ending.signal.aborted) {
        const click = await held.page.click();
        const lost = held.lease.crashed.aborted || click.outcome === 'failed' || click.outcome === 'timeout';
        if (!this.#ending.signal.aborted) this.#tell(held.lease.crashed.aborted ? crash(click, held.lease) : click);
        if (lost) held = await letGo(held);
      }
      await sleep(EVERY_MS[role] * (0.7 + 0.6 * random()), null, { signal: this.#ending.signal }).catch(() => {});
    }
    await letGo(held);
  }

  async #open(): Promise<{ lease: Lease; page: CanaryPage } | null> {
    const { pool, role, url } = this.#options;
    const startedMs = performance.now();
    this.#lease = null;
    // A page that does not open says what an unanswered click says, and must say it while the run goes on.
    const unopened = (): void => {
      const message = `the page was not open after ${Math.round(performance.now() - startedMs)} ms`;
      if (!this.#ending.signal.aborted) this.#tell({ outcome: 'timeout', latencyMs: null, driverMs: CLICK_LIMIT_MS, message });
    };
    const late = setInterval(unopened, CLICK_LIMIT_MS);
    try {
      this.#lease = await pool.acquire(role, {});
      if (this.#ending.signal.aborted) return await letGo({ lease: this.#lease });
      return { lease: this.#lease, page: await CanaryPage.open(this.#lease.context, url) };
    } catch (error) {
      await letGo(this.#lease && { lease: this.#lease });
      const driverMs = performance.now() - startedMs;
      if (!this.#ending.signal.aborted) this.#tell({ outcome: outcomeOf(error), latencyMs: null, driverMs, message: plainMessage(error) });
      return null;
    } finally {
      clearInterval(late);
    }
  }

  #tell(click: CanaryClick): void {
    const { role, idleMs, onClick } = this.#options;
    const latencyMs = click.latencyMs === null ? null : tenth(click.latencyMs);
    const excessMs = latencyMs === null || idleMs === null ? null : tenth(latencyMs - idleMs);
    onClick({ ...click, latencyMs, driverMs: tenth(click.driverMs), role, idleMs, excessMs });
  }
}

/** Finer than a tenth no frame is. */
function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function crash(click: CanaryClick, lease: Lease): CanaryClick {
  return { ...click, outcome: 'crashed', latencyMs: null, message: String(lease.crashed.reason) };
}

async function letGo(held: { lease: Lease } | null): Promise<null> {
  await held?.lease.release();
  return null;
}
