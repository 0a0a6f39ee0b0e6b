import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../drive/testing.ts';
import type { CodedError } from '../../errors.ts';
import { loadJourneys } from '../../drive/journeys.ts';
import { readArguments } from './arguments.ts';
import { decisionOf, decisionText } from './decision.ts';
import { candidates, drawn } from './draw.ts';
import { checkHosts, readPlan } from './plan.ts';
import { readAnswers, readScript, runbookNames } from './script.ts';

/** The smallest drill there is. */
const CUT_PAYMENTS = `title: Down
hypothesis: h
source: s
method: [{ from: 1s, for: 1s, cut: payments }]
expect: { journeys: { others: unaffected } }
`;
const ROOT = join(import.meta.dirname, '../../..');
const PROFILE = 'artillery/profiles/drills.yml';
const PLAN = readPlan(ROOT, PROFILE, null);
const DRILLS = PLAN.read.map(({ drill }) => drill);

async function script(): Promise<ReturnType<typeof readScript>> {
  const { journeys } = await loadJourneys(join(ROOT, 'journeys'));
  return readScript(ROOT, { drills: DRILLS.map(({ name }) => name), journeys: [...journeys.keys()] });
}

/** The faults that reading throws. */
function faultsOf(read: () => unknown, code = 'J_GAME_DAY_INVALID'): string[] {
  try {
    read();
  } catch (error) {
    const { code: thrown, faults } = error as CodedError;
    assert.equal(thrown, code);
    return faults.map(({ where, message, hint = '' }) => `${where} ${message} ${hint}`);
  }
  return assert.fail('nothing was thrown');
}

function folderWith(t: TestContext, text: string): string {
  const root = temporaryFolder(t);
  for (const folder of ['ops/runbooks', 'journeys']) mkdirSync(join(root, folder), { recursive: true });
  for (const page of ['README', 'payment-provider']) writeFileSync(join(root, `ops/runbooks/${page}.md`), '');
  writeFileSync(join(root, 'ops/game-day.yml'), text);
  return root;
}

test('the script names drills, pages and journeys that there are, and any seed draws one of the drills', async () => {
  const read = await script();
  const held = candidates(DRILLS, read, null);
  assert.ok(held.length >= 5);
  const names = new Set(Array.from({ length: 300 }, (_, seed) => drawn(held, seed).name));
  assert.deepEqual([...names].sort(), held.map(({ name }) => name).sort(), 'each is drawn, and no other');
  assert.equal(drawn(held, 4).name, drawn(held, 4).name);
  for (const { decisions } of Object.values(read.drills)) {
    for (const decision of decisions) assert.deepEqual(decisionOf(decisionText(decision)), decision);
  }
});

test('what may be hidden is held by name only; what ends by itself is held by nobody', async () => {
  const read = await script();
  assert.ok(!candidates(DRILLS, read, null).some(({ name }) => name === 'payments-partial'));
  assert.deepEqual(
    candidates(DRILLS, read, 'payments-partial').map(({ name }) => name),
    ['payments-partial'],
  );
  assert.match(
    faultsOf(() => candidates(DRILLS, read, 'payments-dwon')).join(),
    /payments-dwon.*did you mean "payments-down"/,
  );
  const killed = {
    ...read,
    drills: { 'worker-killed': { runbooks: ['api-latency'], decisions: [{ kind: 'wait' } as const], draw: true } },
  };
  assert.match(faultsOf(() => candidates(DRILLS, killed, null)).join(), /worker-killed.*nobody can undo/);
});

test('every fault of the script is told at once, with its line', (t) => {
  const root = folderWith(
    t,
    `version: 1
targets: { detection: 5m, decision: soon, recovery: 15m }
journeys: [signup, sgnup]
drills:
  payments-down: { runbooks: [payment-providr], decisions: [rollback] }
  payments-gone: { runbooks: [payment-provider], decisions: [roll-back], drow: false }
`,
  );
  const known = { drills: ['payments-down'], journeys: ['signup'] };
  const first = faultsOf(() => readScript(root, known));
  assert.equal(first.length, 3, first.join('\n'));
  assert.match(first.join('\n'), /game-day\.yml:2:\d+.*a length such as/);
  assert.match(first.join('\n'), /game-day\.yml:5:\d+.*must be "roll-back"/);
  assert.match(first.join('\n'), /game-day\.yml:6:\d+.*not a key.*did you mean "draw"/s);
  const others = folderWith(
    t,
    `version: 1
targets: { detection: 5m, decision: 10m, recovery: 15m }
journeys: [signup, sgnup]
drills:
  payments-down: { runbooks: [payment-providr], decisions: [roll-back] }
  payments-gone: { runbooks: [payment-provider], decisions: [roll-back] }
`,
  );
  assert.match(
    faultsOf(() => readScript(others, known)).join('\n'),
    /:3:\d+.*"sgnup".*"signup".*\n.*:5:\d+.*"payment-providr".*"payment-provider"[^]*:6:\d+.*no drill "payments-gone"/,
  );
  assert.deepEqual(runbookNames(others), ['payment-provider'], 'the contents page is none');
});

