import { createHash } from 'node:crypto';
import type { RunRecord } from '../../model/index.ts';
import { reportNameOf } from './environment.ts';
import { metricsOf } from './metrics.ts';
import type { Status } from './model.ts';
import { caseIdOf, fullNameOf, seriesOf, testsOf, timesOf } from './tests.ts';

/** A test's result in an earlier run, as Allure 3 keeps it (core-api, HistoryTestResult). */
export interface PastResult {
  id: string;
  historyId: string;
  name: string;
  fullName: string;
  status: Status;
  /** Shown when the entry is opened: the figures of that run, passed or not. */
  error: { message: string };
  start: number;
  stop: number;
  duration: number;
  labels: { name: string; value: string }[];
  /** Empty: Allure takes it for an address on the web, and a report of an earlier run is a file. */
  url: '';
}

/** One earlier run: a line of Allure 3's history file (core-api, HistoryDataPoint). */
export interface PastRun {
  uuid: string;
  name: string;
  timestamp: number;
  knownTestCaseIds: string[];
  testResults: Record<string, PastResult>;
  /** By gate: what its chart over the runs is made of. */
  metrics: Record<string, number>;
  url: '';
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/**
 * Returns the id by which Allure 3 finds a result's past: of its test case id, and of its parameters, of which ours take no part.
 * Written here since Allure makes a line of history only with a whole report: a test over a built report holds the two together.
 */
export function historyIdOf(caseId: string, parameters = ''): string {
  return `${md5(caseId)}.${md5(parameters)}`;
}

/**
 * Returns a run as a line of history, from its record alone. So history is whole whatever reports were ever built, a report
 * built twice counts once, and nothing is lost with a file.
 */
export function pastRun(record: RunRecord): PastRun {
  const series = seriesOf(record.plan);
  const results = testsOf(record).map((test, index): PastResult => {
    const fullName = fullNameOf(series, test);
    const { start, stop } = timesOf(record, test, index);
    return {
      id: md5(`${record.plan.runId}/${test.id}`),
      historyId: historyIdOf(caseIdOf(fullName)),
      name: test.name, fullName, status: test.status,
      error: { message: test.message ?? test.summary },
      start, stop, duration: stop - start,
      labels: [{ name: 'suite', value: test.suite }, { name: 'severity', value: test.severity }],
      url: '',
    };
  });
  return {
    uuid: record.plan.runId,
    name: reportNameOf(record),
    timestamp: record.plan.startedAtEpochMs,
    knownTestCaseIds: results.map(({ fullName }) => md5(caseIdOf(fullName))),
    testResults: Object.fromEntries(results.map((result) => [result.historyId, result])),
    metrics: Object.fromEntries(metricsOf(record).map(({ key, value }) => [key, value])),
    url: '',
  };
}
