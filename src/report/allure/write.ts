import type { ReporterRuntime } from 'allure-js-commons/sdk/reporter';
import type { LinkType, Stage, Status as AllureStatus, TestResult } from 'allure-js-commons';
import type { RunRecord } from '../../model/index.ts';
import { harmless } from '../text.ts';
import { CATEGORIES } from './categories.ts';
import { environmentOf } from './environment.ts';
import type { Attached, Status, Step, Test } from './model.ts';
import { LOAD_SUITE, caseIdOf, fullNameOf, seriesOf, timesOf } from './tests.ts';

/** A test as it is written: with the files that belong to it. */
export interface WrittenTest {
  test: Test;
  attachments: readonly Attached[];
  /** Addresses only: Allure shows anything else as text. */
  links: readonly { name: string; url: string }[];
}

export interface Written {
  tests: readonly WrittenTest[];
  /** What came before all of them. */
  setup: Step;
  /** For the report as a whole. */
  globals: readonly Attached[];
}

/** Writes a run's results with Allure's own SDK, one file a test and a file each attachment, into a folder that is there or not. */
export async function writeResults(record: RunRecord, written: Written, resultsDir: string): Promise<void> {
  const { FileSystemWriter, ReporterRuntime: Runtime } = await import('allure-js-commons/sdk/reporter');
  const startMs = record.plan.startedAtEpochMs;
  const runtime = new Runtime({
    writer: new FileSystemWriter({ resultsDir }),
    environmentInfo: environmentOf(record),
    categories: CATEGORIES.map((one) => ({ ...one, matchedStatuses: one.matchedStatuses.map(statusOf) })),
  });
  runtime.writeEnvironmentInfo();
  runtime.writeCategoriesDefinitions();
  const scope = runtime.startScope();
  writeSetup(runtime, scope, written.setup, startMs);
  const series = seriesOf(record.plan);
  written.tests.forEach(({ test, attachments, links }, index) => {
    const { start, stop } = timesOf(record, test, index);
    const linked = links.map((link) => ({ ...link, type: 'link' as LinkType }));
    const id = runtime.startTest({ ...resultOf(record, series, test), links: linked, start }, [scope]);
    test.steps.forEach((one) => writeStep(runtime, id, one, startMs));
    attachments.forEach((one) => attach(runtime, id, null, one));
    runtime.stopTest(id, { stop });
    runtime.writeTest(id);
  });
  runtime.writeScope(scope);
  runtime.applyGlobalRuntimeMessages(written.globals.map(({ name, contentType, extension, content }) => {
    const data = { name, contentType, fileExtension: extension };
    return 'path' in content
      ? { type: 'global_attachment_path', data: { ...data, path: content.path } }
      : { type: 'global_attachment_content', data: { ...data, content: content.text, encoding: 'utf8' } };
  }));
}

function statusOf(status: Status): AllureStatus {
  return status as AllureStatus;
}

function resultOf({ plan }: RunRecord, series: string, test: Test): Partial<TestResult> {
  const fullName = fullNameOf(series, test);
  const { message, details, expected, actual } = test;
  return {
    name: test.name,
    fullName,
    testCaseId: caseIdOf(fullName),
    titlePath: [LOAD_SUITE, test.suite, ...(test.metric === 'drill' ? [test.subject] : [])],
    status: statusOf(test.status),
    stage: 'finished' as Stage,
    statusDetails: {
      ...(message === null ? {} : { message }),
      ...(details === null ? {} : { trace: details }),
      ...(expected === null || actual === null ? {} : { expected, actual }),
    },
    descriptionHtml: test.description,
    // They tell, and do not tell apart: excluded, they take no part in the history's id.
    parameters: test.parameters.map((one) => ({ ...one, excluded: true })),
    labels: [
      { name: 'parentSuite', value: LOAD_SUITE },
      { name: 'suite', value: test.suite },
      // A drill has half a dozen gates, and a day of drills sixty.
      ...(test.metric === 'drill' ? [{ name: 'subSuite', value: test.subject }] : []),
      { name: 'epic', value: LOAD_SUITE },
      { name: 'feature', value: test.suite },
      { name: 'story', value: test.subject },
      { name: 'severity', value: test.severity },
      ...(test.owner === null ? [] : [{ name: 'owner', value: test.owner }]),
      { name: 'layer', value: 'load' },
      { name: 'framework', value: 'openshow-journeys' },
      { name: 'tag', value: harmless(plan.profile) },
      ...(test.metric === null ? [] : [{ name: 'tag', value: harmless(test.metric.replaceAll('_', ' ')) }]),
    ],
  };
}

function writeSetup(runtime: ReporterRuntime, scope: string, setup: Step, startMs: number): void {
  const fixture = runtime.startFixture(scope, 'before', { name: setup.name, status: statusOf(setup.status), start: startMs });
  if (fixture === undefined) return;
  setup.steps.forEach((one) => writeStep(runtime, fixture, one, startMs));
  setup.attachments.forEach((one) => attach(runtime, fixture, null, one));
  runtime.stopFixture(fixture, { stop: startMs + Math.round(setup.lengthMs) });
}

function writeStep(runtime: ReporterRuntime, root: string, one: Step, startMs: number): void {
  const start = startMs + Math.round(one.fromMs);
  const { name, status, parameters } = one;
  const id = runtime.startStep(root, undefined, { name, status: statusOf(status), parameters, start });
  if (id === undefined) return;
  one.steps.forEach((inner) => writeStep(runtime, root, inner, startMs));
  one.attachments.forEach((file) => attach(runtime, root, id, file));
  runtime.stopStep(id, { stop: start + Math.round(one.lengthMs) });
}

function attach(runtime: ReporterRuntime, root: string, parent: string | null, file: Attached): void {
  const { name, contentType, extension, content } = file;
  const given = 'path' in content ? content.path : Buffer.from(content.text);
  runtime.writeAttachment(root, parent, name, given, { contentType, fileExtension: extension });
}
