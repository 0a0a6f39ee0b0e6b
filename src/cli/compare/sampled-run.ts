import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createGatherer } from '../../analyze/compare/gather.ts';
import { CodedError } from '../../errors.ts';
import { BASELINE_VERSION, RunRecord } from '../../model/index.ts';
import type { SampledGate, SampledRun } from '../../model/index.ts';
import { targetOf } from '../../verdict/kinds.ts';
import { readObservations } from '../read-observations.ts';

/**
 * Returns all that a comparison needs of a judged run, from its folder. Nothing in the folder is changed.
 * Throws J_RUN_NOT_FOUND, and J_RUN_UNREADABLE where it was not judged yet, or by another version.
 */
export async function sampleRun(folder: string): Promise<SampledRun> {
  const record = await readRecord(folder);
  const gatherer = createGatherer(record.plan, record.validity.windows);
  for (const name of (await readdir(folder)).filter((one) => /^observations.*\.ndjson$/.test(one)).sort()) {
    await readObservations(join(folder, name), record.plan.runId, (one) => gatherer.add(one)).catch((thrown: unknown) => {
      throw unreadable(join(folder, name), thrown instanceof Error ? thrown.message : String(thrown));
    });
  }
  const { plan, environment, totals, validity, verdict } = record;
  return {
    version: BASELINE_VERSION,
    run: {
      runId: plan.runId, profile: plan.profile, startedAtEpochMs: plan.startedAtEpochMs,
      decision: verdict.decision, commit: environment?.commit ?? null, target: plan.target.url,
    },
    confidence: plan.confidence,
    conditions: {
      script: plan.script, embedded: plan.target.embedded, sourceHash: plan.sourceHash, phases: plan.phases, journeys: plan.journeys, environment,
      ended: totals.ended, forced: plan.forced ?? null, unreadableLines: totals.unreadableLines,
      validity: { state: validity.state, summary: validity.summary, latencyHeldBack: validity.latencyHeldBack },
    },
    gates: gatesOf(record),
    findings: record.findings,
    ...gatherer.finish(),
  };
}

function gatesOf({ plan, verdict }: RunRecord): SampledGate[] {
  return verdict.gates.flatMap((result): SampledGate[] => {
    const gate = plan.gates.find(({ id }) => id === result.id);
    if (gate === undefined) return [];
    const { metric, scope } = targetOf(gate);
    const { id, title, stat: statistic, unit, limit, status, observed, observedAbove, interval, n } = result;
    return [{ id, title, metric, scope, stat: statistic, unit, limit, status, observed, observedAbove, interval, n }];
  });
}

async function readRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, 'record.json');
  const text = await readFile(path, 'utf8').catch(async (thrown: unknown) => {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, message);
    const known = await stat(join(folder, 'plan.json')).catch(() => null);
    if (known === null) throw new CodedError('J_RUN_NOT_FOUND', [{ where: typed(folder), message: 'holds no run' }]);
    throw unreadable(path, 'there is none: the run was not judged yet', `npm run judge -- ${typed(folder)}`);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unreadable(path, 'not JSON', `npm run judge -- ${typed(folder)}`);
  }
  const parsed = RunRecord.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw unreadable(path, `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(), `if another version wrote it, judge it again: npm run judge -- ${typed(folder)}`);
}

function unreadable(path: string, message: string, hint?: string): CodedError {
  return new CodedError('J_RUN_UNREADABLE', [{ where: typed(path), message, ...(hint === undefined ? {} : { hint }) }]);
}

/** Returns a path inside the working folder relative to it, as a person would type it. */
export function typed(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}
