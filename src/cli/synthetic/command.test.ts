import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { RunLock } from '../../drive/run-folder.ts';
import { serveSite, temporaryFolder } from '../../drive/testing.ts';
import { CheckRound } from '../../model/index.ts';
import type { BudgetRoundOptions } from '../budget/types.ts';
import { syntheticCommand } from './command.ts';

const JOURNEY = new URL('../../journey.ts', import.meta.url).href;

/** A checkout of its own: three journeys, each one page with a heading. */
function checkout(t: TestContext): string {
  const root = temporaryFolder(t);
  mkdirSync(join(root, 'journeys'));
  mkdirSync(join(root, 'fixtures'));
  writeFileSync(join(root, 'fixtures/index.ts'), 'export const createFixtures = ({ vu }) => ({ vu });\n');
  for (const name of ['healthy', 'flaky', 'broken']) {
    writeFileSync(join(root, `journeys/${name}.journey.ts`), `import { defineJourney } from ${JSON.stringify(JOURNEY)};
      export default defineJourney({ name: '${name}', act: async ({ page, step }) => {
        await step('open', { do: () => page.goto('/${name}'), until: page.getByRole('heading', { name: 'Welcome' }), deadlineMs: 1_500 });
      } });\n`);
  }
  return root;
}

interface Called {
  exitCode: number | string;
  out: string;
  err: string;
  budgets: BudgetRoundOptions[];
}

async function call(root: string, target: string, ...args: string[]): Promise<Called> {
  const called: Called = { exitCode: '', out: '', err: '', budgets: [] };
  called.exitCode = await syntheticCommand(args, {
    // The machine may be making load for somebody else while tests run.
    root, environment: { TARGET_URL: target, ALLOW_PARALLEL_RUNS: '1' }, color: false, columns: 120,
    out: (text) => { called.out += text; },
    err: (text) => { called.err += text; },
    budgetRound: async (options) => {
      called.budgets.push(options);
      return { budgets: [], sent: [], faults: ['the webhook is gone'] };
    },
  }).catch((thrown: unknown) => (thrown as { code: string }).code);
  return called;
}

const recorded = (root: string): CheckRound[] => readdirSync(join(root, 'reports/checks')).filter((file) => file.endsWith('.ndjson'))
  .flatMap((file) => readFileSync(join(root, 'reports/checks', file), 'utf8').trim().split('\n').map((line) => CheckRound.parse(JSON.parse(line))));

test('a round in a real browser tells up from flake from fault, and records every go with its evidence', { timeout: 120_000 }, async (t) => {
  const root = checkout(t);
  const asked: Record<string, number> = {};
  const runIds = new Set<unknown>();
  const url = await serveSite(t, (request, response) => {
    const path = request.url ?? '';
    asked[path] = (asked[path] ?? 0) + 1;
    runIds.add(/openshow-journeys\/\S+ \(synthetic check; \+run (\S+)\)$/.exec(request.headers['user-agent'] ?? '')?.[1]);
    const good = path === '/healthy' || (path === '/flaky' && asked[path] > 1);
    response.writeHead(good ? 200 : 500, { 'content-type': 'text/html' }).end(`<!doctype html><h1>${good ? 'Welcome' : 'Sorry'}</h1>`);
  });

  const { exitCode, out, err, budgets } = await call(root, url, '--json');
  assert.equal(exitCode, 1, err);
  const [round] = recorded(root);
  assert.ok(round);
  assert.deepEqual(JSON.parse(out), round);
  assert.deepEqual(round.checks.map(({ journey, status, attempts }) => [journey, status, attempts.map(({ outcome }) => outcome)]), [
    ['broken', 'down', ['timeout', 'timeout']], ['flaky', 'flaky', ['timeout', 'passed']], ['healthy', 'up', ['passed']],
  ]);
  assert.deepEqual([round.event, round.target, round.dueAtEpochMs, round.everyMs, round.detail], ['ran', url, null, null, null]);
  assert.equal(typeof round.checks[2]?.attempts[0]?.steps[0]?.perceivedMs, 'number');
  assert.deepEqual([...runIds], [round.roundId], 'every request carries the round as its run id');

  const [first, second] = round.checks[0]?.attempts ?? [];
  assert.equal(first?.trace, null, 'the first failure says what to look for');
  for (const file of [first?.screenshot, second?.screenshot, second?.trace]) {
    assert.ok(file && existsSync(join(root, 'reports', file)), `${file} is there`);
  }
  assert.equal(readdirSync(join(root, 'reports/checks/allure-results')).filter((name) => name.endsWith('-result.json')).length, 5);
  assert.deepEqual(budgets.map(({ target }) => target), [url]);
  assert.match(err, /✗ down +broken/);
  assert.match(err, /the webhook is gone/, 'which changes nothing else');
  assert.ok(!readdirSync(join(root, 'reports/checks')).some((name) => /browsers|lock/.test(name)), 'nothing is left running, or locked');

  // A target that does not answer is down, not a reason to refuse.
  const gone = await call(root, 'http://127.0.0.1:9', '--once', '--every', '1h', '--journeys', 'healthy', '--retries', '0');
  assert.equal(gone.exitCode, 1, gone.err);
  const last = recorded(root).at(-1);
  assert.equal(last?.checks[0]?.status, 'down');
  assert.match(last?.checks[0]?.attempts[0]?.message ?? '', /ERR_(?:UNSAFE_PORT|CONNECTION_REFUSED)/);
  assert.equal(last?.everyMs, 3_600_000);
  assert.equal((last?.dueAtEpochMs ?? 1) % 3_600_000, 0);
  assert.match(gone.out, /✗ down +healthy .*\n DOWN {2}0 of 1 journey up, 1 down/s);
});

