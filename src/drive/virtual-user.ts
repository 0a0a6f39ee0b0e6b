import type { BrowserContext, BrowserContextOptions } from 'playwright';
import type { ObservationSink } from '../collect/recorder.ts';
import type { ErrorCode } from '../errors.ts';
import type { AnyJourney } from '../journey.ts';
import { OBSERVATION_VERSION, type JourneyObservation, type Outcome, type Role, type ThinkTime } from '../model/index.ts';
import { actJourney, type UserBase } from './act.ts';
import type { FailureTraces } from './failure-traces.ts';
import type { Lease, BrowserPool } from './pool.ts';
import { StepFailure, endingOf, outcomeOf, plainMessage, type Ending } from './steps.ts';

/** What every virtual user of a run shares. */
export interface UserSurroundings {
  runId: string;
  pool: BrowserPool;
  sink: ObservationSink;
  /** Milliseconds since the run's start. */
  now: () => number;
  route: (url: string) => string;
  contextOptions: BrowserContextOptions;
  /** Headers of everything that a user's pages and API client send; none when left out. */
  tags?: (vu: string) => Record<string, string>;
  /** Returns the host that browsers are kept from, null where they may go; left out: they may go anywhere. */
  keptFrom?: (url: string) => string | null;
  stepDeadlineMs: number;
  journeyDeadlineMs: number;
  /** Folder for pictures of failed steps; null takes none. */
  failuresFolder: string | null;
  /** Records traces of failed steps; null or left out: none. */
  traces?: FailureTraces | null;
  /** Pauses after each user's steps, and the run's seed for them; null or left out: none. */
  thinkTime?: (ThinkTime & { seed: number }) | null;
  /** Aborted when the run ends before its users do. */
  interrupted: AbortSignal;
  /** Makes the fixtures (persona, API client) of one user. */
  fixtures: (user: { vu: string; context: BrowserContext }) => object;
}

export interface UserSpec {
  vu: string;
  role: Role;
  phase: string | null;
  /** When the plan meant the user to start; asked at its end. */
  intendedMs?: () => number | null;
  journey: AnyJourney;
  /** Drawn as an observer, but joins the crowd. */
  demoted?: boolean;
  /** Had to wait for a third party's budget before it started. */
  shaped?: JourneyObservation['shaped'];
  /** What this user alone gets, beside or in place of what all get. */
  fixtures?: (user: { base: UserBase; context: BrowserContext }) => object;
}

export interface UserResult {
  outcome: Outcome;
  errorCode?: ErrorCode;
  message?: string;
  durationMs: number;
}

/** An action that waits for no page (a promise of the journey's own) is not waited for longer than this. */
const STEP_END_LIMIT_MS = 2_000;

/** Runs one virtual user from arrival to its closed context and records everything it saw. Never throws. */
export async function runUser(spec: UserSpec, around: UserSurroundings): Promise<UserResult> {
  const startedMs = around.now();
  const base = { v: OBSERVATION_VERSION, runId: around.runId, phase: spec.phase, vu: spec.vu, journey: spec.journey.name, role: spec.role } as const;
  let result: Omit<UserResult, 'durationMs'>;
  /** What the user was shown in place of the real thing; each text once. */
  const degraded = new Set<string>();
  try {
    result = await live(spec, around, base, (message) => degraded.add(message));
  } catch (error) {
    result = { outcome: 'failed', errorCode: 'J_HARNESS_FAULT', message: plainMessage(error) };
  }
  const durationMs = around.now() - startedMs;
  around.sink.record({ ...base, kind: 'journey', tMs: around.now(), startedMs, durationMs, intendedMs: spec.intendedMs?.() ?? null, ...result,
    ...(degraded.size > 0 ? { degraded: [...degraded] } : {}), ...(spec.demoted ? { demoted: true } : {}), ...(spec.shaped ? { shaped: spec.shaped } : {}) });
  return { ...result, durationMs };
}

