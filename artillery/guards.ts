import { aliasesOf } from '../src/drive/guards/aliases.ts';
import { askManifest, saysHeader } from '../src/drive/guards/manifest.ts';
import type { TargetAnswer } from '../src/drive/target.ts';
import { CodedError } from '../src/errors.ts';
import type { GuardName, GuardOverride, Parity, Plan, TargetManifest } from '../src/model/index.ts';
import { refuseOverBudget } from '../src/plan/budget.ts';
import { refuseOverCeiling } from '../src/plan/cost.ts';
import { hostOf, matchingPattern } from '../src/plan/guards/hosts.ts';
import { offPeakRefusals } from '../src/plan/guards/off-peak.ts';
import { compareEnvironment, parityRefusals } from '../src/plan/guards/parity.ts';
import { aliasRefusals, answerRefusals } from '../src/plan/guards/production.ts';
import { overridden, type Refusal } from '../src/plan/guards/refusals.ts';
import type { GuardRules } from '../src/plan/guards/rules.ts';
import { targetRefusals } from '../src/plan/guards/targets.ts';
import type { HarnessSettings } from '../src/plan/settings.ts';
import { harmless } from '../src/report/text.ts';
import { say } from './artillery-global.ts';

const EMBEDDED = 'embedded';

type Setting =
  | 'ALLOWED_HOSTS' | 'PRODUCTION_HOSTS' | 'BROWSER_HOSTS' | 'LOAD_WINDOW' | 'GUARD_OVERRIDES' | 'GUARD_REASON' | 'FORCE';

export interface GuardOptions {
  settings: Pick<HarnessSettings, Setting>;
  /** An address, or "embedded". */
  target: string;
  rules: GuardRules;
  /** The file that a person would change. */
  where: string;
  /** Looks a name's aliases up; in DNS when left out. */
  aliases?: (host: string) => Promise<string[]>;
}

type Asked = Pick<Plan,
  'phases' | 'journeys' | 'api' | 'replay' | 'budgets' | 'cost' | 'metrics' | 'audit' | 'drills' | 'teardown'>;

