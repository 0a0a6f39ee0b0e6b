import { asCodedError, formatError } from '../../errors.ts';
import { readSettings } from '../../plan/settings.ts';
import { harmless } from '../../report/text.ts';
import { checksFolder, computeBudgets, readRules } from './compute.ts';
import { tellAlerts } from './tell.ts';
import type { BudgetRound, BudgetRoundOptions } from './types.ts';

/**
 * Reads the rounds under <reports>/checks, and Prometheus where there is one, returns every service's error budget, and tells each
 * channel of alerts that began or ended since it was last told. slo.yml is read anew, so that a change of it counts in the next
 * round. Never rejects: whatever fails stands in `faults`, and no round of checks is lost for it.
 */
export async function budgetRound(options: BudgetRoundOptions): Promise<BudgetRound> {
  const { root, environment, target, sloPath, nowEpochMs, out, signal } = options;
  try {
    const settings = readSettings(root, environment);
    const rules = await readRules(root, sloPath);
    if (rules.length === 0) return { budgets: [], sent: [], faults: [] };
    const folder = checksFolder(root, settings);
    const waiting = signal ? { signal } : {};
    const { budgets, faults } = await computeBudgets(rules, { settings, folder, target, nowEpochMs, ...waiting });
    const told = await tellAlerts({
      settings, github: environment['GITHUB_ACTIONS'] === 'true', out, folder, target, nowEpochMs, budgets, ...waiting,
    });
    return { budgets, sent: told.sent, faults: [...faults, ...told.faults].map(harmless) };
  } catch (thrown) {
    return { budgets: [], sent: [], faults: [harmless(`error budgets: ${formatError(asCodedError(thrown))}`)] };
  }
}
