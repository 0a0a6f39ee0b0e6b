import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runbookOf } from '../../model/index.ts';
import type { RunRecord } from '../../model/index.ts';
import type { ReportContext, Reporter } from '../reporter.ts';
import { createCharts } from './charts.ts';
import { createShelf, evidenceFiles } from './evidence-files.ts';
import { executorOf } from './environment.ts';
import { METRICS_FILE, metricsOf } from './metrics.ts';
import type { Attached, Test } from './model.ts';
import { loadRun, runFiles } from './setup.ts';
import { testsOf } from './tests.ts';
import { writeResults } from './write.ts';
import type { WrittenTest } from './write.ts';

/** Folder inside a run's, as Allure's own tools name it. */
export const RESULTS_FOLDER = 'allure-results';

const PROJECT = join(import.meta.dirname, '../../..');

/**
 * allure-results/: every gate as a test, for `npm run report`, `npx allure generate`, or any service that takes Allure's results.
 * Stands after the reporters whose files it attaches.
 */
export const allureReporter: Reporter = {
  name: RESULTS_FOLDER,
  write: (record, context) => writeAllure(record, context, process.env),
};

type Place = Pick<ReportContext, 'runDir' | 'story' | 'sourceUrl'>;

/** Writes the results of a run; `environment` tells who ran it. A reader sees the old folder or the new one, never a part. */
export async function writeAllure(record: RunRecord, place: Place, environment: NodeJS.ProcessEnv): Promise<void> {
  const { runDir, story, sourceUrl } = place;
  const charts = await createCharts(record, story);
  const timeline = charts.timeline();
  const shelf = createShelf(runDir);
  const tests: WrittenTest[] = [];
  for (const test of testsOf(record)) {
    const gate = record.verdict.gates.find(({ id }) => id === test.id && test.metric !== null);
    const attachments = gate === undefined ? [] : [
      ...await evidenceFiles(record, story, gate, shelf),
      ...charts.ofGate(record.plan.gates.find(({ id }) => id === gate.id)),
      ...await runbookFile(test),
    ];
    tests.push({ test, attachments, links: runbookLink(test, sourceUrl) });
  }
  const target = join(runDir, RESULTS_FOLDER);
  const beside = `${target}.${process.pid}.tmp`;
  await rm(beside, { recursive: true, force: true });
  try {
    const setup = loadRun(record, story, timeline === null ? [] : [timeline]);
    await writeResults(record, { tests, setup, globals: await runFiles(runDir) }, beside);
    // The SDK has no writer for these two.
    await writeFile(join(beside, 'executor.json'), JSON.stringify(executorOf(record, environment)));
    await writeFile(join(beside, METRICS_FILE), JSON.stringify(metricsOf(record)));
    await rm(target, { recursive: true, force: true });
    await rename(beside, target);
  } catch (thrown) {
    await rm(beside, { recursive: true, force: true });
    throw thrown;
  }
}

/** Without an address the link is only text: Allure links to nothing on a disk. */
function runbookLink({ metric, status }: Test, sourceUrl = ''): { name: string; url: string }[] {
  if (metric === null) return [];
  const path = runbookOf(metric);
  return [{ name: `${status === 'passed' ? 'runbook' : 'what to do: runbook'} ${path}`, url: `${sourceUrl}${path}` }];
}

/** The runbook itself, beside a gate that did not pass: where there is no address of it, the text is what helps. */
async function runbookFile({ metric, status }: Test): Promise<Attached[]> {
  if (metric === null || status === 'passed') return [];
  const text = await readFile(join(PROJECT, runbookOf(metric)), 'utf8').catch(() => null);
  if (text === null) return [];
  return [{ name: 'runbook: what it means and what to do', contentType: 'text/markdown', extension: '.md', content: { text } }];
}