/** What keeps a load test harmless: decides before the first arrival, and keeps what was overridden. */
export class RunGuards {
  readonly #options: GuardOptions;
  readonly #allowed: readonly string[];
  readonly #production: readonly string[];
  #overrides: GuardOverride[] = [];
  #parity: Parity | null = null;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#allowed = options.settings.ALLOWED_HOSTS ?? [];
    this.#production = options.settings.PRODUCTION_HOSTS ?? [];
  }

  /** What stands in the plan. */
  get marks(): Pick<Plan, 'overrides' | 'parity'> {
    const overrides = this.#overrides.length > 0 ? { overrides: this.#overrides } : {};
    return { ...overrides, ...(this.#parity ? { parity: this.#parity } : {}) };
  }

  /**
   * Decides everything that can be decided without a network, all of it at once, and returns the mark of a plan that was
   * forced past a budget. Throws J_TARGET_NOT_ALLOWED, J_PRODUCTION_TARGET, J_OFF_PEAK, J_COST_CEILING, J_BUDGET.
   */
  checkPlan(plan: Asked, startEpochMs: number): Pick<Plan, 'forced'> {
    const { settings, target, rules, where } = this.#options;
    const time = { startEpochMs, lengthMs: plan.phases.reduce((sum, { durationS }) => sum + durationS * 1_000, 0) };
    const budget = (force: boolean): Pick<Plan, 'forced'> => refuseOverBudget(plan, { where, force });
    const force = settings.FORCE === '1';
    this.#decide([
      ...targetRefusals(target, plan, {
        allowed: this.#allowed, production: this.#production, browser: settings.BROWSER_HOSTS ?? [],
      }),
      // The bundled platform is this machine alone: nobody else has a peak there.
      ...(target === EMBEDDED ? [] : [
        ...offPeakRefusals('LOAD_WINDOW', settings.LOAD_WINDOW ?? [], time),
        ...offPeakRefusals(rules.offPeak?.where ?? '', rules.offPeak?.windows ?? [], time),
      ]),
      ...refusalsOf('cost-ceiling', () => refuseOverCeiling(plan)),
      ...refusalsOf('budget', () => budget(force)),
    ]);
    return budget(force || this.#isOverridden('budget'));
  }

  /**
   * Asks another target whether it takes load tests, and whether it is what the plan expects: one request. Throws
   * J_PRODUCTION_TARGET, J_ENVIRONMENT_DIFFERS, J_TARGET_DOWN.
   */
  async askTarget(headers: Record<string, string>): Promise<void> {
    const { target } = this.#options;
    const host = hostOf(target) ?? '';
    // Before anything is sent there. Only names can be compared with a list of names.
    const names = this.#production.length === 0 ? [] : await (this.#options.aliases ?? tellingAliases)(host);
    this.#decide(aliasRefusals(host, names, this.#production));
    const { manifest, ...said } = await askManifest(target, headers);
    this.#decide([
      ...answerRefusals(host, said, this.#production),
      ...this.#parityRefusals(manifest),
    ]);
  }

  /** Holds the bundled platform, once it runs, against what the plan expects. Throws J_ENVIRONMENT_DIFFERS. */
  async checkBundled(url: string, headers: Record<string, string> = {}): Promise<void> {
    if (this.#options.rules.environment === null) return;
    this.#decide(this.#parityRefusals((await askManifest(url, headers)).manifest));
  }

  /**
   * For the check of a target's health: looks at each answer on the way, and returns whether to go where it leads. Throws
   * J_PRODUCTION_TARGET.
   */
  readonly follows = ({ url, headers, redirectsTo }: TargetAnswer): boolean => {
    const own = hostOf(this.#options.target) ?? '';
    this.#decide(answerRefusals(own, { url, forbids: saysHeader(headers), redirectsTo }, this.#production));
    const to = redirectsTo === null ? null : hostOf(redirectsTo);
    return to !== null && (to === own || matchingPattern(to, this.#allowed) !== null);
  };

  #parityRefusals(manifest: TargetManifest | null): Refusal[] {
    const { environment } = this.#options.rules;
    const findings = environment ? compareEnvironment(environment.expected, manifest) : [];
    if (findings.length > 0) this.#parity = { findings, manifest };
    return parityRefusals(environment?.where ?? '', findings);
  }

  /** Refuses, or remembers what was overridden. */
  #decide(refusals: readonly Refusal[]): void {
    const { GUARD_OVERRIDES: guards = [], GUARD_REASON: reason = '' } = this.#options.settings;
    for (const one of overridden(refusals, { guards, reason })) {
      const before = this.#overrides.find(({ guard }) => guard === one.guard);
      if (before?.what.includes(one.what)) continue;
      say(`guards   OVERRIDDEN: ${one.guard} · ${harmless(one.what)} · ${harmless(reason)}`);
      if (before) before.what += `; ${one.what}`;
      else this.#overrides.push(one);
    }
  }

  #isOverridden(guard: GuardName): boolean {
    return this.#overrides.some((one) => one.guard === guard);
  }
}

/** What could not be looked up is not held against any list: whoever relies on that is told. */
function tellingAliases(host: string): Promise<string[]> {
  return aliasesOf(host, (why) => say(`guards   whether ${host} is an alias of production is not known (${harmless(why)})`));
}

/** Returns the faults that a check throws as what a guard has against the run. */
function refusalsOf(guard: GuardName, check: () => unknown): Refusal[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error.faults.map((fault) => ({ guard, code: error.code, fault }));
  }
}

/** Returns the overrides of a run's parts together: what was overridden when it began, and when it went on. */
export function allOverrides(before: readonly GuardOverride[] = [], now: readonly GuardOverride[] = []): GuardOverride[] {
  const isNew = ({ guard, what, reason }: GuardOverride): boolean =>
    !before.some((one) => one.guard === guard && one.what === what && one.reason === reason);
  return [...before, ...now.filter(isNew)];
}
