import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { CodedError, type Fault } from '../errors.ts';
import type { ErrorBudgetRule } from '../model/index.ts';
import { readSlo } from './slo.ts';

const HEAD = 'version: 1\ngates:\n  - { id: errors, source: a decision, metric: journey_error_rate, unit: "%", max: 1 }\nerror_budgets:\n';
const RULE = '{ service: pay, title: Payments, objective_percent: 99.9, journeys: [signup], source: a decision }';

function read(text: string): ErrorBudgetRule[] {
  return readSlo(HEAD + text, 'slo.yml', { profile: 'smoke', callers: ['signup', 'agent task'] }).slo.error_budgets;
}

function faultsOf(text: string): readonly Fault[] {
  try {
    read(text);
  } catch (thrown) {
    assert.ok(thrown instanceof CodedError && thrown.code === 'J_SLO_INVALID', String(thrown));
    return thrown.faults;
  }
  return assert.fail(`accepted: ${text}`);
}

test('a rule is read, its window a month on average', () => {
  const [rule] = read(`  - ${RULE}\n`);
  assert.deepEqual([rule?.service, rule?.window_days, rule?.journeys, rule?.prometheus], ['pay', 30.4375, ['signup'], undefined]);
  // In minutes, what 99.9 % leaves.
  assert.equal((((rule?.window_days ?? 0) * 1_440 * 0.1) / 100).toFixed(1), '43.8');
});

test('each fault names its line, its key, and what was meant', () => {
  const cases: [string, string, RegExp, RegExp?][] = [
    ['  pay: 3\n', 'slo.yml:5:3 error_budgets', /must be a list/],
    ['  - 3\n', 'slo.yml:5:5 error_budgets[0]', /must be an error budget/],
    [`  - ${RULE.replace('pay', 'Pay!')}\n`, 'slo.yml:5:16 error_budgets[0].service', /lower-case letters, digits and dashes/],
    [`  - ${RULE.replace('99.9', '100')}\n`, 'slo.yml:5:57 error_budgets[0].objective_percent', /must be less than 100, not 100/],
    [`  - ${RULE.replace('[signup]', '[sign up]')}\n`, 'slo.yml:5:74 error_budgets[0].journeys[0]', /no journey is named "sign up"/, /did you mean "signup"/],
    [`  - ${RULE.replace('[signup]', '[]')}\n`, 'slo.yml:5:73 error_budgets[0].journeys', /must not be empty/],
    [`  - ${RULE}\n  - ${RULE}\n`, 'slo.yml:6:16 error_budgets[1].service', /"pay" stands twice, also at 5:16/],
    [`  - ${RULE.replace(' }', ', windowdays: 3 }')}\n`, 'slo.yml:5:103 error_budgets[0].windowdays', /is not a key here/, /window_days/],
    [`  - ${RULE.replace(' }', ', prometheus: { bad: x, total: "y[$window]" } }')}\n`, 'slo.yml:5:122 error_budgets[0].prometheus.bad', /\$window/],
  ];
  for (const [text, where, message, hint] of cases) {
    const [fault] = faultsOf(text);
    assert.equal(fault?.where, where, text);
    assert.match(fault.message, message);
    if (hint) assert.match(fault.hint ?? '', hint);
  }
});

test('the error budgets of this repository are those of perf-6, and name journeys that there are', async () => {
  const text = await readFile(new URL('../../slo.yml', import.meta.url), 'utf8');
  const { error_budgets: rules } = readSlo(text, 'slo.yml', {
    profile: 'smoke', callers: ['search page view', 'signup', 'project creation', 'escrow checkout', 'agent task', 'payment double click',
      'payment refresh and back', 'payment two tabs', 'payment closed tab', 'payment retry after timeout', 'listing sync', 'provider search', 'funding verification'],
  }).slo;
  assert.deepEqual(rules.map(({ objective_percent, window_days }) => [objective_percent, window_days]), rules.map(() => [99.9, 30.4375]));
  assert.deepEqual(rules.map(({ service }) => service), ['search', 'accounts', 'payments', 'agent']);
});
