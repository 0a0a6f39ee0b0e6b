import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import CircuitBreaker from 'opossum';
import type { Figure } from './figures.ts';
import { isFault, retryAfterMs, statusOf, withRetries } from './retry.ts';
import type { RetrySettings } from './retry.ts';

export type BreakerState = 'closed' | 'half-open' | 'open';
type RequestOutcome = 'ok' | 'failed' | 'timeout' | 'rejected' | 'rate_limited';

export interface BreakerSettings {
  /** Time limit of one call; its signal is aborted then. */
  timeoutMs: number;
  /** Calls within the window before failures count for anything: a single failure in a quiet hour opens nothing. */
  volumeThreshold: number;
  /** Opens when more than this share of the calls in the window failed. */
  errorPercent: number;
  windowMs: number;
  /** Stays open for a random time between these, so that the processes do not all ask again at once. */
  resetMinMs: number;
  resetMaxMs: number;
  /**
   * Asked when half open. With it no user's call is the trial, and the breaker of a process without traffic closes too;
   * without it the next call is the trial.
   */
  probe: ((signal: AbortSignal) => Promise<unknown>) | null;
}

/**
 * Three calls: one user's call and its two retries are enough where each fails at once. More than half of the calls of
 * 12 s: where all calls hang, that is seven seconds after the first one, also at only three calls in this time. Open for
 * 2 to 4 s: a fallback not needed costs its user little, a dependency that hangs costs each user the time limit.
 */
const DEFAULTS: BreakerSettings = {
  timeoutMs: 2000, volumeThreshold: 3, errorPercent: 50, windowMs: 12_000, resetMinMs: 2000, resetMaxMs: 4000,
  probe: null,
};
const LEVELS: Record<BreakerState, number> = { 'closed': 0, 'half-open': 1, 'open': 2 };

/** The breaker is open: the dependency was not asked. */
export class BreakerOpen extends Error {
  readonly dependency: string;
  constructor(dependency: string) {
    super(`${dependency} was not asked: it failed too often just now`);
    this.dependency = dependency;
  }
}

/** The dependency did not answer within the time limit of a call. */
export class DependencyTimeout extends Error {
  readonly dependency: string;
  constructor(dependency: string, limitMs: number) {
    super(`${dependency} did not answer within ${limitMs} ms`);
    this.dependency = dependency;
  }
}

export interface RunOptions {
  /** Whether an error is the dependency's failure and not the caller's own fault; `isFault` unless given. */
  isFailure?: (error: unknown) => boolean;
  /** The caller's own: a call that it gave up is no failure. */
  signal?: AbortSignal;
}

/** Without `isRetryable`, what counts as a failure of the dependency is tried again. */
export type BreakerRetries =
  Omit<RetrySettings, 'isRetryable' | 'onRetry'> & Partial<Pick<RetrySettings, 'isRetryable'>>;

/** A breaker as the operations API shows it. Times are on the system's clock. */
export interface BreakerView {
  process: string;
  dependency: string;
  state: BreakerState;
  /** Since when it has not been closed; null while it is. */
  openedMs: number | null;
  changedMs: number;
  /** Calls and failures within its window. */
  requests: number;
  failures: number;
  /** What the last failure said. */
  lastFailure: string | null;
}

export interface Breaker {
  readonly dependency: string;
  state(): BreakerState;
  view(): BreakerView;
  /** Calls the dependency. Rejects with BreakerOpen, DependencyTimeout or what the work rejected with. */
  run<T>(work: (signal: AbortSignal) => Promise<T>, options?: RunOptions): Promise<T>;
  /** `run` with retries, counted; never while it is open. Only for what is safe to repeat. */
  runWithRetries<T>(
    work: (signal: AbortSignal) => Promise<T>, settings: BreakerRetries, options?: RunOptions,
  ): Promise<T>;
  /** Counts a user who was given a fallback instead. */
  fellBack(): void;
}

interface Counts {
  requests: Record<RequestOutcome, number>;
  transitions: Record<BreakerState, number>;
  retries: number;
  fallbacks: number;
}

