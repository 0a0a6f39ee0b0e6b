import { CodedError, type Fault } from '../../errors.ts';
import type { ApiPlan, ApiRequest, ApiSession } from '../../model/index.ts';
import { DATA_BODY } from '../../plan/scenario-values.ts';
import { traceparent } from '../tags.ts';
import { createValues } from './data.ts';
import { failureOf, take } from './flows.ts';
import { Sender, type Answer } from './sender.ts';
import { fillAddress, fillJson, fillText, MissingValue, type Lookup, type Value } from './template.ts';

/** A user whose session the requests of a scenario are sent with. */
export interface Account {
  values: Record<string, Value>;
  headers: Record<string, string>;
}

export interface SessionOptions {
  targetUrl: string;
  runId: string;
  seed: number;
  headers: Record<string, string>;
}

/** Accounts are made a few at a time: hashing passwords is what a target does slowest, and nothing is measured yet. */
const AT_ONCE = 4;
const FAULTS_SHOWN = 5;
/** At least this long, whatever the plan's limit for measured requests is. */
const LEAST_TIMEOUT_MS = 10_000;

/**
 * Makes the accounts of every scenario before the run, off the clock, and returns them by scenario. Throws J_API_ARRANGE with
 * the first failures when the target refuses one: with fewer accounts it would not be the traffic of the plan.
 */
export async function openSessions(plan: ApiPlan, options: SessionOptions): Promise<Record<string, Account[]>> {
  const url = new URL(options.targetUrl);
  const timeoutMs = Math.max(LEAST_TIMEOUT_MS, plan.timeoutMs);
  const sender = new Sender({ origin: url.origin, connections: AT_ONCE, timeoutMs, nowMs: () => performance.now() });
  const basePath = url.pathname.replace(/\/+$/, '');
  const accounts: Record<string, Account[]> = {};
  const wanted = plan.scenarios.flatMap(({ name, users }, index) => {
    accounts[name] = [];
    return Array.from({ length: users }, (_, user) => ({ name, label: `account/${index}/${user}` }));
  });
  const faults: Fault[] = [];
  const work = async (): Promise<void> => {
    for (let next = wanted.shift(); next && faults.length < FAULTS_SHOWN; next = wanted.shift()) {
      const headers = { ...options.headers, traceparent: traceparent(options.runId, `${next.label}/${options.seed}`) };
      const opened = await open(plan, { ...options, headers, sender, basePath, label: next.label });
      if ('fault' in opened) faults.push(opened.fault);
      else accounts[next.name]?.push(opened.account);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await sender.destroy();
  }
  if (faults.length > 0) throw new CodedError('J_API_ARRANGE', faults);
  return accounts;
}

type Opened = { account: Account } | { fault: Fault };

interface Making extends SessionOptions {
  sender: Sender;
  basePath: string;
  label: string;
}

async function open({ session, source }: ApiPlan, making: Making): Promise<Opened> {
  if (!session) return { fault: { where: source, message: 'has users, and does not say how their sessions are made' } };
  const own = createValues(making.seed, making.runId, making.label);
  const captured = new Map<string, Value>();
  const lookup: Lookup = (name) => captured.get(name) ?? (Object.hasOwn(own, name) ? own[name as keyof typeof own] : undefined);
  let where = source;
  try {
    for (const request of session.requests) {
      where = `${request.method} ${request.path}`;
      // One that comes after the log-in, and arranges what the user has already.
      const signedIn = request.session ? sessionHeaders(session, lookup) : {};
      const answer = await send(request, lookup, { ...making, headers: { ...making.headers, ...signedIn } });
      const failure = failureOf(answer) ?? take(request, answer, captured);
      if (failure !== null) return { fault: { where, message: `${failure}${firstWords(answer)}` } };
    }
    where = source;
    const { name, email, password } = own;
    return { account: { values: { name, email, password, ...Object.fromEntries(captured) }, headers: sessionHeaders(session, lookup) } };
  } catch (error) {
    if (error instanceof MissingValue) return { fault: { where, message: error.message } };
    throw error;
  }
}

function sessionHeaders({ headers }: ApiSession, lookup: Lookup): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), fillText(text, lookup)]));
}

function send(request: ApiRequest, lookup: Lookup, { sender, basePath, headers }: Making): Promise<Answer> {
  const query = request.params[0] === undefined ? '' : `?${fillAddress(request.params[0], lookup)}`;
  const body = request.body ?? (request.data === null ? null : DATA_BODY[request.data]);
  const outgoing = {
    method: request.method,
    path: `${basePath}${fillAddress(request.path, lookup)}${query}`,
    headers: { ...headers, ...(body === null ? {} : { 'content-type': 'application/json' }) },
    body: body === null ? null : JSON.stringify(fillJson(body, lookup)),
    keepBody: true,
  };
  return new Promise((resolve) => sender.send(outgoing, resolve));
}

function firstWords({ body }: Answer): string {
  const words = (body ?? '').toString().replace(/\s+/g, ' ').trim().slice(0, 120);
  return words === '' ? '' : `: ${words}`;
}
