import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright';
import type { ObservationSink } from '../collect/recorder.ts';
import { installPerceivedClock } from '../collect/perceived.ts';
import { watchRequests } from '../collect/requests.ts';
import { installVitals } from '../collect/vitals.ts';
import type { ErrorCode } from '../errors.ts';
import type { AnyJourney } from '../journey.ts';
import { OBSERVATION_VERSION, type Outcome, type Role } from '../model/index.ts';
import type { BrowserPool } from './pool.ts';
import { StepFailure, createSteps, plainMessage } from './steps.ts';

/** What every virtual user of a run shares. */
export interface UserSurroundings {
  runId: string;
  pool: BrowserPool;
  sink: ObservationSink;
  /** Milliseconds since the run's start. */
  now: () => number;
  route: (url: string) => string;
  contextOptions: BrowserContextOptions;
  stepDeadlineMs: number;
  journeyDeadlineMs: number;
  /** Folder for pictures of failed steps; null takes none. */
  failuresFolder: string | null;
  /** Aborted when the run ends before its users do. */
  interrupted: AbortSignal;
  /** Makes the fixtures (persona, API client) of one user. */
  fixtures: (user: { vu: string; context: BrowserContext }) => object;
}

export interface UserSpec {
  vu: string;
  role: Role;
  phase: string | null;
  journey: AnyJourney;
}

export interface UserResult {
  outcome: Outcome;
  errorCode?: ErrorCode;
  message?: string;
  durationMs: number;
}

/** Pictures are evidence of the first failures; hundreds of the same would fill the disk and cost CPU in the run. */
const MAX_SCREENSHOTS = 40;
let screenshots = 0;

interface Ending {
  outcome: Outcome;
  code: ErrorCode;
  message: string;
}

/** Runs one virtual user from arrival to its closed context and records everything it saw. Never throws. */
export async function runUser(spec: UserSpec, around: UserSurroundings): Promise<UserResult> {
  const startedMs = around.now();
  const base = { v: OBSERVATION_VERSION, runId: around.runId, phase: spec.phase, vu: spec.vu, journey: spec.journey.name, role: spec.role } as const;
  let result: Omit<UserResult, 'durationMs'>;
  try {
    result = await live(spec, around, base);
  } catch (error) {
    result = { outcome: 'failed', errorCode: 'J_HARNESS_FAULT', message: plainMessage(error) };
  }
  const durationMs = around.now() - startedMs;
  around.sink.record({ ...base, kind: 'journey', tMs: around.now(), startedMs, durationMs, ...result });
  return { ...result, durationMs };
}

type Base = { v: 1; runId: string; phase: string | null; vu: string; journey: string; role: Role };

async function live(spec: UserSpec, around: UserSurroundings, base: Base): Promise<Omit<UserResult, 'durationMs'>> {
  const { journey } = spec;
  const ending = new AbortController();
  const end = (reason: Ending): void => ending.abort(reason);
  const endedBy = (): Ending | null => (ending.signal.aborted ? (ending.signal.reason as Ending) : null);
  const deadline = setTimeout(
    () => end({ outcome: 'timeout', code: 'J_JOURNEY_TIMEOUT', message: `not finished after ${around.journeyDeadlineMs} ms` }),
    around.journeyDeadlineMs,
  );
  const interrupt = (): void => end({ outcome: 'interrupted', code: 'J_JOURNEY_TIMEOUT', message: 'the run ended before its user did' });
  if (around.interrupted.aborted) interrupt();
  around.interrupted.addEventListener('abort', interrupt, { once: true });

  let lease: Awaited<ReturnType<BrowserPool['acquire']>> | null = null;
  try {
    lease = await around.pool.acquire(spec.role, around.contextOptions);
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
    return await Promise.race([act(journey, spec, around, base, lease.context, endedBy), ended]);
  } catch (error) {
    return toResult(error, endedBy());
  } finally {
    clearTimeout(deadline);
    around.interrupted.removeEventListener('abort', interrupt);
    await lease?.release();
  }
}

async function act(
  journey: AnyJourney, spec: UserSpec, around: UserSurroundings, base: Base, context: BrowserContext, endedBy: () => Ending | null,
): Promise<Omit<UserResult, 'durationMs'>> {
  const { sink, now } = around;
  context.setDefaultTimeout(around.stepDeadlineMs);
  let cold: boolean | null = null;
  const clock = await installPerceivedClock(context);
  const vitals = await installVitals(context, (vital) =>
    sink.record({ ...base, kind: 'vital', tMs: now(), ...vital, page: around.route(new URL(vital.page, around.contextOptions.baseURL).href) }),
  );
  watchRequests(
    context, around.route,
    (sample) => sink.record({ ...base, kind: 'request', tMs: now(), ...sample }),
    (sample) => {
      cold = true;
      sink.record({ ...base, kind: 'coldStart', tMs: now(), ...sample });
    },
  );

  const fixtures = around.fixtures({ vu: spec.vu, context });
  let arranged: unknown;
  try {
    arranged = await journey.arrange?.({ ...fixtures, context });
  } catch (error) {
    const ending = endedBy();
    if (ending) return toResult(error, ending);
    return { outcome: 'failed', errorCode: 'J_ARRANGE_FAILED', message: plainMessage(error) };
  }

  const page = await context.newPage();
  const steps = createSteps({
    page, clock, endedBy,
    deadlineMs: around.stepDeadlineMs,
    screenshot: (step) => picture(page, around.failuresFolder, `${spec.vu}-${step}`),
    onStep: (sample) => sink.record({ ...base, kind: 'step', tMs: now(), ...sample }),
    onAgentTask: (sample) => sink.record({ ...base, kind: 'agentTask', tMs: now(), ...sample, cold: cold ?? (sample.completedMs === null ? null : false) }),
  });
  try {
    await journey.act({ ...fixtures, ...steps, page, context }, arranged);
  } catch (error) {
    await vitals.flush();
    return toResult(error, endedBy());
  }
  await vitals.flush();
  return { outcome: 'passed' };
}

function toResult(error: unknown, ended: Ending | null): Omit<UserResult, 'durationMs'> {
  if (ended) return { outcome: ended.outcome, errorCode: ended.code, message: ended.message };
  if (error instanceof StepFailure) return { outcome: error.outcome, errorCode: error.code, message: error.message };
  return { outcome: 'failed', errorCode: 'J_STEP_FAILED', message: plainMessage(error) };
}

async function picture(page: Page, folder: string | null, name: string): Promise<string | undefined> {
  if (!folder || screenshots >= MAX_SCREENSHOTS) return undefined;
  screenshots += 1;
  const file = `${name.replace(/[^A-Za-z0-9._-]+/g, '-')}.jpg`;
  try {
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: join(folder, file), type: 'jpeg', quality: 60, timeout: 3_000 });
    return `failures/${file}`;
  } catch {
    // A page that cannot be pictured (crashed, hung) is described by its error alone.
    return undefined;
  }
}
