import { once } from 'node:events';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright';
import type { Role } from '../model/index.ts';
import type { Launch, LaunchedBrowser } from './launcher.ts';

/** How long a context or browser may take to close before it is left to the browser's end. */
const CLOSE_LIMIT_MS = 5_000;
/** A context takes some ms of CPU; a browser that makes none in this time hangs, however starved the crowd may be. */
const CONTEXT_LIMIT_MS = 30_000;

interface Running extends LaunchedBrowser {
  role: Role;
  /** Contexts made so far, for recycling. */
  made: number;
  open: Set<Lease>;
  retired: boolean;
}

/** One virtual user's browser context. */
export interface Lease {
  readonly context: BrowserContext;
  /** Aborted when the browser or one of the context's pages dies; the reason says which. */
  readonly crashed: AbortSignal;
  /** Whether the context's browser takes no new users any more, and waits for those it has. */
  readonly retired: boolean;
  /** Closes the context, within a bound. Never throws. */
  release(): Promise<void>;
}

export interface PoolOptions {
  recycleAfterContexts: number;
  /** For tests: how long a browser may take to make a context; half a minute when left out. */
  contextLimitMs?: number;
}

/**
 * Two browsers for any number of virtual users: one for observers, one for the crowd. One launch each however many first
 * arrivals come at once; a crashed browser is replaced at the next arrival; after a set number of contexts a fresh one
 * takes over and the old one closes with its last user.
 */
export class BrowserPool {
  readonly #launch: Launch;
  readonly #options: PoolOptions;
  readonly #current = new Map<Role, Promise<Running>>();
  readonly #all = new Set<Running>();
  #closed = false;
  #launches = 0;

  constructor(launch: Launch, options: PoolOptions) {
    this.#launch = launch;
    this.#options = options;
  }

  /** Browsers started so far. */
  get launches(): number {
    return this.#launches;
  }

  /** Process ids of the browsers that run now. */
  get pids(): number[] {
    return [...this.#all].map((running) => running.pid);
  }

  /** Starts the browsers for these roles, so that the first users do not wait for them. Throws what the launch throws. */
  async warm(roles: Role[]): Promise<Map<Role, Browser>> {
    const entries = await Promise.all(roles.map(async (role) => [role, (await this.#running(role)).browser] as const));
    return new Map(entries);
  }

  /** Returns the process id of the role's browser, starting it if need be. */
  async pid(role: Role): Promise<number> {
    return (await this.#running(role)).pid;
  }

  /** Returns a fresh context for one user. Throws when no browser can be started. */
  async acquire(role: Role, options: BrowserContextOptions): Promise<Lease> {
    const running = await this.#running(role);
    running.made += 1;
    if (running.made >= this.#options.recycleAfterContexts) this.#retire(running);
    const crash = new AbortController();
    const hold: Lease = {
      context: undefined as never,
      crashed: crash.signal,
      get retired() { return running.retired; },
      release: async () => {},
    };
    // Held before the context exists, so that a retiring browser waits for it.
    running.open.add(hold);
    try {
      const context = await this.#newContext(running, options);
      const onDisconnect = (): void => crash.abort('the browser ended unexpectedly');
      running.browser.on('disconnected', onDisconnect);
      context.on('page', (page) => page.on('crash', () => crash.abort('the page crashed')));
      let released: Promise<void> | null = null;
      return Object.assign(hold, {
        context,
        release: () => (released ??= this.#release(running, hold, onDisconnect)),
      });
    } catch (error) {
      running.open.delete(hold);
      this.#closeIfDone(running);
      throw error;
    }
  }

  /** Ends every browser, within a bound. */
  async close(): Promise<void> {
    this.#closed = true;
    await within(Promise.allSettled([...this.#current.values()]), CLOSE_LIMIT_MS);
    await Promise.all([...this.#all].map((running) => this.#end(running)));
  }

  /** A browser that hangs makes no contexts, and says nothing: it takes no new users, and ends with those it has. */
  async #newContext(running: Running, options: BrowserContextOptions): Promise<BrowserContext> {
    const limitMs = this.#options.contextLimitMs ?? CONTEXT_LIMIT_MS;
    const making = running.browser.newContext(options);
    if (await within(making, limitMs)) return making;
    this.#retire(running);
    void making.then((context) => context.close()).catch(() => {});
    throw Object.assign(new Error(`the browser made no context within ${limitMs} ms`), { name: 'TimeoutError' });
  }

  async #release(running: Running, lease: Lease, onDisconnect: () => void): Promise<void> {
    running.browser.off('disconnected', onDisconnect);
    const closed = await within(lease.context.close(), CLOSE_LIMIT_MS);
    running.open.delete(lease);
    // A browser whose contexts no longer close takes no new users.
    if (!closed) this.#retire(running);
    this.#closeIfDone(running);
  }

  #running(role: Role): Promise<Running> {
    if (this.#closed) return Promise.reject(new Error('the browser pool is closed'));
    const current = this.#current.get(role);
    if (current) return current;
    const starting = this.#start(role);
    this.#current.set(role, starting);
    starting.catch(() => {
      // The next arrival tries again: one failed launch must not fail the rest of the run.
      if (this.#current.get(role) === starting) this.#current.delete(role);
    });
    return starting;
  }

  async #start(role: Role): Promise<Running> {
    this.#launches += 1;
    const launched = await this.#launch(role);
    const running: Running = { ...launched, role, made: 0, open: new Set(), retired: false };
    this.#all.add(running);
    // Too late: whoever closed the pool no longer waits for this one.
    if (this.#closed) void this.#end(running);
    running.browser.once('disconnected', () => {
      this.#all.delete(running);
      this.#retire(running);
    });
    return running;
  }

  #retire(running: Running): void {
    if (running.retired) return;
    running.retired = true;
    this.#current.delete(running.role);
  }

  #closeIfDone(running: Running): void {
    if (running.retired && running.open.size === 0) void this.#end(running);
  }

  async #end(running: Running): Promise<void> {
    if (!running.browser.isConnected()) return;
    const gone = once(running.browser as unknown as NodeJS.EventEmitter, 'disconnected');
    const closed = await within(Promise.all([running.browser.close(), gone]), CLOSE_LIMIT_MS);
    if (!closed) killQuietly(running.pid);
  }
}

/** Returns whether the promise settled in time; never rejects. */
async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const settled = promise.then(() => true, () => true);
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Already gone, which is what was wanted.
  }
}
