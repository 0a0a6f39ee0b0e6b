import type { BrowserContext, BrowserContextOptions } from 'playwright';
import { MemoryRecorder } from '../../collect/recorder.ts';
import { redaction } from '../../collect/redaction.ts';
import { createRouter } from '../../collect/routes.ts';
import type { AnyJourney } from '../../journey.ts';
import type { CheckAttempt, Observation, PaymentObservation, StepObservation } from '../../model/index.ts';
import type { FailureTraces } from '../failure-traces.ts';
import { runUser, type UserResult } from '../virtual-user.ts';
import type { WatchedPool } from './watched-pool.ts';

/** What every go of a round shares. */
export interface GoSurroundings {
  roundId: string;
  url: string;
  pool: WatchedPool;
  contextOptions: BrowserContextOptions;
  /** Headers of everything that a user sends; none when left out. */
  tags?: (vu: string) => Record<string, string>;
  /** Returns the host that browsers are kept from, null where they may go; left out: they may go anywhere. */
  keptFrom?: (url: string) => string | null;
  fixtures: (user: { vu: string; context: BrowserContext }) => object;
  stepDeadlineMs: number;
  journeyDeadlineMs: number;
  /** Folder of the round's pictures and traces. */
  failuresFolder: string;
  /** That folder's parent as the record names it, relative to the reports folder. */
  evidencePath: string;
  traces: FailureTraces;
  interrupted: AbortSignal;
  nowEpochMs: () => number;
  /** Told of all that was observed of a go. */
  onObserved?: (observations: readonly Observation[]) => void;
}

/** Chromium's words for "this machine has no network" and "its proxy does not work": neither is the target's doing. */
const OWN_NETWORK = /ERR_(?:INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_ACCESS_DENIED|PROXY_\w+|TUNNEL_CONNECTION_FAILED)/;

/** Makes one go at a journey, as an observer in a fresh context, and returns what came of it, without what is private. Never throws. */
export async function goOnce(journey: AnyJourney, vu: string, around: GoSurroundings): Promise<CheckAttempt> {
  const recorder = new MemoryRecorder();
  const faultsBefore = around.pool.faults;
  const startedAtEpochMs = around.nowEpochMs();
  const result = await runUser({ vu, role: 'observer', phase: null, journey }, {
    runId: around.roundId,
    pool: around.pool,
    sink: recorder,
    now: () => performance.now(),
    route: createRouter(around.url),
    contextOptions: around.contextOptions,
    ...(around.tags ? { tags: around.tags } : {}),
    ...(around.keptFrom ? { keptFrom: around.keptFrom } : {}),
    stepDeadlineMs: around.stepDeadlineMs,
    journeyDeadlineMs: around.journeyDeadlineMs,
    failuresFolder: around.failuresFolder,
    traces: around.traces,
    interrupted: around.interrupted,
    fixtures: around.fixtures,
  });
  around.onObserved?.(recorder.observations);
  const browserFailed = around.pool.faults > faultsBefore;
  return redaction().value(toAttempt(startedAtEpochMs, result, recorder.observations, browserFailed, around.evidencePath));
}

/** Returns the record of a go from what was observed of it. */
export function toAttempt(
  startedAtEpochMs: number, result: UserResult, observations: readonly Observation[], browserFailed: boolean,
  evidencePath: string,
): CheckAttempt {
  const steps = observations.filter((one): one is StepObservation => one.kind === 'step');
  const evidence = (file: string | undefined): string | null => (file === undefined ? null : `${evidencePath}/${file}`);
  const failed = steps.find((step) => step.outcome !== 'passed');
  return {
    startedAtEpochMs,
    durationMs: tenths(result.durationMs),
    ...judged(result, observations, browserFailed),
    steps: steps.map(({ name, perceivedMs: ms, outcome }) => ({ name, perceivedMs: ms === null ? null : tenths(ms), outcome })),
    screenshot: evidence(failed?.screenshot),
    trace: evidence(failed?.trace),
  };
}

/** No clock of a page tells more than a tenth of a millisecond; a month of checks is some fifty megabytes as it is. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

type Judged = Pick<CheckAttempt, 'outcome' | 'errorCode' | 'message'>;

function judged(result: UserResult, observations: readonly Observation[], browserFailed: boolean): Judged {
  const { outcome, errorCode = null, message = null } = result;
  if (outcome === 'passed') return unpaid(observations) ?? { outcome, errorCode, message };
  if (outcome === 'interrupted') return { outcome, errorCode, message };
  const own = browserFailed ? 'the browser did not start, hung, or ended by itself' : OWN_NETWORK.exec(message ?? '')?.[0];
  return own === undefined ? { outcome, errorCode, message } : { outcome, errorCode: 'J_CHECKER_FAULT', message: message ?? own };
}

/** A journey may come to its end although its user was never told that the payment went through: no user would call that up. */
function unpaid(observations: readonly Observation[]): Judged | null {
  const last = observations.findLast((one): one is PaymentObservation => one.kind === 'payment' && one.shown !== null);
  if (last === undefined || last.shown === 'receipt') return null;
  const message = `of the payment the user was last shown "${last.shown}", not the receipt`;
  return { outcome: 'failed', errorCode: 'J_STEP_FAILED', message };
}
