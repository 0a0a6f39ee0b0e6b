import type { Fault } from '../errors.ts';
import {
  DRILL_LEAST_WINDOWS, DRILL_WINDOW_MS, OTHERS, faultSpan, scheduleOf, type DependencyAccess, type DrillAction, type JourneyExpectation, type Phase,
  type PlannedJourney,
} from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { accessFaults } from './drill-access.ts';
import type { ReadDrill } from './drill-file.ts';

/** What the drills are held in. */
export interface DrillSurroundings {
  phases: readonly Phase[];
  journeys: readonly PlannedJourney[];
  dependencies: Readonly<Record<string, DependencyAccess>>;
  /** Where flags are set; null for nowhere. */
  flags: string | null;
  /** Whether a metrics page of the target is read at all. */
  hasMetrics: boolean;
  /** Whether the target is the bundled platform. */
  embedded: boolean;
  /** Hosts beside this machine on which drills may break things. */
  hosts: readonly string[];
}

/**
 * With so many expected users of a journey in the fault, one drill in twenty has none of them (Poisson: e⁻³), and says so; with
 * fewer it would be more.
 */
const LEAST_EXPECTED = 3;

/** Returns why a drill cannot be held as it is written, each reason at its line; nothing where it can. */
export function drillFaults(read: ReadDrill, around: DrillSurroundings): Fault[] {
  const { drill, file } = read;
  const faults = [...accessFaults(read, around), ...overlaps(read)];
  const phase = around.phases.find(({ name }) => name === drill.phase);
  if (!phase) {
    const names = around.phases.map(({ name }) => name);
    return [...faults, { where: file.where([]), message: `no phase is named "${drill.phase}"`, hint: didYouMean(drill.phase, names) }];
  }
  return [...faults, ...outlasting(read, phase, around), ...expectationFaults(read, phase, around)];
}

function overlaps({ drill, actions }: ReadDrill): Fault[] {
  return drill.actions.flatMap((action, index) => {
    const target = targetOf(action);
    const other = drill.actions.findIndex((one, at) => at < index && target !== null && targetOf(one) === target
      && one.fromS < action.fromS + action.forS && action.fromS < one.fromS + one.forS);
    return other === -1 ? [] : [{
      where: actions[index] ?? '', message: `overlaps with method[${other}], which is on ${target} too`,
      hint: 'what came of either could not be told apart: one after the other, or one fault for both',
    }];
  });
}

/** What an action changes, where it is known: two at once would undo each other. */
function targetOf(action: DrillAction): string | null {
  if ('dependency' in action) return `the dependency "${action.dependency}"`;
  if (action.kind === 'flag') return `the flag "${action.flag}"`;
  return action.kind === 'kill-worker' ? 'the workers' : null;
}

function outlasting({ drill, actions }: ReadDrill, phase: Phase, { phases }: DrillSurroundings): Fault[] {
  const last = phases.at(-1) === phase;
  return drill.actions.flatMap(({ fromS, forS }, index) => (fromS + forS <= phase.durationS ? [] : [{
    where: actions[index] ?? '', message: `lasts until ${fromS + forS} s, and its phase${last ? ', with which the run ends,' : ''} ${phase.durationS} s`,
    hint: 'shorten the fault, or lengthen the phase',
  }]));
}

function expectationFaults(read: ReadDrill, phase: Phase, around: DrillSurroundings): Fault[] {
  const { drill, file } = read;
  const { expect, steadyState } = drill;
  const { fromS, toS } = faultSpan(drill);
  const faults: Fault[] = [];
  const fault = (path: (string | number)[], message: string, hint?: string): void =>
    void faults.push({ where: file.where(path), message, ...(hint === undefined ? {} : { hint }) });
  const restS = phase.durationS - toS;
  const before = arrivalsBetween(phase, 0, fromS);
  if (before < steadyState.minUsers) {
    fault(['steady_state'], `only ${count(before)} ${before === 1 ? 'user comes' : 'users come'} before the fault, and ${steadyState.minUsers} are needed`, 'begin the fault later, or send more users');
  }
  const needsBreaker = expect.breakerOpensWithinS !== null || expect.breakerClosesWithinS !== null;
  if (needsBreaker || expect.requestsPerSecondAtMost !== null) faults.push(...figureFaults(read, around));
  if ((expect.breakerOpensWithinS ?? 0) > toS - fromS) {
    fault(['expect', 'breaker_opens_within'], `${expect.breakerOpensWithinS} s, and the fault lasts ${toS - fromS} s: a breaker that opens in time would never be seen`);
  }
  if ((expect.breakerClosesWithinS ?? 0) > restS) {
    fault(['expect', 'breaker_closes_within'], `${expect.breakerClosesWithinS} s, and only ${restS} s are left of the phase after the fault`);
  }
  const provenS = (DRILL_LEAST_WINDOWS * DRILL_WINDOW_MS) / 1_000;
  if (expect.recoversWithinS !== null && expect.recoversWithinS + provenS > restS) {
    fault(['expect', 'recovers_within'], `${expect.recoversWithinS} s and ${provenS} s to prove it, and only ${restS} s are left of the phase after the fault`);
  }
  if (expect.recoversWithinS !== null && fromS < provenS) fault(['expect', 'recovers_within'], `the fault begins after ${fromS} s, and ${provenS} s before it are needed to know what is normal`);
  const during = arrivalsBetween(phase, fromS, toS);
  if (expect.answersWithinS !== null && during < LEAST_EXPECTED) fault(['expect', 'answers_within'], `only ${count(during)} users come in the fault`);
  if (expect.recoversWithinS !== null && around.journeys.every(({ weight }) => weight === 0)) fault(['expect', 'recovers_within'], 'no user comes whose steps could recover');
  faults.push(...journeyFaults(read, during, around.journeys));
  const judged = Object.values(expect.journeys).some(({ kind }) => kind !== 'may fail') || NUMBERS.some((key) => expect[key] !== null);
  if (!judged) fault(['expect'], 'expects nothing that could fail');
  return faults;
}

