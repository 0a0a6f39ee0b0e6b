import type { Locator, Page } from 'playwright';
import type { PerceivedClock } from '../collect/perceived.ts';
import type { RequestTrail } from '../collect/request-trail.ts';
import type { ErrorCode } from '../errors.ts';
import type { AgentTaskSpec, StepFunction, StepSpec } from '../journey.ts';
import type { AgentTaskObservation, Outcome, StepObservation } from '../model/index.ts';

/** A step as measured, before it is placed in a run. */
export type StepSample = Pick<
  StepObservation,
  'name' | 'perceivedMs' | 'driverMs' | 'clock' | 'deadlineMs' | 'outcome' | 'attribution' | 'unmeasured' | 'errorCode'
  | 'message' | 'screenshot' | 'trace'
>;
export type AgentTaskSample = Pick<AgentTaskObservation, 'firstProgressMs' | 'completedMs' | 'outcome' | 'degraded'>;

/** Why a user is ended from outside: a crash, its deadline, the end of the run. */
export interface Ending {
  outcome: Outcome;
  code: ErrorCode;
  message: string;
}

/** Returns why a user was ended from outside, or null if it was not. */
export function endingOf(signal: AbortSignal): Ending | null {
  return signal.aborted ? (signal.reason as Ending) : null;
}

export interface StepContext {
  page: Page;
  /** The page's clock; null for a user that does not observe. */
  clock: PerceivedClock | null;
  /** The user's requests, which say where a step's time went; null for a user that does not observe. */
  trail: RequestTrail | null;
  deadlineMs: number;
  /** Aborted, with an Ending as its reason, when the user is ended from outside. */
  ending: AbortSignal;
  /** Takes a picture of a failed step; returns its file name, or undefined where there is none to take. */
  screenshot: (step: string) => Promise<string | undefined>;
  /** Saves the trace of a failed step; returns its file name, or undefined where there is none. */
  trace: (step: string, code: ErrorCode) => Promise<string | undefined>;
  onStep: (sample: StepSample) => void;
  onAgentTask: (sample: AgentTaskSample) => void;
  /** Adds to a failure's message what only the user's surroundings know; nothing when left out. */
  explain?: (message: string) => string;
}

export interface StepTools {
  step: StepFunction;
  agentTask: (names: { firstProgress: string; completed: string }, spec: AgentTaskSpec) => Promise<void>;
}

/** What ended a user's journey, with its code; a failed step is recorded already. */
export class StepFailure extends Error {
  readonly outcome: Outcome;
  readonly code: ErrorCode;

  constructor(outcome: Outcome, code: ErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.outcome = outcome;
    this.code = code;
  }
}

/** Returns the step functions for one virtual user. Every step is recorded however it ends, failures included. */
export function createSteps(context: StepContext): StepTools {
  return {
    step: (name: string, how: StepSpec | (() => Promise<unknown>)) =>
      typeof how === 'function' ? driverStep(context, name, how) : perceivedStep(context, name, how),
    agentTask: (names, spec) => agentTask(context, names, spec),
  };
}

async function perceivedStep(context: StepContext, name: string, spec: StepSpec): Promise<void> {
  const deadlineMs = spec.deadlineMs ?? context.deadlineMs;
  const { until } = spec;
  const read = await watch(context, typeof until === 'function' ? until(context.page) : until);
  const startedMs = performance.now();
  let awaited: Locator;
  try {
    awaited = typeof until === 'function' ? await inPopup(context.page, spec.do, until, startedMs + deadlineMs) : until;
    await untilVisible(typeof until === 'function' ? Promise.resolve() : spec.do(), awaited, startedMs + deadlineMs);
  } catch (error) {
    throw await recordFailure(context, name, startedMs, deadlineMs, error);
  }
  const driverMs = performance.now() - startedMs;
  context.onStep({ name, deadlineMs, driverMs, outcome: 'passed', ...(await read(awaited)) });
}

/** Does the action, and returns the awaited element of the popup that it opens. */
async function inPopup(page: Page, action: () => Promise<unknown>, until: (popup: Page) => Locator, deadlineAtMs: number): Promise<Locator> {
  const opened = page.waitForEvent('popup', { timeout: Math.max(1, deadlineAtMs - performance.now()) });
  // Awaited below; without this an action that fails first would leave it unhandled.
  opened.catch(() => {});
  await withDeadline(action(), deadlineAtMs);
  return until(await opened);
}

type Reading = Pick<StepSample, 'clock' | 'perceivedMs' | 'unmeasured' | 'attribution'>;

/** Begins to watch for an element, and returns how to read when its user saw it. */
async function watch({ clock, trail, page }: StepContext, until: Locator): Promise<(seen: Locator) => Promise<Reading>> {
  if (!clock) return () => Promise.resolve({ clock: 'driver', perceivedMs: null });
  const mark = await clock.beginStep(until, page);
  return async (seen) => {
    const { perceivedMs, reason, startedAtEpochMs } = await clock.measure(mark, seen);
    if (perceivedMs === null || startedAtEpochMs === null) return { clock: 'page', perceivedMs, unmeasured: reason ?? 'no reason given' };
    return { clock: 'page', perceivedMs, ...(trail ? { attribution: trail.attribute(startedAtEpochMs, perceivedMs) } : {}) };
  };
}

