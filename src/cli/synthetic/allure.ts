import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Attachment, Label, Status, StepResult, TestResult } from 'allure-js-commons';
import { tells } from '../../drive/checks/status.ts';
import type { Check, CheckAttempt, CheckRound } from '../../model/index.ts';
import { FUNCTIONAL_SUITE } from '../../report/allure/tests.ts';
import { harmless } from '../../report/text.ts';
import { failureOf } from './lines.ts';

const TYPES: Record<string, string> = { '.jpg': 'image/jpeg', '.zip': 'application/vnd.allure.playwright-trace' };

/**
 * Writes a round as Allure results into checks/allure-results: a test a journey, a go each retry, the same history id in every
 * round. Only the newest round of each journey stays there, since Allure would take older ones for retries of it; the history
 * over rounds is in the records. `all`: journeys that are not in this round exist no more.
 */
export async function writeAllure(folder: string, round: CheckRound, all: boolean): Promise<void> {
  const results = join(folder, 'allure-results');
  await mkdir(results, { recursive: true });
  const keys = round.checks.map(({ journey }) => keyOf(journey));
  for (const file of await readdir(results)) {
    if (all || keys.some((key) => file.startsWith(key))) await rm(join(results, file), { force: true });
  }
  const { Stage, Status: STATUS } = await import('allure-js-commons');
  const { FileSystemWriter } = await import('allure-js-commons/sdk/reporter');
  const writer = new FileSystemWriter({ resultsDir: results });
  const statusOf = (attempt: Pick<CheckAttempt, 'outcome' | 'errorCode'>): Status =>
    (attempt.outcome === 'passed' ? STATUS.PASSED : tells(attempt) ? STATUS.FAILED : STATUS.BROKEN);

  const reports = dirname(folder);
  const attach = async (key: string, name: string, file: string | null): Promise<Attachment[]> => {
    // What has been removed since, or never came to be, is no reason to lose the rest.
    if (file === null || !(await stat(join(reports, file)).catch(() => null))) return [];
    const source = `${key}-${basename(file)}`;
    writer.writeAttachmentFromPath(source, join(reports, file));
    return [{ name, source, type: TYPES[extname(file)] ?? 'application/octet-stream' }];
  };

  const base = (check: Check, go: number): Omit<TestResult, 'status' | 'steps' | 'attachments'> => {
    const key = keyOf(check.journey);
    return {
      uuid: `${key}-${go}`, historyId: key, testCaseId: key,
      fullName: `checks › ${harmless(check.journey)}`, name: harmless(check.journey),
      titlePath: ['openshow-journeys', 'checks'], stage: Stage.FINISHED, labels: LABELS, links: [], statusDetails: {},
      parameters: [{ name: 'target', value: round.target, excluded: true }],
      start: round.startedAtEpochMs, stop: round.endedAtEpochMs,
    };
  };
  for (const check of round.checks) {
    if (check.attempts.length === 0) {
      const statusDetails = { message: 'not tried: the round was ended before' };
      writer.writeResult({ ...base(check, 1), status: STATUS.SKIPPED, statusDetails, steps: [], attachments: [] });
    }
    for (const [index, attempt] of check.attempts.entries()) {
      const message = failureOf(attempt);
      const steps: StepResult[] = attempt.steps.map((step) => ({
        name: harmless(step.name), stage: Stage.FINISHED,
        status: statusOf({ outcome: step.outcome, errorCode: attempt.errorCode }),
        statusDetails: {}, steps: [], attachments: [],
        parameters: [
          { name: 'perceived', value: step.perceivedMs === null ? 'not measured' : `${Math.round(step.perceivedMs)} ms` },
        ],
      }));
      writer.writeResult({
        ...base(check, index + 1), steps, status: statusOf(attempt),
        statusDetails: message === null ? {} : { message: harmless(message) },
        start: attempt.startedAtEpochMs, stop: Math.round(attempt.startedAtEpochMs + attempt.durationMs),
        attachments: [
          ...(await attach(`${keyOf(check.journey)}-${index + 1}`, 'picture of the failed step', attempt.screenshot)),
          ...(await attach(`${keyOf(check.journey)}-${index + 1}`, 'trace', attempt.trace)),
        ],
      });
    }
  }
}

const LABELS: Label[] = [
  { name: 'language', value: 'javascript' }, { name: 'framework', value: 'openshow-journeys' },
  { name: 'parentSuite', value: FUNCTIONAL_SUITE }, { name: 'suite', value: 'Synthetic checks' },
  { name: 'layer', value: 'e2e' },
];

/** The same for a journey in every round, so that its history holds together. */
function keyOf(journey: string): string {
  return createHash('sha256').update(`check ${journey}`).digest('hex').slice(0, 32);
}
