import type { z } from 'zod';
import { CodedError, type Fault } from '../errors.ts';
import type { ApiFlow, ApiRequest, ApiScenario, ApiSession } from '../model/index.ts';
import { didYouMean } from '../nearest.ts';
import { byLine } from './by-line.ts';
import { openJson } from './json-file.ts';
import { DATA_TYPES, EndpointEntry, FileEntry, METHODS, ScenarioEntry, SequenceEntry, SessionsEntry, StepEntry } from './scenario-file.ts';
import { capturedBy, requestFaults, textFaults } from './scenario-flow.ts';
import { DATA_BODY, TASK_85_SESSIONS, hasSession, rateOf, routeOf, usersOf } from './scenario-values.ts';
import type { YamlFile, YamlPath } from './yaml.ts';
import { isObject, shown, zodFaults } from './zod-faults.ts';

export interface ReadScenarios {
  scenarios: ApiScenario[];
  /** How accounts are made; null where no request needs one. */
  session: ApiSession | null;
}

/** About 30 times the 10,000 endpoints of a very large API; more is a mistake, and would make slow starts. */
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_REQUESTS = 100_000;
/** What a person would read of a file that is wrong throughout. */
const MAX_FAULTS = 50;

/**
 * Returns the API lane's scenarios as the scenarios file gives them; documentation/scenarios.md describes its form. `routes`
 * are the script's patterns of addresses, so that both lanes name a route alike.
 * Throws J_SCENARIOS_INVALID with every fault of the file at once, each with its place.
 */
export function readScenarios(text: string, fileName: string, routes: readonly string[] = []): ReadScenarios {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw refusal([{ where: fileName, message: `the file is larger than ${MAX_BYTES / 1024 ** 2} MB` }]);
  }
  const opened = openJson(text, fileName);
  if (!('file' in opened)) throw refusal(opened.faults);
  const reader = new Reader(opened.file, routes, [...opened.faults]);
  try {
    return reader.read();
  } catch (thrown) {
    if (thrown instanceof RangeError) throw refusal([{ where: fileName, message: 'the file is nested too deeply' }]);
    throw thrown;
  }
}

function refusal(faults: readonly Fault[]): CodedError {
  const more = faults.length - MAX_FAULTS;
  const told = faults.toSorted(byLine).slice(0, MAX_FAULTS);
  return new CodedError('J_SCENARIOS_INVALID', more > 0 ? [...told, { where: 'and', message: `${more} more faults` }] : told);
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const list = isObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}

class Reader {
  readonly #file: YamlFile;
  readonly #routes: readonly string[];
  readonly #faults: Fault[];
  /** Captured for every account. */
  #userValues: readonly string[] = [];
  #hasSessions = false;

  constructor(file: YamlFile, routes: readonly string[], faults: Fault[]) {
    this.#file = file;
    this.#routes = routes;
    this.#faults = faults;
  }