const known = new Map<string, { breaker: Breaker; counts: Counts }>();
const identity = { process: '', logFile: '' };

/** Says what this process is called in figures and views, and where its changes of state are written down. */
export function describeBreakers(process: string, dataDir: string): void {
  identity.process = process;
  identity.logFile = join(dataDir, 'breakers.log');
}

/** One JSON line a change; synchronous, because changes are rare and the line must survive a crash that follows. */
function log(line: object): void {
  if (identity.logFile === '') return;
  const head = { time: new Date().toISOString(), process: identity.process };
  try {
    appendFileSync(identity.logFile, `${JSON.stringify({ ...head, ...line })}\n`);
  } catch {
    // A full disk or a directory that is being removed must not keep a breaker from working.
  }
}

type Reply = { value: unknown } | { refusal: unknown };
type Call = () => Promise<Reply>;

/**
 * A circuit breaker around one dependency; one a process. A refusal that is the caller's own fault counts as an answer.
 * 429 counts as a failure of its own kind, and once open, the breaker stays so for the answer's Retry-After.
 */
export function createBreaker(dependency: string, given: Partial<BreakerSettings> = {}): Breaker {
  if (known.has(dependency)) throw new Error(`there is a breaker for ${dependency} in this process already`);
  const settings = { ...DEFAULTS, ...given };
  const resetMs = (): number =>
    settings.resetMinMs + Math.random() * Math.max(0, settings.resetMaxMs - settings.resetMinMs);
  // opossum keeps this very object and reads `resetTimeout` at each opening: so each can have a time of its own.
  const options: CircuitBreaker.Options<[Call]> = {
    name: dependency, timeout: settings.timeoutMs, volumeThreshold: settings.volumeThreshold,
    errorThresholdPercentage: settings.errorPercent, rollingCountTimeout: settings.windowMs, rollingCountBuckets: 10,
    rollingPercentilesEnabled: false, enableSnapshots: false,
  };
  const circuit = new CircuitBreaker<[Call], Reply>((call) => call(), options);
  const counts: Counts = {
    requests: { ok: 0, failed: 0, timeout: 0, rejected: 0, rate_limited: 0 },
    transitions: { 'closed': 0, 'half-open': 0, 'open': 0 }, retries: 0, fallbacks: 0,
  };
  let openedMs: number | null = null;
  let changedMs = Date.now();
  let lastFailure: string | null = null;
  /** Until when the dependency asked to be left alone. */
  let restUntilMs = 0;

  const state = (): BreakerState => circuit.opened ? 'open' : circuit.halfOpen ? 'half-open' : 'closed';

  function changed(to: BreakerState, detail: object): void {
    changedMs = Date.now();
    openedMs = to === 'closed' ? null : openedMs ?? changedMs;
    counts.transitions[to] += 1;
    log({ event: 'breaker', dependency, to, ...detail });
  }
  // Before opossum's own listener, which starts the timer.
  circuit.prependListener('open', () => {
    const forMs = Math.round(Math.max(resetMs(), restUntilMs - Date.now()));
    options.resetTimeout = forMs;
    const { fires, failures } = circuit.stats;
    changed('open', { requests: fires, failures, forMs, lastFailure });
  });
  circuit.on('halfOpen', () => {
    changed('half-open', { probe: settings.probe !== null });
    if (settings.probe !== null) run(settings.probe).catch(() => undefined);
  });
  circuit.on('close', () => {
    // What failed before it opened says nothing of the time after.
    for (const bucket of circuit.status.window) bucket.fires = bucket.failures = 0;
    changed('closed', { openForMs: openedMs === null ? 0 : Date.now() - openedMs });
  });
  circuit.on('timeout', ({ message }) => (lastFailure = message));

  /** Notes what a failure means before opossum hears of it, since that may open the circuit. */
  function noteFailure(error: unknown): void {
    lastFailure = error instanceof Error ? error.message : String(error);
    if (statusOf(error) === 429) restUntilMs = Date.now() + (retryAfterMs(error) ?? 0);
  }

  async function run<T>(work: (signal: AbortSignal) => Promise<T>, given: RunOptions = {}): Promise<T> {
    const { isFailure = isFault, signal } = given;
    const controller = new AbortController();
    const either = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
    const call = async (): Promise<Reply> => {
      try {
        return { value: await work(either) };
      } catch (error) {
        if (signal?.aborted === true || !isFailure(error)) return { refusal: error };
        // After its time limit a call fails only because it was aborted: that has been noted.
        if (!controller.signal.aborted) noteFailure(error);
        throw error;
      }
    };
    // Asked before opossum is, which would count the call and so thin out the failures in its window.
    if (circuit.opened || (circuit.halfOpen && !circuit.pendingClose)) {
      counts.requests.rejected += 1;
      throw new BreakerOpen(dependency);
    }
    let reply: Reply;
    try {
      reply = await circuit.fire(call);
    } catch (error) {
      if (error instanceof Error && CircuitBreaker.isOurError(error)) {
        counts.requests.timeout += 1;
        controller.abort();
        throw new DependencyTimeout(dependency, settings.timeoutMs);
      }
      // Work may have stricter limits of its own, as for the silence within a stream.
      const late = error instanceof DependencyTimeout;
      counts.requests[statusOf(error) === 429 ? 'rate_limited' : late ? 'timeout' : 'failed'] += 1;
      throw error;
    }
    if (signal?.aborted !== true) counts.requests.ok += 1;
    if ('refusal' in reply) throw reply.refusal;
    return reply.value as T;
  }

  const breaker: Breaker = {
    dependency, state, run,
    view: () => {
      const { fires, failures } = circuit.stats;
      const { process } = identity;
      return { process, dependency, state: state(), openedMs, changedMs, requests: fires, failures, lastFailure };
    },
    runWithRetries: (work, retries, given = {}) => {
      const isRetryable = retries.isRetryable ?? given.isFailure ?? isFault;
      return withRetries(() => run(work, given), {
        ...retries, onRetry: () => (counts.retries += 1),
        isRetryable: (error) => !(error instanceof BreakerOpen) && given.signal?.aborted !== true && isRetryable(error),
      });
    },
    fellBack: () => (counts.fallbacks += 1),
  };
  known.set(dependency, { breaker, counts });
  return breaker;
}

