import { OTHERS } from '../model/index.ts';
import type { DrillGate, DrillObservation, DrillReport, Finding, Interval, Observation, Plan } from '../model/index.ts';
import { closing, opening, seconds } from './drill-breaker.ts';
import type { Turning } from './drill-breaker.ts';
import { coursesOf } from './drill-course.ts';
import type { Course } from './drill-course.ts';
import { normalOf, recoveryOfDrill, requestSample, stepSample } from './drill-recovery.ts';
import type { DrillRecovery, TimedSample } from './drill-recovery.ts';
import { surgeAfter, unanswered } from './drill-requests.ts';
import type { Answer } from './drill-requests.ts';
import { timelineOf } from './drill-timeline.ts';
import { holdAgainst, journeyCounts, unsteady, usersInFault } from './drill-users.ts';
import type { DrillUser } from './drill-users.ts';
import type { Scalar } from './scalar.ts';
import type { Span } from './windowed.ts';

/** What became of one drill, before its gates are judged. */
export interface DrillFacts extends Omit<DrillReport, 'verdict' | 'reason' | 'integrityBreaches'> {
  phase: string;
  /** Why nothing it shows counts; null where it does. */
  notJudged: string | null;
}

export interface DrillAnalysis {
  add(one: Observation): void;
  /** `counts`: whether the generator was undisturbed in a span. Nothing in a run without drills. */
  finish(counts: (span: Span) => boolean): { scalars: Scalar[]; drills: DrillFacts[] };
}

/** Returns the analysis of a run's drills. What they need of users is kept until the drills' own times are known. */
export function createDrills(plan: Plan): DrillAnalysis {
  const points: DrillObservation[] = [];
  const users: DrillUser[] = [];
  const samples: TimedSample[] = [];
  const answers: Answer[] = [];
  const deadlineMs = plan.settings.stepDeadlineMs;
  const keep = (sample: TimedSample | null): void => {
    if (sample) samples.push(sample);
  };
  return {
    add(one) {
      if (!plan.drills) return;
      if (one.kind === 'drill') points.push(one);
      if (one.kind === 'journey') users.push(one);
      if (one.kind === 'step') keep(stepSample(one));
      if (one.kind === 'request') {
        keep(requestSample(one, deadlineMs));
        if (one.resource === 'api') answers.push(one);
      }
    },
    finish(counts) {
      const courses = coursesOf(plan, points);
      const normal = normalOf(courses, samples);
      const inOrder = users.toSorted((a, b) => a.tMs - b.tMs || ((a.vu ?? '') < (b.vu ?? '') ? -1 : 1));
      const held = courses.map((course) => {
        const notJudged = course.flaw ?? unsteady(course, inOrder);
        const recovery = recoveryOfDrill(course, samples, normal, counts);
        return {
          scalars: scalarsOf(course, { users: inOrder, answers, recovery, notJudged, counts, confidence: plan.confidence }),
          facts: factsOf(course, inOrder, recovery, notJudged),
        };
      });
      return { scalars: held.flatMap(({ scalars }) => scalars), drills: held.map(({ facts }) => facts) };
    },
  };
}

function factsOf(course: Course, users: readonly DrillUser[], { recovery }: DrillRecovery, notJudged: string | null): DrillFacts {
  const { name, title, hypothesis, phase, expect } = course.drill;
  const inFault = usersInFault(course, users);
  const journeys = [...new Set([...Object.keys(expect.journeys).filter((name) => name !== OTHERS), ...[...inFault.keys()].sort()])];
  const recoveredMs = recovery?.afterMs ?? null;
  return {
    name, title, hypothesis, phase, notJudged,
    opensAfterS: opening(course).valueS,
    closesAfterS: closing(course).valueS,
    recoversAfterS: recoveredMs === null ? null : seconds(recoveredMs),
    journeys: journeys.map((journey) => journeyCounts(journey, inFault.get(journey) ?? [])),
    timeline: timelineOf(course, inFault, recoveredMs),
  };
}

interface Grounds {
  users: readonly DrillUser[];
  answers: readonly Answer[];
  recovery: DrillRecovery;
  notJudged: string | null;
  counts: (span: Span) => boolean;
  confidence: number;
}

/** A figure before it is put in its place. */
interface Figure {
  value: number | null;
  interval: Interval | null;
  n: number;
  doubt: string | null;
  evidence: string[];
}

/** Returns the figures that the drill's gates ask for. What was not held as it should have been leaves each of them open. */
function scalarsOf(course: Course, grounds: Grounds): Scalar[] {
  const { drill, fault } = course;
  const { expect } = drill;
  const { users, answers, recovery, notJudged, confidence } = grounds;
  const scalars: Scalar[] = [];
  const add = (what: DrillGate['expect'], unit: DrillGate['unit'], { value, interval, n, doubt, evidence }: Figure, journey?: string): void => {
    const finding: Finding = {
      metric: 'drill', scope: { drill: drill.name, expect: what, ...(journey === undefined ? {} : { journey }) }, stat: 'value',
      value, interval, unit, n, censored: 0, unmeasured: 0, events: null, window: `drill ${drill.name}`,
    };
    scalars.push({ finding, doubt: notJudged ?? doubt, evidence });
  };
  const turning = ({ valueS, interval, doubt, evidence }: Turning): Figure => ({ value: valueS, interval, n: interval === null ? 0 : 1, doubt, evidence });
  if (expect.breakerOpensWithinS !== null) add('breaker opens', 's', turning(opening(course)));
  if (expect.breakerClosesWithinS !== null) add('breaker closes', 's', turning(closing(course)));
  if (expect.answersWithinS !== null) {
    const { bad, ...rest } = unanswered(course, { requests: answers, users, confidence });
    add('answers', 'requests', { value: bad, interval: null, ...rest });
  }
  if (expect.recoversWithinS !== null) add('recovers', 's', recovering(recovery));
  if (expect.requestsPerSecondAtMost !== null) {
    const { perSecond, ...rest } = surgeAfter(course);
    add('requests', '1/s', { value: perSecond, ...rest });
  }
  const inFault = usersInFault(course, users);
  for (const [journey, expectation] of Object.entries(expect.journeys)) {
    if (expectation.kind === 'may fail') continue;
    const meant = journey === OTHERS ? [...inFault].flatMap(([name, some]) => (Object.hasOwn(expect.journeys, name) ? [] : some)) : inFault.get(journey);
    const { broken, ...rest } = holdAgainst(expectation, meant ?? [], fault ?? { fromMs: 0, toMs: 0 }, grounds);
    add('journey', 'users', { value: broken, interval: null, ...rest }, journey);
  }
  return scalars;
}

function recovering({ recovery, n, doubt, evidence }: DrillRecovery): Figure {
  if (recovery === null) return { value: null, interval: null, n, doubt, evidence };
  const { afterMs, low, high } = recovery;
  return {
    value: afterMs === null ? null : seconds(afterMs), interval: { low: seconds(low), high: high === null ? null : seconds(high) }, n, doubt, evidence,
  };
}
