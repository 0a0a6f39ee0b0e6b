import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { z } from 'zod';
import { createAnalyzer } from '../analyze/analyze.ts';
import { createStory } from '../analyze/story/story.ts';
import { redaction } from '../collect/redaction.ts';
import { CodedError } from '../errors.ts';
import { Environment, PLAN_VERSION, Plan, RECORD_VERSION, RunRecord } from '../model/index.ts';
import { judgeable } from '../plan/api-alone.ts';
import { sentBy } from '../plan/api.ts';
import { withDrillGates } from '../plan/drills.ts';
import { readSlo } from '../plan/slo.ts';
import { writeReports } from '../report/reporter.ts';
import type { Outlets, ReportContext, Reporter, ReporterFault } from '../report/reporter.ts';
import { verdictBlock } from '../report/terminal.ts';
import { judge } from '../verdict/decide.ts';
import { drillReports } from '../verdict/judge-drill.ts';
import { readObservations } from './read-observations.ts';

export interface JudgeOptions {
  /** Judges by the gates of this slo.yml instead of those of the run's plan. */
  slo?: { text: string; fileName: string };
  /** For the block; without colour and 120 cells wide when left out. */
  color?: boolean;
  width?: number;
  /** File for a CI service's step summary; null for none. */
  stepSummaryPath?: string | null;
  /** Where the run is told beside its folder; nowhere when left out. */
  outlets?: Outlets;
  /** Where files of this commit stand on the web, for links; none when left out. */
  sourceUrl?: string | null;
  /** How the block names the run folder; relative to the working folder when left out. */
  runPath?: string;
  /** All reporters when left out. */
  reporters?: readonly Reporter[];
}

export interface JudgedRun {
  record: RunRecord;
  /** The verdict block for the terminal, without a line break at its end. */
  block: string;
  /** The verdict's exit code, or 4 when it was 0 and a reporter failed. */
  exitCode: number;
  reporterFaults: ReporterFault[];
}

/** Returns a path inside the working folder relative to it, as a person would type it. */
function typedPath(path: string): string {
  const typed = relative(process.cwd(), path);
  return typed === '' || typed.startsWith('..') ? path : typed;
}

function unreadable(path: string, message: string): CodedError {
  return new CodedError('J_RUN_UNREADABLE', [{ where: typedPath(path), message }]);
}

function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0] ?? '';
}

