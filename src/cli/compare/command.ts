import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { compareRuns } from '../../analyze/compare/compare.ts';
import { redaction } from '../../collect/redaction.ts';
import { seededRandom } from '../../drive/observers.ts';
import { CodedError } from '../../errors.ts';
import type { Comparison, SampledRun } from '../../model/index.ts';
import { readSettings } from '../../plan/settings.ts';
import { comparisonPage } from '../../report/compare-html.ts';
import { comparisonMarkdown, comparisonSummary } from '../../report/compare-markdown.ts';
import { comparisonText } from '../../report/compare-text.ts';
import { createDraw } from '../../report/html/charts/draw.ts';
import { harmless } from '../../report/text.ts';
import { writeWhole } from '../../report/write-file.ts';
import { withoutCommands } from '../outlets.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import type { CompareArguments } from './arguments.ts';
import { baselinePath, readBaseline, saveBaseline } from './baseline.ts';
import { folderOf, lastGo, newestRun } from './choose.ts';
import { sampleRun, typed } from './sampled-run.ts';

export interface CompareSurroundings {
  /** The checkout: settings come from its .env. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  color: boolean;
  columns: number | undefined;
}

const EXIT_CODES: Record<Comparison['result'], number> = { better: 0, same: 0, worse: 1, "can't tell": 2 };
const REPORT_FAULT = 4;
const WIDTH = 120;

/** Does what `npm run compare -- …` says and returns the exit code. Throws coded errors. */
export async function compareCommand(args: string[], around: CompareSurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked.kind === 'help') {
    around.out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const reportsDir = resolve(around.root, readSettings(around.root, around.environment).REPORTS_DIR);
  return asked.kind === 'save' ? save(asked, reportsDir, around) : compare(asked, reportsDir, around);
}

async function save({ name, run }: CompareArguments & { kind: 'save' }, reportsDir: string, around: CompareSurroundings): Promise<number> {
  const path = baselinePath(reportsDir, name);
  const warn = warner(around);
  const sampled = await sampleRun(run === null ? newestRun(reportsDir, warn) : folderOf(reportsDir, run));
  const before = await readBaseline(path).catch(() => null);
  await saveBaseline(path, sampled);
  const place = before === null ? '' : `, in the place of ${harmless(before.run.runId)}`;
  around.out(`baseline ${harmless(name)}: ${harmless(sampled.run.runId)} (${sampled.run.decision})${place}\n  ${harmless(typed(path))}\n`);
  if (sampled.run.decision !== 'GO') warn(`this baseline is itself ${sampled.run.decision}: what is wrong in it will not be found by comparing with it`);
  return 0;
}

async function compare(asked: CompareArguments & { kind: 'compare' }, reportsDir: string, around: CompareSurroundings): Promise<number> {
  const warn = warner(around);
  const folder = asked.b === null ? newestRun(reportsDir, warn) : folderOf(reportsDir, asked.b);
  const b = await sampleRun(folder);
  const a = await other(asked, reportsDir, b, warn);
  const compared = compareRuns(a, b, { random: seededRandom(`${a.run.runId}/${b.run.runId}`), marginPercent: asked.marginPercent });
  const comparison = withoutPrivate(compared);
  const fault = await writeComparison(folder, comparison, around.environment['GITHUB_STEP_SUMMARY'] || null).catch((thrown: unknown) => String(thrown));
  const report = join(folder, reportName(comparison, 'html'));
  const text = `\n${comparisonText(comparison, { reportPath: fault === null ? typed(report) : null, width: around.columns ?? WIDTH, color: around.color })}`;
  around.out(asked.json ? `${JSON.stringify(comparison)}\n` : `${withoutCommands(text, around.environment, randomUUID())}\n`);
  if (fault !== null) warn(`the report could not be written: ${fault}`);
  const exitCode = EXIT_CODES[comparison.result];
  return exitCode === 0 && fault !== null ? REPORT_FAULT : exitCode;
}

/** Runs of older versions, and baselines from elsewhere, may hold what a run of today would have masked. */
function withoutPrivate(comparison: Comparison): Comparison {
  const redactor = redaction();
  for (const { target } of [comparison.a, comparison.b]) {
    const host = URL.parse(target)?.hostname;
    if (host !== undefined) redactor.know(host);
  }
  return redactor.value(comparison);
}

async function other({ a }: CompareArguments & { kind: 'compare' }, reportsDir: string, b: SampledRun, warn: (text: string) => void): Promise<SampledRun> {
  if (a === null) return sampleRun(lastGo(reportsDir, b, warn));
  if ('run' in a) return sampleRun(folderOf(reportsDir, a.run));
  const path = baselinePath(reportsDir, a.baseline);
  const baseline = await readBaseline(path);
  if (baseline !== null) return baseline;
  throw new CodedError('J_NOTHING_TO_COMPARE', [{ where: typed(path), message: `there is no baseline "${a.baseline}"` }]);
}

/** Writes the page and the markdown into B's folder, and the short form where a CI service shows one. */
async function writeComparison(folder: string, comparison: Comparison, summaryPath: string | null): Promise<null> {
  await writeWhole(join(folder, reportName(comparison, 'md')), comparisonMarkdown(comparison));
  await writeWhole(join(folder, reportName(comparison, 'html')), comparisonPage(comparison, await createDraw()));
  if (summaryPath !== null) await appendFile(summaryPath, `${comparisonSummary(comparison)}\n`);
  return null;
}

/** A baseline's file may say anything: only what a folder's name may have gets into a file's. */
function reportName({ a }: Comparison, ending: string): string {
  return `compare-${basename(a.runId).replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100)}.${ending}`;
}

function warner({ err }: CompareSurroundings): (text: string) => void {
  return (text) => err(`${harmless(text)}\n`);
}