const NUMBERS = ['breakerOpensWithinS', 'breakerClosesWithinS', 'answersWithinS', 'recoversWithinS', 'requestsPerSecondAtMost'] as const;

function figureFaults({ drill: { expect }, file }: ReadDrill, { dependencies, hasMetrics }: DrillSurroundings): Fault[] {
  const where = file.where(['expect', ...(expect.breaker === null ? [] : ['breaker'])]);
  const known = Object.keys(dependencies);
  if (expect.breaker === null) return [{ where, message: 'does not say whose breaker is meant', hint: `add "breaker:" with one of ${known.join(', ')}` }];
  const access = Object.hasOwn(dependencies, expect.breaker) ? dependencies[expect.breaker] : undefined;
  if (!access) return [{ where, message: `no dependency is named "${expect.breaker}"`, hint: didYouMean(expect.breaker, known) }];
  const faults: Fault[] = [];
  const needsBreaker = expect.breakerOpensWithinS !== null || expect.breakerClosesWithinS !== null;
  if (needsBreaker && access.breakerMetric === null) {
    faults.push({ where, message: `the dependency "${expect.breaker}" has no metric for its breaker`, hint: 'add "breaker:" to it under drills.dependencies of the profile' });
  }
  if (expect.requestsPerSecondAtMost !== null && access.requestsMetric === null) {
    faults.push({ where, message: `the dependency "${expect.breaker}" has no metric for its requests`, hint: 'add "requests:" to it under drills.dependencies of the profile' });
  }
  if (!hasMetrics) faults.push({ where, message: 'no metrics page of the target is read', hint: 'add "metrics: {}" to the journeys plugin' });
  return faults;
}

function journeyFaults({ drill, file }: ReadDrill, during: number, journeys: readonly PlannedJourney[]): Fault[] {
  const all = journeys.reduce((sum, { weight }) => sum + weight, 0);
  return Object.entries(drill.expect.journeys).flatMap(([name, expectation]: [string, JourneyExpectation]): Fault[] => {
    const where = file.where(['expect', 'journeys', name]);
    const meant = name === OTHERS ? journeys.filter((one) => !Object.hasOwn(drill.expect.journeys, one.name)) : journeys.filter((one) => one.name === name);
    if (meant.length === 0) {
      if (name === OTHERS) return [{ where, message: 'all journeys of this test are named already' }];
      return [{ where, message: `no journey of this test is named "${name}"`, hint: didYouMean(name, [...journeys.map((one) => one.name), OTHERS]) }];
    }
    const expected = all === 0 ? 0 : (during * meant.reduce((sum, { weight }) => sum + weight, 0)) / all;
    if (expectation.kind === 'may fail' || expected >= LEAST_EXPECTED) return [];
    return [{
      where, message: `only ${count(expected)} users of it are expected in the fault, and ${LEAST_EXPECTED} are needed to tell`,
      hint: 'send more users, lengthen the fault, or give the journey a larger weight',
    }];
  });
}

/** Returns how many users the phase brings in a part of it; the expected number where they come at random. */
function arrivalsBetween(phase: Phase, fromS: number, toS: number): number {
  const schedule = scheduleOf(phase);
  if (schedule.random) return (schedule.count * (toS - fromS)) / phase.durationS;
  return Array.from({ length: schedule.count }, (_, index) => schedule.offsetMs(index) ?? 0)
    .filter((ms) => ms >= fromS * 1_000 && ms < toS * 1_000).length;
}

function count(value: number): string {
  return String(Math.round(value * 10) / 10);
}
