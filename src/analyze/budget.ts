import { overBudgetIn } from '../model/index.ts';
import type { ApiObservation, BudgetUse, JourneyObservation, Observation, Plan, ShapedArrivals } from '../model/index.ts';

/** Gathers what third parties' budgets did to those who came, in any order. */
export interface BudgetsCollector {
  add(observation: Observation): void;
  /** Returns one entry a budget, in the order of the plan. */
  finish(): BudgetUse[];
}

export function createBudgets({ budgets }: Pick<Plan, 'budgets'>): BudgetsCollector {
  const uses = new Map(budgets.map(({ name, callsPerSecond, journeys }) => {
    const use: BudgetUse = { name, callsPerSecond, users: { ...nobody(), arrived: 0 }, api: nobody() };
    return [name, { use, journeys: new Set(Object.keys(journeys)) }] as const;
  }));
  const addUser = ({ journey, budget, shaped }: JourneyObservation): void => {
    for (const { use, journeys } of uses.values()) if (journey !== null && journeys.has(journey)) use.users.arrived += 1;
    const refusedBy = budget === undefined ? undefined : uses.get(budget);
    if (refusedBy) refusedBy.use.users.turnedAway += 1;
    if (shaped) addWaits((use) => use.users, { [shaped.budget]: { count: 1, maxWaitMs: shaped.waitMs } });
  };
  const addWaits = (whose: (use: BudgetUse) => BudgetUse['api'], shaped: ShapedArrivals): void => {
    for (const [name, { count, maxWaitMs }] of Object.entries(shaped)) {
      const found = uses.get(name);
      if (!found) continue;
      const shaping = whose(found.use);
      shaping.waited += count;
      shaping.longestWaitMs = Math.max(shaping.longestWaitMs, tenth(maxWaitMs));
    }
  };
  const addWindow = ({ failed, shaped }: ApiObservation): void => {
    addWaits((use) => use.api, shaped ?? {});
    for (const [name, count] of overBudgetIn(failed)) {
      const found = uses.get(name);
      if (found) found.use.api.turnedAway += count;
    }
  };
  return {
    add(one) {
      if (one.kind === 'journey') addUser(one);
      if (one.kind === 'api') addWindow(one);
    },
    finish: () => [...uses.values()].map(({ use }) => use),
  };
}

function nobody(): BudgetUse['api'] {
  return { waited: 0, turnedAway: 0, longestWaitMs: 0 };
}

function tenth(ms: number): number {
  return Math.round(ms * 10) / 10;
}
