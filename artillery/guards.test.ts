import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { askManifest, MANIFEST_PATH } from '../src/drive/guards/manifest.ts';
import { checkTarget } from '../src/drive/target.ts';
import { CodedError } from '../src/errors.ts';
import { planOf } from '../src/golden/samples.ts';
import { Plan } from '../src/model/index.ts';
import { OffPeakConfig } from '../src/plan/guards/off-peak.ts';
import type { GuardRules } from '../src/plan/guards/rules.ts';
import { readSettings } from '../src/plan/settings.ts';
import { RunGuards, allOverrides } from './guards.ts';

const TIMEOUT = { timeout: 20_000 };
const NO_RULES: GuardRules = { offPeak: null, environment: null };
/** A Monday noon in UTC. */
const NOON = Date.parse('2026-01-05T12:00:00Z');
const REASON = 'agreed with the owners on Friday';

/** Something that listens, and counts who comes: a guard that lets anything out is seen here. */
async function listening(t: TestContext, host = '127.0.0.2'): Promise<{ url: string; port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host}:${port}`, port, connections: () => connections };
}

async function site(t: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.2');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.2:${(server.address() as AddressInfo).port}`, asked };
}

interface Made {
  env?: Record<string, string>;
  rules?: Partial<GuardRules>;
  aliases?: string[];
}

function guardsOf(target: string, { env = {}, rules = {}, aliases = [] }: Made = {}): { guards: RunGuards; said: string[] } {
  const said: string[] = [];
  (globalThis as { artillery?: object }).artillery = { globalEvents: new EventEmitter().on('log', (_options, line: string) => said.push(line)) };
  const settings = readSettings('/nowhere', env);
  return { guards: new RunGuards({ settings, target, rules: { ...NO_RULES, ...rules }, where: 'journeys.yml', aliases: async () => aliases }), said };
}

const PRICEY: Partial<Plan> = { cost: { currency: 'EUR', generator_hour: 100, services: [], ceiling: 1 } };
const CALLING: Partial<Plan> = { budgets: [{ name: 'payments', callsPerSecond: 0.5, journeys: { signup: 1 }, routes: {}, maxWaitMs: 0 }] };

function refused(action: () => unknown): CodedError {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'it was let through' });
}

const codesOf = (error: CodedError): string[] => [error, ...error.also].map(({ code }) => code);

test('each guard that needs no network stops the run before a byte reaches the target', TIMEOUT, async (t) => {
  const target = await listening(t);
  const day = OffPeakConfig.parse({ from: '13:00', to: '11:00', timeZone: 'UTC' });
  const CASES: [code: string, url: string, made: Made, plan?: Partial<Plan>][] = [
    // To this machine as well, but by a name that is not on any list.
    ['J_TARGET_NOT_ALLOWED', `http://0.0.0.0:${target.port}`, {}],
    ['J_PRODUCTION_TARGET', target.url, { env: { PRODUCTION_HOSTS: 'www.example.com,127.0.0.2' } }],
    ['J_OFF_PEAK', target.url, { env: { LOAD_WINDOW: 'mon-fri 22:00-06:00 UTC' } }],
    ['J_OFF_PEAK', target.url, { rules: { offPeak: { where: 'journeys.yml:4:7', windows: day } } }],
    // Open now, and closed before the end of its two minutes.
    ['J_OFF_PEAK', target.url, { env: { LOAD_WINDOW: '06:00-12:01 UTC' } }],
    ['J_COST_CEILING', target.url, {}, PRICEY],
    ['J_BUDGET', target.url, {}, CALLING],
    ['J_PRODUCTION_TARGET', target.url, { env: { PRODUCTION_HOSTS: 'metrics.example.com' } }, { metrics: { urls: ['http://metrics.example.com'], prometheus: null, everyMs: 1 } }],
  ];
  for (const [code, url, made, plan = {}] of CASES) {
    const error = refused(() => guardsOf(url, made).guards.checkPlan(planOf(plan), NOON));
    assert.deepEqual([codesOf(error), error.exitCode], [[code], 3]);
  }
  assert.equal(target.connections(), 0);
});

test('all of them at once are told in one go', () => {
  const { guards } = guardsOf('http://www.example.com', { env: { PRODUCTION_HOSTS: '*.example.com', LOAD_WINDOW: '22:00-06:00 UTC' } });
  const error = refused(() => guards.checkPlan(planOf({ ...PRICEY, ...CALLING }), NOON));
  assert.deepEqual(codesOf(error), ['J_PRODUCTION_TARGET', 'J_TARGET_NOT_ALLOWED', 'J_OFF_PEAK', 'J_COST_CEILING', 'J_BUDGET']);
});