async function live(
  spec: UserSpec, around: UserSurroundings, base: UserBase, onDegraded: (message: string) => void,
): Promise<Omit<UserResult, 'durationMs'>> {
  const { journey } = spec;
  const ending = new AbortController();
  const end = (reason: Ending): void => ending.abort(reason);
  const deadline = setTimeout(
    () => end({ outcome: 'timeout', code: 'J_JOURNEY_TIMEOUT', message: `not finished after ${around.journeyDeadlineMs} ms` }),
    around.journeyDeadlineMs,
  );
  const interrupt = (): void => end({ outcome: 'interrupted', code: 'J_JOURNEY_TIMEOUT', message: 'the run ended before its user did' });
  if (around.interrupted.aborted) interrupt();
  around.interrupted.addEventListener('abort', interrupt, { once: true });

  let lease: Lease | null = null;
  let acting: Promise<void> = Promise.resolve();
  try {
    lease = await inTime(around.pool.acquire(spec.role, optionsOf(spec, around)), ending.signal);
    const { context, crashed } = lease;
    const crash = (): void => end({ outcome: 'crashed', code: 'J_BROWSER_CRASHED', message: String(crashed.reason) });
    if (crashed.aborted) crash();
    crashed.addEventListener('abort', crash, { once: true });
    const ended = new Promise<never>((_, reject) => {
      const fail = (): void => reject(new Error((ending.signal.reason as Ending).message));
      if (ending.signal.aborted) fail();
      ending.signal.addEventListener('abort', fail, { once: true });
    });
    ended.catch(() => {});
    acting = actJourney(journey, {
      base, context, onDegraded,
      ending: ending.signal,
      sink: around.sink,
      now: around.now,
      route: around.route,
      ...(around.keptFrom ? { keptFrom: around.keptFrom } : {}),
      fixtures: { ...around.fixtures({ vu: spec.vu, context }), ...spec.fixtures?.({ base, context }) },
      stepDeadlineMs: around.stepDeadlineMs,
      failuresFolder: around.failuresFolder,
      traces: around.traces ?? null,
      thinkTime: around.thinkTime ? { ...around.thinkTime, seed: `${around.thinkTime.seed}/think/${spec.vu}` } : null,
    });
    await Promise.race([acting, ended]);
    return { outcome: 'passed' };
  } catch (error) {
    return toResult(error, endingOf(ending.signal));
  } finally {
    clearTimeout(deadline);
    around.interrupted.removeEventListener('abort', interrupt);
    await lease?.release();
    // With its context closed the step under way fails, and is recorded: before its user is, and before a run closes its file.
    await settled(acting, STEP_END_LIMIT_MS);
  }
}

function optionsOf({ vu }: UserSpec, { contextOptions, tags }: UserSurroundings): BrowserContextOptions {
  return tags ? { ...contextOptions, extraHTTPHeaders: { ...contextOptions.extraHTTPHeaders, ...tags(vu) } } : contextOptions;
}

/** Waits for a browser no longer than the user lives: one that hangs must not hold the run. A lease that comes later is given back. */
async function inTime(acquiring: Promise<Lease>, ending: AbortSignal): Promise<Lease> {
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error((ending.reason as Ending).message));
    if (ending.aborted) fail();
    ending.addEventListener('abort', fail, { once: true });
  });
  try {
    return await Promise.race([acquiring, late]);
  } catch (error) {
    void acquiring.then((lease) => lease.release(), () => {});
    throw error;
  }
}

/** Resolves when the promise has settled, or after the limit; never rejects. */
async function settled(promise: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise.then(() => {}, () => {}), late]);
  clearTimeout(timer);
}

function toResult(error: unknown, ended: Ending | null): Omit<UserResult, 'durationMs'> {
  if (ended) return { outcome: ended.outcome, errorCode: ended.code, message: ended.message };
  if (error instanceof StepFailure) return { outcome: error.outcome, errorCode: error.code, message: error.message };
  return { outcome: outcomeOf(error), errorCode: 'J_STEP_FAILED', message: plainMessage(error) };
}