test('a script that is not there, not YAML, or something else altogether is refused', (t) => {
  const known = { drills: [], journeys: [] };
  assert.match(faultsOf(() => readScript(temporaryFolder(t), known)).join(), /there is no such file/);
  for (const text of ['', '[', 'a: &a [*a]', '- 1', 'version: 2', '{"__proto__": 1}'])
    faultsOf(() => readScript(folderWith(t, text), known));
});

test('answers say when, which page, and what; wrong ones are told with their line', (t) => {
  const folder = temporaryFolder(t);
  const write = (text: string): string => {
    const path = join(folder, 'team.yml');
    writeFileSync(path, text);
    return path;
  };
  assert.deepEqual(readAnswers(write('runbook: payment-provider\ndecisions: [wait, fail-over page-cache off]\n')), {
    notice: { after_alert: 0 },
    runbook: 'payment-provider',
    decisions: [{ kind: 'wait' }, { kind: 'fail-over', flag: 'page-cache', enabled: false }],
  });
  assert.deepEqual(
    readAnswers(write('{"notice":{"after_fault":"2m"},"runbook":"x","decisions":["roll-back"]}')).notice,
    { after_fault: 120_000 },
  );
  assert.equal(
    faultsOf(() => readAnswers(write('runbook: 7\ndecisions: [fix it]\nnotice: { whenever: 1s }\n'))).length,
    3,
  );
});

test('a command line that means nothing is refused before anything is started', () => {
  for (const args of [
    ['--every', '1s'],
    ['--every', 'x'],
    ['--seed', '-1'],
    ['--seed', '1e3'],
    ['--targets', '5m,10m'],
    ['--targets', '0s,1m,2m'],
    ['--within', '2d'],
    ['--practice', '--answers', 'x'],
    ['--journeys', ' , '],
    ['--force'],
    ['now'],
  ]) {
    assert.throws(() => readArguments(args), { code: 'J_USAGE' }, args.join(' '));
  }
  assert.throws(() => readArguments(['--target', 'ftp://x']), { code: 'J_TARGET_INVALID' });
  assert.equal(readArguments(['--practice'])?.withinMs, 0);
  assert.equal(readArguments(['--target', 'embedded'])?.target, 'embedded');
  assert.deepEqual(readArguments(['--targets', '90s,5m,1h'])?.targetsMs, [90_000, 300_000, 3_600_000]);
});

test('on another target nothing of the bundled platform is broken, and no host that is not allowed', (t) => {
  const plan = readPlan(ROOT, PROFILE, 'http://shop.test');
  assert.equal(plan.audit, null, 'the books are somewhere else');
  assert.match(
    faultsOf(() => checkHosts(plan, ['payments-down'], false, []), 'J_DRILL_INVALID').join('\n'),
    /bundled platform's own[^]*drills\.flags/,
  );
  const root = temporaryFolder(t);
  writeFileSync(join(root, 'down.yml'), CUT_PAYMENTS);
  writeFileSync(
    join(root, 'staging.yml'),
    `config: { plugins: { journeys: { drills: { files: [down.yml], flags: "http://flags.test/x",
    dependencies: { payments: { toxiproxy: "http://toxiproxy.test:8474" } } } } } }\n`,
  );
  const staging = readPlan(root, 'staging.yml', 'http://shop.test');
  assert.equal(faultsOf(() => checkHosts(staging, ['down'], false, []), 'J_DRILL_INVALID').length, 2);
  checkHosts(staging, ['down'], false, ['toxiproxy.test', 'flags.test']);
  writeFileSync(join(root, 'none.yml'), 'config: {}\n');
  assert.match(
    faultsOf(() => readPlan(root, 'none.yml', 'http://shop.test'), 'J_DRILL_INVALID').join(),
    /has no drills/,
  );
  assert.match(
    faultsOf(() => readPlan(root, 'gone.yml', 'http://shop.test'), 'J_DRILL_INVALID').join(),
    /no such file/,
  );
});
