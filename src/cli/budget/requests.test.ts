import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { errorBudget } from '../../analyze/burn/budget.ts';
import { requestEvidence } from '../../analyze/burn/evidence.ts';
import { eventually, serve } from '../../collect/metrics/testing.ts';
import { ErrorBudgetRule } from '../../model/index.ts';
import { readRequests, stretchesOf } from './requests.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const RULE = ErrorBudgetRule.parse({
  service: 'pay', title: 'Payments', objective_percent: 99.9, journeys: ['pay'], source: 'a test', window_days: 4,
  prometheus: { total: 'sum(increase(all_total[$window]))', bad: 'sum(increase(all_total[$window])) - (sum(increase(good_total[$window])) or vector(0))' },
});

test('a window is asked for in steps of five minutes where alerts look, and never in more than 11,000', () => {
  const now = 1_795_000_000_000;
  for (const days of [1, 4, 30.4375, 90, 366]) {
    const stretches = stretchesOf(days * DAY, now);
    assert.equal(stretches.at(-1)?.stepMs, 5 * MINUTE);
    assert.equal(stretches.at(-1)?.fromMs, now - 3 * DAY);
    for (const { fromMs, toMs, stepMs } of stretches) {
      assert.ok((toMs - fromMs) / stepMs < 11_000 && (toMs - fromMs) % stepMs === 0, `${days} days`);
      assert.ok(fromMs >= now - Math.max(days, 3) * DAY);
    }
  }
});

test('a server that fails, or a query of several series, is a fault with its reason, and no requests', { timeout: 30_000 }, async (t) => {
  const answers = [
    { status: 'error', error: 'parse error: unexpected "]"' },
    { status: 'success', data: { resultType: 'matrix', result: [] } },
  ];
  const server = await serve(t, (request, response) => {
    const vector = { status: 'success', data: { resultType: 'vector', result: [{ value: [1, '1'] }, { value: [1, '2'] }] } };
    const answer = request.url?.includes('range') ? answers[server.requests > 2 ? 1 : 0] : vector;
    response.writeHead(answer?.status === 'error' ? 400 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const url = new URL(server.url).origin;
  const ask = async (): Promise<string | null> => (await readRequests(url, RULE, 2 * DAY, Date.now())).fault;
  assert.equal(await ask(), 'pay: Prometheus gives no requests (PromQL error: parse error: unexpected "]")');
  server.requests = 2;
  assert.equal(await ask(), 'pay: Prometheus gives no requests (total: PromQL gives 2 series, not one: put them together, with sum() say)');
  await server.close();
  assert.match((await ask()) ?? '', /^pay: Prometheus gives no requests \(no answer: .* (?:refused|closed) the connection.*\)$/);
});

const found = ['prometheus', 'promtool'].every((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
const skip = found ? false : 'skipped: prometheus and promtool are not on the PATH';

test('a real Prometheus: requests of four days give budget, burn rates and what is known', { skip, timeout: 60_000 }, async (t) => {
  const now = Date.now();
  // 600 requests a minute; of the last two hours 1 % fail, before that none; nobody scraped from 30 to 26 hours ago.
  const lines = { all: [] as string[], good: [] as string[] };
  let [all, good] = [0, 0];
  for (let agoMs = 4 * DAY; agoMs >= 0; agoMs -= MINUTE) {
    all += 600;
    good += agoMs < 2 * HOUR ? 594 : 600;
    if (agoMs > 26 * HOUR && agoMs < 30 * HOUR) continue;
    const atS = ((now - agoMs) / 1_000).toFixed(3);
    lines.all.push(`all_total ${all} ${atS}`);
    lines.good.push(`good_total ${good} ${atS}`);
  }
  const url = await prometheusWith(t, ['# TYPE all counter', ...lines.all, '# TYPE good counter', ...lines.good, '# EOF', ''].join('\n'));
  const { steps, fault } = await readRequests(url, RULE, 4 * DAY, now);
  assert.equal(fault, null);
  const budget = errorBudget(RULE, requestEvidence(steps, now));
  const near = (value: number | null | undefined, wanted: number, share = 0.03): void =>
    assert.ok(Math.abs((value ?? NaN) - wanted) <= share * wanted, `${value} for ${wanted}`);
  const rate = (windowMs: number): number | null | undefined => budget.burns.find((burn) => burn.windowMs === windowMs)?.rate;
  near(rate(5 * MINUTE), 10);
  near(rate(HOUR), 10);
  near(rate(6 * HOUR), 10 / 3);
  near(budget.knownMs, 92 * HOUR);
  near(budget.n, 600 * 60 * 92);
  near(budget.bad, 6 * 120);
  near(budget.spentMs, (120 / (92 * 60)) * 0.01 * 92 * HOUR);
  assert.deepEqual(budget.alerts.map(({ id }) => id).filter((id) => id.includes('burn')), []);
  const missing = await readRequests(url, { ...RULE, prometheus: { total: 'sum(increase(nothing_total[$window]))', bad: 'vector(0)' } }, DAY, now);
  assert.equal(missing.fault, 'pay: Prometheus gives no requests (total: not exposed: no series, or none in the last 5 minutes)');
});

/** Starts a Prometheus server on loopback that holds these samples; it ends with the test. */
async function prometheusWith(t: TestContext, samples: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'samples'), samples);
  writeFileSync(join(folder, 'prometheus.yml'), 'global: { scrape_interval: 1h }\n');
  const data = join(folder, 'data');
  const made = spawnSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples'), data], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const url = `http://127.0.0.1:${port}`;
  const child = spawn('prometheus', [
    `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=60d',
    `--web.listen-address=127.0.0.1:${port}`, '--log.level=error',
  ], { stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await eventually('Prometheus is ready', () => fetch(`${url}/-/ready`).then(({ ok }) => (ok ? true : null), () => null));
  return url;
}