/** The breakers of this process. */
export const breakers = (): BreakerView[] => [...known.values()].map(({ breaker }) => breaker.view());

/** What the breakers of this process have counted, for its answer to a scrape. */
export function breakerFigures(): Figure[] {
  const rows = [...known.values()];
  const each = (
    type: 'counter' | 'gauge', name: string, help: string,
    values: (row: (typeof rows)[number]) => [labels: Record<string, string>, value: number][],
  ): Figure => ({
    name, help, type, aggregator: 'sum', values: rows.flatMap((row) => values(row)
      .map(([labels, value]) => ({ labels: { dependency: row.breaker.dependency, ...labels }, value }))),
  });
  return [
    each('gauge', 'circuit_breaker_state', 'State of a circuit breaker: 0 closed, 1 half open, 2 open.',
      ({ breaker }) => [[{ process: identity.process }, LEVELS[breaker.state()]]]),
    each('counter', 'circuit_breaker_transitions_total', 'Changes of state of circuit breakers.',
      ({ counts }) => Object.entries(counts.transitions).map(([to, value]) => [{ to }, value])),
    each('counter', 'dependency_requests_total',
      'Calls of a dependency: a refusal is an answer (ok); behind an open breaker it is not asked (rejected).',
      ({ counts }) => Object.entries(counts.requests).map(([outcome, value]) => [{ outcome }, value])),
    each('counter', 'dependency_timeouts_total', 'Calls of a dependency that got no answer in time.',
      ({ counts }) => [[{}, counts.requests.timeout]]),
    each('counter', 'dependency_retries_total', 'Calls of a dependency that were made again.',
      ({ counts }) => [[{}, counts.retries]]),
    each('counter', 'fallbacks_total', 'Users who were given a fallback for a dependency.',
      ({ counts }) => [[{}, counts.fallbacks]]),
  ];
}
