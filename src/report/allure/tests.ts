import { createHash } from 'node:crypto';
import type { Plan, RunRecord } from '../../model/index.ts';
import { gateTest } from './gate-test.ts';
import { harnessTests } from './harness-tests.ts';
import { placeOf } from './kinds.ts';
import type { Test } from './model.ts';

/** Suites of load runs stand below this one, beside those of the functional journeys. */
export const LOAD_SUITE = 'Load gates';
/** Where the journeys run once each, as checks. */
export const FUNCTIONAL_SUITE = 'Functional journeys';

/** Returns a run as tests, in the order of the report: its gates by kind, then what must hold for the run itself. */
export function testsOf(record: RunRecord): Test[] {
  const gates = record.verdict.gates.toSorted((a, b) => placeOf(a.metric) - placeOf(b.metric));
  return [...gates.map((gate) => gateTest(record, gate)), ...harnessTests(record)];
}

/**
 * Returns what is the same for all runs that can be compared: script, profile and target. The same gate under another load is
 * another test, so that no trend mixes them. The bundled platform has another port each time, and is one target all the same.
 */
export function seriesOf({ script, profile, target }: Pick<Plan, 'script' | 'profile' | 'target'>): string {
  return [script, profile, target.embedded ? 'bundled platform' : (URL.parse(target.url)?.origin ?? target.url)].join(' · ');
}

/** Returns the full name of a test, stable over the runs of a series whatever its figures are. */
export function fullNameOf(series: string, { id }: Pick<Test, 'id'>): string {
  return `${series} › ${id}`;
}

/** Returns Allure's test case id of a full name, as its own reporters make them. */
export function caseIdOf(fullName: string): string {
  return createHash('md5').update(fullName).digest('hex');
}

/** Returns when a test began and ended, for a report in which all of them happened during the run. */
export function timesOf(record: RunRecord, test: Test, index: number): { start: number; stop: number } {
  // One millisecond apart, so that Allure, which sorts by time, keeps the order.
  const start = record.plan.startedAtEpochMs + index;
  return { start, stop: start + Math.round(test.lengthMs) };
}
