import type {
  AgentTaskObservation,
  JourneyObservation,
  Observation,
  Plan,
  RequestObservation,
  SampledLatency,
  StepObservation,
  ValidityWindow,
  VitalObservation,
} from '../../model/index.ts';
import { TOO_MANY_REQUESTS } from '../rate-limited.ts';
import { isSample } from '../series.ts';
import type { Span } from '../windowed.ts';
import { healthyIn } from '../windows.ts';
import { createLaneGather } from './gather-lane.ts';
import { createRequestTrials } from './request-trials.ts';
import type { DesignEffect } from './request-trials.ts';
import { sampleBook } from './sample-book.ts';
import type { SampleBook } from './sample-book.ts';

export interface Gathered {
  latencies: SampledLatency[];
  designEffects: DesignEffect[];
}

/** Gathers the samples behind a run's findings, each with its user. Feed it with the run's observations in any order. */
export interface Gatherer {
  add(one: Observation): void;
  finish(): Gathered;
}

/**
 * Returns a gatherer for a judged run: the plan and the validity windows of its record say which samples count. It follows the
 * rules by which collect.ts makes the findings (a test holds the two together), but keeps whose each sample is.
 */
export function createGatherer(plan: Plan, windows: readonly ValidityWindow[]): Gatherer {
  const warmUp = new Set(plan.warmUpPhases);
  const isLive = ({ phase }: { phase: string | null }): boolean => phase === null || !warmUp.has(phase);
  const isJudged = (one: { role: string; phase: string | null }): boolean => one.role === 'observer' && isLive(one);
  const book = sampleBook(healthyIn(windows));
  const trials = createRequestTrials();
  const lane = createLaneGather(plan, book, trials);
  return {
    add(one) {
      switch (one.kind) {
        case 'journey':
          return void (isJudged(one) && addJourney(book, one, plan.settings.journeyDeadlineMs));
        case 'step':
          return void (isJudged(one) && addStep(book, one));
        case 'vital':
          return void (isJudged(one) && addVital(book, one));
        case 'request':
          trials.addRequest(one);
          return void (isJudged(one) && addRequest(book, one, plan.settings.stepDeadlineMs));
        case 'agentTask':
          return void (isJudged(one) && addTask(book, one, plan.settings.stepDeadlineMs));
        case 'api':
          return lane.add(one);
        case 'coldStart':
        case 'health':
        case 'canary':
        case 'server':
        case 'payment':
        case 'ledger':
        case 'audit':
        case 'teardown':
        case 'drill':
        case 'replay':
        case 'blocked':
        case 'run':
          // One value a run, or none that is compared: their findings say it all.
          return;
      }
    },
    finish() {
      lane.finish();
      return { latencies: book.finish(), designEffects: trials.finish() };
    },
  };
}

function addJourney(book: SampleBook, one: JourneyObservation, deadlineMs: number): void {
  // The budget of a third party is the plan's doing, however fast or slow the target is.
  if (!isSample(one.outcome) || one.journey === null || one.budget !== undefined) return;
  const series = book.series('journey_duration', { journey: one.journey });
  const span = { fromMs: one.startedMs, toMs: one.startedMs + one.durationMs };
  if (one.outcome === 'passed') series.measure(one.vu, span, Math.max(0, span.toMs - span.fromMs));
  else series.censor(one.vu, span, deadlineMs);
}

function addStep(book: SampleBook, one: StepObservation): void {
  if (!isSample(one.outcome) || one.journey === null) return;
  const awaited = one.clock === 'page' || one.unmeasured !== undefined;
  const series = book.step({ journey: one.journey, step: one.name }, awaited);
  const span = before(one.tMs, one.driverMs);
  if (one.outcome === 'passed') series.measure(one.vu, span, awaited ? one.perceivedMs : one.driverMs);
  else series.censor(one.vu, span, one.deadlineMs);
}

function addVital(book: SampleBook, one: VitalObservation): void {
  // A page that nobody interacted with has no INP at all.
  if (one.name === 'INP' && one.value === null) return;
  const unit = one.name === 'CLS' ? 'score' : 'ms';
  const span = before(one.tMs, unit === 'ms' ? one.value : null);
  for (const scope of [{ vital: one.name }, { vital: one.name, page: one.page }]) book.series('vital', scope, unit).measure(one.vu, span, one.value);
}

function addRequest(book: SampleBook, one: RequestObservation, deadlineMs: number): void {
  const route = `${one.method} ${one.route}`;
  const span = before(one.tMs, one.durationMs);
  const refused = one.status === TOO_MANY_REQUESTS;
  const failed = !refused && (one.status === null || one.status >= 400);
  for (const group of one.resource === 'asset' ? [route] : [route, one.resource]) {
    const series = book.series('request_latency', { route: group });
    if (failed) series.censor(one.vu, span, deadlineMs);
    else series.measure(one.vu, span, refused ? null : one.durationMs);
  }
}

function addTask(book: SampleBook, one: AgentTaskObservation, deadlineMs: number): void {
  if (!isSample(one.outcome)) return;
  const passed = one.outcome === 'passed';
  const span = before(one.tMs, one.completedMs ?? one.firstProgressMs);
  const durations = { agent_completion: passed ? one.completedMs : null, agent_first_progress: one.firstProgressMs };
  for (const [metric, value] of Object.entries(durations)) {
    if (!passed && value === null) book.series(metric, {}).censor(one.vu, span, deadlineMs);
    else book.series(metric, {}).measure(one.vu, span, value);
  }
}

/** The time up to a moment that something took; nothing where that is not known. */
function before(tMs: number, tookMs: number | null): Span {
  return { fromMs: Math.max(0, tMs - (tookMs ?? 0)), toMs: tMs };
}
