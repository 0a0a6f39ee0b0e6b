import { overBudget, type ApiPlan, type ApiRequest } from '../../model/index.ts';
import { DATA_BODY, isMade } from '../../plan/scenario-values.ts';
import { traceparent } from '../tags.ts';
import { createMix } from './arrivals.ts';
import { createValues, type DataValues } from './data.ts';
import { BAD_ANSWER, NOT_SENT, TOO_MANY_IN_FLIGHT } from './failures.ts';
import type { Waited } from './lane-budget.ts';
import type { Answer, Outgoing, Sender } from './sender.ts';
import type { Account } from './sessions.ts';
import { capturedValue, fillAddress, fillJson, MissingValue, placeholders, type Json, type Lookup, type Value } from './template.ts';
import { countFailure, countWait, type LanePhase, type Windows } from './windows.ts';

/** A request with all worked out that does not change from one sending to the next. */
interface Compiled {
  request: ApiRequest;
  queries: string[];
  body: Json | undefined;
  /** Every sending is the same, one for each query string; null where there is something to fill in. */
  fixed: Outgoing[] | null;
  sent: number;
}

export interface FlowsOptions {
  plan: ApiPlan;
  seed: number;
  runId: string;
  /** What keeps the made-up values of two threads apart. */
  thread: number;
  /** Path of the target's address that goes before every path; empty for none. */
  basePath: string;
  headers: Record<string, string>;
  /** Accounts by scenario. */
  accounts: Readonly<Record<string, readonly Account[]>>;
  sender: Sender;
  windows: Windows;
  nowMs: () => number;
  /** Told of every request: live figures. */
  onEnd: (outcome: { ok: boolean; latencyMs: number }) => void;
  onSend: (late: boolean) => void;
}

interface Arrival {
  scenario: string;
  account: Account | null;
  phase: LanePhase;
  captured: Map<string, Value>;
  /** Made up for this arrival, or anew for the last of its requests that asked so; null until the first is needed. */
  data: DataValues | null;
  /** It has signed up as somebody new, who is not the account's user. */
  somebodyNew: boolean;
}

