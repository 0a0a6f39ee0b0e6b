import { CodedError, type Fault } from '../errors.ts';
import { REPLAY_JOURNEY, type ApiPlan, type Phase, type Plan, type ThirdPartyBudget } from '../model/index.ts';
import { nearest } from '../nearest.ts';

type Planned = Pick<Plan, 'phases' | 'journeys' | 'api' | 'budgets' | 'replay'>;

/** What a phase asks of a third party at its busiest moment: calls a second, on average over random choices. */
export interface PlannedCalls {
  budget: ThirdPartyBudget;
  phase: string;
  perSecond: number;
  /** Of them: by browser users, and by the API lane. */
  usersPerSecond: number;
  apiPerSecond: number;
}

/** Sums of shares end in a last bit that is no call. */
const ROUNDING = 1e-9;

/**
 * Returns, for each budget and phase, the calls a second that the plan expects: users a second × the weighted mean of what
 * a user's journey calls, and the API lane's arrivals a second × the same for its flows. Where rates move, they do so
 * evenly, so that the busiest moment is an end of the phase.
 */
export function plannedCalls({ phases, journeys, api, budgets, replay }: Planned): PlannedCalls[] {
  const weights = journeys.reduce((sum, { weight }) => sum + weight, 0);
  return budgets.flatMap((budget) => {
    const ofUsers = journeys.reduce((sum, { name, weight }) => sum + weight * (own(budget.journeys, name) ?? 0), 0);
    const aUser = weights === 0 ? 0 : ofUsers / weights;
    const atFullRate = api ? callsAtFullRate(api, budget) : 0;
    return phases.map((phase): PlannedCalls => {
      const users = userRates(phase);
      const load = api?.loads.find((one) => one.phase === phase.name);
      const shares = [load?.share ?? 0, load?.to ?? load?.share ?? 0];
      const played = replayedCalls(replay, phase.name, budget);
      const ends = users.map((rate, end) => ({ users: rate * aUser + played.users, api: (shares[end] ?? 0) * atFullRate + played.api }));
      const busiest = ends.reduce((most, end) => (end.users + end.api > most.users + most.api ? end : most));
      return {
        budget, phase: phase.name, perSecond: busiest.users + busiest.api,
        usersPerSecond: busiest.users, apiPerSecond: busiest.api,
      };
    });
  });
}

/** What people and crawlers of replayed traffic call at the phase's busiest moment. */
function replayedCalls(replay: Plan['replay'], phase: string, budget: ThirdPartyBudget): { users: number; api: number } {
  const load = replay?.load.find((one) => one.phase === phase);
  if (!replay || !load) return { users: 0, api: 0 };
  // Whichever of its pages they ask for: those that call the most are supposed.
  const aRequest = Math.max(...replay.routes.map((route) => own(budget.routes, `GET ${route}`) ?? 0));
  return { users: load.visitsPerSecond * (own(budget.journeys, REPLAY_JOURNEY) ?? 0), api: load.crawlersPerSecond * aRequest };
}

/** Arrivals a second at a phase's beginning and end. */
function userRates({ pause, durationS, arrivalCount, arrivalRate, rampTo }: Phase): [number, number] {
  if (pause) return [0, 0];
  if (arrivalCount !== null) {
    const rate = durationS > 0 ? arrivalCount / durationS : 0;
    return [rate, rate];
  }
  return [arrivalRate ?? 0, rampTo ?? arrivalRate ?? 0];
}

function callsAtFullRate({ scenarios }: ApiPlan, { routes }: ThirdPartyBudget): number {
  return scenarios.reduce((sum, { ratePerSecond, flows }) => {
    const weights = flows.reduce((all, { weight }) => all + weight, 0);
    const each = flows.reduce((all, { weight, requests }) =>
      all + (weight / weights) * requests.reduce((calls, { route }) => calls + (own(routes, route) ?? 0), 0), 0);
    return sum + ratePerSecond * each;
  }, 0);
}

/** A journey may be called "constructor". */
function own(calls: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(calls, name) ? calls[name] : undefined;
}

/** Returns lines for people: how much of each budget is planned at most, and which of its routes may be mistyped. */
export function budgetLines(plan: Planned): string[] {
  const planned = plannedCalls(plan);
  const sent = new Set(plan.api?.scenarios.flatMap(({ flows }) => flows.flatMap(({ requests }) => requests.map(({ route }) => route))));
  const asked = plan.budgets.flatMap((budget) => {
    const most = planned.filter((one) => one.budget === budget).reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
    return most.perSecond === 0 ? [] : [`${budget.name} ${shown(most.perSecond)} of ${shown(budget.callsPerSecond)}`];
  });
  // No fault of slo.yml: it is there for all profiles, and each may send other scenarios.
  const mistyped = plan.budgets.flatMap((budget) => Object.keys(budget.routes).filter((route) => !sent.has(route)).flatMap((route) => {
    const near = nearest(route, sent);
    return near === null || Object.hasOwn(budget.routes, near) ? [] : [`${budget.name}: no scenario sends ${route}: did you mean "${near}"?`];
  }));
  return [...(asked.length === 0 ? [] : [`most calls a second: ${asked.join(', ')}`]), ...mistyped];
}

/**
 * Refuses a plan that expects more calls than a third party allows: throws J_BUDGET with every phase of each. Where that is
 * forced, returns the mark for the plan: the run is shaped to the budget then, and not the load of its plan.
 */
export function refuseOverBudget(plan: Planned, { where, force }: { where: string; force: boolean }): Pick<Plan, 'forced'> {
  const over = plannedCalls(plan).filter(({ budget, perSecond }) => perSecond > budget.callsPerSecond * (1 + ROUNDING));
  if (over.length === 0) return {};
  if (force) return { forced: over.map(asked).join('; ') };
  throw new CodedError('J_BUDGET', over.map((one): Fault => ({
    where, message: `the plan ${asked(one)}`,
    hint: `users ${shown(one.usersPerSecond)} a second, the API lane ${shown(one.apiPerSecond)}`,
  })));
}

function asked({ budget, phase, perSecond }: PlannedCalls): string {
  return `asks ${budget.name}, which allows ${calls(budget)} a second, for ${shown(perSecond)} in phase "${phase}"`;
}

function calls({ callsPerSecond }: ThirdPartyBudget): string {
  return `${shown(callsPerSecond)} ${callsPerSecond === 1 ? 'call' : 'calls'}`;
}

/** Enough digits that a rate just above its limit does not read like it. */
function shown(perSecond: number): string {
  return String(Number(perSecond.toPrecision(4)));
}