  read(): ReadScenarios {
    const raw = this.#file.value;
    this.#refuseTooMany(raw);
    const frame = this.#parse(FileEntry, raw, []);
    this.#hasSessions = isObject(raw) && raw['sessions'] !== undefined;
    const session = this.#readSessions(this.#hasSessions ? (raw as Record<string, unknown>)['sessions'] : TASK_85_SESSIONS);
    const scenarios = (frame?.scenarios ?? listIn(raw, 'scenarios')).flatMap((one, index) => this.#readScenario(one, index));
    this.#refuseDoubles();
    if (this.#faults.length > 0 || session === null) throw refusal(this.#faults);
    return { scenarios, session: scenarios.some(({ users }) => users > 0) ? session : null };
  }

  #fault(path: YamlPath, message: string, hint?: string): void {
    this.#faults.push({ where: this.#file.where(path), message, ...(hint === undefined ? {} : { hint }) });
  }

  #parse<T>(schema: z.ZodObject & z.ZodType<T>, raw: unknown, path: YamlPath): T | null {
    const parsed = schema.safeParse(raw);
    if (parsed.success) return parsed.data;
    const faults = zodFaults(this.#file, parsed.error.issues, path, Object.keys(schema.shape));
    for (const fault of faults) this.#faults.push(withNearest(fault, raw));
    return null;
  }

  #refuseTooMany(raw: unknown): void {
    let requests = 0;
    for (const scenario of listIn(raw, 'scenarios')) {
      for (const endpoint of listIn(scenario, 'endpoints')) requests += Math.max(1, listIn(endpoint, 'sequence').length);
    }
    const message = `${requests} requests are more than ${MAX_REQUESTS}`;
    if (requests > MAX_REQUESTS) throw refusal([{ where: this.#file.fileName, message }]);
  }

  #refuseDoubles(): void {
    const names = new Set<string>();
    listIn(this.#file.value, 'scenarios').forEach((raw, index) => {
      const name = isObject(raw) && typeof raw['name'] === 'string' ? raw['name'].trim() : null;
      if (name === null) return;
      if (names.has(name)) {
        this.#fault(['scenarios', index, 'name'], `two scenarios are named ${shown(name)}`, 'results are told apart by this name');
      }
      names.add(name);
    });
  }

  #readSessions(raw: unknown): ApiSession | null {
    const frame = this.#parse(SessionsEntry, raw, ['sessions']);
    const headers = frame?.headers ?? {};
    const headerFaults = (known: readonly string[]): Fault[] =>
      Object.entries(headers).flatMap(([name, value]) => textFaults(this.#file, value, ['sessions', 'headers', name], known));
    let known: readonly string[] = [];
    const requests = listIn(raw, 'requests').flatMap((step, index) => {
      const path = ['sessions', 'requests', index];
      const entry = this.#parse(StepEntry, step, path);
      if (entry?.session === true && headerFaults(known).length > 0) {
        this.#fault([...path, 'session'], 'comes before what "headers" needs is captured');
      }
      this.#tellFaults(entry, path, known, []);
      known = [...known, ...capturedBy(step)];
      return entry === null ? [] : [this.#request(entry, entry.session ?? false)];
    });
    this.#faults.push(...headerFaults(known));
    this.#userValues = known;
    return frame === null ? null : { requests, headers };
  }

  #readScenario(raw: unknown, index: number): ApiScenario[] {
    const path = ['scenarios', index];
    const scenario = this.#parse(ScenarioEntry, raw, path);
    const entries = listIn(raw, 'endpoints');
    const ofScenario = isObject(raw) && typeof raw['session'] === 'boolean' ? raw['session'] : undefined;
    const flows = entries.flatMap((entry, place) => this.#readFlow(entry, [...path, 'endpoints', place], ofScenario));
    const weights = entries.map((entry) => (isObject(entry) ? entry['weight'] : undefined));
    if (weights.length > 0 && weights.every((weight) => weight === 0)) {
      this.#fault([...path, 'endpoints'], 'all weights are 0, so nothing would be sent');
    }
    if (scenario === null) return [];
    const needsUsers = flows.some((flow) => flow.requests.some(({ session }) => session));
    if (needsUsers && scenario.users === 0) {
      this.#fault([...path, 'users'], 'must be at least 1: its requests are sent with a session');
    }
    return [{ name: scenario.name, ratePerSecond: rateOf(scenario), users: needsUsers ? usersOf(scenario) : 0, flows }];
  }

  #readFlow(raw: unknown, path: YamlPath, ofScenario: boolean | undefined): ApiFlow[] {
    const isSequence = isObject(raw) && 'sequence' in raw;
    const frame = isSequence ? this.#parse(SequenceEntry, raw, path) : this.#parse(EndpointEntry, raw, path);
    const steps = isSequence ? listIn(raw, 'sequence') : [raw];
    let known: readonly string[] = [];
    const requests = steps.flatMap((step, index) => {
      const place = isSequence ? [...path, 'sequence', index] : path;
      const entry = isSequence ? this.#parse(StepEntry, step, place) : (frame as EndpointEntry | null);
      const session = this.#hasSession(step, ofScenario);
      this.#tellFaults(entry, place, session ? [...this.#userValues, ...known] : known, session ? [] : this.#userValues);
      known = [...known, ...capturedBy(step)];
      return entry === null ? [] : [this.#request(entry, session)];
    });
    // A weight of 0 is a way to leave an endpoint out for a while: read as strictly, and not sent.
    return frame === null || frame.weight === 0 || requests.length === 0 ? [] : [{ weight: frame.weight, requests }];
  }

  /** Looks at the raw request: one with a fault elsewhere still says whose values it may use. */
  #hasSession(raw: unknown, ofScenario: boolean | undefined): boolean {
    const { session, path } = isObject(raw) ? raw : {};
    const own = typeof session === 'boolean' ? session : undefined;
    return hasSession(own, ofScenario, this.#hasSessions, typeof path === 'string' ? path : '');
  }

  #tellFaults(entry: StepEntry | null, path: YamlPath, known: readonly string[], ofUsers: readonly string[]): void {
    if (entry === null) return;
    for (const fault of requestFaults(this.#file, entry, path, known, ofUsers)) this.#faults.push(fault);
    if (entry.method !== 'GET') return;
    if (entry.body !== undefined) this.#fault([...path, 'body'], 'a GET is sent without a body');
    if (entry.data_type !== undefined) this.#fault([...path, 'data_type'], 'a GET brings no data; made-up values are there without it');
  }

  #request(entry: StepEntry, session: boolean): ApiRequest {
    const { method, path, params, capture } = entry;
    const data = entry.data_type ?? null;
    const body = entry.body === undefined && data !== null ? DATA_BODY[data] : (entry.body ?? null);
    const route = routeOf(method, path, this.#routes);
    return { method, path, route, params, body, data, session, capture, sloP95Ms: entry.slo_p95_ms ?? null };
  }
}

/** A word out of a list that is nearly right gets the right one as its hint. */
function withNearest(fault: Fault, raw: unknown): Fault {
  const key = /\.(method|data_type)$/.exec(fault.where)?.[1];
  const given = key !== undefined && isObject(raw) ? raw[key] : undefined;
  return typeof given === 'string' ? { ...fault, hint: didYouMean(given, key === 'method' ? METHODS : DATA_TYPES) } : fault;
}
