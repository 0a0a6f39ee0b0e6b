import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveSite } from '../../src/drive/testing.ts';
import { judge, onlyRun, runArtillery, scriptWith } from './artillery.ts';
import { recordOf, shortScript } from './short.ts';

const GATES = ['duplicate_charge', 'charge_on_failure', 'wrong_fee']
  .map((breach) => `{ id: ${breach.replaceAll('_', '-')}, metric: integrity, breach: ${breach}, unit: breaches, max: 0, source: test }`);
/** Only users who pay. */
const PAYERS = 'weights: { search page view: 0, signup: 0, project creation: 0, agent task: 0, escrow checkout: 1 }';

function payersScript(test: Parameters<typeof shortScript>[0]): string {
  return shortScript(test, '{ name: payments, duration: 6, arrivalCount: 8 }', GATES).replace('stepDeadlineSeconds: 15', `stepDeadlineSeconds: 15\n      ${PAYERS}`);
}

test('a run against the bundled platform reads both books without being told, and says zero with its bound in one line', async (t) => {
  assert.ok(scriptWith('stepDeadlineSeconds: 15', ''), 'the text that is replaced below is there');
  const run = await runArtillery(t, { script: payersScript(t) });
  const { integrity, verdict } = recordOf(run);
  assert.equal(verdict.decision, 'GO', run.output);
  assert.deepEqual(integrity?.books, { platform: 'complete', provider: 'complete' });
  assert.deepEqual([integrity?.payments, integrity?.fromBrowsers, integrity?.inPlatform, integrity?.atProvider], [8, 8, 8, 8]);
  assert.match(run.output, /✓ payments +0 duplicates, 0 charged on failure +n 8 \(rules out > 19 %\)/);
  assert.doesNotMatch(readFileSync(join(onlyRun(run.reports), 'plan.json'), 'utf8'), /sk_test|operationsToken/);
});

test('charges planted twice are found, named in both books, and found again from the files alone', async (t) => {
  const run = await runArtillery(t, { script: payersScript(t), env: { PLATFORM_FAULTS: 'breach-duplicate-charge=2' } });
  const { integrity, verdict } = recordOf(run);
  assert.deepEqual([run.exitCode, verdict.decision], [1, 'NO-GO'], run.output);
  assert.deepEqual([integrity?.counts.duplicate_charge, integrity?.breaches.length], [4, 4]);
  // On a busy machine a user may be gone before the receipt is read; the two books are what the test is about.
  assert.match(integrity?.breaches[0]?.detail ?? '', /^2 live charges for one payment \(browser (?:receipt|left); platform held usd \d+; provider held usd \d+ pi_\w+ \+ held usd \d+ pi_\w+\)$/);
  assert.match(run.output, /✗ payments +› duplicate charge +4 breaches/);
  const folder = onlyRun(run.reports);
  const before = readFileSync(join(folder, 'record.json'), 'utf8');
  assert.equal((await judge(folder)).exitCode, 1);
  assert.equal(readFileSync(join(folder, 'record.json'), 'utf8'), before);
});

test('a book that is not there is refused before the first arrival, with both reasons at once', async (t) => {
  const url = await serveSite(t, (request, response) => response.writeHead(request.url === '/' ? 200 : 404).end('no such page'));
  const audit = `audit: { platform: "${url}/ledger", provider: "${url}" }`;
  const script = payersScript(t).replace('stepDeadlineSeconds: 15', `stepDeadlineSeconds: 15\n      ${audit}`);
  const { exitCode, output } = await runArtillery(t, { script, env: { TARGET_URL: url, AUDIT_PROVIDER_KEY: 'sk_test_abc' } });
  assert.equal(exitCode, 3, output);
  assert.match(output, /J_AUDIT[\s\S]*audit\.platform http:\S+: answered 404: no such page\n\s+audit\.provider http:/);
  assert.doesNotMatch(output, /sk_test_abc/);
});
