import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { CodedError, Fault } from '../errors.ts';
import { apiPlanOf } from '../golden/api.ts';
import { replayPlanOf } from '../golden/replay.ts';
import { planOf } from '../golden/samples.ts';
import type { Phase, Plan, ThirdPartyBudget } from '../model/index.ts';
import { budgetsOf } from './budget-slo.ts';
import { budgetLines, plannedCalls, refuseOverBudget } from './budget.ts';
import { buildPlan } from './build.ts';
import { readSlo } from './slo.ts';

const PAYMENTS: ThirdPartyBudget = {
  name: 'payments', callsPerSecond: 25, journeys: { 'escrow checkout': 2 }, routes: { 'POST /lock': 1, 'POST /release': 1 }, maxWaitMs: 5_000,
};
const request = (method: 'GET' | 'POST', path: string) => ({
  method, path, route: `${method} ${path}`, params: [], body: null, data: null, session: false, capture: {}, sloP95Ms: null,
});
const phase = (changes: Partial<Phase>): Phase => ({ name: 'main', durationS: 60, arrivalRate: null, rampTo: null, arrivalCount: null, pause: false, ...changes });
const API = apiPlanOf({
  scenarios: [
    { name: 'money', ratePerSecond: 2, users: 1, flows: [{ weight: 100, requests: [request('POST', '/projects'), request('POST', '/lock'), request('POST', '/release')] }] },
    { name: 'mixed', ratePerSecond: 10, users: 1, flows: [{ weight: 1, requests: [request('POST', '/lock')] }, { weight: 4, requests: [request('GET', '/me')] }] },
  ],
  loads: [{ phase: 'main', share: 0.5, to: null }, { phase: 'ramp', share: 1, to: 3 }],
});
/** One checkout among four users. */
const plan = (changes: Partial<Plan>): Plan => planOf({
  budgets: [PAYMENTS], journeys: [{ name: 'signup', weight: 3 }, { name: 'escrow checkout', weight: 1 }], ...changes,
});
const rates = (of: Plan): [string, number, number][] => plannedCalls(of).map((one) => [one.phase, one.usersPerSecond, one.apiPerSecond]);

test('expected calls are users a second by the share of their journey, and the lane\'s by that of its flows, at the busiest moment', () => {
  assert.deepEqual(rates(plan({ phases: [phase({ arrivalRate: 8 })] })), [['main', 4, 0]]);
  assert.deepEqual(rates(plan({ phases: [phase({ arrivalCount: 120 })] })), [['main', 1, 0]]);
  assert.deepEqual(rates(plan({ phases: [phase({ arrivalRate: 2, rampTo: 20 }), phase({ name: 'down', arrivalRate: 20, rampTo: 2 })] })), [['main', 10, 0], ['down', 10, 0]]);
  assert.deepEqual(rates(plan({ phases: [phase({ pause: true })], api: API })), [['main', 0, 3]]);
  // 2 × 2 calls of the sequence and 10 × 0.2 of the other scenario at full rate.
  assert.deepEqual(rates(plan({ phases: [phase({ name: 'ramp', arrivalRate: 4, rampTo: 8 })], api: API })), [['ramp', 4, 18]]);
  assert.deepEqual(rates(plan({ phases: [phase({ name: 'none', arrivalRate: 4 })], api: API })), [['none', 2, 0]]);
});

test('people of replayed traffic call what their journey does, and crawlers what their pages do', () => {
  const budgets = [{ ...PAYMENTS, journeys: { 'replayed visit': 3 }, routes: { 'GET /find/:slug': 2 } }];
  assert.deepEqual(rates(plan({ budgets, phases: [phase({ name: 'rest', pause: true }), phase({ name: 'steady', pause: true })], replay: replayPlanOf() })),
    [['rest', 0, 0], ['steady', 3, 14]]);
});

test('a plan over a budget is refused with every phase, its rate and the limit; forced, it is marked', () => {
  const over = plan({ phases: [phase({ arrivalRate: 8 }), phase({ name: 'ramp', arrivalRate: 8, rampTo: 16 })], api: API });
  assert.throws(() => refuseOverBudget(over, { where: 'spike.yml', force: false }), (error: CodedError) => {
    assert.equal(error.code, 'J_BUDGET');
    assert.equal(error.exitCode, 3);
    assert.deepEqual(error.faults, [{
      where: 'spike.yml', message: 'the plan asks payments, which allows 25 calls a second, for 26 in phase "ramp"',
      hint: 'users 8 a second, the API lane 18',
    }]);
    return true;
  });
  assert.deepEqual(refuseOverBudget(over, { where: '', force: true }), { forced: 'asks payments, which allows 25 calls a second, for 26 in phase "ramp"' });
});

test('up to its budget a plan may go, and rounding is no call', () => {
  const full = plan({ phases: [phase({ arrivalRate: 50 })] });
  assert.deepEqual(refuseOverBudget(full, { where: '', force: false }), {});
  const thirds = plan({ phases: [phase({ arrivalRate: 3 })], budgets: [{ ...PAYMENTS, callsPerSecond: 0.1 * 3, journeys: { signup: 0.4 / 3 } }] });
  assert.deepEqual(refuseOverBudget(thirds, { where: '', force: false }), {});
  assert.deepEqual(refuseOverBudget(planOf({}), { where: '', force: false }), {});
});

