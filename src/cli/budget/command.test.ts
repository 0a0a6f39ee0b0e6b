import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { CodedError } from '../../errors.ts';
import type { ErrorBudget } from '../../model/index.ts';
import { budgetCommand } from './command.ts';
import { makeCheckout, MINUTE, NOW, round, rounds, type Checkout } from './testing.ts';

const DAY = 86_400_000;

async function run(checkout: Checkout, args: string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await budgetCommand(args, {
    root: checkout.root, environment: { ...checkout.environment, ...environment }, nowEpochMs: NOW, isTerminal: false, columns: undefined,
    signal: new AbortController().signal,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

test('all well: 0, a line a service', async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(4 * DAY, 0));
  const { code, out, err } = await run(checkout);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^ Error budgets of embedded · newest round of checks 0 s ago\n/);
  assert.match(out, /\n ✓ Payments +99\.9 % +100 % +43\.8 min of 43\.8 min +0× +0× +0× +0× +4 days of 30\.4 days +0 of 1,153\n/);
});

test('a page that is on, or a spent budget: 1, with the runbook', async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs < 60 * MINUTE ? 'down' : 'up')));
  const { code, out } = await run(checkout);
  assert.equal(code, 1);
  assert.match(out, /\n ✗ Payments +99\.9 % +-36\.9 % +0 s of 43\.8 min/);
  assert.match(out, /\n ✗ page +Payments: the error budget burns 1000 times[^]*Also above 6×, 3×,\s+1×\.\n/);
  assert.match(out, /\n ! ticket +Payments: 137 % of the error budget is spent[^]*Also above 50 %,\s+25 %\.\n/);
  assert.match(out, /\n runbook {2}ops\/runbooks\/error-budget\.md\n$/);
  // Printing tells nobody.
  const told = await run(checkout, ['--notify']);
  assert.match(told.out, /page: Payments/);
  assert.doesNotMatch((await run(checkout, ['--notify'])).out, /page: Payments/);
});

test('a budget that is spent is 1 also where nothing burns any more', async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(12 * DAY, 0, (agoMs) => (agoMs > 10 * DAY && agoMs <= 10 * DAY + 45 * MINUTE ? 'down' : 'up')));
  const { code, out } = await run(checkout);
  assert.equal(code, 1);
  assert.match(out, /\n ✗ Payments +99\.9 % +-2\.7 %/);
  assert.doesNotMatch(out, / page /);
});

test('nothing known, of a service or at all, or only of last week: 2', async (t) => {
  const checkout = makeCheckout(t);
  const none = await run(checkout);
  assert.equal(none.code, 2);
  assert.match(none.out, /no rounds of checks: npm run synthetic makes them\n[^]*\n \? Payments +99\.9 % +– +– +– +– +– +0 s of 30\.4 days +0 of 0\n/);
  checkout.append(...rounds(9 * DAY, 7 * DAY));
  assert.equal((await run(checkout)).code, 2);
  // A round that did not run says nothing, whatever stands in it.
  checkout.append(...rounds(DAY, 0, () => 'down').map((one) => ({ ...one, event: 'refused' as const })));
  assert.match((await run(checkout)).out, /newest round of checks 7 days ago/);
  checkout.append(...rounds(DAY, 0).map((one) => ({ ...one, checks: one.checks.slice(0, 1) })));
  assert.match((await run(checkout)).out, /\n ✓ Payments[^]*\n \? Agent/);
  assert.equal((await run(checkout)).code, 2);
});

test('--json is one object; whatever people are told goes to standard error', async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(4 * DAY, 0, (agoMs) => (agoMs === 0 ? 'down' : 'up')));
  writeFileSync(join(checkout.reports, 'checks/2026-10.ndjson'), 'torn');
  const { code, out, err } = await run(checkout, ['--json', '--notify']);
  const { name, target, budgets, faults } = JSON.parse(out) as { name: string; target: string; budgets: ErrorBudget[]; faults: string[] };
  assert.deepEqual([code, name, target, budgets.map(({ service }) => service), faults], [1, 'budget', 'embedded', ['pay', 'agent'], ['checks/2026-10.ndjson: 1 line is no round of checks']]);
  assert.match(err, /^ ✗ page: Payments: .*\n ! checks\/2026-10\.ndjson: 1 line is no round of checks\n$/);
});

