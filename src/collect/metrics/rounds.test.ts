import assert from 'node:assert/strict';
import test from 'node:test';
import { Kpi, type ServerObservation } from '../../model/index.ts';
import { Rounds } from './rounds.ts';
import { serve } from './testing.ts';

const EVERY_MS = 1_000;
const SERVER_START_MS = 1_700_000_000_000;
const kpi = Kpi.parse({ id: 'k', title: 'K', unit: 'u', source: 's', promql: 'x' });
const signal = new AbortController().signal;

test('gaps of a long run are filled at their own times, in as many queries as Prometheus allows points for', async (t) => {
  let nowMs = 0;
  let down = true;
  const asked: { start: number; end: number; step: number }[] = [];
  const { url } = await serve(t, (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const form = new URLSearchParams(body);
      const success = (resultType: string, result: unknown): void => {
        response.end(JSON.stringify({ status: 'success', data: { resultType, result } }));
      };
      if (down) response.writeHead(503).end();
      else if (form.get('query') === 'time()') success('scalar', [(SERVER_START_MS + nowMs) / 1_000, 'any']);
      else {
        const [start = 0, end = 0, step = 1] = ['start', 'end', 'step'].map((name) => Number(form.get(name)));
        asked.push({ start, end, step });
        // Its value is the run's second; it has none in the second 20,000.
        const seconds = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
        const known = seconds.filter((at) => Math.round(at - SERVER_START_MS / 1_000) !== 20_000);
        success('matrix', [{ metric: {}, values: known.map((at) => [at, String(at - SERVER_START_MS / 1_000)]) }]);
      }
    });
  });
  const recorded: ServerObservation[] = [];
  const rounds = new Rounds({
    metrics: { urls: [], prometheus: url, everyMs: EVERY_MS }, kpis: [kpi], runId: 'r', now: () => nowMs,
    wallClock: () => nowMs, record: (some) => recorded.push(...some),
  });
  const timesMs = [5_000, 6_000, 9_000, 10_004_000, 20_000_000, 20_003_000];
  for (const [index, tMs] of timesMs.entries()) {
    nowMs = tMs;
    await rounds.take(`phase ${index}`, signal);
  }
  assert.ok(recorded.every(({ value, missing }) => value === null && /answers 503/.test(missing ?? '')));
  down = false;
  await rounds.fill(signal);
  const filled = recorded.slice(timesMs.length).map(({ tMs, value, phase }) => [tMs, value, phase]);
  assert.deepEqual(filled, [
    [5_000, 5, 'phase 0'], [6_000, 6, 'phase 1'], [9_000, 9, 'phase 2'], [10_004_000, 10_004, 'phase 3'],
    [20_003_000, 20_003, 'phase 5'],
  ]);
  assert.equal(asked.length, 2);
  for (const { start, end, step } of asked) assert.ok((end - start) / step < 11_000);
});

test('a Prometheus that is gone at the end too leaves the gaps as they are', async (t) => {
  const { url } = await serve(t, (request) => request.socket.resetAndDestroy());
  const recorded: ServerObservation[] = [];
  const rounds = new Rounds({
    metrics: { urls: [], prometheus: url, everyMs: EVERY_MS }, kpis: [kpi], runId: 'r', now: () => 0, wallClock: () => 0,
    record: (some) => recorded.push(...some),
  });
  await rounds.take(null, signal);
  await rounds.fill(signal);
  assert.equal(recorded.length, 1);
});

test('a round that begins before the last one is over follows it, and a third one is left out', async (t) => {
  const answers: (() => void)[] = [];
  const { url } = await serve(t, (_request, response) => answers.push(() => response.end('depth 1\n')));
  const recorded: ServerObservation[] = [];
  const rounds = new Rounds({
    metrics: { urls: [url], prometheus: null, everyMs: 60_000 },
    kpis: [Kpi.parse({ id: 'depth', title: 'D', unit: 'u', source: 's', scrape: { gauge: 'depth' } })],
    runId: 'r', now: () => 0, wallClock: () => 0, record: (some) => recorded.push(...some),
  });
  const taken = ['first', 'second', 'third'].map((phase) => rounds.take(phase, signal));
  const answering = setInterval(() => answers.shift()?.(), 10);
  t.after(() => clearInterval(answering));
  await Promise.all(taken);
  assert.deepEqual(recorded.map(({ phase, value }) => [phase, value]), [['first', 1], ['second', 1]]);
});