test('a round that comes upon another one is refused; one that was due is recorded as overlapped', async (t) => {
  const root = checkout(t);
  mkdirSync(join(root, 'reports/checks'), { recursive: true });
  const lock = RunLock.take('another-round', join(root, 'reports/checks/round.lock'));
  t.after(() => lock.release());
  assert.equal((await call(root, 'http://127.0.0.1:9')).exitCode, 'J_CHECKS_LOCKED');
  assert.deepEqual(readdirSync(join(root, 'reports/checks')), ['round.lock'], 'by hand, there is nothing to record');
  assert.equal((await call(root, 'http://127.0.0.1:9', '--once', '--every', '5m')).exitCode, 'J_CHECKS_LOCKED');
  const [round] = recorded(root);
  assert.equal(round?.event, 'overlapped');
  assert.match(round?.detail ?? '', /held by run another-round/);
});

const MISSED: [every: string, everyMs: number, rounds: number, pieces: number[]][] = [
  ['1h', 3_600_000, 3, [3]],
  // A machine that was off for long: all of it, in pieces of ten thousand.
  ['10s', 10_000, 12_000, [10_000, 2_000]],
];
for (const [every, everyMs, rounds, pieces] of MISSED) test(`${rounds} rounds that somebody else should have started are told as missed, once`, async (t) => {
  const root = checkout(t);
  t.mock.timers.enable({ apis: ['Date'], now: 1_795_000_000_000 });
  const due = Math.floor(Date.now() / everyMs) * everyMs - (rounds + 1) * everyMs;
  mkdirSync(join(root, 'reports/checks'), { recursive: true });
  const before: CheckRound = {
    v: 1, roundId: 'r', target: 'http://127.0.0.1:9', event: 'ran', dueAtEpochMs: due, startedAtEpochMs: due, endedAtEpochMs: due + 1, everyMs,
    harnessVersion: '0', commit: null, checks: [], detail: null,
  };
  writeFileSync(join(root, 'reports/checks', `${new Date(due).toISOString().slice(0, 7)}.ndjson`), `${JSON.stringify(before)}\n`);
  const lock = RunLock.take('another-round', join(root, 'reports/checks/round.lock'));
  t.after(() => lock.release());
  for (let times = 0; times < 2; times += 1) await call(root, 'http://127.0.0.1:9', '--once', '--every', every);
  const missed = recorded(root).filter(({ event }) => event === 'missed');
  let from = due;
  for (const [index, piece] of pieces.entries()) {
    assert.deepEqual([missed[index]?.dueAtEpochMs, missed[index]?.endedAtEpochMs], [from + everyMs, from + piece * everyMs]);
    assert.match(missed[index]?.detail ?? '', new RegExp(`^${piece} rounds from `));
    from += piece * everyMs;
  }
  assert.equal(missed.length, pieces.length);
});

const REFUSED: [args: string[], code: string][] = [
  [['--journeys', 'healty'], 'J_JOURNEY_UNKNOWN'],
  [['--cron', 'now and then'], 'J_USAGE'],
];
for (const [args, code] of REFUSED) {
  test(`refused before anything is sent: ${args.join(' ')}`, async (t) => {
    assert.equal((await call(checkout(t), 'http://127.0.0.1:9', ...args)).exitCode, code);
  });
}

test('--help says what there is, and checks nothing', async (t) => {
  const { exitCode, out } = await call(checkout(t), 'http://127.0.0.1:9', '--help');
  assert.equal(exitCode, 0);
  assert.match(out, /--every 5m/);
});