async function readJson<T>(path: string, schema: z.ZodType<T>, current?: number): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, messageOf(thrown));
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (thrown) {
    throw unreadable(path, text.trim() === '' ? 'the file is empty' : `not JSON: ${messageOf(thrown)}`);
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (current !== undefined && typeof version === 'number' && version !== current) {
    throw unreadable(path, `has schemaVersion ${version}; this version of the harness reads ${current}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CodedError(
    'J_RUN_UNREADABLE',
    parsed.error.issues
      .slice(0, 10)
      .map((issue) => ({
        where: `${typedPath(path)} ${issue.path.map(String).join('.')}`.trim(),
        message: issue.message,
      })),
  );
}

async function readPlan(runDir: string): Promise<Plan> {
  const folder = await stat(runDir).catch(() => null);
  if (!folder?.isDirectory()) {
    throw new CodedError('J_RUN_NOT_FOUND', [
      { where: typedPath(runDir), message: folder ? 'not a folder' : 'does not exist' },
    ]);
  }
  const plan = await readJson(join(runDir, 'plan.json'), Plan, PLAN_VERSION);
  if (plan === null)
    throw new CodedError('J_RUN_NOT_FOUND', [{ where: typedPath(runDir), message: 'holds no plan.json' }]);
  return plan;
}

/** The plan with another slo.yml's gates; its hash then says so. */
function withSlo(plan: Plan, slo: { text: string; fileName: string }): Plan {
  const read = readSlo(slo.text, slo.fileName, {
    profile: plan.profile, journeys: plan.journeys, ...(plan.api ? { api: sentBy(plan.api.scenarios) } : {}),
  });
  return {
    ...plan,
    confidence: read.slo.confidence,
    warmUpPhases: read.slo.warm_up_phases,
    validity: read.slo.validity,
    kpis: read.slo.kpis,
    cost: read.slo.cost,
    ...(plan.drills ? withDrillGates(judgeable(read, plan), plan.profile, plan.gates.filter((gate) => gate.metric === 'drill')) : judgeable(read, plan)),
    sourceHash: createHash('sha256').update(plan.sourceHash).update(slo.text).digest('hex'),
  };
}

async function harnessVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Judges a run from what is on disk, writes every report into its folder and returns record and block.
 * The same folder always gives the same record, byte for byte: nothing in it tells when or where it was judged.
 * Throws J_RUN_NOT_FOUND, J_RUN_UNREADABLE, or J_SLO_INVALID for another slo.yml.
 */
export async function judgeRun(runDir: string, options: JudgeOptions = {}): Promise<JudgedRun> {
  const folder = resolve(runDir);
  const written = await readPlan(folder);
  const plan = options.slo === undefined ? written : withSlo(written, options.slo);
  const environment = await readJson(join(folder, 'environment.json'), Environment);
  const names = (await readdir(folder)).filter((name) => /^observations.*\.ndjson$/.test(name)).sort();
  const analyzer = createAnalyzer(plan);
  const story = createStory(plan);
  const observationFiles: RunRecord['provenance']['observationFiles'] = [];
  let unreadableLines = 0;
  for (const name of names) {
    const path = join(folder, name);
    const read = await readObservations(path, plan.runId, (one) => {
      analyzer.add(one);
      story.add(one);
    }).catch((thrown: unknown) => {
      throw unreadable(path, messageOf(thrown));
    });
    observationFiles.push({ name, lines: read.lines, sha256: read.sha256 });
    unreadableLines += read.unreadable;
  }
  const analysis = analyzer.finish(unreadableLines);
  const verdict = judge(plan, analysis);
  const redactor = redaction();
  const host = URL.parse(plan.target.url)?.hostname;
  if (host !== undefined) redactor.know(host);
  // Every report is made of these two, so that none can show what observations of an older version still held.
  const record = RunRecord.parse(redactor.value({
    schemaVersion: RECORD_VERSION,
    plan,
    environment,
    totals: analysis.totals,
    validity: analysis.validity,
    arrivals: analysis.arrivals,
    attributions: analysis.attributions,
    findings: analysis.findings,
    ...(analysis.budgets.length > 0 ? { budgets: analysis.budgets } : {}),
    ...(analysis.integrity ? { integrity: analysis.integrity } : {}),
    ...(analysis.replay ? { replay: analysis.replay } : {}),
    ...(plan.drills ? { drills: drillReports(plan, analysis, verdict.gates) } : {}),
    ...(analysis.blocked.length > 0 ? { blocked: analysis.blocked } : {}),
    ...(analysis.teardown ? { teardown: analysis.teardown } : {}),
    verdict,
    provenance: { harnessVersion: await harnessVersion(), observationFiles },
  } satisfies RunRecord));
  const runPath = options.runPath ?? typedPath(folder);
  const context: ReportContext = {
    runDir: folder, runPath, stepSummaryPath: options.stepSummaryPath ?? null, story: redactor.value(story.finish(analysis)),
    ...(options.outlets ? { outlets: options.outlets } : {}),
    ...(options.sourceUrl ? { sourceUrl: options.sourceUrl } : {}),
  };
  const reporterFaults = await writeReports(record, context, options.reporters);
  const block = verdictBlock(record, { runPath, width: options.width ?? 120, color: options.color ?? false });
  const { exitCode } = record.verdict;
  return { record, block, exitCode: exitCode === 0 && reporterFaults.length > 0 ? 4 : exitCode, reporterFaults };
}
