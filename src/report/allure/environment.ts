import type { RunRecord } from '../../model/index.ts';
import { bytesText, dateText, lasting } from '../html/figures.ts';
import { overrideLines } from '../guards.ts';
import { count, harmless } from '../text.ts';

/** Returns what Allure shows as environment: the decision first, then what was run against what, then the machine. */
export function environmentOf(record: RunRecord): Record<string, string> {
  const { plan, totals, verdict, environment, validity, provenance } = record;
  const browser = environment?.browser;
  const entries: Record<string, string> = {
    'decision': verdict.decision,
    'why': verdict.reason,
    ...(plan.overrides ? { 'guards overridden': overrideLines(record).join('; ') } : {}),
    'run': plan.runId,
    'script': plan.script,
    'profile': plan.profile,
    'target': plan.target.embedded ? 'bundled platform' : plan.target.url,
    'began': dateText(plan.startedAtEpochMs),
    'length': lasting(totals.durationMs),
    'journeys': `${count(totals.journeys)}, ${count(totals.observed)} observed`,
    'observers': validity.summary,
    'seed': String(plan.seed),
    'plan hash': plan.sourceHash,
    'harness': provenance.harnessVersion,
    ...(environment === null ? {} : {
      'commit': environment.commit ?? 'unknown',
      'versions': `Node ${environment.nodeVersion}, Artillery ${environment.artilleryVersion}, `
        + `Playwright ${environment.playwrightVersion}`,
      'browser': browser === undefined ? 'unknown' : `${browser.name} ${browser.version} (${browser.source})`,
      'machine': `${environment.os}, ${environment.cores} × ${environment.cpuModel}, ${bytesText(environment.memoryBytes)}`,
      'crowd priority': environment.crowdPriority,
    }),
  };
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, harmless(value)]));
}

/** Who ran it, in the form of Allure's executor.json; the SDK has the type, but writes no such file. */
export interface Executor {
  name: string;
  type: string;
  buildName: string;
  buildOrder: number;
  reportName: string;
  buildUrl?: string;
}

/** Returns the executor: the job of GitHub Actions where there is one, else this harness. */
export function executorOf(record: RunRecord, environment: NodeJS.ProcessEnv): Executor {
  const base = { buildOrder: Math.floor(record.plan.startedAtEpochMs / 1_000), reportName: reportNameOf(record) };
  const url = jobUrl(environment);
  if (url === null) {
    const name = `OpenShow Journeys ${record.provenance.harnessVersion}`;
    return { ...base, name, type: 'local', buildName: harmless(record.plan.runId) };
  }
  const { GITHUB_WORKFLOW: workflow = 'workflow', GITHUB_RUN_NUMBER: run = '?' } = environment;
  return { ...base, name: 'GitHub Actions', type: 'github', buildName: harmless(`${workflow} #${run}`), buildUrl: url };
}

/** Returns the report's name: the decision is the first thing that a stakeholder reads. */
export function reportNameOf({ verdict, plan }: RunRecord): string {
  const guards = plan.overrides ? 'guards overridden · ' : '';
  return harmless(`${verdict.decision} · ${guards}${plan.script} · ${plan.profile} · ${dateText(plan.startedAtEpochMs)}`);
}

function jobUrl({ GITHUB_ACTIONS, GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID }: NodeJS.ProcessEnv): string | null {
  if (!GITHUB_ACTIONS || !GITHUB_SERVER_URL || !GITHUB_REPOSITORY || !GITHUB_RUN_ID) return null;
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
}
