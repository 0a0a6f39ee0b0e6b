import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Kpi, ServerObservation } from '../../model/index.ts';
import { NEEDS_TWO } from '../../model/kpi-reading.ts';
import { MetricsMonitor, type MetricsOptions } from './monitor.ts';
import { pour, serve, serveText } from './testing.ts';

const kpi = (id: string, ways: object): Kpi => Kpi.parse({ id, title: id, unit: 'jobs', source: 'test', ...ways });
const DEPTH = kpi('depth', { scrape: { gauge: 'depth' } });

interface Watched {
  monitor: MetricsMonitor;
  /** Resolves once there have been so many samples that hold, with these. */
  samples: (count: number, holds?: (one: ServerObservation) => boolean) => Promise<ServerObservation[]>;
  /** All that the file holds, each line checked. */
  lines: () => ServerObservation[];
}

function watch(t: TestContext, urls: string[], changes: Partial<MetricsOptions> = {}): Watched {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  const file = join(folder, 'observations.server.ndjson');
  const seen: ServerObservation[] = [];
  const waiting = new Set<() => void>();
  const monitor = new MetricsMonitor({
    metrics: { urls, prometheus: null, everyMs: 500 },
    kpis: [DEPTH],
    runId: 'r',
    file,
    phase: 'steady',
    startedAtMonotonicMs: Number(process.hrtime.bigint()) / 1e6,
    onSample: (one) => {
      seen.push(one);
      for (const check of [...waiting]) check();
    },
    onLost: (error) => assert.fail(error),
    ...changes,
  });
  // The monitor keeps no process alive by itself.
  const alive = setInterval(() => {}, 1_000);
  t.after(async () => {
    clearInterval(alive);
    await monitor.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    monitor,
    samples: (count, holds = () => true) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = seen.filter(holds);
          if (found.length < count) return;
          waiting.delete(check);
          resolve(found.slice(0, count));
        };
        waiting.add(check);
        check();
      }),
    lines: () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => ServerObservation.parse(JSON.parse(line))),
  };
}

const noValueBut =
  (value: number) =>
  (one: ServerObservation): boolean =>
    one.value === null || one.value === value;

test(
  'every KPI is read at once and then at a steady rate, in a file of its own, with the phase',
  { timeout: 60_000 },
  async (t) => {
    let work = 0;
    const exporter = await serveText(t, () => `depth 3\nwork_total ${(work += 10)}\n`);
    const { monitor, samples, lines } = watch(t, [exporter.url], {
      kpis: [DEPTH, kpi('work', { scrape: { rate: 'work_total' } })],
    });
    const rates = await samples(2, ({ metric, value }) => metric === 'work' && value !== null);
    monitor.phase = null;
    await samples(1, ({ phase }) => phase === null);
    await monitor.stop();
    await monitor.stop();
    const all = lines();
    assert.deepEqual(
      all.slice(0, 2).map(({ metric, phase, unit }) => [metric, phase, unit]),
      [
        ['depth', 'steady', 'jobs'],
        ['work', 'steady', 'jobs'],
      ],
    );
    assert.ok(all.some(({ metric, missing }) => metric === 'work' && missing === NEEDS_TWO));
    assert.ok(all.filter(({ metric }) => metric === 'depth').every(noValueBut(3)));
    for (const { value } of rates) assert.ok(value !== null && value > 0 && value < 100, `${value} a second`);
    assert.equal(all.at(-1)?.phase, null);
    assert.ok(
      all
        .filter(({ metric }) => metric === 'depth')
        .every(({ tMs }, index, times) => index === 0 || tMs > (times[index - 1]?.tMs ?? 0)),
    );
  },
);

test('exporters that hang, answer HTML, reset or pour cost their own values only', { timeout: 120_000 }, async (t) => {
  const good = await serveText(t, () => 'depth 3\n');
  const bad: [RegExp, string][] = [
    [/took longer than 400 ms$/, (await serve(t, () => {})).url],
    [/^not a metrics page/, (await serveText(t, () => '<!doctype html>\n<p>Welcome\n')).url],
    [/ (?:reset|closed) the connection/, (await serve(t, (request) => request.socket.resetAndDestroy())).url],
    [
      /^too large|took longer than 400 ms$/,
      (await serve(t, (_request, response) => void pour(response.writeHead(200), 'depth 1\n'.repeat(8_000)))).url,
    ],
  ];
  for (const [reason, url] of bad) {
    const { samples, monitor, lines } = watch(t, [good.url, url]);
    // Round follows round, whatever the one before met.
    await samples(3);
    await samples(1, ({ missing }) => reason.test(missing ?? ''));
    await monitor.stop();
    assert.ok(
      lines().every(({ value, missing }) => value === null && missing !== undefined),
      reason.source,
    );
  }
  await watch(t, [good.url]).samples(3, ({ value }) => value === 3);
});

test('a Prometheus that hangs holds up no scrape, and the run ends', { timeout: 60_000 }, async (t) => {
  const good = await serveText(t, () => 'depth 3\n');
  const hangs = await serve(t, () => {});
  const { samples, monitor, lines } = watch(t, [], {
    metrics: { urls: [good.url], prometheus: hangs.url, everyMs: 500 },
    kpis: [DEPTH, kpi('asked', { promql: 'up', scrape: { gauge: 'depth' } })],
  });
  await samples(3, ({ metric, value }) => metric === 'depth' && value === 3);
  await samples(2, ({ metric, missing }) => metric === 'asked' && /^no answer: .* took longer/.test(missing ?? ''));
  await monitor.stop();
  assert.ok(
    lines()
      .filter(({ metric }) => metric === 'asked')
      .every(({ value }) => value === null),
  );
});

test('a KPI that can be read nowhere says so each time', { timeout: 60_000 }, async (t) => {
  const { samples } = watch(t, [], { kpis: [DEPTH, kpi('asked', { promql: 'up' })] });
  assert.deepEqual(
    (await samples(2)).map(({ missing }) => missing),
    ['no metrics page is named', 'no Prometheus server is named, and it has no "scrape"'],
  );
});

test('an exporter that comes up late is read from then on', { timeout: 60_000 }, async (t) => {
  let up = false;
  const { url } = await serve(t, (_request, response) => response.writeHead(up ? 200 : 503).end('depth 3\n'));
  const { samples } = watch(t, [url]);
  await samples(1, ({ missing }) => /answers 503$/.test(missing ?? ''));
  up = true;
  await samples(2, ({ value }) => value === 3);
});

test('a file that cannot be written is told, and stop returns all the same', { timeout: 60_000 }, async (t) => {
  const lost = new Promise<Error>((resolve) => {
    const { monitor } = watch(t, [], {
      file: join(tmpdir(), 'no-such-folder', 'x', 'y.ndjson'),
      onLost: (error) => {
        resolve(error);
        void monitor.stop();
      },
    });
  });
  assert.match((await lost).message, /ENOENT/);
});
