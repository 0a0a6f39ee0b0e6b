import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorBudget, windowMsOf } from '../../analyze/burn/budget.ts';
import { checkEvidence, requestEvidence } from '../../analyze/burn/evidence.ts';
import { CodedError } from '../../errors.ts';
import type { ErrorBudget, ErrorBudgetRule } from '../../model/index.ts';
import type { HarnessSettings } from '../../plan/settings.ts';
import { readSlo } from '../../plan/slo.ts';
import { readRequests } from './requests.ts';
import { readRounds, type ReadRounds } from './read-rounds.ts';

/** Where everything about checks lies. */
export function checksFolder(root: string, settings: HarnessSettings): string {
  return join(resolve(root, settings.REPORTS_DIR), 'checks');
}

/** Returns the rules of slo.yml. Throws J_SLO_INVALID with every fault of the file. */
export async function readRules(root: string, sloPath = 'slo.yml'): Promise<ErrorBudgetRule[]> {
  const text = await readFile(resolve(root, sloPath), 'utf8').catch((error: unknown) => {
    const message = (error as NodeJS.ErrnoException).code ?? 'cannot be read';
    throw new CodedError('J_SLO_INVALID', [{ where: sloPath, message }]);
  });
  return readSlo(text, sloPath, { profile: '' }).slo.error_budgets;
}

export interface Asked {
  settings: HarnessSettings;
  folder: string;
  /** That of the newest round when left out. */
  target: string | undefined;
  nowEpochMs: number;
  signal?: AbortSignal;
}

export interface Computed extends Pick<ReadRounds, 'target' | 'otherTargets' | 'newestEpochMs'> {
  budgets: ErrorBudget[];
  faults: string[];
}

/** Reads what is known and returns every service's error budget by each of its sources. Never throws. */
export async function computeBudgets(
  rules: readonly ErrorBudgetRule[], { settings, folder, target, nowEpochMs, signal }: Asked,
): Promise<Computed> {
  const longestMs = Math.max(0, ...rules.map(windowMsOf));
  const { rounds, faults: unread, ...read } = await readRounds(folder, target, nowEpochMs - longestMs);
  const url = settings.PROMETHEUS_URL;
  const faults = [...unread];
  // All at once, so that a server that hangs costs one time limit, not one a service.
  const budgets = await Promise.all(rules.map(async (rule): Promise<ErrorBudget[]> => {
    const byChecks = errorBudget(rule, checkEvidence(rounds, rule.journeys, nowEpochMs));
    if (url === undefined || !rule.prometheus) return [byChecks];
    const { steps, fault } = await readRequests(url, rule, windowMsOf(rule), nowEpochMs, signal);
    if (fault !== null) faults.push(fault);
    // Also without an answer: unknown is something else than not asked.
    return [byChecks, errorBudget(rule, requestEvidence(steps, nowEpochMs))];
  }));
  return { ...read, budgets: budgets.flat(), faults };
}