/** Sends flows: one arrival after the other, each through its requests in order, and counts what comes of them. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #scenarios: {
    name: string;
    mix: (arrival: number) => number;
    flows: Compiled[][];
    /** Of each flow. */
    routes: string[][];
    accounts: readonly Account[];
  }[];
  #made = 0;
  #sent = 0;
  #open = 0;
  #ended = false;

  constructor(options: FlowsOptions) {
    this.#options = options;
    this.#scenarios = options.plan.scenarios.map((scenario, index) => ({
      name: scenario.name,
      // Each scenario at another point of the sequence: scenarios of one rate do not go in step.
      mix: createMix(scenario.flows.map(({ weight }) => weight), ((options.seed % 997) + index * 13) / 997),
      flows: scenario.flows.map(({ requests }) => requests.map((request) => compile(request, options))),
      routes: scenario.flows.map(({ requests }) => requests.map(({ route }) => route)),
      accounts: options.accounts[scenario.name] ?? [],
    }));
  }

  /** Flows under way. */
  get open(): number {
    return this.#open;
  }

  /** Returns the routes of the flow that a scenario's arrival of a number will take. */
  routesOf(scenario: number, number: number): readonly string[] {
    const chosen = this.#scenarios[scenario];
    return chosen?.routes[chosen.mix(number)] ?? [];
  }

  /** Counts an arrival that a third party's budget has no room for: its first request was due and is not sent. */
  refuse(scenario: number, number: number, phase: LanePhase, dueMs: number, budget: string): void {
    const [route] = this.routesOf(scenario, number);
    const name = this.#scenarios[scenario]?.name;
    if (this.#ended || route === undefined || name === undefined) return;
    const cell = this.#options.windows.cell(phase, dueMs, name, route);
    cell.scheduled += 1;
    countFailure(cell, overBudget(budget));
  }

  /** Starts the flow of a scenario's arrival of a number (from 0, over all threads), due at a time. */
  arrive(scenario: number, number: number, phase: LanePhase, dueMs: number, waited?: Waited): void {
    const chosen = this.#scenarios[scenario];
    const flow = chosen?.flows[chosen.mix(number)];
    if (!chosen || !flow) return;
    const route = flow[0]?.request.route;
    if (waited && route !== undefined) countWait(this.#options.windows.cell(phase, dueMs, chosen.name, route), waited);
    const account = chosen.accounts[number % Math.max(1, chosen.accounts.length)] ?? null;
    this.#open += 1;
    this.#next({ scenario: chosen.name, account, phase, captured: new Map(), data: null, somebodyNew: false }, flow, 0, dueMs);
  }

  /** From now on no flow sends another request, and what comes in is not counted any more. */
  end(): void {
    this.#ended = true;
  }

  #next(arrival: Arrival, flow: Compiled[], index: number, dueMs: number): void {
    const compiled = flow[index];
    if (!compiled) {
      this.#open -= 1;
      return;
    }
    const { sender, windows, nowMs, plan, onSend, onEnd } = this.#options;
    const cell = windows.cell(arrival.phase, dueMs, arrival.scenario, compiled.request.route);
    cell.scheduled += 1;
    const notSent = (why: string): void => {
      countFailure(cell, why);
      onEnd({ ok: false, latencyMs: 0 });
      this.#open -= 1;
    };
    if (sender.full) return notSent(TOO_MANY_IN_FLIGHT);
    if (compiled.request.session && !arrival.account) return notSent(`${NOT_SENT}: no session`);
    let outgoing: Outgoing;
    try {
      outgoing = this.#outgoing(arrival, compiled);
    } catch (error) {
      if (!(error instanceof MissingValue)) throw error;
      return notSent(`${NOT_SENT}: ${error.message}`);
    }
    const handedMs = nowMs();
    const lateMs = Math.max(0, handedMs - dueMs);
    const late = lateMs > plan.lateSendMs;
    cell.sent += 1;
    cell.open += 1;
    if (late) cell.late += 1;
    if (lateMs > cell.maxLateMs) cell.maxLateMs = lateMs;
    onSend(late);
    sender.send(this.#traced(outgoing), (answer) => {
      if (this.#ended) return;
      cell.open -= 1;
      const failure = failureOf(answer) ?? take(compiled.request, answer, arrival.captured);
      const latencyMs = Math.max(0, answer.endedMs - dueMs);
      if (failure === null) {
        cell.ok += 1;
        cell.latency.addMs(latencyMs);
        cell.service.addMs(Math.max(0, answer.endedMs - (answer.leftMs ?? handedMs)));
        onEnd({ ok: true, latencyMs });
        this.#next(arrival, flow, index + 1, answer.endedMs);
      } else {
        countFailure(cell, failure);
        onEnd({ ok: false, latencyMs });
        this.#open -= 1;
      }
    });
  }

  /** Each request is a trace of its own: a target's traces of a minute's load in one would be of no use to anybody. */
  #traced(outgoing: Outgoing): Outgoing {
    this.#sent += 1;
    const { runId, seed, thread } = this.#options;
    // A resumed run counts anew, and has another seed.
    return { ...outgoing, headers: { ...outgoing.headers, traceparent: traceparent(runId, `api/${seed}/${thread}/${this.#sent}`) } };
  }

  #outgoing(arrival: Arrival, compiled: Compiled): Outgoing {
    const { request, queries, body, fixed } = compiled;
    const turn = compiled.sent;
    compiled.sent += 1;
    const ready = fixed?.[turn % fixed.length];
    if (ready) return ready;
    const lookup = this.#lookup(arrival, request);
    const query = queries.length === 0 ? '' : `?${fillAddress(queries[turn % queries.length] ?? '', lookup)}`;
    return {
      method: request.method,
      path: `${this.#options.basePath}${fillAddress(request.path, lookup)}${query}`,
      headers: headersOf(this.#options.headers, request.session ? arrival.account : null, body),
      body: body === undefined ? null : JSON.stringify(fillJson(body, lookup)),
      keepBody: Object.keys(request.capture).length > 0,
    };
  }

  /**
   * Returns what stands for a name in one request: captured before, of the account's user, or made up. A request with `data`
   * takes nothing that was made up before; each has a uuid of its own, so that no two share a key against sending twice.
   */
  #lookup(arrival: Arrival, request: ApiRequest): Lookup {
    if (request.data !== null) arrival.data = this.#fresh();
    if (request.data === 'unique_email') arrival.somebodyNew = true;
    let uuid: Value | undefined;
    return (name) => {
      if (name === 'uuid') return (uuid ??= this.#fresh().uuid);
      const captured = arrival.captured.get(name);
      if (captured !== undefined && !(request.data !== null && isMade(name))) return captured;
      const values = arrival.somebodyNew && isMade(name) ? {} : arrival.account?.values ?? {};
      const ofUser = Object.hasOwn(values, name) ? values[name] : undefined;
      if (ofUser !== undefined || !isMade(name)) return ofUser;
      return (arrival.data ??= this.#fresh())[name];
    };
  }

  #fresh(): DataValues {
    this.#made += 1;
    return createValues(this.#options.seed, this.#options.runId, `${this.#options.thread}/${this.#made}`);
  }
}

/** Works out what does not change. */
function compile(request: ApiRequest, { basePath, headers }: FlowsOptions): Compiled {
  const body = request.body ?? (request.data === null ? undefined : DATA_BODY[request.data]);
  const asked = [request.path, ...request.params].some((text) => placeholders(text).size > 0);
  const changes = asked || request.session || (body !== undefined && placeholders(body).size > 0);
  const nothing = (): undefined => undefined;
  const fixed = (query: string): Outgoing => ({
    method: request.method,
    path: `${basePath}${fillAddress(request.path, nothing)}${query === '' ? '' : `?${fillAddress(query, nothing)}`}`,
    headers: headersOf(headers, null, body),
    body: body === undefined ? null : JSON.stringify(body),
    keepBody: Object.keys(request.capture).length > 0,
  });
  return {
    request, queries: request.params, body, sent: 0,
    fixed: changes ? null : (request.params.length > 0 ? request.params : ['']).map(fixed),
  };
}

function headersOf(base: Record<string, string>, account: Account | null, body: Json | undefined): Record<string, string> {
  return { ...base, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...account?.headers };
}

/** Returns the class of what is no good answer; null for any below 400. */
export function failureOf({ failure, status }: Answer): string | null {
  if (failure !== null) return failure;
  return status === null || status >= 400 ? `status ${status}` : null;
}

/** Takes what later requests need from an answer; returns the failure where it is not there. */
export function take({ capture }: Pick<ApiRequest, 'capture'>, { body }: Answer, into: Map<string, Value>): string | null {
  const wanted = Object.entries(capture);
  if (wanted.length === 0) return null;
  let answer: unknown;
  try {
    answer = JSON.parse((body ?? '').toString());
  } catch {
    return BAD_ANSWER;
  }
  for (const [name, path] of wanted) {
    const value = capturedValue(answer, path);
    if (value === undefined) return BAD_ANSWER;
    into.set(name, value);
  }
  return null;
}
