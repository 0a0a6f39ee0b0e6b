import type { BrowserContext } from 'playwright';
import { installPerceivedClock } from '../collect/perceived.ts';
import type { ObservationSink } from '../collect/recorder.ts';
import { followRequests } from '../collect/request-trail.ts';
import { watchRequests } from '../collect/requests.ts';
import { installVitals } from '../collect/vitals.ts';
import type { AnyJourney } from '../journey.ts';
import type { Role, ThinkTime } from '../model/index.ts';
import type { FailureTraces, UserTrace } from './failure-traces.ts';
import { createPaymentLog } from './payments.ts';
import { picture } from './picture.ts';
import { StepFailure, createSteps, endingOf, outcomeOf, plainMessage, type AgentTaskSample } from './steps.ts';
import { thinkTimes, withThinkTime } from './think-time.ts';

/** What every observation of one user carries. */
export interface UserBase {
  v: 1;
  runId: string;
  phase: string | null;
  vu: string;
  journey: string;
  role: Role;
}

export interface ActOptions {
  base: UserBase;
  context: BrowserContext;
  sink: ObservationSink;
  /** Milliseconds since the run's start. */
  now: () => number;
  route: (url: string) => string;
  /** Returns the host that the context's browser is kept from, null where it may go; left out: it may go anywhere. */
  keptFrom?: (url: string) => string | null;
  fixtures: object;
  stepDeadlineMs: number;
  /** Folder for pictures of failed steps; null takes none. */
  failuresFolder: string | null;
  /** Records traces of failed steps; null or left out: none. */
  traces?: FailureTraces | null;
  /** Pauses after the steps, and what makes them the same in every run; null or left out: none. */
  thinkTime?: (ThinkTime & { seed: string }) | null;
  /** Told when the user was shown a fallback, with its text on one line; left out: nobody asks. */
  onDegraded?: (message: string) => void;
  /** Aborted, with an Ending as its reason, when the user is ended from outside. */
  ending: AbortSignal;
}

const MOST_HOSTS_NAMED = 3;

/**
 * Acts a journey once in a fresh context and records everything it saw: the same under load and as a single check.
 * Throws StepFailure when it does not come to its end.
 */
export async function actJourney(journey: AnyJourney, options: ActOptions): Promise<void> {
  const { base, context, sink, now } = options;
  context.setDefaultTimeout(options.stepDeadlineMs);
  /** Null until the target says which. */
  let cold: boolean | null = null;
  const agentTasks: { sample: AgentTaskSample; tMs: number }[] = [];
  const blocked = new Map<string, number>();
  // The crowd makes the load; nothing it sees is ever used as latency, so it is spared the probe's cost.
  const observes = base.role === 'observer';
  const clock = observes ? await installPerceivedClock(context) : null;
  const trail = observes ? followRequests(context, options.route) : null;
  const vitals = observes
    ? await installVitals(context, (vital) => sink.record({ ...base, kind: 'vital', tMs: now(), ...vital, page: options.route(vital.page) }))
    : null;
  watchRequests(
    context, options.route,
    (sample) => sink.record({ ...base, kind: 'request', tMs: now(), ...sample }),
    ({ service, coldStartMs }) => {
      cold = cold === true || coldStartMs !== null;
      if (coldStartMs !== null) sink.record({ ...base, kind: 'coldStart', tMs: now(), service, durationMs: coldStartMs });
    },
    options.keptFrom && { keptFrom: options.keptFrom, onBlocked: (host) => blocked.set(host, (blocked.get(host) ?? 0) + 1) },
  );

  const arranged = await arrange(journey, options);
  // Only now: what was arranged is no part of the failure, and holds the user's credentials.
  const trace: UserTrace | undefined = await options.traces?.begin(base, context);
  const page = await context.newPage();
  const quick = createSteps({
    page, clock, trail,
    ending: options.ending,
    deadlineMs: options.stepDeadlineMs,
    screenshot: (step) => picture(page, options.failuresFolder, `${base.vu}-${step}`),
    trace: async (step, code) => trace?.failed(step, code, options.ending),
    explain: (message) => withBlocked(message, [...blocked.keys()]),
    onStep: (sample) => sink.record({ ...base, kind: 'step', tMs: now(), ...sample }),
    onAgentTask: (sample) => agentTasks.push({ sample, tMs: now() }),
  });
  const payments = createPaymentLog((sample) => sink.record({ ...base, kind: 'payment', tMs: now(), ...sample }));
  const degraded = (message: string): void => options.onDegraded?.(plainMessage(message));
  const { thinkTime } = options;
  const steps = thinkTime ? withThinkTime(quick, thinkTimes(thinkTime, thinkTime.seed), options.ending) : quick;
  try {
    await journey.act({ ...options.fixtures, ...steps, payments, degraded, page, context }, arranged);
  } finally {
    // Values are final only when a page hides; the last page never does by itself.
    await vitals?.flush();
    await trace?.end();
    // Only now is it known whether a task was cold: its stream reports when it closes, after the user saw the result.
    for (const { sample, tMs } of agentTasks) sink.record({ ...base, kind: 'agentTask', tMs, ...sample, cold });
    for (const [host, requests] of blocked) sink.record({ ...base, kind: 'blocked', tMs: now(), host, requests });
  }
}

/** A page on a host that is on no list fails as if its name were unknown: people would look for the fault elsewhere. */
function withBlocked(message: string, hosts: readonly string[]): string {
  if (hosts.length === 0 || !message.includes('ERR_NAME_NOT_RESOLVED')) return message;
  return `${message} (browsers may not ask ${hosts.slice(0, MOST_HOSTS_NAMED).join(', ')}: BROWSER_HOSTS)`;
}

async function arrange(journey: AnyJourney, { fixtures, context, ending }: ActOptions): Promise<unknown> {
  try {
    return await journey.arrange?.({ ...fixtures, context });
  } catch (error) {
    const ended = endingOf(ending);
    if (ended) throw new StepFailure(ended.outcome, ended.code, ended.message, error);
    throw new StepFailure(outcomeOf(error), 'J_ARRANGE_FAILED', plainMessage(error), error);
  }
}
