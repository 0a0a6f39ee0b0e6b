import { stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { redactionOf } from '../../collect/redaction.ts';
import { CodedError } from '../../errors.ts';
import type { PrivacyReport, RunRecord } from '../../model/index.ts';
import { readSettings } from '../../plan/settings.ts';
import { MOST_RUNS } from '../../report/allure/config.ts';
import { RESULTS_FOLDER, allureReporter } from '../../report/allure/reporter.ts';
import { htmlReporter } from '../../report/html/html.ts';
import { counted, harmless } from '../../report/text.ts';
import { headline } from '../../report/lines.ts';
import { judgeRun } from '../judge-run.ts';
import { sourceUrl } from '../source-url.ts';
import { scanRun } from '../privacy/command.ts';
import { privacyLines } from '../privacy/lines.ts';
import { scanFolder } from '../privacy/scan.ts';
import { watchInterrupts } from '../campaign/interrupts.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import { buildReport, existingLanes } from './build.ts';
import { hasDesktop, openFile } from './open.ts';
import { readRecord, recordsBefore, runsOf } from './runs.ts';
import type { Run } from './runs.ts';

export interface ReportSurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  err: (text: string) => void;
  isTerminal: boolean;
}

/** Finds that a refusal names; privacy.json has them all. */
const MOST_TOLD = 8;

/** Does what `npm run report -- …` says and returns the exit code. Throws coded errors. */
export async function reportCommand(args: string[], around: ReportSurroundings): Promise<number> {
  const asked = readArguments(args);
  if (asked === null) {
    around.out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const reports = resolve(around.root, readSettings(around.root, around.environment).REPORTS_DIR);
  const runs = await runsOf(reports);
  const runDir = asked.runDir === null ? newest(runs, reports, around) : resolve(asked.runDir);
  const ending = new AbortController();
  const interrupts = watchInterrupts();
  interrupts.listener = () => ending.abort();
  try {
    const record = await withResults(runDir, around);
    const publishing = await refusePrivate(runDir, asked.publishAnyway, around);
    const before = await recordsBefore(record, runs);
    const page = await buildReport({ runDir, record, before, signal: ending.signal });
    return await tell(record, { ...asked, page, runDir, before: before.length, publishing }, around);
  } catch (thrown) {
    if (ending.signal.aborted) return 130;
    throw thrown;
  } finally {
    interrupts.stop();
  }
}

/** Returns the newest run that is judged, and says so where another one began later: nobody should take it for that. */
export function newest(runs: readonly Run[], reports: string, { err }: Pick<ReportSurroundings, 'err'>): string {
  const at = runs.findIndex(({ isJudged }) => isJudged);
  const open = runs[0]?.isJudged === false ? harmless(typed(runs[0].runDir)) : null;
  const judged = runs[at];
  if (judged === undefined) {
    const hint = open === null ? 'npx artillery run journeys.yml makes one' : `npm run judge -- ${open}, once that run is over`;
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: typed(reports), message: 'holds no judged run', hint }]);
  }
  if (open !== null) err(`${open} began later and is not judged: it is under way, or was killed (npm run judge -- ${open})\n`);
  return judged.runDir;
}

/** Returns the run's record. A run from before there were reports, or never judged, is judged now, from its files. */
async function withResults(runDir: string, { environment, err }: ReportSurroundings): Promise<RunRecord> {
  const judged = await readRecord(runDir);
  const hasResults = (await stat(join(runDir, RESULTS_FOLDER)).catch(() => null))?.isDirectory() ?? false;
  if (judged !== null && hasResults) return judged;
  // What a judged run says stays as it is: only what is missing is written.
  const reporters = judged === null ? {} : { reporters: [htmlReporter, allureReporter] };
  const { record, reporterFaults } = await judgeRun(runDir, { ...reporters, sourceUrl: sourceUrl(environment) });
  reporterFaults.forEach(({ reporter, message }) => err(`report "${reporter}" failed: ${harmless(message)}\n`));
  const fault = reporterFaults.find(({ reporter }) => reporter === allureReporter.name);
  if (fault !== undefined) throw new CodedError('J_REPORT', [{ where: RESULTS_FOLDER, message: fault.message }]);
  return record;
}

interface Told {
  page: string;
  runDir: string;
  before: number;
  open: boolean;
  json: boolean;
  publishing: PrivacyReport['publishing'];
}

/**
 * Looks through the run and what else goes into its report, each time: files and settings may have changed since. Throws
 * J_PRIVACY where something in it is private, unless it is to be published anyway, which is told.
 */
async function refusePrivate(runDir: string, anyway: boolean, { root, environment, err }: ReportSurroundings): Promise<PrivacyReport['publishing']> {
  const redactor = redactionOf(root, environment);
  const reports: (readonly [where: string, report: PrivacyReport])[] = [[typed(runDir), await scanRun(runDir, redactor)]];
  for (const lane of await existingLanes(dirname(runDir))) {
    const results = join(dirname(runDir), lane, RESULTS_FOLDER);
    reports.push([typed(results), await scanFolder(results, redactor)]);
  }
  const refused = reports.filter(([, { publishing }]) => publishing === 'NO-GO');
  if (refused.length === 0) return 'GO';
  if (!anyway) {
    throw new CodedError('J_PRIVACY', refused.flatMap(([where, { finds, unread }]) => [
      ...finds.map(({ kind, file, line, masked }) => (
        { where: harmless(`${where}/${file}${line === null ? '' : `:${line}`}`), message: `${kind} ${harmless(masked)}` })),
      ...unread.map(({ file, why }) => ({ where: harmless(`${where}/${file}`), message: `not read: ${harmless(why)}` })),
    ]).slice(0, MOST_TOLD));
  }
  for (const [where, report] of refused) err(` ! built anyway (--publish-anyway)\n ${privacyLines(report, where).join('\n ')}\n`);
  return 'NO-GO';
}

async function tell(record: RunRecord, told: Told, { environment, out, isTerminal }: ReportSurroundings): Promise<number> {
  const { page, runDir, before, open, json, publishing } = told;
  const summaryPath = join(runDir, 'index.html');
  const summary = (await stat(summaryPath).catch(() => null)) === null ? null : summaryPath;
  if (json) {
    const { plan, verdict } = record;
    const where = { allure: typed(page), summary: summary === null ? null : typed(summary) };
    out(`${JSON.stringify({ runId: plan.runId, decision: verdict.decision, ...where, earlierRuns: before, publishing })}\n`);
    return 0;
  }
  const opened = open && hasDesktop(process.platform, environment, isTerminal) && await openFile(page);
  const newestOnly = before === MOST_RUNS ? ', the newest ones' : '';
  const past = before === 0 ? 'no earlier run of this script, profile and target' : `with ${counted(before, 'earlier run')}${newestOnly}`;
  out([
    '',
    ` ${record.verdict.decision}   ${headline(record)}`,
    '',
    ` allure    ${harmless(typed(page))}   ${past}`,
    ...(summary === null ? [] : [` summary   ${harmless(typed(summary))}`]),
    '',
    opened ? ' opened in your browser' : ' any browser opens them as they are, without a server',
    '',
  ].join('\n'));
  return 0;
}

/** A path inside the working folder as a person would type it. */
function typed(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}
