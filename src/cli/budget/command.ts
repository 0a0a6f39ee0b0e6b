import { CodedError } from '../../errors.ts';
import { readSettings } from '../../plan/settings.ts';
import { harmless } from '../../report/text.ts';
import { wantsColor } from '../color.ts';
import { HELP, USAGE, readArguments } from './arguments.ts';
import { checksFolder, computeBudgets, readRules } from './compute.ts';
import { openSlo } from './openslo.ts';
import { exitCodeOf } from './standing.ts';
import { budgetTable } from './table.ts';
import { tellAlerts } from './tell.ts';

export interface BudgetSurroundings {
  /** The checkout. */
  root: string;
  environment: NodeJS.ProcessEnv;
  out: (text: string) => void;
  /** Warnings; with --json also what people are told. */
  err: (text: string) => void;
  nowEpochMs: number;
  isTerminal: boolean;
  columns: number | undefined;
  signal: AbortSignal;
}

const WIDTH = 140;
const NARROWEST = 80;

/** Does what `npm run budget -- …` says and returns the exit code. Throws coded errors. */
export async function budgetCommand(args: string[], around: BudgetSurroundings): Promise<number> {
  const { root, environment, out, err, nowEpochMs, signal } = around;
  const { help, json, notify, openslo, target: named, slo = 'slo.yml' } = readArguments(args);
  if (help) {
    out(`${USAGE}\n\n${HELP}\n`);
    return 0;
  }
  const rules = await readRules(root, slo);
  if (rules.length === 0) {
    const hint = 'documentation/error-budgets.md shows some';
    throw new CodedError('J_SLO_INVALID', [{ where: slo, message: 'has no "error_budgets"', hint }]);
  }
  if (openslo) {
    out(openSlo(rules));
    return 0;
  }
  const settings = readSettings(root, environment);
  const folder = checksFolder(root, settings);
  // Rounds name an address as URL writes it, and without a slash at its end.
  const asked = named === undefined ? undefined : (URL.parse(named)?.href.replace(/\/+$/, '') ?? named);
  const { faults, ...computed } = await computeBudgets(rules, { settings, folder, target: asked, nowEpochMs, signal });
  if (signal.aborted) return 130;
  const { target, budgets } = computed;
  if (json) {
    const { newestEpochMs: newestRoundEpochMs } = computed;
    out(`${JSON.stringify({ name: 'budget', target, atEpochMs: nowEpochMs, newestRoundEpochMs, budgets, faults })}\n`);
  } else {
    const color = wantsColor(environment, around.isTerminal);
    out(budgetTable({ ...computed, nowEpochMs }, { color, width: Math.max(NARROWEST, around.columns ?? WIDTH) }));
  }
  const told = notify ? await tellAlerts({
    // Without checks the requests are those of whatever Prometheus watches.
    settings, github: environment['GITHUB_ACTIONS'] === 'true', folder, target: target ?? 'prometheus', nowEpochMs, budgets,
    out: json ? err : out, signal,
  }) : { faults: [] };
  for (const fault of [...faults, ...told.faults]) err(` ! ${harmless(fault)}\n`);
  return exitCodeOf(budgets);
}
