// The scenarios of config/loadtests/scenarios.json as a k6 test (k6 v1 or newer), as Task 85 asks:
//   k6 run -e TARGET_URL=http://127.0.0.1:4600 test/load/k6-script.js
// SHARE scales the rates, DURATION replaces global_duration, SCENARIOS=S_01,S_02 takes those whose names begin so, SEED makes
// other people and projects; SCENARIOS_FILE takes another file, named from this folder. documentation/scenarios.md describes it.
/* global open, __ENV, crypto */
import { check, fail } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { DATA_BODY, TASK_85_SESSIONS, hasSession, rateOf, routeOf, usersOf } from '../../src/plan/scenario-values.ts';

/** Task 85, performance targets: at most 0.01 % of all requests may fail. */
const MAX_FAILED_SHARE = 0.0001;
const TIMEOUT = '10s';

const file = JSON.parse(open(__ENV.SCENARIOS_FILE || '../../config/loadtests/scenarios.json').replace(/^\uFEFF/, ''));
const target = (__ENV.TARGET_URL || fail('TARGET_URL is missing: -e TARGET_URL=http://127.0.0.1:4600')).replace(/\/+$/, '');
const share = Number(__ENV.SHARE || 1);
if (!(share > 0 && share <= 100)) fail(`SHARE must be more than 0 and at most 100, not ${__ENV.SHARE}`);
const seed = Number(__ENV.SEED || 1);
const asked = (__ENV.SCENARIOS || '').split(',').filter((name) => name !== '');

const scenarios = file.scenarios.filter(({ name }) => asked.length === 0 || asked.some((begin) => name.startsWith(begin))).map(readScenario);
if (scenarios.length === 0) fail(`SCENARIOS names none of ${file.scenarios.map(({ name }) => name).join(', ')}`);
const sessions = file.sessions || TASK_85_SESSIONS;

function readScenario(scenario, index) {
  const flows = scenario.endpoints.filter(({ weight }) => weight > 0).map((entry) => ({
    weight: entry.weight,
    requests: (entry.sequence || [entry]).map((one) => ({
      ...one,
      session: hasSession(one.session, scenario.session, file.sessions !== undefined, one.path),
      route: routeOf(one.method, one.path, []),
    })),
  }));
  const vus = Math.max(1, Math.ceil(scenario.target_vus * Math.min(1, share)));
  return {
    index,
    key: scenario.name.replace(/[^\w-]/g, '_'),
    rate: rateOf(scenario) * share,
    users: flows.some(({ requests }) => requests.some(({ session }) => session)) ? Math.min(usersOf(scenario), vus) : 0,
    vus,
    maxVus: scenario.target_vus,
    weights: flows.reduce((sum, { weight }) => sum + weight, 0),
    flows,
  };
}

/** Latency is of good answers, of which there must be some: k6 reads the p95 of none as 0. Failures have their own limit. */
function thresholds() {
  const limits = { checks: ['rate==1'] };
  for (const { route, slo_p95_ms: limit } of scenarios.flatMap(({ flows }) => flows.flatMap(({ requests }) => requests))) {
    const name = `http_req_duration{expected_response:true,name:${route}}`;
    limits[name] = [...new Set([...(limits[name] || ['min>0']), ...(limit === undefined ? [] : [`p(95)<=${limit}`])])];
    limits[`http_req_failed{name:${route}}`] = [`rate<=${MAX_FAILED_SHARE}`];
  }
  return limits;
}

export const options = {
  scenarios: Object.fromEntries(scenarios.map(({ key, rate, vus, maxVus }) => [key, {
    executor: 'constant-arrival-rate',
    exec: 'arrive',
    // k6 takes whole rates only; a thousandth of an arrival a second is fine enough.
    rate: Math.max(1, Math.round(rate * 1000)),
    timeUnit: '1000s',
    duration: __ENV.DURATION || file.global_duration || '1m',
    preAllocatedVUs: vus,
    maxVUs: Math.max(vus, maxVus),
  }])),
  thresholds: thresholds(),
  summaryTrendStats: ['count', 'min', 'med', 'p(95)', 'p(99)', 'max'],
  setupTimeout: '5m',
};