test('people are told what is planned, and which routes look mistyped', () => {
  const typo = { ...PAYMENTS, routes: { 'POST /lockk': 1, 'POST /release': 1, 'POST /releases': 1, 'DELETE /something/else': 1 } };
  const lines = budgetLines(plan({ phases: [phase({ arrivalRate: 8 }), phase({ name: 'other', arrivalRate: 1 })], api: API, budgets: [typo] }));
  assert.deepEqual(lines, ['most calls a second: payments 5 of 25', 'payments: no scenario sends POST /lockk: did you mean "POST /lock"?']);
  assert.deepEqual(budgetLines(planOf({})), []);
});

const SLO = 'version: 1\ngates:\n  - { id: errors, source: a decision, metric: journey_error_rate, unit: "%", max: 1 }\nthird_parties:\n';
const PARTY = '{ name: payments, calls_per_second: 25, journeys: { signup: 2 }, source: test }';

function faultsOf(parties: string): Fault[] {
  try {
    readSlo(SLO + parties, 'slo.yml', { profile: 'smoke', callers: ['signup', 'escrow checkout'] });
  } catch (thrown) {
    const error = thrown as CodedError;
    assert.equal(error.code, 'J_SLO_INVALID');
    return [...error.faults];
  }
  return assert.fail('the file was accepted');
}

test('third parties are read from slo.yml, and a wait of five seconds is supposed', () => {
  const { slo } = readSlo(`${SLO}  - ${PARTY}\n`, 'slo.yml', { profile: 'smoke' });
  assert.deepEqual(budgetsOf(slo.third_parties, 'smoke'), [
    { name: 'payments', callsPerSecond: 25, journeys: { signup: 2 }, routes: {}, maxWaitMs: 5_000 },
  ]);
});

test('an entry that names the profile holds in place of the one without profiles', () => {
  const parties = `  - ${PARTY}\n  - ${PARTY.replace('25', '100').replace('}, source', '}, profiles: [stress], source')}\n`;
  const { slo } = readSlo(SLO + parties, 'slo.yml', { profile: 'smoke' });
  assert.deepEqual(['smoke', 'stress'].map((profile) => budgetsOf(slo.third_parties, profile).map((one) => one.callsPerSecond)), [[25], [100]]);
});

test('every fault of a third party is told with its line', () => {
  const cases: [string, string, RegExp][] = [
    ['  payments: 25\n', 'slo.yml:5:3 third_parties', /must be a list/],
    ['  - 25\n', 'slo.yml:5:5 third_parties[0]', /must be a third party/],
    [`  - ${PARTY.replace('25', '0')}\n`, 'slo.yml:5:43 third_parties[0].calls_per_second', /must be at least 0.001/],
    [`  - ${PARTY.replace('signup: 2', 'signup: 0')}\n`, 'slo.yml:5:67 third_parties[0].journeys.signup', /must be more than 0/],
    [`  - ${PARTY.replace('signup', 'singup')}\n`, 'slo.yml:5:59 third_parties[0].journeys.singup', /no journey is named "singup"/],
    [`  - ${PARTY.replace('journeys: { signup: 2 }', 'routes: { /lock: 1 }')}\n`, 'slo.yml:5:57 third_parties[0].routes."/lock"', /a method and a path/],
    [`  - ${PARTY.replace('{ signup: 2 }', '{}')}\n`, 'slo.yml:5:5 third_parties[0]', /names no journey and no route/],
    [`  - ${PARTY.replace(', source: test', '')}\n`, 'slo.yml:5:5 third_parties[0].source', /is missing/],
    [`  - ${PARTY.replace('source', 'sources')}\n`, 'slo.yml:5:73 third_parties[0].sources', /is not a key here/],
    [`  - ${PARTY}\n  - ${PARTY}\n`, 'slo.yml:6:13 third_parties[1].name', /stands twice without profiles: also at 5:13/],
  ];
  for (const [text, where, message] of cases) {
    const found = faultsOf(text).find((fault) => fault.where === where);
    assert.match(found?.message ?? faultsOf(text).map((fault) => `${fault.where}: ${fault.message}`).join('\n'), message);
  }
});

test('every profile of this repository stays within the budgets of its slo.yml', () => {
  const root = new URL('../../', import.meta.url);
  const read = (path: string): unknown => parse(readFileSync(new URL(path, root), 'utf8'));
  const journeys = readdirSync(new URL('journeys/', root)).filter((name) => name.endsWith('.journey.ts')).flatMap((name) =>
    /name: '([^']+)'/.exec(readFileSync(new URL(`journeys/${name}`, root), 'utf8'))?.[1] ?? []);
  const script = read('journeys.yml') as { config: { plugins: { journeys: object } }; scenarios?: unknown };
  const profiles = readdirSync(new URL('artillery/profiles/', root)).filter((name) => name.endsWith('.yml'));
  for (const name of [null, ...profiles]) {
    const { config = {}, ...rest } = (name === null ? {} : read(`artillery/profiles/${name}`)) as { config?: { plugins?: { journeys?: object } } };
    const merged = {
      ...script, ...rest,
      config: { ...script.config, ...config, plugins: { journeys: { ...script.config.plugins.journeys, ...config.plugins?.journeys } } },
    };
    const { plan: draft } = buildPlan({
      script: merged, scriptPath: fileURLToPath(new URL('journeys.yml', root)),
      profilePath: name === null ? undefined : fileURLToPath(new URL(`artillery/profiles/${name}`, root)),
      knownJourneys: journeys, startedAtEpochMs: 0, seed: 1,
    });
    assert.ok(draft.budgets.some((one) => one.name === 'payments'), `${name}`);
    assert.deepEqual(refuseOverBudget(draft, { where: name ?? 'journeys.yml', force: false }), {});
  }
});
