import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as passed } from 'node:timers/promises';
import { readOptions } from './options.ts';
import { parseFaults } from './shared/faults.ts';
import { startPlatform, untilFigures } from './testing.ts';
import { createDelays } from './web/faults.ts';

const CONFIG = { workers: { min: 1, max: 1 }, startedEpochMs: 0, seed: 1, slot: 1 };

/** What the server itself says that a request took. */
async function serverMs(url: string): Promise<number> {
  const { headers } = await fetch(`${url}/api/v1/creators?limit=1`);
  return Number(/total;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '')?.[1]);
}

test('faults come from the option and the environment, the option wins, and typing errors are met with help', () => {
  const { faults, workers } = readOptions(['--fault', 'leak=2', '--fault', 'api-delay=1.5'],
    { PLATFORM_FAULTS: 'leak=1, drift=600', PLATFORM_WORKERS: '2-4' });
  assert.deepEqual([faults, workers], [{ 'leak': 2, 'drift': 600, 'api-delay': 1.5 }, { min: 2, max: 4 }]);
  assert.deepEqual(readOptions(['--workers', '2'], { PLATFORM_WORKERS: '' }).workers, { min: 2, max: 2 });
  const table: [text: string, message: RegExp][] = [
    ['leek=1', /no fault "leek", did you mean "leak"\? \(known: leak=MIB_PER_MINUTE, drift/],
    ['delay=5', /did you mean "api-delay"/], ['xyz', /no fault "xyz" \(known/], ['=1', /no fault "" \(known/],
    ['leak', /leak needs a number above 0, as in leak=MIB_PER_MINUTE, not ""/], ['drift=-1', /above 0/],
    ['drift=1e99', /above 0/], ['capacity=0', /above 0/], ['__proto__=1', /no fault/],
  ];
  for (const [text, message] of table) assert.throws(() => parseFaults([text]), message, text);
});

test('a capacity serves one request after the other, for its share of the workers', () => {
  const { serviceMs } = createDelays({ ...CONFIG, workers: { min: 1, max: 2 }, faults: { capacity: 100 } });
  const waits = Array.from({ length: 50 }, () => serviceMs(1000, 0, 1));
  // Two workers at 50 a second each: the fiftieth of a burst leaves after a second, give or take the rounding.
  assert.ok(Math.abs((waits.at(-1) ?? 0) - 1000) <= 1);
  assert.ok(Math.abs((waits[0] ?? 0) - 20) <= 1);
  assert.ok(Math.abs(serviceMs(5000, 0, 1) - 20) <= 1, 'the queue is empty again');
});

test('a drift grows by its share of 40 ms an hour, exactly on average', () => {
  const { serviceMs } = createDelays({ ...CONFIG, faults: { drift: 3 } });
  const mean = (epochMs: number): number =>
    Array.from({ length: 20_000 }, () => serviceMs(0, epochMs, 1)).reduce((sum, ms) => sum + ms, 0) / 20_000;
  assert.ok(Math.abs(mean(0) - 40) < 0.02);
  assert.ok(Math.abs(mean(3_600_000) - 41.2) < 0.02);
});

test('a slow recovery lasts as long as asked for after the last rush, and without a rush there is none', () => {
  const { slowMs, serviceMs } = createDelays({ ...CONFIG, faults: { 'slow-recovery': 30 } });
  serviceMs(0, 0, 7);
  assert.equal(slowMs(1), 0);
  serviceMs(1000, 0, 8);
  assert.deepEqual([slowMs(30_999), slowMs(31_001)], [250, 0]);
});

test('planted delays, capacity and slow recovery are felt by API requests, and by nothing else', async (t) => {
  const { ready, stop } = await startPlatform('--workers', '1', '--fault', 'api-delay=100', '--fault', 'capacity=50',
    '--fault', 'slow-recovery=3600', '--fault', 'drift=1000000');
  t.after(() => stop());
  // 100 ms, 20 ms, and 40 ms that grow by 111 ms a second.
  const early = await serverMs(ready.url);
  assert.ok(early >= 155, `took ${early} ms`);
  await passed(1000);
  const late = await serverMs(ready.url);
  assert.ok(late >= 265, `took ${late} ms a second later`);
  const rush = await Promise.all(Array.from({ length: 12 }, () => serverMs(ready.url)));
  assert.ok(Math.max(...rush) >= late + 200, 'twelve at once, one each 20 ms');
  assert.ok(await serverMs(ready.url) >= late + 240, 'slow after the rush');
  const { headers } = await fetch(`${ready.url}/search`);
  assert.ok(Number(/total;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '')?.[1]) < late);
});

test('a leak is kept: the memory of the first worker grows by it', async (t) => {
  process.env['PLATFORM_FAULTS'] = 'leak=1200';
  const { ready, stop } = await startPlatform();
  delete process.env['PLATFORM_FAULTS'];
  t.after(() => stop());
  const name = 'nodejs_external_memory_bytes{service="web",process="web-1"}';
  let first = NaN;
  await untilFigures(ready.metricsUrl, '40 MB more', (figures) => {
    const now = figures.get(name) ?? NaN;
    if (Number.isNaN(first)) first = now;
    return now - first >= 40 * 1024 * 1024;
  });
});