/** Makes the accounts of each scenario, before the first arrival; `run` tells this run from others on a lasting target. */
export function setup() {
  const run = `${seed.toString(36)}${Date.now().toString(36)}`;
  return { run, users: scenarios.map((scenario) => Array.from({ length: scenario.users }, (_, user) => makeUser(run, scenario, user))) };
}

function makeUser(run, { index }, user) {
  let values = {};
  sessions.requests.forEach((request, step) => {
    const answer = send(run, request, values, `u${index}x${user}x${step}`, request.session ? values : null, `set-up ${request.method} ${request.path}`);
    if (answer === null) fail(`no account could be made: ${request.method} ${request.path} failed`);
    values = answer;
  });
  return values;
}

/** One arrival: a flow by weight, its requests in order; the rest of a sequence is left out after one that failed. */
export function arrive({ run, users }) {
  const scenario = scenarios.find(({ key }) => key === exec.scenario.name);
  const number = exec.scenario.iterationInTest;
  const ofScenario = users[scenario.index];
  const user = ofScenario.length === 0 ? null : ofScenario[number % ofScenario.length];
  const { requests } = pick(scenario, random(scenario.index, number));
  let values = {};
  for (const [step, request] of requests.entries()) {
    const answer = send(run, request, values, `${scenario.index}x${number}x${step}`, request.session ? user : null, request.route, number);
    if (answer === null) return;
    values = answer;
  }
}

function pick({ flows, weights }, part) {
  let left = part * weights;
  return flows.find(({ weight }) => (left -= weight) < 0) || flows[flows.length - 1];
}

/** mulberry32 of the seed, the scenario and the arrival's number: the same arrivals for the same seed. */
function random(index, number) {
  let t = (Math.imul(seed, 0x9e3779b1) + Math.imul(index + 1, 0x85ebca6b) + Math.imul(number + 1, 0x6d2b79f5)) >>> 0;
  t = Math.imul(t ^ (t >>> 15), 1 | t);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** Returns the values known after the answer, or null where it failed. */
function send(run, request, known, tag, user, name, number = 0) {
  const { method, path, params = [], data_type: data, capture = {} } = request;
  const own = made(`${run}-${tag}`);
  // Made up unless there is one already; a request with data takes nothing that was made up before.
  const values = { ...own, ...user, ...known, ...(data ? own : {}), uuid: own.uuid };
  const query = params.length === 0 ? '' : `?${render(params[number % params.length], values)}`;
  const body = request.body === undefined && method !== 'GET' ? DATA_BODY[data] : request.body;
  const response = http.request(method, target + render(path, values) + query, body === undefined ? null : JSON.stringify(renderAll(body, values)), {
    headers: {
      'x-test-run-id': `k6-${run}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(user === null ? {} : renderAll(sessions.headers, values)),
    },
    tags: { name }, timeout: TIMEOUT, redirects: 0,
  });
  if (!check(response, { 'answered below 400': ({ status }) => status > 0 && status < 400 }, { name })) return null;
  const wanted = Object.entries(capture);
  if (wanted.length === 0) return values;
  const json = parsed(response.body);
  const captured = wanted.map(([value, at]) => [value, at.split('.').reduce((part, key) => part?.[key], json)]);
  const complete = captured.every(([, value]) => value !== undefined && value !== null);
  if (!check(complete, { 'has the values to capture': (all) => all }, { name })) return null;
  return { ...values, ...Object.fromEntries(captured) };
}

/** An answer that is no JSON has nothing to capture, which the check tells; an exception would only be a line in the log. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function made(tag) {
  return {
    name: 'Load Test', email: `k6.${tag}@example.com`, password: `load-test-${tag}`,
    title: `Load test ${tag}`, details: 'Synthetic project of a load test.', amountCents: 120000, uuid: crypto.randomUUID(),
  };
}

/** A text that is one value and nothing else keeps its type. */
function render(text, values) {
  const value = (name) => (name in values ? values[name] : fail(`nothing provides {{${name}}}`));
  const whole = /^\{\{(\w+)\}\}$/.exec(text);
  return whole ? value(whole[1]) : text.replace(/\{\{(\w+)\}\}/g, (_, name) => String(value(name)));
}

function renderAll(value, values) {
  if (typeof value === 'string') return render(value, values);
  if (Array.isArray(value)) return value.map((one) => renderAll(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, renderAll(one, values)]));
}