async function driverStep(context: StepContext, name: string, action: () => Promise<unknown>): Promise<void> {
  const { deadlineMs } = context;
  const startedMs = performance.now();
  try {
    await withDeadline(action(), startedMs + deadlineMs);
  } catch (error) {
    throw await recordFailure(context, name, startedMs, deadlineMs, error, 'driver');
  }
  context.onStep({ name, clock: 'driver', deadlineMs, driverMs: performance.now() - startedMs, outcome: 'passed', perceivedMs: null });
}

async function agentTask(context: StepContext, names: { firstProgress: string; completed: string }, spec: AgentTaskSpec): Promise<void> {
  const deadlineMs = spec.deadlineMs ?? context.deadlineMs;
  // Both parts start with the same click, so both are watched from before it.
  const [readFirst, readCompleted] = await Promise.all([watch(context, spec.firstProgress), watch(context, spec.completed)]);
  const startedMs = performance.now();
  let firstProgressMs: number | null = null;
  const part = async (name: string, action: Promise<unknown>, until: Locator, read: typeof readFirst): Promise<number | null> => {
    try {
      await untilVisible(action, until, startedMs + deadlineMs);
    } catch (error) {
      const failure = await recordFailure(context, name, startedMs, deadlineMs, error);
      context.onAgentTask({ firstProgressMs, completedMs: null, outcome: failure.outcome, degraded: false });
      throw failure;
    }
    const driverMs = performance.now() - startedMs;
    const sample = await read(until);
    context.onStep({ name, deadlineMs, driverMs, outcome: 'passed', ...sample });
    return sample.perceivedMs;
  };
  firstProgressMs = await part(names.firstProgress, spec.start(), spec.firstProgress, readFirst);
  const completedMs = await part(names.completed, Promise.resolve(), spec.completed, readCompleted);
  const degraded = spec.degraded ? await spec.degraded.isVisible() : false;
  context.onAgentTask({ firstProgressMs, completedMs, outcome: 'passed', degraded });
}

/** Waits for the action and then for the element, both within the deadline. */
async function untilVisible(action: Promise<unknown>, until: Locator, deadlineAtMs: number): Promise<void> {
  await withDeadline(action, deadlineAtMs);
  try {
    // Playwright reads 0 as "no limit", so a spent deadline still gets one millisecond.
    await until.waitFor({ state: 'visible', timeout: Math.max(1, deadlineAtMs - performance.now()) });
  } catch (error) {
    throw outcomeOf(error) === 'timeout' ? new DeadlineError(`${until.toString()} was not visible before the deadline`, error) : error;
  }
}

class DeadlineError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'TimeoutError';
  }
}

async function withDeadline(action: Promise<unknown>, deadlineAtMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError('the action did not end before the deadline')), Math.max(1, deadlineAtMs - performance.now()));
  });
  try {
    await Promise.race([action, late]);
  } finally {
    clearTimeout(timer);
    // The abandoned action fails later, when its context closes; that is no unhandled rejection of the run.
    action.catch(() => {});
  }
}

/** What Playwright says of a page that is gone: it fails the page's action a moment before it announces the crash. */
const CLOSED = /has been closed|crashed|ERR_ABORTED/i;
const CRASH_NEWS_MS = 500;

async function aborted(signal: AbortSignal, limitMs: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

async function recordFailure(
  context: StepContext, name: string, startedMs: number, deadlineMs: number, error: unknown,
  clock: StepSample['clock'] = context.clock ? 'page' : 'driver',
): Promise<StepFailure> {
  const driverMs = performance.now() - startedMs;
  const said = plainMessage(error);
  const message = context.explain?.(said) ?? said;
  if (CLOSED.test(message)) await aborted(context.ending, CRASH_NEWS_MS);
  const ended = endingOf(context.ending);
  const failure = ended
    ? new StepFailure(ended.outcome, ended.code, ended.message, error)
    : outcomeOf(error) === 'timeout'
      ? new StepFailure('timeout', 'J_STEP_TIMEOUT', message, error)
      : new StepFailure('failed', 'J_STEP_FAILED', message, error);
  const screenshot = ended ? undefined : await context.screenshot(name);
  const trace = ended ? undefined : await context.trace(name, failure.code);
  context.onStep({
    name, clock, deadlineMs, driverMs, perceivedMs: null,
    outcome: failure.outcome, errorCode: failure.code, message: failure.message,
    ...(screenshot ? { screenshot } : {}),
    ...(trace ? { trace } : {}),
  });
  return failure;
}

/** Returns how an action that threw this ended: what came too late is a timeout, anything else a failure. */
export function outcomeOf(error: unknown): 'timeout' | 'failed' {
  return error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'failed';
}

/** Returns an error's first words on one line: no call log, no terminal colours, short enough for a table. */
export function plainMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [said = ''] = text.replace(/\u001b\[[0-9;]*m/g, '').split('Call log:');
  return said.replace(/\s+/g, ' ').trim().slice(0, 300);
}