test('what is overridden runs, and stands in the plan with its reason; what was not needed does not', () => {
  const env = { GUARD_OVERRIDES: 'target, off-peak,cost-ceiling,budget,parity', GUARD_REASON: REASON, LOAD_WINDOW: '22:00-06:00 UTC' };
  const { guards, said } = guardsOf('http://192.0.2.1', { env });
  const forced = guards.checkPlan(planOf({ ...PRICEY, ...CALLING }), NOON);
  assert.match(forced.forced ?? '', /^asks payments/);
  assert.deepEqual(guards.marks.overrides?.map(({ guard, reason }) => [guard, reason]), ['target', 'off-peak', 'cost-ceiling', 'budget'].map((one) => [one, REASON]));
  assert.match(guards.marks.overrides?.[1]?.what ?? '', /^load may be made daily 22:00-06:00 UTC; it is Mon/);
  assert.equal(said.length, 4);
  assert.match(said[0] ?? '', /OVERRIDDEN: target · the target is on 192\.0\.2\.1.* · agreed with the owners/);
  assert.ok(Plan.safeParse(planOf(guards.marks)).success);

  const harmless = guardsOf('http://127.0.0.1:1', { env: { GUARD_OVERRIDES: 'target,off-peak', GUARD_REASON: REASON } });
  assert.deepEqual([harmless.guards.checkPlan(planOf(), NOON), harmless.guards.marks, harmless.said], [{}, {}, []]);
});

test('FORCE=1 forces a budget as ever, and no other guard', () => {
  const env = { FORCE: '1', LOAD_WINDOW: '22:00-06:00 UTC' };
  assert.deepEqual(codesOf(refused(() => guardsOf('http://192.0.2.1', { env }).guards.checkPlan(planOf({ ...PRICEY, ...CALLING }), NOON))),
    ['J_TARGET_NOT_ALLOWED', 'J_OFF_PEAK', 'J_COST_CEILING']);
  const { guards } = guardsOf('http://127.0.0.1:1', { env: { FORCE: '1' } });
  assert.match(guards.checkPlan(planOf(CALLING), NOON).forced ?? '', /^asks payments/);
  assert.deepEqual(guards.marks, {});
});

test('the bundled platform is nobody else\'s: no list and no hours hold for it, cost and budgets do', () => {
  const { guards } = guardsOf('embedded', { env: { LOAD_WINDOW: '22:00-06:00 UTC' }, rules: { offPeak: { where: '', windows: OffPeakConfig.parse({ from: '22:00', to: '06:00', timeZone: 'UTC' }) } } });
  assert.deepEqual(codesOf(refused(() => guards.checkPlan(planOf({ ...PRICEY, ...CALLING }), NOON))), ['J_COST_CEILING', 'J_BUDGET']);
});

test('a target that forbids load tests is asked exactly once', TIMEOUT, async (t) => {
  let answer: (response: ServerResponse) => void = (response) => response.end('{"loadTests":"forbidden"}');
  const target = await site(t, (_, response) => answer(response));
  for (const next of [answer, (response: ServerResponse) => response.writeHead(404, { 'x-load-tests': 'forbidden' }).end()]) {
    answer = next;
    target.asked.length = 0;
    await assert.rejects(guardsOf(target.url).guards.askTarget({}), (error: CodedError) => error.code === 'J_PRODUCTION_TARGET' && /127\.0\.0\.2 forbids load tests/.test(error.faults[0]?.message ?? ''));
    assert.deepEqual(target.asked, [`GET ${MANIFEST_PATH}`]);
  }
  const env = { GUARD_OVERRIDES: 'production', GUARD_REASON: 'a rehearsal on 127.0.0.2, as agreed' };
  const { guards } = guardsOf(target.url, { env });
  await guards.askTarget({});
  assert.deepEqual(guards.marks.overrides?.map(({ guard }) => guard), ['production']);
  await assert.rejects(guardsOf(target.url, { env: { ...env, GUARD_REASON: REASON } }).guards.askTarget({}), { code: 'J_PRODUCTION_TARGET' });
});

