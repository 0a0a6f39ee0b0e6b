import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Plan } from '../../src/model/index.ts';
import { assertAllGone, onlyRun, runArtillery, startArtillery } from './artillery.ts';
import { ERROR_GATE, shortScript } from './short.ts';

const TIMEOUT = { timeout: 60_000 };
const PHASE = '{ name: short, duration: 10, arrivalCount: 20 }';
const JOURNEYS = ['search page view', 'signup', 'project creation', 'escrow checkout', 'agent task'];
const PARTY = `{ name: payments, calls_per_second: 1, source: test, journeys: { ${JOURNEYS.map((name) => `${name}: 1`).join(', ')} } }`;
const REASON = 'agreed with the owners of the shop';

/** An hour on the other side of the clock. */
function closedNow(): string {
  const hour = (new Date().getUTCHours() + 12) % 24;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(hour)}:00-${two(hour + 1)}:00 UTC`;
}

async function site(t: TestContext, answer: RequestListener): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createHttpServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

test('a careless start is refused for all its reasons at once, and not a byte of it reaches the target', TIMEOUT, async (t) => {
  let connections = 0;
  const target = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  await once(target, 'listening');
  t.after(() => target.close());
  const { port } = target.address() as AddressInfo;
  const script = shortScript(t, PHASE, [`${ERROR_GATE}\ncost: { currency: EUR, generator_hour: 1000, services: [], ceiling: 1 }\nthird_parties:\n  - ${PARTY}`]);
  // It leads to this machine, where something listens; but it is no loopback address.
  const { output, exitCode, reports } = await runArtillery(t, {
    script, args: ['-t', `http://0.0.0.0:${port}`], env: { PRODUCTION_HOSTS: 'shop.example.com,0.0.0.0', LOAD_WINDOW: closedNow() },
  });
  assert.equal(exitCode, 3, output);
  const codes = [...output.matchAll(/^.*?(J_\w+) {2}/gm)].map(([, code]) => code);
  assert.deepEqual(codes, ['J_PRODUCTION_TARGET', 'J_TARGET_NOT_ALLOWED', 'J_OFF_PEAK', 'J_COST_CEILING', 'J_BUDGET'], output);
  assert.doesNotMatch(output, /^\s+at .*:\d+:\d+\)?$/m);
  assert.equal(connections, 0);
  assert.equal(existsSync(reports) && readdirSync(reports).length > 0, false, 'no run folder');
});

test('a target that forbids load tests gets one request, and no more', TIMEOUT, async (t) => {
  const target = await site(t, (_, response) => void response.end('{"loadTests":"forbidden","environment":"production"}'));
  const { output, exitCode, reports } = await runArtillery(t, { script: shortScript(t, PHASE, [ERROR_GATE]), args: ['-t', `http://127.0.0.1:${target.port}`] });
  assert.equal(exitCode, 3, output);
  assert.match(output, /J_PRODUCTION_TARGET {2}.*\n {2}http:\/\/127\.0\.0\.1:\d+\/\.well-known\/load-test\.json: the target 127\.0\.0\.1 forbids load tests\n {2}→ /);
  assert.deepEqual(target.asked, ['GET /.well-known/load-test.json']);
  assert.equal(existsSync(reports) && readdirSync(reports).length > 0, false, 'no run folder');
});

test('an overridden guard is said, and stands in the plan before anything is sent; the others hold: here, what the plan expects of the bundled platform', TIMEOUT, async (t) => {
  const script = shortScript(t, PHASE, [`${ERROR_GATE}\ncost: { currency: EUR, generator_hour: 1000, services: [], ceiling: 1 }`])
    .replace('      slo:', '      environment: { environment: bundled, instances: { min: 1, max: 1 }, flags: { page-cache: true }, data: { creators: { min: 9000 } } }\n      slo:');
  // The hours are for others: nobody else has a peak on this machine, so that nothing of them is overridden.
  const run = startArtillery(t, { script, env: { LOAD_WINDOW: closedNow(), GUARD_OVERRIDES: 'target,off-peak,cost-ceiling', GUARD_REASON: REASON } });
  const { output, exitCode, reports } = await run.finished;
  assert.equal(exitCode, 3, output);
  assert.match(output, new RegExp(`guards {3}OVERRIDDEN: cost-ceiling · the run would cost .* · ${REASON}`));
  assert.match(output, /J_ENVIRONMENT_DIFFERS {2}.*\n {2}\S+\.yml:\d+:\d+ config\.plugins\.journeys\.environment: data\.creators should be at least 9000, and is 2000\n {2}→ /);
  const { overrides } = Plan.parse(JSON.parse(readFileSync(join(onlyRun(reports), 'plan.json'), 'utf8')));
  assert.deepEqual(overrides?.map(({ guard, reason }) => [guard, reason]), [['cost-ceiling', REASON]]);
  await assertAllGone(run);
});
