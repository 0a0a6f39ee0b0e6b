import { once } from 'node:events';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BrowserContext } from 'playwright';
import type { Role } from '../model/index.ts';

export interface TraceSettings {
  /** Traces of each distinct failure (journey, step and code). */
  perError: number;
  perRun: number;
}

/** The trace of one user, recorded or not. */
export interface UserTrace {
  /** Notes a failed step. Returns the file name of its trace inside the run folder, if there is one. Never throws. */
  failed(step: string, code: string, ending: AbortSignal): Promise<string | undefined>;
  /** Ends the recording, if there is one. Never throws. */
  end(): Promise<void>;
}

interface Kind {
  journey: string;
  saved: number;
  /** Recorded users of this journey that did not fail this way. */
  missed: number;
}

/** A recorded user costs half as much CPU again in Node, 17 % in all (a film would make it 32 %): so only few at a time. */
const MOST_AT_ONCE = 2;
/** A failure that did not show again in so many recorded users is too rare to be caught this way. */
const MOST_MISSES = 40;
/** Steps can be named by whoever writes a journey; a name with a number in it must not fill the memory. */
const MOST_KINDS = 200;
const STOP_LIMIT_MS = 5_000;
const MASK_LIMIT_MS = 15_000;
const MOST_BYTES = 50_000_000;

/**
 * Playwright traces of failed steps, a few of each kind. Recording costs CPU, so it begins only after a failure was seen:
 * then the next users of that journey's crowd are recorded until enough have failed in the same way. Under load never observers:
 * their latency must stay undisturbed. A failure that happens once has its picture, and no trace.
 */
export class FailureTraces {
  readonly #settings: TraceSettings;
  readonly #folder: string;
  readonly #roles: readonly Role[];
  readonly #kinds = new Map<string, Kind>();
  #recording = 0;
  #saved = 0;

  /** `folder` is where pictures of failures are kept, too. `roles`: whose failures; observers only where nobody judges their latency. */
  constructor(settings: TraceSettings, folder: string, roles: readonly Role[] = ['crowd']) {
    this.#settings = settings;
    this.#folder = folder;
    this.#roles = roles;
  }

  /** Users that are recorded now. */
  get recording(): number {
    return this.#recording;
  }

  /** Starts the recording of a user where one is wanted. Never throws. */
  async begin(user: { vu: string; journey: string; role: Role }, context: BrowserContext): Promise<UserTrace> {
    const wanted = this.#wanted(user.journey);
    const records = this.#roles.includes(user.role) && wanted.length > 0 && this.#recording < MOST_AT_ONCE && await this.#start(context);
    if (!records) return { failed: async (step, code) => void this.#kind(user.journey, step, code), end: async () => {} };

    let open = true;
    let failure: Kind | null = null;
    const free = (): void => {
      if (open) this.#recording -= 1;
      open = false;
    };
    // A user that is ended from outside may never come to its end here.
    context.once('close', free);
    const stop = async (path?: string): Promise<boolean> => {
      free();
      return within(context.tracing.stop(path === undefined ? {} : { path }), STOP_LIMIT_MS);
    };
    return {
      failed: async (step, code, ending) => {
        const kind = this.#kind(user.journey, step, code);
        if (!open || !kind || kind.saved >= this.#settings.perError || this.#saved >= this.#settings.perRun) return undefined;
        failure = kind;
        // Counted before it is there, so that two users cannot both be the last one.
        kind.saved += 1;
        this.#saved += 1;
        const name = `${`${user.vu}-${step}`.replace(/[^A-Za-z0-9._-]+/g, '-')}.zip`;
        const ended = new Promise<false>((resolve) => ending.addEventListener('abort', () => resolve(false), { once: true }));
        if (!ending.aborted && await Promise.race([this.#save(stop, name), ended])) return `failures/${name}`;
        kind.saved -= 1;
        this.#saved -= 1;
        return undefined;
      },
      end: async () => {
        for (const kind of wanted) if (kind !== failure) kind.missed += 1;
        if (open) await stop();
      },
    };
  }

  #wanted(journey: string): Kind[] {
    if (this.#saved >= this.#settings.perRun) return [];
    return [...this.#kinds.values()].filter((kind) => kind.journey === journey && kind.saved < this.#settings.perError && kind.missed < MOST_MISSES);
  }

  #kind(journey: string, step: string, code: string): Kind | null {
    const key = JSON.stringify([journey, step, code]);
    const known = this.#kinds.get(key);
    if (known || this.#kinds.size >= MOST_KINDS) return known ?? null;
    const kind = { journey, saved: 0, missed: 0 };
    this.#kinds.set(key, kind);
    return kind;
  }

  async #start(context: BrowserContext): Promise<boolean> {
    // Counted at once: the users that arrive while this one starts must see it.
    this.#recording += 1;
    // No film: it would show what snapshots can be cleaned of, and costs more than all the rest.
    const started = await within(context.tracing.start({ snapshots: true, screenshots: false, sources: false }), STOP_LIMIT_MS);
    if (!started) this.#recording -= 1;
    return started;
  }

  /** The raw trace holds secrets: it is kept where only this user may look, for the time of masking it. */
  async #save(stop: (path: string) => Promise<boolean>, name: string): Promise<boolean> {
    let raw: string | null = null;
    try {
      raw = await mkdtemp(join(tmpdir(), 'openshow-trace-'));
      const from = join(raw, 'trace.zip');
      if (!await stop(from) || (await stat(from)).size > MOST_BYTES) return false;
      await mkdir(this.#folder, { recursive: true });
      return await mask(from, join(this.#folder, name));
    } catch {
      // No room, or no page left to ask: the failure is told by its error and picture alone.
      return false;
    } finally {
      if (raw) await rm(raw, { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function mask(from: string, to: string): Promise<boolean> {
  const worker = new Worker(new URL('../collect/trace-mask-worker.ts', import.meta.url), { workerData: { from, to } });
  try {
    const [code] = (await once(worker, 'exit', { signal: AbortSignal.timeout(MASK_LIMIT_MS) })) as [number];
    return code === 0;
  } finally {
    await worker.terminate();
  }
}

/** Returns whether the promise resolved in time; never rejects. */
async function within(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, limitMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true, () => false), late]);
  } finally {
    clearTimeout(timer);
  }
}
