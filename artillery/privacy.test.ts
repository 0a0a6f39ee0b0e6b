import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CodedError } from '../src/errors.ts';
import type { Plan } from '../src/model/index.ts';
import { say } from './artillery-global.ts';
import { checkPrivacy, refuseMaskedNames, tellPrivatePlan } from './privacy.ts';

/** Artillery's global object as far as lines are printed by it. */
function host(t: TestContext): string[] {
  const said: string[] = [];
  const globalEvents = new EventEmitter().on('log', (_options: object, text: string) => said.push(text));
  Object.assign(globalThis, { artillery: { globalEvents } });
  t.after(() => Object.assign(globalThis, { artillery: undefined }));
  return said;
}

function runFolder(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'privacy-run-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'observations.worker-1.ndjson'), text);
  return folder;
}

test('at the end of a run a find is said, masked, and asks for exit code 1; a clean run says one line and asks for none', async (t) => {
  const said = host(t);
  assert.equal(await checkPrivacy(runFolder(t, '{}\n{"message":"jana@firma.de"}\n')), 1);
  assert.match(said.join(''), /^ privacy {2}NO-GO for publishing: 1 find in 1 file/);
  assert.match(said.join(''), /j\*\*\*@f\*\*\*\.de {3}observations\.worker-1\.ndjson:2/);
  said.length = 0;
  const clean = runFolder(t, '{}\n');
  assert.equal(await checkPrivacy(clean), 0);
  assert.deepEqual(said, [' privacy  nothing found in 1 file (3 bytes)\n']);
  assert.ok(existsSync(join(clean, 'privacy.json')));
});

test('a folder that nobody may write into takes no verdict away', { skip: process.getuid?.() === 0 }, async (t) => {
  host(t);
  const folder = runFolder(t, '{}\n');
  chmodSync(folder, 0o500);
  assert.equal(await checkPrivacy(folder), 4);
  chmodSync(folder, 0o700);
});

test('what is said holds nothing private either', (t) => {
  const said = host(t);
  say('stopped by jana@firma.de');
  assert.deepEqual(said, ['stopped by [masked email]']);
});

test('a plan with private data is told before its load', (t) => {
  const said = host(t);
  const { plan } = JSON.parse(readFileSync(new URL('../src/golden/run/record.json', import.meta.url), 'utf8')) as { plan: Plan };
  tellPrivatePlan(plan);
  assert.deepEqual(said, []);
  tellPrivatePlan({ ...plan, profile: 'for jana@firma.de' });
  assert.match(said.join(''), /the plan itself holds private data \(email\)/);
});

test('a plan with names that would be masked is refused, with all their places and none of the names', () => {
  const { plan } = JSON.parse(readFileSync(new URL('../src/golden/run/record.json', import.meta.url), 'utf8')) as { plan: Plan };
  refuseMaskedNames(plan);
  const [phase, ...phases] = plan.phases;
  const [gate, ...gates] = plan.gates;
  assert.ok(phase && gate);
  const named = { ...plan, phases: [{ ...phase, name: 'for jana@firma.de' }, ...phases], gates: [{ ...gate, id: 'ghp_0123456789abcdefghijABCDEFGHIJ012345' }, ...gates] };
  assert.throws(() => refuseMaskedNames(named), (error: CodedError) => {
    assert.equal(error.code, 'J_PLAN_PRIVATE');
    assert.deepEqual(error.faults, [
      { where: 'phases[0].name', message: 'is, or holds, what looks like private data (email)' },
      { where: 'gates[0].id', message: 'is, or holds, what looks like private data (token)' },
    ]);
    return true;
  });
});
