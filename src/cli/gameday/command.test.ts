import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { RollbackJournal } from '../../drive/drills/journal.ts';
import { temporaryFolder } from '../../drive/testing.ts';
import { asCodedError } from '../../errors.ts';
import { GameDay } from '../../model/game-day.ts';
import { gameDayCommand } from './command.ts';

/** The smallest drill there is. */
const CUT_PAYMENTS = `title: Down
hypothesis: h
source: s
method: [{ from: 1s, for: 1s, cut: payments }]
expect: { journeys: { others: unaffected } }
`;
const ROOT = join(import.meta.dirname, '../../..');

interface Called {
  exitCode: number;
  /** Of what was thrown; null where nothing was. */
  code: string | null;
  faults: string;
  out: string;
  err: string;
}

async function call(
  reports: string,
  args: string[],
  environment: NodeJS.ProcessEnv = {},
  input = new PassThrough() as PassThrough & { isTTY?: boolean },
): Promise<Called> {
  const called: Called = { exitCode: 0, code: null, faults: '', out: '', err: '' };
  try {
    called.exitCode = await gameDayCommand(args, {
      // The machine may be making load for somebody else while tests run.
      root: ROOT,
      environment: { REPORTS_DIR: reports, ALLOW_PARALLEL_RUNS: '1', TARGET_URL: 'embedded', ...environment },
      input,
      columns: 120,
      out: (text) => {
        called.out += text;
      },
      err: (text) => {
        called.err += text;
      },
    });
  } catch (thrown) {
    const { code, faults, exitCode } = asCodedError(thrown);
    Object.assign(called, {
      code,
      exitCode,
      faults: faults.map(({ where, message, hint = '' }) => `${where} ${message} ${hint}`).join('\n'),
    });
  }
  return called;
}

/** One journey that pays is enough for every turning point, and for the books. */
const SHORT = ['--drill', 'payments-down', '--journeys', 'escrow checkout', '--every', '2s', '--json'];

test(
  'a practice round breaks the platform, is alerted, rolls back, recovers, and finds no money lost',
  { timeout: 120_000 },
  async (t) => {
    const reports = temporaryFolder(t);
    const { exitCode, out, err, faults } = await call(reports, ['--practice', ...SHORT]);
    assert.equal(exitCode, 0, `${faults}${err}${out}`);
    const [id = ''] = readdirSync(join(reports, 'gamedays'));
    const folder = join(reports, 'gamedays', id);
    const day = GameDay.parse(JSON.parse(readFileSync(join(folder, 'gameday.json'), 'utf8')));
    const { cases, aims } = JSON.parse(out) as { cases: [GameDay]; aims: { id: string; met: boolean; n: number }[] };
    assert.deepEqual(cases[0], day);
    assert.ok(
      aims.every(({ met }) => met),
      JSON.stringify(aims),
    );
    assert.deepEqual(
      [day.outcome, day.team, day.runbook, day.drill?.what],
      ['recovered', 'practice', 'payment-provider', ['payments: nothing comes through']],
    );
    const { faultIn, alert, detected, decision, rollback, recovered } = day.times;
    const times = [faultIn, alert, detected, decision, rollback, recovered];
    assert.ok(
      times.every((time) => time !== null),
      JSON.stringify(day.times),
    );
    assert.deepEqual(
      times,
      times.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    );
    assert.notEqual(day.times.firstFailingCheck, null, 'a user saw it');
    assert.ok((day.money?.payments ?? 0) >= 3);
    assert.equal(day.money?.payments, day.money?.fromBrowsers, 'each payment is known to its browser');
    assert.match(readFileSync(join(folder, 'gameday.md'), 'utf8'), /# Game day .*## Aims.*## Time line/s);
    assert.deepEqual(RollbackJournal.read(folder)?.open, [], 'nothing is left to undo');
    assert.ok(!readdirSync(folder).includes('browsers'), 'nothing is left running');
  },
);

test(
  'without people, without a usable drill, or with an earlier fault still in, nothing is started',
  { timeout: 20_000 },
  async (t) => {
    const reports = temporaryFolder(t);
    assert.deepEqual(
      [(await call(reports, [])).code, (await call(reports, ['--practice', '--drill', 'nothing-such'])).code],
      ['J_USAGE', 'J_GAME_DAY_INVALID'],
    );
    assert.equal((await call(reports, ['--practice', '--journeys', 'escrow chekout'])).code, 'J_JOURNEY_UNKNOWN');
    assert.equal((await call(reports, ['--answers', join(reports, 'none.yml')])).code, 'J_GAME_DAY_INVALID');
    assert.deepEqual(readdirSync(reports), []);

    // A game day that was killed, and whose guard could not undo it.
    const earlier = join(reports, 'gamedays/earlier');
    mkdirSync(earlier, { recursive: true });
    const entry = {
      id: 'a/1',
      what: 'payments: nothing comes through',
      undo: { kind: 'proxy', api: 'http://127.0.0.1:9', proxy: 'payments' },
      embedded: false,
      state: 'due',
      why: null,
    };
    writeFileSync(
      join(earlier, 'rollback.json'),
      JSON.stringify({
        version: 1,
        runId: 'earlier',
        pid: 2 ** 22 + 1,
        born: null,
        host: hostname(),
        entries: [entry],
      }),
    );
    const refused = await call(reports, ['--practice']);
    assert.equal(refused.code, 'J_DRILL_LEFTOVER');
    assert.match(refused.faults, /gamedays\/earlier.*--rollback/);
    assert.deepEqual(readdirSync(join(reports, 'gamedays')), ['earlier']);
  },
);

test(
  'a target that is not on the list, or is production, is not broken; it is asked nothing, or its marker alone',
  { timeout: 20_000 },
  async (t) => {
    const reports = temporaryFolder(t);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('{"loadTests":"forbidden"}');
    }).listen(0, '127.0.0.1');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(reports, 'payments-down.yml'), CUT_PAYMENTS);
    const profile = join(reports, 'staging.yml');
    writeFileSync(
      profile,
      `config: { plugins: { journeys: { drills: {
        files: [${join(reports, 'payments-down.yml')}], dependencies: { payments: { toxiproxy: "http://127.0.0.1:${port}" } }
      } } } }\n`,
    );
    const against = (host: string, environment: NodeJS.ProcessEnv = {}): Promise<Called> =>
      call(reports, ['--practice', '--target', `http://${host}:${port}`, '--profile', profile], environment);

    assert.equal(
      (await call(reports, ['--practice', '--target', `http://127.0.0.1:${port}`])).code,
      'J_DRILL_INVALID',
      "the bundled platform's own is not broken for another target",
    );
    assert.equal((await against('shop.test')).code, 'J_TARGET_NOT_ALLOWED');
    assert.equal((await against('127.0.0.1', { PRODUCTION_HOSTS: '127.0.0.1' })).code, 'J_PRODUCTION_TARGET');
    assert.equal((await against('127.0.0.1', { PRODUCTION_HOSTS: 'www.shop.test', BROWSER_HOSTS: '*.shop.test' })).code, 'J_PRODUCTION_TARGET');
    assert.deepEqual(asked, []);
    const marked = await against('127.0.0.1');
    assert.equal(marked.code, 'J_PRODUCTION_TARGET', marked.faults);
    assert.deepEqual(asked, ['GET /.well-known/load-test.json']);
    assert.ok(!readdirSync(reports).includes('gamedays'));
  },
);
