import { parseSelector, type Selector } from '../model/kpi-selector.ts';
import type { DrillObservation } from '../model/index.ts';
import { scrape, type Scraped } from './metrics/scrape.ts';
import type { Sample } from './metrics/exposition.ts';

export type BreakerState = NonNullable<DrillObservation['state']>;

/** A dependency to look at, by metrics of the target; null for what is not asked. */
export interface Watched {
  dependency: string;
  /** 0 closed, 1 half open, 2 open, a series a process. */
  breakerMetric: string | null;
  /** Counter of its changes by the label `to`: a breaker that was half open for a moment is seen in it only. */
  transitionsMetric: string | null;
  /** Counter of the requests sent to it. */
  requestsMetric: string | null;
}

export interface BreakerChange {
  dependency: string;
  state: BreakerState;
  /** When the look before saw another state; null for the first look. */
  sinceMs: number | null;
  /** Why it is unknown. */
  detail?: string;
}

export interface RequestCount {
  dependency: string;
  requests: number;
  /** From the beginning of the look before to that of this one. */
  overMs: number;
  /** How long this one took: the counter was read at some time within. */
  tookMs: number;
}

export interface BreakerOptions {
  /** The target's metrics pages. */
  urls: readonly string[];
  everyMs: number;
  /** What marks its requests as those of a test. */
  headers?: Record<string, string>;
  /** Milliseconds since the run's start, monotonic. */
  now: () => number;
  onBreaker: (change: BreakerChange) => void;
  onRequests: (count: RequestCount) => void;
}

/** A page that takes longer tells nothing of now. */
const LOOK_LIMIT_MS = 2_000;

interface Follow {
  dependency: string;
  breaker: Selector | null;
  transitions: Selector | null;
  requests: Selector | null;
  state: BreakerState | null;
  /** Of the last look. */
  lookedMs: number | null;
  /** Changes to each state as of the last look. */
  changes: ReadonlyMap<string, number>;
  /** The last sum of the counter, and when it was read. */
  counted: { sum: number; atMs: number } | null;
}

/**
 * Looks at breakers on the target's metrics pages while a drill is held, and tells each change of state. The worst process
 * counts: a breaker is closed again when it is in every process. What cannot be read is unknown, never closed.
 */
export class BreakerWatch {
  readonly #options: BreakerOptions;
  #follows: Follow[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Looks at these from now on, beginning at once, and at none of those before. */
  watch(dependencies: readonly Watched[]): void {
    clearInterval(this.#timer);
    const selector = (metric: string | null): Selector | null => (metric === null ? null : parseSelector(metric));
    this.#follows = dependencies.map(({ dependency, breakerMetric, transitionsMetric, requestsMetric }) => ({
      dependency, state: null, lookedMs: null, changes: new Map(), counted: null,
      breaker: selector(breakerMetric), transitions: selector(transitionsMetric), requests: selector(requestsMetric),
    }));
    if (this.#follows.length === 0) return;
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs);
    this.#timer.unref();
    void this.look();
  }

  /** Takes one look; on a machine so busy that the one before is not over, none. Never throws. */
  look(): Promise<void> {
    this.#looking ??= this.#look(this.#follows).finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async stop(): Promise<void> {
    this.watch([]);
    await this.#looking;
  }

  async #look(follows: readonly Follow[]): Promise<void> {
    const { urls, now, headers = {} } = this.#options;
    const names = new Set(follows.flatMap(({ breaker, transitions, requests }) => [breaker?.name, transitions?.name, requests?.name]));
    const atMs = now();
    const how = { wanted: (name: string) => names.has(name), now, limitMs: LOOK_LIMIT_MS, headers };
    const pages = await Promise.all(urls.map((url) => scrape(url, how)));
    // Another drill has begun meanwhile.
    if (follows !== this.#follows) return;
    const samples = pages.flatMap((page) => ('page' in page ? page.page.samples : []));
    const missing = pages.flatMap((page) => ('missing' in page ? [page.missing] : []))[0] ?? (urls.length === 0 ? 'no metrics page is read' : null);
    for (const follow of follows) {
      const passed = follow.transitions && missing === null ? passedThrough(follow, samples.filter(fits(follow.transitions))) : [];
      for (const state of passed) this.#seeState(follow, { state }, follow.lookedMs ?? atMs);
      if (follow.breaker) this.#seeState(follow, stateOf(samples.filter(fits(follow.breaker)), missing), atMs);
      if (follow.requests && missing === null) this.#count(follow, samples.filter(fits(follow.requests)), pages, { atMs, tookMs: now() - atMs });
    }
  }

  #seeState(follow: Follow, { state, detail }: { state: BreakerState; detail?: string }, atMs: number): void {
    if (state !== follow.state) {
      this.#options.onBreaker({ dependency: follow.dependency, state, sinceMs: follow.lookedMs, ...(detail === undefined ? {} : { detail }) });
    }
    follow.state = state;
    follow.lookedMs = atMs;
  }

  #count(follow: Follow, samples: readonly Sample[], pages: readonly Scraped[], { atMs, tookMs }: { atMs: number; tookMs: number }): void {
    // A counter that no process has counted up yet may not be there: it stands at zero.
    if (pages.length === 0) return;
    const sum = samples.reduce((all, { value }) => all + (Number.isFinite(value) ? value : 0), 0);
    const before = follow.counted;
    follow.counted = { sum, atMs };
    // One that fell was begun anew, with a process: how many came in between nobody knows.
    if (!before || sum < before.sum || atMs <= before.atMs) return;
    this.#options.onRequests({ dependency: follow.dependency, requests: Math.round(sum - before.sum), overMs: atMs - before.atMs, tookMs });
  }
}

/** Returns the states that a breaker passed through since the last look, in the order in which breakers do. */
function passedThrough(follow: Follow, samples: readonly Sample[]): BreakerState[] {
  const changes = new Map<string, number>();
  for (const { labels, value } of samples) changes.set(labels.get('to') ?? '', (changes.get(labels.get('to') ?? '') ?? 0) + value);
  const before = follow.changes;
  follow.changes = changes;
  // What was not there at the last look tells nothing of a growth.
  return (['open', 'half-open'] as const).filter((state) => (changes.get(state) ?? 0) > (before.get(state) ?? Infinity));
}

function fits({ name, matches }: Selector): (sample: Sample) => boolean {
  return (sample) => sample.name === name && matches(sample.labels);
}

/** Open in one page is open, whatever a page that cannot be read would say. */
function stateOf(samples: readonly Sample[], missing: string | null): { state: BreakerState; detail?: string } {
  const worst = Math.max(...samples.flatMap(({ value }) => (Number.isFinite(value) ? [value] : [])));
  if (worst >= 2) return { state: 'open' };
  if (missing !== null) return { state: 'unknown', detail: missing };
  if (worst === -Infinity) return { state: 'unknown', detail: 'no process tells of this breaker' };
  return { state: worst >= 1 ? 'half-open' : 'closed' };
}
