import type { Budgets, Calls } from '../budget.ts';
import type { LanePhase } from './windows.ts';

/** What an arrival had to wait for. */
export interface Waited {
  budget: string;
  waitMs: number;
}

/** The flows of the lane, as far as their shaping is concerned. */
export interface ShapedFlows {
  /** Routes that the flow of an arrival will ask for, in order; the same whenever asked. */
  routesOf(scenario: number, number: number): readonly string[];
  arrive(scenario: number, number: number, phase: LanePhase, dueMs: number, waited?: Waited): void;
  /** Counts an arrival that is not to be sent. */
  refuse(scenario: number, number: number, phase: LanePhase, dueMs: number, budget: string): void;
}

interface Waiting {
  scenario: number;
  number: number;
  phase: LanePhase;
  dueMs: number;
  waited: Waited;
  /** When its calls come free. */
  goMs: number;
}

/**
 * Has the lane's arrivals wait until their calls to third parties fit into the budgets; those that would wait too long are
 * refused, and counted. One that waited is due so much later: its waiting is the plan's doing, and no latency. What the lane was
 * late with it before is not taken off. Reads no clock.
 */
export class LaneShaper {
  readonly #budgets: Budgets;
  readonly #flows: ShapedFlows;
  /** What the arrivals of a flow call, by its routes. */
  readonly #calls = new Map<readonly string[], Calls>();
  /** By when they may go. */
  readonly #waiting: Waiting[] = [];

  constructor(budgets: Budgets, flows: ShapedFlows) {
    this.#budgets = budgets;
    this.#flows = flows;
  }

  /** When the next of those waiting may go; null where none waits. */
  get nextMs(): number | null {
    return this.#waiting[0]?.goMs ?? null;
  }

  /** An arrival that was due at a time has come now: it goes at once, or waits, or is refused. */
  arrive(scenario: number, number: number, phase: LanePhase, dueMs: number, nowMs: number): void {
    const calls = this.#callsOf(this.#flows.routesOf(scenario, number));
    const answer = calls.length === 0 ? { waitMs: 0, waitsFor: null } : this.#budgets.reserve(calls, nowMs);
    if ('refusedBy' in answer) return this.#flows.refuse(scenario, number, phase, dueMs, answer.refusedBy);
    const { waitMs, waitsFor } = answer;
    if (waitsFor === null) return this.#flows.arrive(scenario, number, phase, dueMs);
    const waiting: Waiting = { scenario, number, phase, dueMs, waited: { budget: waitsFor, waitMs }, goMs: nowMs + waitMs };
    const before = this.#waiting.findLastIndex((one) => one.goMs <= waiting.goMs);
    this.#waiting.splice(before + 1, 0, waiting);
  }

  /** Lets everyone go who may by a time, in order. */
  run(nowMs: number): void {
    for (let next = this.#waiting[0]; next && next.goMs <= nowMs; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#flows.arrive(next.scenario, next.number, next.phase, next.dueMs + next.waited.waitMs, next.waited);
    }
  }

  /** Ends the waiting: who has not gone by now never will. */
  end(): void {
    for (const { scenario, number, phase, dueMs, waited } of this.#waiting.splice(0)) {
      this.#flows.refuse(scenario, number, phase, dueMs, waited.budget);
    }
  }

  #callsOf(routes: readonly string[]): Calls {
    const known = this.#calls.get(routes) ?? this.#budgets.callsOfRoutes(routes);
    this.#calls.set(routes, known);
    return known;
  }
}
