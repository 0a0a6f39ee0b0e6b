import assert from 'node:assert/strict';
import test from 'node:test';
import { Kpi, type ServerObservation } from '../../model/index.ts';
import { documentedExamples } from './documented.ts';
import { PrometheusServer, type Limits } from './prometheus.ts';
import { Rounds } from './rounds.ts';
import { eventually, serve, serveText } from './testing.ts';
import { startPrometheus, without } from './testing-prometheus.ts';

const skip = without('prometheus');
const LIMITS: Limits = { limitMs: 5_000 };

test(
  'a real Prometheus: values, rates, quantiles, errors, absence and staleness',
  { skip, timeout: 120_000 },
  async (t) => {
    let scrapes = 0;
    const exporter = await serveText(t, () => {
      scrapes += 1;
      return [
        '# TYPE depth gauge',
        'depth{queue="a"} 3',
        'depth{queue="b"} 4',
        '# TYPE work_total counter',
        `work_total ${10 * scrapes}`,
        '# TYPE took_seconds histogram',
        ...[
          ['0.1', 1],
          ['0.5', 4],
          ['+Inf', 4],
        ].map(([le, n]) => `took_seconds_bucket{le="${le}"} ${Number(n) * scrapes}`),
        `took_seconds_sum ${scrapes}`,
        `took_seconds_count ${4 * scrapes}`,
        '',
      ].join('\n');
    });
    const server = new PrometheusServer(await startPrometheus(t, exporter.url));
    const ask = (promql: string, scale = 1): ReturnType<PrometheusServer['value']> =>
      server.value(promql, scale, LIMITS);
    await eventually('it has scraped seven times', () => (scrapes >= 7 ? true : null));

    assert.deepEqual(await ask('sum(depth)', 100), { value: 700 });
    assert.deepEqual(await ask('42'), { value: 42 });
    const rate = await ask('sum(rate(work_total[4s]))');
    assert.ok(rate.value !== null && rate.value > 8 && rate.value < 12, JSON.stringify(rate));
    const p50 = await ask('histogram_quantile(0.5, sum by (le) (rate(took_seconds_bucket[4s])))', 1_000);
    assert.ok(p50.value !== null && Math.abs(p50.value - 233.3) < 0.1, JSON.stringify(p50));
    assert.match((await ask('depth')).missing ?? '', /gives 2 series/);
    assert.match((await ask('depth[1m]')).missing ?? '', /gives a range/);
    assert.match((await ask('no_such_metric')).missing ?? '', /^not exposed/);
    assert.equal((await ask('sum(depth) / 0 * 0')).missing, 'not a number');
    const wrong = await ask('sum(depth');
    assert.match(wrong.missing ?? '', /^PromQL error: .*parse error/);
    assert.equal(wrong.unanswered, undefined);
    for (const { id, promql } of documentedExamples()
      .flatMap((one) => one.kpis ?? [])
      .map((one) => Kpi.parse(one))) {
      assert.doesNotMatch((await ask(promql ?? '')).missing ?? '', /PromQL/, `${id} of documentation/kpis.md`);
    }
    const clockMs = await server.clockMs(LIMITS);
    assert.ok(Math.abs(clockMs - Date.now()) < 5_000);

    await exporter.close();
    const gone = await eventually('the series is stale', async () => {
      const reading = await ask('sum(depth)');
      return reading.value === null ? reading : null;
    });
    assert.match(gone.missing ?? '', /^not exposed/);
  },
);

test(
  'what a real Prometheus could not be asked at its time is filled at the end, and only that',
  { skip, timeout: 120_000 },
  async (t) => {
    const exporter = await serveText(t, () => 'depth 7\n');
    const real = await startPrometheus(t, exporter.url);
    // What stands between: it can be cut without Prometheus' missing a scrape.
    let cut = false;
    const between = await serve(t, (request, response) => {
      if (cut) return void request.socket.resetAndDestroy();
      const body: Buffer[] = [];
      request.on('data', (chunk: Buffer) => body.push(chunk));
      request.on('end', () => {
        void fetch(`${real}${request.url}`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.concat(body),
        }).then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
      });
    });
    const direct = new PrometheusServer(real);
    await eventually('it has the series', async () => (await direct.value('depth', 1, LIMITS)).value);

    const recorded: ServerObservation[] = [];
    const started = performance.now();
    const kpi = (id: string, promql: string): Kpi =>
      Kpi.parse({ id, title: id, unit: 'jobs', source: 'test', scale: 10, promql });
    const rounds = new Rounds({
      metrics: { urls: [], prometheus: between.url.replace('/metrics', ''), everyMs: 1_000 },
      kpis: [kpi('depth', 'depth'), kpi('absent', 'no_such_metric')],
      runId: 'r',
      now: () => performance.now() - started,
      wallClock: Date.now,
      record: (some) => recorded.push(...some),
    });
    const signal = new AbortController().signal;
    for (const [index, down] of [false, true, true, false].entries()) {
      await eventually('the next round is due', () => (performance.now() - started >= 1_000 * index ? true : null));
      cut = down;
      await rounds.take('steady', signal);
    }
    const seen = (metric: string): (number | null)[] =>
      recorded.filter((one) => one.metric === metric).map(({ value }) => value);
    assert.deepEqual(seen('depth'), [70, null, null, 70]);
    await rounds.fill(signal);
    assert.deepEqual(seen('depth'), [70, null, null, 70, 70, 70]);
    const missed = recorded.filter(({ metric, value }) => metric === 'depth' && value === null).map(({ tMs }) => tMs);
    assert.deepEqual(
      recorded.slice(-2).map(({ tMs, phase }) => [tMs, phase]),
      missed.map((tMs) => [tMs, 'steady']),
    );
    assert.deepEqual(seen('absent'), [null, null, null, null]);
  },
);