test('a failed round by hand is no page, and nothing is fine either: 2', async (t) => {
  const checkout = makeCheckout(t);
  const byHand = { dueAtEpochMs: null, everyMs: null, startedAtEpochMs: NOW - 30_000 };
  checkout.append(round(NOW, 'down', byHand));
  const { code, out } = await run(checkout);
  assert.equal(code, 2);
  assert.match(out, /^ \? Payments .* 1,000× /m);
  assert.match(out, /^ ✓ Agent /m);
  assert.doesNotMatch(out, /page/);
});

test('the target is that of the newest round, or the one that is named; others are told of', async (t) => {
  const checkout = makeCheckout(t);
  checkout.append(...rounds(DAY, 0).map((one) => ({ ...one, target: 'https://b.example/\u001b[2J' })), ...rounds(2 * DAY, DAY));
  const { out } = await run(checkout);
  assert.match(out, /^ Error budgets of https:\/\/b\.example\/ · [^]*There are checks of others, too \(--target\): embedded\n/);
  assert.doesNotMatch(out, /\u001b/);
  assert.match((await run(checkout, ['--target', 'embedded'])).out, /embedded · newest round of checks 24 h ago/);
  assert.equal((await run(checkout, ['--target', 'nobody'])).code, 2);
  checkout.append(...rounds(DAY, 0).map((one) => ({ ...one, target: 'https://c.example' })));
  assert.equal((await run(checkout, ['--target', 'https://C.example/'])).code, 0, 'as a browser shows it');
});

test('OpenSLO: a service, an objective for each source, a policy for each alert, and every reference has its object', async (t) => {
  const checkout = makeCheckout(t, `
  - { service: pay, title: "Payments: <b>&", objective_percent: 99.95, journeys: [pay], source: a test, window_days: 28,
      prometheus: { bad: 'sum(increase(bad_total[$window]))', total: 'sum(increase(all_total[$window]))' } }
`);
  const { code, out } = await run(checkout, ['--openslo']);
  assert.equal(code, 0);
  const documents = parseAllDocuments(out).map((one) => one.toJS() as OpenSlo);
  const named = (kind: string): string[] => documents.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
  assert.ok(documents.every(({ apiVersion }) => apiVersion === 'openslo/v1'));
  assert.deepEqual([named('Service'), named('SLO'), named('AlertNotificationTarget')], [['pay'], ['pay-checks', 'pay-requests'], ['on-call']]);
  const policies = ['burn-14-4', 'burn-6', 'burn-3', 'burn-1', 'spent-25-of-40320m', 'spent-50-of-40320m', 'spent-75-of-40320m'];
  assert.deepEqual(named('AlertPolicy'), policies);
  for (const { kind, spec } of documents.filter((one) => one.kind === 'SLO')) {
    assert.deepEqual([kind, spec.service, spec.objectives?.[0]?.target, spec.timeWindow], ['SLO', 'pay', 0.9995, [{ duration: '40320m', isRolling: true }]]);
    assert.deepEqual(spec.alertPolicies?.map(({ alertPolicyRef }) => alertPolicyRef), policies);
  }
  assert.match(out, /threshold: 14\.4\n +lookbackWindow: 60m\n/);
  assert.match(out, /threshold: 0\.25\n +lookbackWindow: 40320m\n/);
  assert.match(out, /query: sum\(increase\(bad_total\[\$window\]\)\)/);
});

interface OpenSlo {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    service?: string; objectives?: { target: number }[]; timeWindow?: object[]; alertPolicies?: { alertPolicyRef: string }[];
  };
}

test('wrong options and a file without budgets are refused', async (t) => {
  const checkout = makeCheckout(t);
  const codeOf = (args: string[]): Promise<string> => run(checkout, args).then(() => 'none', (error: unknown) => (error as CodedError).code);
  assert.deepEqual([await codeOf(['--nope']), await codeOf(['--openslo', '--json']), await codeOf(['--target', '']), await codeOf(['x'])],
    ['J_USAGE', 'J_USAGE', 'J_USAGE', 'J_USAGE']);
  assert.equal(await codeOf(['--slo', 'nowhere.yml']), 'J_SLO_INVALID');
  writeFileSync(join(checkout.root, 'plain.yml'), 'version: 1\ngates: [{ id: e, metric: journey_error_rate, unit: "%", max: 1, source: x }]\n');
  await assert.rejects(run(checkout, ['--slo', 'plain.yml']), /J_SLO_INVALID/);
  assert.match((await run(checkout, ['--help'])).out, /^npm run budget/);
});