test('an alias of production is refused before anything is sent', TIMEOUT, async (t) => {
  const target = await listening(t);
  const { guards } = guardsOf(target.url, { env: { PRODUCTION_HOSTS: 'lb.example.com' }, aliases: ['edge.example.com', 'lb.example.com'] });
  await assert.rejects(guards.askTarget({}), (error: CodedError) => error.code === 'J_PRODUCTION_TARGET'
    && error.faults[0]?.message === 'the target 127.0.0.2 is an alias of lb.example.com, which is production');
  assert.equal(target.connections(), 0);
});

test('a redirect to production is refused, and never followed; one to a host that is not on the list is not followed either', TIMEOUT, async (t) => {
  const elsewhere = await listening(t, '127.0.0.3');
  const env = { PRODUCTION_HOSTS: '127.0.0.3' };
  const redirecting = await site(t, (_, response) => response.writeHead(302, { location: `${elsewhere.url}/welcome` }).end());
  await assert.rejects(guardsOf(redirecting.url, { env }).guards.askTarget({}), { code: 'J_PRODUCTION_TARGET' });
  const { guards } = guardsOf(redirecting.url, { env });
  await assert.rejects(checkTarget(redirecting.url, { follows: guards.follows }), (error: CodedError) => error.code === 'J_PRODUCTION_TARGET'
    && error.faults[0]?.message === 'the target 127.0.0.2 redirects to 127.0.0.3, which is production');

  const strange = await site(t, (_, response) => response.writeHead(302, { location: `http://0.0.0.0:${elsewhere.port}/login` }).end());
  await checkTarget(strange.url, { follows: guardsOf(strange.url).guards.follows });
  await assert.rejects(checkTarget(strange.url, { healthPath: '/healthz', follows: guardsOf(strange.url).guards.follows }), { code: 'J_TARGET_UNHEALTHY' });
  assert.equal(elsewhere.connections(), 0);
});

test('the header on any page forbids as well; a redirect on its own host is followed', TIMEOUT, async (t) => {
  const target = await site(t, (request, response) => {
    if (request.url === '/') response.writeHead(302, { location: '/home' }).end();
    else response.writeHead(200, { 'x-load-tests': 'forbidden' }).end();
  });
  await assert.rejects(checkTarget(target.url, { follows: guardsOf(target.url).guards.follows }), { code: 'J_PRODUCTION_TARGET' });
  assert.deepEqual(target.asked, ['GET /', 'GET /home']);
});

test('an environment that is not as expected is refused with every difference, after one request; as expected, it is recorded', TIMEOUT, async (t) => {
  const manifest = { loadTests: 'allowed', version: '2.1.0', instances: 1 };
  const target = await site(t, (_, response) => response.end(JSON.stringify(manifest)));
  const environment = { where: 'journeys.yml:9:7', expected: { version: '2.1.*', instances: { min: 2 }, data: { creators: { min: 1 } } } };
  await assert.rejects(guardsOf(target.url, { rules: { environment } }).guards.askTarget({}), (error: CodedError) => {
    assert.deepEqual(error.faults, [
      { where: 'journeys.yml:9:7', message: 'instances should be at least 2, and is 1' },
      { where: 'journeys.yml:9:7', message: 'data.creators should be at least 1, and is unknown: the target does not say' },
    ]);
    return error.code === 'J_ENVIRONMENT_DIFFERS';
  });
  assert.deepEqual(target.asked, [`GET ${MANIFEST_PATH}`]);

  const { guards } = guardsOf(target.url, { rules: { environment }, env: { GUARD_OVERRIDES: 'parity', GUARD_REASON: REASON } });
  await guards.askTarget({});
  const { parity, overrides } = guards.marks;
  assert.deepEqual(overrides?.map(({ guard }) => guard), ['parity']);
  assert.deepEqual(parity?.manifest, (await askManifest(target.url)).manifest);
  assert.deepEqual(parity?.findings.map(({ matches }) => matches), [true, false, false]);

  const fits = guardsOf('embedded', { rules: { environment: { where: '', expected: { version: '2.1.0' } } } });
  await fits.guards.checkBundled(target.url);
  assert.equal(fits.guards.marks.parity?.findings[0]?.matches, true);
  const unasked = guardsOf('embedded');
  target.asked.length = 0;
  await unasked.guards.checkBundled(target.url);
  assert.deepEqual([unasked.guards.marks, target.asked], [{}, []]);
});

test('what was overridden in parts of a run stands together, each once', () => {
  const one = { guard: 'off-peak', what: 'it is noon', reason: REASON } as const;
  const other = { ...one, what: 'it is one' };
  assert.deepEqual(allOverrides(undefined, [one]), [one]);
  assert.deepEqual(allOverrides([one], [one, other]), [one, other]);
});
